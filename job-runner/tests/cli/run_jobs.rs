//! `run-jobs` as a process: what it runs, what it says, and its exit code.

use crate::program::Folder;
use expect_test::expect;
use job_core::{
    JobStatus, NewJob,
    store::{JobStoreExt, Switch},
};
use serde_json::json;

const GREETINGS: &str = "[section.greetings]\ntypes = ['greet']\n";

/// S05
#[tokio::test]
async fn the_counts_go_to_standard_error_and_nothing_to_standard_output() {
    let folder = Folder::with(GREETINGS);
    folder.greet("Ada").await;
    let ran = folder.run("run-jobs greetings");
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""));
    assert!(ran.err.ends_with("INFO    Ran 1 greet jobs.\n"), "{}", ran.err);
}

/// P05
#[tokio::test]
async fn a_job_is_run_with_its_start_its_own_line_and_the_count() {
    let folder = Folder::with(GREETINGS);
    let id = folder.greet("Ada").await;
    let ran = folder.run("run-jobs greetings");
    assert_eq!(
        ran.err,
        format!(
            "INFO    Running greet job {id} (attempt 1).\nINFO    hello Ada\nINFO    Ran 1 greet jobs.\n"
        )
    );
    let job = folder.store().await.store.get(id).await.unwrap().unwrap();
    assert_eq!(job.state.status(), JobStatus::Completed);
}

/// P03
#[test]
fn an_empty_queue_is_no_failure_and_the_store_is_made() {
    let folder = Folder::with(GREETINGS);
    let ran = folder.run("run-jobs greetings");
    assert!(folder.path("jobs.sqlite3").exists());
    let again = folder.run("run-jobs greetings");
    for ran in [ran, again] {
        assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""));
        assert!(ran.err.ends_with("INFO    No jobs to run.\n"), "{}", ran.err);
    }
}

