//! `jobs` as a process: listing, showing and operating on jobs.

use crate::program::Folder;
use expect_test::expect;
use job_core::{JobStatus, NewJob, Start, store::JobStoreExt};
use serde_json::json;
use std::{
    io::{BufRead, BufReader},
    process::Stdio,
    time::Duration,
};

const ALL: &str = "[section.all]\ntypes = ['greet', 'fail']\n";

fn ids(listed: &str) -> Vec<&str> {
    listed.lines().skip(1).map(|it| it.split(' ').next().unwrap()).collect()
}

#[tokio::test]
async fn a_list_is_aligned_with_ids_that_can_be_typed() {
    let folder = Folder::with(ALL);
    let ada = folder.greet("Ada").await;
    let late = |it| NewJob { start: Start::At("2099-01-01T00:00:00Z".parse().unwrap()), ..it };
    let fail = folder.enqueue("fail", json!({ "retries": 0 }), late).await;
    assert_eq!(folder.run("run-jobs all").code, Some(0));

    let listed = folder.run("jobs list");
    assert_eq!((listed.code, listed.err.as_str()), (Some(0), ""));
    let lines: Vec<&str> = listed.out.lines().collect();
    let [first, second] = ids(&listed.out)[..] else { panic!("{}", listed.out) };
    assert!(fail.to_string().starts_with(first) && ada.to_string().starts_with(second), "{}", listed.out);
    let width = first.len();
    assert!(width >= 12);
    assert_eq!(lines[0], format!("{:width$}  TYPE   STATUS     TRIES  WHEN                  TARGET", "ID"));
    assert_eq!(lines[1], format!("{first}  fail   waiting    0/4    2099-01-01T00:00:00Z"));
    assert!(lines[2].starts_with(&format!("{second}  greet  completed  1/4    20")), "{}", lines[2]);
    assert!(lines[2].ends_with("Z  Ada"), "{}", lines[2]);
    for id in [first, second] {
        assert_eq!(folder.run(&format!("jobs show {id}")).code, Some(0));
    }
}

#[tokio::test]
async fn a_list_is_narrowed_by_every_option() {
    let folder = Folder::with(ALL);
    let tagged = |it| NewJob { tags: vec![job_core::Tag::new("polite").unwrap()], ..it };
    folder.greet("Ada").await;
    folder.greet("Bob").await;
    folder.enqueue("fail", json!({ "retries": 0 }), tagged).await;
    let slow = |it| NewJob { queue: "slow".parse().unwrap(), ..it };
    folder.enqueue("greet", json!({ "name": "Cyd" }), slow).await;
    let count = |args: &str| ids(&folder.run(&format!("jobs list {args}")).out).len();
    assert_eq!(count(""), 4);
    assert_eq!(count("--type fail"), 1);
    assert_eq!(count("--type fail --type greet"), 4);
    assert_eq!(count("--queue slow"), 1);
    assert_eq!(count("--target Bob"), 1);
    assert_eq!(count("--tag polite"), 1);
    assert_eq!(count("--status waiting --status running"), 4);
    assert_eq!(count("--status completed"), 0);
    assert_eq!(count("--type greet --target Ada"), 1);
    let (newest, oldest) = (folder.run("jobs list").out, folder.run("jobs list --oldest").out);
    let mut turned = ids(&oldest);
    turned.reverse();
    assert_eq!(ids(&newest), turned);
    let two = folder.run("jobs list --limit 2");
    assert_eq!(two.out.lines().count(), 3);
    assert_eq!(two.err, "More jobs fit than these 2; --limit says how many are listed.\n");
    assert_eq!(folder.run("jobs list --limit 4").err, "");
}

#[tokio::test]
async fn an_empty_list_says_so_and_an_empty_json_list_is_empty() {
    let folder = Folder::with(ALL);
    folder.store().await;
    assert_eq!(folder.run("jobs list").out, "No jobs.\n");
    assert_eq!(folder.run("jobs list --status failed").out, "No jobs fit.\n");
    assert_eq!(folder.run("jobs list --json").out, "");
}

#[tokio::test]
async fn long_lists_are_read_in_pages() {
    let folder = Folder::with(ALL);
    let opened = folder.store().await;
    let new = || NewJob { ..job_testing::factory::job(opened.store.mint()) };
    let jobs: Vec<_> = (0..1203).map(|_| new()).collect();
    opened.store.insert(&jobs, opened.clock).await.unwrap();
    let listed = folder.run("jobs list --limit 5000 --oldest --json");
    let ids: Vec<String> = listed.objects().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, jobs.iter().map(|it| it.id.to_string()).collect::<Vec<_>>());
    assert_eq!(folder.run("jobs list --limit 501").out.lines().count(), 502);
}

