//! The demo, as a process: what it shows, what it repeats, and how it ends where it cannot go on.

use crate::{
    database::{TestDatabase, on_each_store},
    sandbox::Sandbox,
};
use job_core::store::Switch;
use std::{fs, io::Read, net::TcpListener};

on_each_store! {
    the_demo_shows_diffs_and_heat_and_repeats_nothing
    the_store_on_the_command_line_goes_before_the_configurations
}

fn the_demo_shows_diffs_and_heat_and_repeats_nothing(server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(30).kept_in(server).configured("3s");
    let first = sandbox.run(&["demo", "project"]);
    assert_eq!(first.code, Some(0), "{first:?}");
    assert!(
        first.out.contains("Proposals: 25 new, 0 already there. Diffs asked for: 25.\n"),
        "{}",
        first.out
    );
    assert!(first.out.contains("commit   files  added  removed  heat  subject\n"), "{}", first.out);
    assert!(first.out.contains("  Write line 30\n"), "{}", first.out);
    assert!(first.out.ends_with("\nDiffs: 25, with 25 lines added and 0 removed\n"), "{}", first.out);
    assert!(first.out.lines().all(|it| it.chars().count() <= 80), "{}", first.out);
    assert_eq!(first.err, "");

    let second = sandbox.run(&["demo", "project", "--commits", "26"]);
    assert_eq!(second.code, Some(0), "{second:?}");
    assert!(
        second.out.contains("Proposals: 1 new, 25 already there. Diffs asked for: 1.\n"),
        "{}",
        second.out
    );
    assert!(second.out.contains("\nand 1 more\n"), "{}", second.out);
    for (table, rows) in [("proposal", 26), ("proposal_diff", 26), ("job", 52), ("proposal_job", 52)] {
        assert_eq!(sandbox.number(&format!("SELECT count(*) FROM {table}")), rows, "{table}");
    }
    let listed = sandbox.run(&["jobs", "list", "--json", "--status", "completed", "--limit", "100"]);
    assert_eq!(listed.out.lines().count(), 52, "{listed:?}");
}

fn the_store_on_the_command_line_goes_before_the_configurations(server: Option<TestDatabase>) {
    let elsewhere = Sandbox::with_commits(2).configured("3s");
    let sandbox = Sandbox::new().kept_in(server);
    let project = elsewhere.project();
    let store = ["--store", &sandbox.url().url];
    let said = elsewhere.run(&[&["demo", project.to_str().unwrap()][..], &store].concat());
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(sandbox.number("SELECT count(*) FROM proposal_diff"), 2);
    let listed = elsewhere.run(&[&["jobs", "list", "--json"][..], &store].concat());
    assert_eq!(listed.out.lines().count(), 4, "{listed:?}");
    assert!(!elsewhere.folder().join("jobs.sqlite3").exists());
}

#[test]
fn a_server_that_is_not_there_is_told_in_words() {
    let sandbox = Sandbox::with_commits(1).configured("3s");
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let store = format!("postgres://somebody:secret@{free}/app");
    for command in [&["demo", "project"][..], &["serve", "project"], &["run-jobs", "code-review"]] {
        let said = sandbox.run(&[command, &["--store", &store]].concat());
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:?}");
        let words =
            format!("cannot open the job store postgres://somebody:…@{free}/app: is the server running");
        assert!(said.err.contains(&words) && said.err.contains("Connection refused"), "{}", said.err);
    }
}

#[test]
fn the_repository_and_the_configuration_are_those_where_one_stands() {
    let sandbox = Sandbox::with_commits(2).configured("3s");
    let mut command = sandbox.command(&["demo"]);
    let said = command.current_dir(sandbox.project()).output().unwrap();
    assert!(said.status.success(), "{said:?}");
    assert_eq!(sandbox.number("SELECT count(*) FROM proposal_diff"), 2);
}

#[test]
fn without_a_repository_the_demo_says_so_and_makes_nothing() {
    let sandbox = Sandbox::new().configured("3s");
    let said = sandbox.run(&["demo"]);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    assert_eq!(
        said.err,
        "demo: there is no git repository at . or above it; go to one, or name its folder\n"
    );
    assert!(!sandbox.folder().join("jobs.sqlite3").exists());
}

