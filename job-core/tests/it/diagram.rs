//! docs/state-machine.md is written from the code: `UPDATE_EXPECT=1` rewrites it.

use crate::{fixtures::job_in, transitions::act};
use expect_test::expect_file;
use job_core::{JobStatus, UniqueScope, Verb};
use std::fmt::Write;

fn title(status: JobStatus) -> String {
    let word = status.word();
    word[..1].to_uppercase() + &word[1..]
}

#[test]
fn the_documented_diagram_is_the_code() {
    let mut page = String::from(
        "# The state machine\n\n\
         Written from the code by `job-core/tests/it/diagram.rs`; do not edit. The verbs are methods of `Job`,\n\
         pure functions to its next state; anything not drawn here is an `InvalidTransition` and changes nothing.\n\n\
         ```mermaid\nstateDiagram-v2\n    [*] --> Waiting: insert\n",
    );
    for from in JobStatus::ALL {
        for to in JobStatus::ALL {
            let verbs: Vec<_> = Verb::ALL
                .into_iter()
                .filter(|verb| {
                    // A lapse leads to Failed, too, once no attempt is left.
                    let mut job = job_in(from, None);
                    let usual = act(*verb, &job).is_ok_and(|it| it.status() == to);
                    job.spec.max_retries = 0;
                    usual || act(*verb, &job).is_ok_and(|it| it.status() == to)
                })
                .map(Verb::word)
                .collect();
            if !verbs.is_empty() {
                writeln!(page, "    {} --> {}: {}", title(from), title(to), verbs.join(", ")).unwrap();
            }
        }
    }
    page.push_str("```\n\n## While a job holds its unique key\n\n| scope |");
    for status in JobStatus::ALL {
        write!(page, " {} |", title(status)).unwrap();
    }
    page.push_str("\n|---|---|---|---|---|---|---|\n");
    for scope in UniqueScope::ALL {
        write!(page, "| `{scope:?}` |").unwrap();
        for status in JobStatus::ALL {
            page.push_str(if scope.holds(status) { " held |" } else { " free |" });
        }
        page.push('\n');
    }
    expect_file!["../../../docs/state-machine.md"].assert_eq(&page);
}