#[tokio::test]
async fn show_tells_the_record_the_failed_attempts_the_log_and_the_actions() {
    let folder = Folder::with(ALL);
    let fail = folder.enqueue("fail", json!({ "retries": 0 }), |it| NewJob { max_retries: 0, ..it }).await;
    let ada = folder.greet("Ada").await;
    folder.run("run-jobs all");
    let failed = folder.run(&format!("jobs show {fail}"));
    assert_eq!(failed.code, Some(0));
    for part in [
        format!("fail job {fail}: failed\n"),
        "\n  attempts       1 of 1\n".to_owned(),
        "\n  last error     nobody is at home\n".to_owned(),
        "\nAttempts that did not succeed\n".to_owned(),
        "  attempt 1: error (report ".to_owned(),
    ] {
        assert!(failed.out.contains(&part), "{part:?} is not in:\n{}", failed.out);
    }
    let greeted = folder.run(&format!("jobs show {ada}")).out;
    assert!(greeted.contains("\nLog\n") && greeted.contains("  attempt 1: INFO  hello Ada\n"), "{greeted}");

    assert_eq!(folder.run(&format!("jobs retry {fail} --reason again")).code, Some(0));
    let retried = &folder.run(&format!("jobs show {fail} --json")).objects()[0];
    assert_eq!(retried["status"], "waiting");
    assert_eq!(retried["args"], json!({ "retries": 0 }));
    assert_eq!(retried["attempts"][0]["outcome"], "error");
    assert_eq!(
        (&retried["actions"][0]["action"], &retried["actions"][0]["reason"]),
        (&json!("retry"), &json!("again"))
    );
}

#[tokio::test]
async fn show_tells_how_far_a_running_job_is() {
    let folder = Folder::with("[section.waiting]\ntypes = ['wait']\nlease = '30s'\nbeat = '50ms'\n");
    let id = folder.enqueue("wait", json!({ "stubborn": false }), |it| it).await;
    let mut process = folder.start("run-jobs waiting");
    process.says("INFO    waiting");
    // Progress goes with the next beat.
    let shown = loop {
        let shown = folder.run(&format!("jobs show {id}")).out;
        if shown.contains("progress") {
            break shown;
        }
    };
    assert!(shown.contains("\n  progress       50 %, half way\n"), "{shown}");
    let lease = folder.run(&format!("jobs show {id} --json")).objects()[0]["lease"].clone();
    assert_eq!(lease["progress"]["percent"], 50);
    process.signal("INT");
    assert_eq!(process.ended().code, Some(130));
}

#[tokio::test]
async fn an_id_that_is_none_unknown_or_ambiguous_is_told_apart() {
    let folder = Folder::with(ALL);
    folder.store().await;
    let none = folder.run("jobs show 0");
    assert_eq!(none.code, Some(1));
    assert_eq!(none.err, "error: no job's id begins with 0; `jobs list` shows those there are\n");
    folder.greet("Ada").await;
    folder.greet("Bob").await;
    let both = folder.run("jobs show 0");
    assert_eq!(both.code, Some(1));
    assert!(
        both.err.starts_with("error: 0 is the beginning of several ids; give more digits:\n  0"),
        "{}",
        both.err
    );
    assert_eq!(both.err.matches("  greet waiting\n").count(), 2, "{}", both.err);
    let wrong = folder.run("jobs show Zoe");
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("`Zoe` is not the beginning of a job's id"), "{}", wrong.err);
}

#[tokio::test]
async fn operators_cancel_retry_suspend_and_resume() {
    let folder = Folder::with(ALL);
    let id = folder.greet("Ada").await;
    let status = async || folder.store().await.store.get(id).await.unwrap().unwrap().state.status();
    let prefix = id.prefix(20);
    for (command, said, then) in [
        ("suspend", "suspended", JobStatus::Suspended),
        ("resume", "waits again", JobStatus::Waiting),
        ("cancel", "cancelled", JobStatus::Cancelled),
        ("retry", "waits to run again", JobStatus::Waiting),
        ("retry", "waits to run again", JobStatus::Waiting),
    ] {
        let done = folder.run(&format!("jobs {command} {prefix}"));
        assert_eq!((done.code, done.out), (Some(0), format!("greet {prefix} {said}\n")), "{}", done.err);
        assert_eq!(status().await, then);
    }
    folder.run("run-jobs all");
    let too_late = folder.run(&format!("jobs cancel {prefix}"));
    assert_eq!(
        (too_late.code, too_late.err),
        (Some(1), format!("error: job {prefix}: cannot cancel a job that is completed\n"))
    );
    let shown = &folder.run(&format!("jobs show {prefix} --json")).objects()[0];
    assert_eq!(shown["actions"].as_array().unwrap().len(), 5, "who did what is kept");
}

