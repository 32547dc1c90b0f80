//! `sections` as a process: the central switch, and what is known of runs.

use crate::program::Folder;
use expect_test::expect;
use job_core::{About, JobStatus, NoteFilter, NoteKind, store::JobStoreExt};
use serde_json::{Value, json};
use std::num::NonZeroU32;

const TWO: &str = "[section.greetings]\ntypes = ['greet']\n[section.news]\ntypes = ['greet', 'fail']\n";

/// B01, B15
#[tokio::test]
async fn a_section_that_was_disabled_is_left_alone_and_leaves_no_record_until_it_is_enabled() {
    let folder = Folder::with(TWO);
    let id = folder.greet("Ada").await;
    assert_eq!(folder.run("sections disable greetings").out, "section greetings is disabled\n");
    let ran = folder.run("run-jobs greetings");
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""));
    assert_eq!(ran.err, "INFO    Section greetings is disabled; its jobs are left alone.\n");
    let opened = folder.store().await;
    assert_eq!(opened.store.get(id).await.unwrap().unwrap().state.status(), JobStatus::Waiting);
    let runs = NoteFilter {
        about: Some(About::Section("greetings".parse().unwrap())),
        kind: Some(NoteKind::Run),
        below: None,
    };
    let records = async || opened.notes.notes(&runs, NonZeroU32::MIN).await.unwrap().len();
    assert_eq!(records().await, 0);
    assert_eq!(folder.run("sections enable greetings").out, "section greetings is enabled\n");
    assert!(folder.run("run-jobs greetings").err.ends_with("INFO    Ran 1 greet jobs.\n"));
    assert_eq!(records().await, 1);
}

/// B03
#[tokio::test]
async fn sections_are_listed_with_their_last_runs_and_who_disabled_them() {
    let folder = Folder::with(TWO);
    folder.greet("Ada").await;
    folder.enqueue("fail", json!({ "retries": 1 }), |it| it).await;
    assert_eq!(folder.run("run-jobs news").code, Some(0));
    let disable = folder.command("sections disable greetings").args(["--reason", "flooded"]).output();
    assert_eq!(disable.unwrap().status.code(), Some(0));
    let listed = folder.run("sections list").out;
    let lines: Vec<Vec<&str>> = listed.lines().map(|it| it.split_whitespace().collect()).collect();
    assert_eq!(lines[1], ["greetings", "disabled", "0", "never", "greet"]);
    assert_eq!(lines[2][..2], ["news", "enabled"]);
    assert_eq!(lines[2][7..], ["1", "1", "greet,", "fail"], "{listed}");
    assert!(listed.ends_with("Z: flooded\n"), "{listed}");
    let objects = folder.run("sections list --json").objects();
    assert_eq!((&objects[0]["enabled"], &objects[0]["last_run"]), (&json!(false), &Value::Null));
    assert_eq!(objects[1]["last_run"]["completed"], json!({ "greet": 1 }));
    assert_eq!(objects[1]["last_run"]["incomplete"], json!({ "fail": 1 }));
    assert!(objects[1]["last_run"]["started"].is_string());
}

#[tokio::test]
async fn what_runs_just_now_is_counted_though_a_run_is_only_recorded_when_it_ends() {
    let folder = Folder::with("[section.waiting]\ntypes = ['wait']\n");
    folder.enqueue("wait", json!({ "stubborn": false }), |it| it).await;
    let mut runner = folder.start("run-jobs waiting --worker");
    runner.says("INFO    waiting");
    let listed = folder.run("sections list").out;
    let lines: Vec<Vec<&str>> = listed.lines().map(|it| it.split_whitespace().collect()).collect();
    assert_eq!(lines[0][..3], ["SECTION", "STATE", "RUNNING"]);
    assert_eq!(lines[1], ["waiting", "enabled", "1", "never", "wait"]);
    let object = &folder.run("sections list --json").objects()[0];
    assert_eq!((&object["running"], &object["last_run"]), (&json!(1), &Value::Null));
    runner.signal("INT");
    assert_eq!(runner.ended().code, Some(0));
    assert!(folder.run("sections list").out.contains("\nwaiting  enabled  0        20"));
}

#[tokio::test]
async fn a_section_that_is_not_in_the_configuration_is_refused() {
    let folder = Folder::with(TWO);
    folder.store().await;
    let told = |args: &str| {
        let ran = folder.run(args);
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
        ran.err
    };
    expect![[r#"
        error: there is no section `gretings`, so nothing was disabled: the configuration does not have it; did you mean `greetings`? The sections are greetings, news. --force does it all the same
    "#]].assert_eq(&told("sections disable greetings gretings"));
    expect![[r#"
        error: there is no section `nwes`: the configuration does not have it; did you mean `news`? The sections are greetings, news
    "#]].assert_eq(&told("sections enable nwes"));
    assert_eq!(folder.store().await.switches.switches().await.unwrap(), []);
    assert_eq!(folder.run("sections disable elsewhere --force").code, Some(0));
    assert!(folder.run("sections list").out.contains("\nelsewhere  disabled  0        never\n"));
}

#[tokio::test]
async fn without_a_configuration_what_is_disabled_is_still_known() {
    let folder = Folder::empty();
    folder.store().await;
    assert_eq!(folder.run("sections list").out, "No sections.\n");
    assert_eq!(folder.run("sections disable news").out, "section news is disabled\n");
    assert!(folder.run("sections list").out.contains("\nnews     disabled  0        never\n"));
}