/// P02, P06
#[test]
fn without_a_section_it_tells_which_there_are() {
    let folder = Folder::with("[section.a]\ntypes = ['greet']\ngroup = 'main'\n[section.b]\nlink = 'a'\n");
    for (args, expected) in [
        (
            "run-jobs",
            expect![[r#"
                error: name a section, or a group with --group

                Usage: errands run-jobs [OPTIONS] [SECTION]...

                FOLDER/jobs.toml:
                  sections: a, b
                  group main: a
            "#]],
        ),
        (
            "run-jobs --group",
            expect![[r#"
                error: name the group

                Usage: errands run-jobs [OPTIONS] [SECTION]...

                FOLDER/jobs.toml:
                  sections: a, b
                  group main: a
            "#]],
        ),
    ] {
        let ran = folder.run(args);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
        expected.assert_eq(&ran.err.replace(&folder.path("").display().to_string(), "FOLDER/"));
    }
}

/// P07
#[tokio::test]
async fn a_group_runs_its_sections_but_those_excluded() {
    let folder = Folder::with(
        "[section.b]\ntypes = ['greet']\ngroup = 'main'\n[section.a]\nlink = 'b'\ngroup = 'main'\n\
         [section.c]\ntypes = ['fail']\ngroup = 'main'\n",
    );
    folder.store().await;
    let ran = folder.run("run-jobs --group main --exclude c");
    assert_eq!(ran.code, Some(0));
    assert_eq!(
        ran.err,
        "INFO    Running section a.\nINFO    No jobs to run.\nINFO    Running section b.\nINFO    No jobs to run.\n"
    );
    let none = folder.run("run-jobs --group main -e a -e b -e c");
    assert_eq!((none.code, none.err.as_str()), (Some(0), "INFO    No sections to run: all were excluded.\n"));
}

#[tokio::test]
async fn failed_jobs_are_counted_and_do_not_change_the_exit_code() {
    let folder = Folder::with("[section.all]\ntypes = ['greet', 'fail']\nreports = 'reports'\n");
    folder.greet("Ada").await;
    for retries in [0, 1] {
        folder
            .enqueue("fail", json!({ "retries": retries }), |it| NewJob { max_retries: retries, ..it })
            .await;
    }
    let ran = folder.run("run-jobs all");
    assert_eq!(ran.code, Some(0));
    assert!(
        ran.err.ends_with("INFO    Ran 1 greet jobs.\nINFO    2 fail jobs did not complete.\n"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("nobody is at home"), "{}", ran.err);
    assert_eq!(std::fs::read_dir(folder.path("reports")).unwrap().count(), 1, "beside the configuration");
}

#[tokio::test]
async fn a_disabled_section_is_left_alone_and_is_no_failure() {
    let folder = Folder::with(GREETINGS);
    let id = folder.greet("Ada").await;
    let opened = folder.store().await;
    opened.switches.set(&Switch::DisableSection("greetings".parse().unwrap()), true).await.unwrap();
    let ran = folder.run("run-jobs greetings");
    assert_eq!(ran.code, Some(0));
    assert_eq!(ran.err, "INFO    Section greetings is disabled; its jobs are left alone.\n");
    assert_eq!(opened.store.get(id).await.unwrap().unwrap().state.status(), JobStatus::Waiting);
}

#[tokio::test]
async fn a_section_that_cannot_run_does_not_keep_the_next_one_from_it() {
    let folder = Folder::with(&format!("[section.bad]\ntypes = ['greet']\nrole = 'nobody'\n{GREETINGS}"));
    folder.greet("Ada").await;
    let ran = folder.run("run-jobs bad greetings");
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.err.contains(
            "ERROR   the setup of section bad failed\n        because: there is no role `nobody`\n"
        ),
        "{}",
        ran.err
    );
    assert!(ran.err.ends_with("INFO    Ran 1 greet jobs.\n"), "{}", ran.err);
}

#[tokio::test]
async fn the_programs_own_notifier_tells_user_errors() {
    let folder = Folder::with("[section.all]\ntypes = ['complain']\n");
    folder.enqueue("complain", json!(null), |it| it).await;
    let ran = folder.run("run-jobs all");
    assert_eq!(ran.code, Some(0));
    assert!(ran.err.contains("INFO    Rang at Ada: the address is wrong.\n"), "{}", ran.err);
}

#[tokio::test]
async fn the_programs_own_hooks_stand_around_a_section_and_may_refuse_it() {
    let folder = Folder::with(&format!("{GREETINGS}[section.locked]\nlink = 'greetings'\n"));
    folder.greet("Ada").await;
    for mode in ["", "--worker"] {
        let refused = folder.run(&format!("run-jobs locked {mode}"));
        assert_eq!(refused.code, Some(1));
        assert!(refused.err.contains("its hook the porter says no: the key is lost\n"), "{}", refused.err);
    }
    let ran = folder.run("run-jobs locked greetings -v");
    assert_eq!(ran.code, Some(1));
    let said = |text: &str| ran.err.find(text).unwrap_or_else(|| panic!("{text:?} is not in {}", ran.err));
    let order =
        ["the key is lost", "Unlocked greetings.", "hello Ada", "Locked greetings after 1 jobs."].map(said);
    assert!(order.is_sorted(), "{}", ran.err);
}

#[test]
fn a_wrong_section_keeps_all_from_running() {
    let folder = Folder::with(&format!("{GREETINGS}[section.news]\ntypes = ['grete']\n"));
    let ran = folder.run("run-jobs greetings news");
    assert_eq!(ran.code, Some(2));
    expect![[r#"
        error: FOLDER/jobs.toml:4:10: this program has no job type `grete`; did you mean `greet`? The job types are complain, fail, greet, wait
    "#]]
    .assert_eq(&ran.err.replace(&folder.path("").display().to_string(), "FOLDER/"));
    assert!(!folder.path("jobs.sqlite3").exists());
}

#[test]
fn a_limit_of_a_queue_that_no_type_of_the_section_uses_keeps_all_from_running() {
    let folder = Folder::with(&format!("{GREETINGS}queue_limits = {{ defualt = 1 }}\n"));
    for mode in ["", "--worker", "--dry-run"] {
        let ran = folder.run(&format!("run-jobs greetings {mode}"));
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
        assert!(
            ran.err.ends_with(
                "jobs.toml:3:18: section `greetings` does not look into queue `defualt`; did you mean `default`? \
                 The queues are default\n"
            ),
            "{}",
            ran.err
        );
    }
    assert!(!folder.path("jobs.sqlite3").exists());
}

#[test]
fn without_a_configuration_it_shows_one() {
    let folder = Folder::empty();
    let ran = folder.run("run-jobs main");
    assert_eq!(ran.code, Some(2));
    let (_, example) = ran.err.split_once("\n\n    ").unwrap();
    folder.write("jobs.toml", &example.replace("\n    ", "\n"));
    let again = folder.run("run-jobs main");
    assert_eq!(again.code, Some(0), "{}", again.err);
    assert!(again.err.ends_with("INFO    No jobs to run.\n"), "{}", again.err);
}

#[test]
fn the_configuration_is_found_above_by_name_and_by_variable() {
    let folder = Folder::with(GREETINGS);
    std::fs::create_dir_all(folder.path("a/b")).unwrap();
    folder.write("other.toml", "store = 'sqlite:other.sqlite3'\n[section.other]\ntypes = ['greet']\n");
    let code = |args: &str, variable: Option<&str>| {
        let mut command = folder.command(args);
        command.current_dir(folder.path("a/b"));
        if let Some(path) = variable {
            command.env("JOBS_CONFIG", path);
        }
        command.output().unwrap().status.code()
    };
    assert_eq!(code("run-jobs greetings", None), Some(0));
    assert!(folder.path("jobs.sqlite3").exists(), "the store is beside the configuration");
    assert_eq!(code("run-jobs other", None), Some(2));
    assert_eq!(code("run-jobs other --config ../../other.toml", None), Some(0));
    assert!(folder.path("other.sqlite3").exists());
    assert_eq!(code("run-jobs other", Some("../../other.toml")), Some(0));
    assert_eq!(code("run-jobs greetings --config ../../jobs.toml", Some("../../other.toml")), Some(0));
}

#[tokio::test]
async fn a_store_given_by_hand_is_used_instead() {
    let folder =
        Folder::with("store = 'sqlite:/nowhere/jobs.sqlite3'\n[section.greetings]\ntypes = ['greet']\n");
    folder.greet("Ada").await;
    let ran = folder.run("run-jobs greetings --store sqlite:jobs.sqlite3");
    assert!(ran.err.ends_with("INFO    Ran 1 greet jobs.\n"), "{}", ran.err);
    let nowhere = folder.run("run-jobs greetings");
    assert_eq!(nowhere.code, Some(1));
    assert!(
        nowhere.err.starts_with("ERROR   cannot open the job store sqlite:/nowhere/jobs.sqlite3: "),
        "{}",
        nowhere.err
    );
}

#[tokio::test]
async fn the_log_can_be_more_less_timed_and_json() {
    let folder = Folder::with(GREETINGS);
    let run = async |args: &str| {
        folder.greet("Ada").await;
        folder.run(&format!("run-jobs greetings {args}")).err
    };
    assert_eq!(run("--quiet").await, "");
    let verbose = run("-v").await;
    assert!(verbose.contains("INFO    Ran 1 greet jobs. job.type=greet jobs=1\n"), "{verbose}");
    let timed = run("--log-format timed").await;
    let (time, line) = timed.lines().last().unwrap().split_once(' ').unwrap();
    assert!(time.parse::<job_core::Timestamp>().is_ok(), "{timed}");
    assert_eq!(line, "INFO    Ran 1 greet jobs.");
    let objects = run("--log-format json").await;
    let objects: Vec<serde_json::Value> =
        objects.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    let last = objects.last().unwrap();
    assert_eq!((&last["message"], &last["jobs"]), (&json!("Ran 1 greet jobs."), &json!(1)));
    assert!(last["timestamp"].is_string());
}