#[test]
fn without_commits_there_is_nothing_to_propose() {
    let sandbox = Sandbox::new().configured("3s");
    let said = sandbox.run(&["demo", "project"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    assert!(said.out.starts_with("Nothing to propose: main of "), "{}", said.out);
}

#[test]
fn without_a_configuration_the_demo_says_which_file_is_missing() {
    let sandbox = Sandbox::with_commits(1);
    let said = sandbox.run(&["demo", "project"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.starts_with("demo: ") && said.err.contains("jobs.toml"), "{}", said.err);
}

#[test]
fn a_store_of_another_kind_is_refused_before_it_is_opened() {
    let sandbox = Sandbox::with_commits(1);
    let text = "store = \"memory:\"\n[section.code-review]\ntypes = [\"generate-diff\"]\n";
    fs::write(sandbox.folder().join("jobs.toml"), text).unwrap();
    let said = sandbox.run(&["demo", "project"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.err.ends_with("the store must be `sqlite:PATH` or `postgres://…`, not `memory:`\n"),
        "{}",
        said.err
    );
    assert_eq!(fs::read_dir(sandbox.folder()).unwrap().count(), 2, "only the project and the configuration");
}

#[test]
fn the_edge_of_a_shallow_clone_is_told_and_found_again_once_it_is_deepened() {
    let sandbox = Sandbox::with_commits(4).configured("3s");
    sandbox.shallow(2);
    let said = sandbox.run(&["demo", "shallow"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("\nDiffs: 1, with 1 lines added and 0 removed\n"), "{}", said.out);
    assert!(
        said.out.contains(" is failed\n  commit ") && said.out.contains("git fetch --unshallow"),
        "{}",
        said.out
    );

    let fetched = std::process::Command::new("git")
        .args(["fetch", "--quiet", "--unshallow"])
        .current_dir(sandbox.folder().join("shallow"))
        .status();
    assert!(fetched.unwrap().success());
    let said = sandbox.run(&["demo", "shallow"]);
    assert!(said.out.contains("Proposals: 2 new, 2 already there. Diffs asked for: 3.\n"), "{}", said.out);
    assert!(said.out.ends_with("\nDiffs: 4, with 4 lines added and 0 removed\n"), "{}", said.out);
}

#[test]
fn a_repository_that_was_moved_away_fails_its_jobs_in_words() {
    let sandbox = Sandbox::with_commits(2).configured("3s");
    sandbox.propose(2);
    fs::rename(sandbox.project(), sandbox.folder().join("elsewhere")).unwrap();
    let said = sandbox.run(&["run-jobs", "code-review"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""), "{said:?}");
    assert!(said.err.contains("there is no git repository at "), "{}", said.err);
    assert!(said.err.ends_with("INFO    2 generate-diff jobs did not complete.\n"), "{}", said.err);
}

#[test]
fn the_script_says_on_stderr_what_it_ran_and_nothing_on_stdout() {
    let sandbox = Sandbox::with_commits(1).configured("3s");
    sandbox.propose(1);
    for (number, name) in [(1, "generate-diff"), (2, "proposal-heat")] {
        let said = sandbox.run(&["run-jobs", "code-review"]);
        assert_eq!((said.code, said.out.as_str()), (Some(0), ""), "{said:?}");
        let lines: Vec<_> = said.err.lines().collect();
        assert!(lines[0].starts_with(&format!("INFO    Running {name} job 0")), "{}", said.err);
        assert_eq!(lines[1..], [format!("INFO    Ran 1 {name} jobs.")]);
        assert_eq!(sandbox.number("SELECT count(*) FROM job WHERE status = 2"), number);
    }
    assert_eq!(sandbox.run(&["run-jobs", "code-review"]).err, "INFO    No jobs to run.\n");
}

#[test]
fn a_pause_ends_the_demo_in_words() {
    let sandbox = Sandbox::with_commits(2).configured("3s");
    sandbox.with_store(async |opened| {
        let pause = Switch::PauseType("proposal-heat".parse().unwrap());
        opened.switches.set(&pause, true).await.unwrap();
    });
    let said = sandbox.run(&["demo", "project"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert_eq!(said.err, "demo: 2 jobs are left, and an operator has type proposal-heat paused\n");
}

#[test]
fn a_reader_who_has_read_enough_is_no_error() {
    let sandbox = Sandbox::with_commits(3).configured("3s");
    let mut child = sandbox.command(&["demo", "project"]).stdout(piped()).stderr(piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert!(child.wait().unwrap().success(), "{err}");
    assert_eq!(err, "");
}

fn piped() -> std::process::Stdio {
    std::process::Stdio::piped()
}