#[tokio::test]
async fn only_jobs_that_have_ended_are_deleted_unless_it_is_meant() {
    let folder = Folder::with(ALL);
    let (done, waiting) = (folder.greet("Ada").await, folder.greet("Bob").await);
    folder.run(&format!("jobs suspend {waiting}"));
    folder.run("run-jobs all");
    let deleted = folder.run(&format!("jobs delete {done}"));
    assert_eq!((deleted.code, deleted.out), (Some(0), format!("greet {done} deleted\n")));
    let refused = folder.run(&format!("jobs delete {waiting}"));
    assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""));
    assert!(refused.err.starts_with(&format!("error: job {waiting} is suspended, and ")), "{}", refused.err);
    assert_eq!(ids(&folder.run("jobs list").out).len(), 1);
    assert_eq!(folder.run(&format!("jobs delete {waiting} --force")).code, Some(0));
    assert_eq!(folder.run("jobs list").out, "No jobs.\n");
    assert_eq!(folder.run(&format!("jobs delete {done}")).code, Some(1), "there is no such job any more");
}

#[tokio::test]
async fn a_retry_of_a_waiting_job_brings_it_forward_and_of_a_suspended_one_is_refused() {
    let folder = Folder::with(ALL);
    let hour = |it| NewJob { start: Start::In(Duration::from_secs(3600)), ..it };
    let id = folder.enqueue("greet", json!({ "name": "Ada" }), hour).await;
    assert_eq!(folder.run("run-jobs all").err, "INFO    No jobs to run.\n");
    assert_eq!(folder.run(&format!("jobs retry {id}")).code, Some(0));
    assert!(folder.run("run-jobs all").err.ends_with("INFO    Ran 1 greet jobs.\n"));
    let id = folder.greet("Bob").await;
    folder.run(&format!("jobs suspend {id}"));
    let refused = folder.run(&format!("jobs retry {id}"));
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("`jobs resume`"), "{}", refused.err);
}

#[tokio::test]
async fn a_reader_that_goes_away_is_no_failure() {
    let folder = Folder::with(ALL);
    let opened = folder.store().await;
    let jobs: Vec<_> = (0..3000).map(|_| job_testing::factory::job(opened.store.mint())).collect();
    opened.store.insert(&jobs, opened.clock).await.unwrap();
    for args in ["jobs list --limit 3000", "jobs list --limit 3000 --json"] {
        let mut command = folder.command(args);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::with_capacity(10, process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ended = process.wait_with_output().unwrap();
        assert_eq!((ended.status.code(), String::from_utf8(ended.stderr).unwrap().as_str()), (Some(0), ""));
    }
}

#[test]
fn stores_that_make_no_sense_are_refused_with_the_reason() {
    let folder = Folder::empty();
    let said = |args: &str| {
        let ran = folder.run(args);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
        ran.err
    };
    expect![[r#"
        error: a memory: store lives inside one process and ends with it, so this command would only see an empty one of its own; name another store
    "#]]
    .assert_eq(&said("jobs list --store memory:"));
    expect![[r#"
        error: this program opens no `postgres:` store; it opens `sqlite:`
    "#]]
    .assert_eq(&said("jobs list --store postgres://user:secret@host/db"));
    expect![[r#"
        error: `jobs.sqlite3` is not the URL of a store; write it as `sqlite:jobs.sqlite3`
    "#]]
    .assert_eq(&said("jobs --store jobs.sqlite3 list"));
    assert!(!said("jobs list --store postgres//user:secret@host/db").contains("secret"));
    folder.write("jobs.toml", "store = 'memory:'\n[section.all]\ntypes = ['greet']\n");
    assert!(said("run-jobs all").contains("a memory: store lives inside one process"));
}

#[tokio::test]
async fn in_a_wrong_folder_no_store_is_made_and_a_default_store_is_found() {
    let folder = Folder::empty();
    let lost = folder.run("jobs list");
    assert_eq!(lost.code, Some(2));
    assert!(lost.err.ends_with("or name the store by --store sqlite:jobs.sqlite3\n"), "{}", lost.err);
    assert!(!folder.path("jobs.sqlite3").exists());
    folder.greet("Ada").await;
    assert_eq!(folder.run("jobs list").out.lines().count(), 2);
}
