//! Killed, stopped and locked out: nothing is lost, and nothing is done twice.

use crate::{
    database::{TestDatabase, on_each_store},
    sandbox::Sandbox,
};
use job_core::{
    Clock, Text,
    store::{Lock, LockRequest},
};
use std::{
    io::{BufRead, BufReader},
    process::Stdio,
    time::Duration,
};

on_each_store! {
    killed_again_and_again_the_demo_loses_nothing_and_does_nothing_twice
    a_second_script_says_who_runs_and_until_when
    at_ctrl_c_the_demo_ends_in_order_and_goes_on_when_it_is_repeated
    at_sigterm_it_does_too
    at_a_signal_run_jobs_ends_in_order
    the_demo_waits_for_the_lock_and_says_whose_it_is
}

/// Enough that a signal comes in the middle.
const COMMITS: usize = 300;
const DIFFS: &str = "SELECT count(*) FROM proposal_diff";

impl Sandbox {
    /// Remembers every time that a diff is stored.
    fn remembering(self) -> Self {
        self.execute(
            "CREATE TABLE stored (proposal INTEGER);
            CREATE TRIGGER remember AFTER INSERT ON proposal_diff
            BEGIN INSERT INTO stored VALUES (new.proposal); END",
            "CREATE TABLE stored (proposal bigint);
            CREATE FUNCTION remember() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN INSERT INTO stored VALUES (new.proposal); RETURN NULL; END $$;
            CREATE TRIGGER remember AFTER INSERT ON proposal_diff FOR EACH ROW EXECUTE FUNCTION remember()",
        );
        self
    }

    /// All proposals are there, each with one diff, stored once by one job, and a heat.
    fn assert_all_done(&self, proposals: i64) {
        for (what, query) in [
            ("proposals", "SELECT count(*) FROM proposal"),
            ("diffs", DIFFS),
            ("times a diff was stored", "SELECT count(*) FROM stored"),
            ("heats", "SELECT count(heat) FROM proposal"),
            ("diff jobs", "SELECT count(*) FROM job WHERE type = 'generate-diff'"),
            ("heat jobs", "SELECT count(*) FROM job WHERE type = 'proposal-heat'"),
            ("completed jobs", "SELECT count(*) / 2 FROM job WHERE status = 2"),
        ] {
            assert_eq!(self.number(query), proposals, "{what}");
        }
    }
}

fn killed_again_and_again_the_demo_loses_nothing_and_does_nothing_twice(server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(COMMITS).kept_in(server).configured("1s").remembering();
    let demo = ["demo", "project", "--commits", "300"];
    for part in 1..=3 {
        let running = sandbox.start(&demo);
        sandbox.wait_for(DIFFS, part * 60);
        running.signal("KILL");
        assert_eq!(running.end().code, None, "it was killed");
        assert!(sandbox.number(DIFFS) < 300, "killed in the middle");
    }
    let said = sandbox.run(&demo);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("Proposals: 0 new, 300 already there. Diffs asked for: 0.\n"), "{}", said.out);
    assert!(said.out.contains("\nand 275 more\n"), "{}", said.out);
    sandbox.assert_all_done(300);
}

fn a_second_script_says_who_runs_and_until_when(server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(COMMITS).kept_in(server).configured("60s").remembering();
    sandbox.propose(COMMITS);
    let first = sandbox.start(&["run-jobs", "code-review"]);
    sandbox.wait_for(DIFFS, 20);
    let second = sandbox.run(&["run-jobs", "code-review"]);
    assert!(sandbox.number(DIFFS) < 300, "the first one is in the middle");
    assert_eq!((second.code, second.out.as_str()), (Some(1), ""), "{second:?}");
    assert!(second.err.contains("Section code-review is running elsewhere: "), "{}", second.err);
    assert!(second.err.contains(&format!("pid {}, its lock holds until ", first.pid())), "{}", second.err);

    let first = first.end();
    assert_eq!((first.code, first.out.as_str()), (Some(0), ""), "{first:?}");
    assert!(first.err.ends_with("INFO    Ran 300 generate-diff jobs.\n"), "{}", first.err);
    let third = sandbox.run(&["run-jobs", "code-review"]);
    assert!(third.err.ends_with("INFO    Ran 300 proposal-heat jobs.\n"), "{}", third.err);
    sandbox.assert_all_done(300);
}

fn at_ctrl_c_the_demo_ends_in_order_and_goes_on_when_it_is_repeated(server: Option<TestDatabase>) {
    demo_ends_at("INT", 130, server);
}

fn at_sigterm_it_does_too(server: Option<TestDatabase>) {
    demo_ends_at("TERM", 143, server);
}

fn demo_ends_at(signal: &str, code: i32, server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(COMMITS).kept_in(server).configured("60s").remembering();
    let demo = ["demo", "project", "-n", "300"];
    let running = sandbox.start(&demo);
    sandbox.wait_for(DIFFS, 20);
    running.signal(signal);
    let said = running.end();
    assert_eq!(said.code, Some(code), "{said:?}");
    assert!(said.err.contains(" jobs are left. Run the demo again to go on.\n"), "{}", said.err);
    let held = sandbox.number("SELECT count(*) FROM job WHERE status = 1");
    assert_eq!(held, 0, "nothing waits for a lease");
    assert_eq!(sandbox.run(&demo).code, Some(0));
    sandbox.assert_all_done(300);
}

fn at_a_signal_run_jobs_ends_in_order(server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(COMMITS).kept_in(server).configured("60s").remembering();
    sandbox.propose(COMMITS);
    let running = sandbox.start(&["run-jobs", "code-review"]);
    sandbox.wait_for(DIFFS, 20);
    running.signal("INT");
    let said = running.end();
    assert_eq!(said.code, Some(130), "{said:?}");
    assert_eq!(sandbox.number("SELECT count(*) FROM job WHERE status = 1"), 0, "nothing waits for a lease");
    let attempts = "SELECT count(*) FROM job WHERE type = 'generate-diff' AND attempt_count <> CASE WHEN status = 2 THEN 1 ELSE 0 END";
    assert_eq!(sandbox.number(attempts), 0, "what was not done has its attempt back");
    while sandbox.number("SELECT count(*) FROM job WHERE status <> 2") > 0 {
        assert_eq!(sandbox.run(&["run-jobs", "code-review"]).code, Some(0));
    }
    sandbox.assert_all_done(300);
}

fn the_demo_waits_for_the_lock_and_says_whose_it_is(server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(3).kept_in(server).configured("3s").remembering();
    let lock = |lease: Duration| {
        let request = LockRequest {
            name: "section/code-review".parse().unwrap(),
            holder: Text::new("test pid 7"),
            by: job_testing::factory::actor(7),
            lease,
            clock: Clock::Store,
        };
        let opened = sandbox.opened();
        async move { opened.await.store.lock(&request).await.unwrap() }
    };
    let taken = sandbox.block_on(lock(Duration::from_secs(600)));
    assert!(matches!(taken, Lock::Taken { .. }), "{taken:?}");

    let mut demo = sandbox.command(&["demo", "project"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(demo.stderr.take().unwrap()).read_line(&mut line).unwrap();
    let said = "Waiting: section code-review is run by test pid 7; if that was killed, its lock ends in ";
    assert!(line.starts_with(said), "{line}");
    sandbox.block_on(lock(Duration::ZERO));
    assert!(demo.wait().unwrap().success());
    sandbox.assert_all_done(3);
}
