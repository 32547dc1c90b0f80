//! What somebody is told who is lost: in the wrong folder, at a store that is not there, or among the options.

use crate::program::Folder;
use expect_test::expect;
use job_core::{JobId, NewJob};
use serde_json::json;

const ALL: &str = "[section.all]\ntypes = ['greet', 'fail']\n";

#[tokio::test]
async fn whoever_looks_at_jobs_or_operates_on_them_makes_no_store() {
    let folder = Folder::with(ALL);
    for (command, name) in [
        ("jobs list", "jobs.sqlite3"),
        ("jobs list --json --store sqlite:other.db", "other.db"),
        ("jobs show 01", "jobs.sqlite3"),
        ("jobs cancel 01", "jobs.sqlite3"),
        ("jobs delete 01", "jobs.sqlite3"),
        ("queues list", "jobs.sqlite3"),
        ("types pause greet", "jobs.sqlite3"),
        ("sections list", "jobs.sqlite3"),
        ("sections disable all", "jobs.sqlite3"),
    ] {
        let ran = folder.run(command);
        let path = folder.path(name);
        let advice = format!(": there is no job store at {} yet; run-jobs makes it\n", path.display());
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{command}");
        assert!(ran.err.ends_with(&advice), "{}", ran.err);
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    }
    assert_eq!(std::fs::read_dir(folder.path("")).unwrap().count(), 1, "the configuration");
    assert_eq!(folder.run("run-jobs all").code, Some(0));
    assert_eq!(folder.run("jobs list").out, "No jobs.\n");
}

#[test]
fn a_store_that_can_never_be_opened_is_not_said_to_come_back() {
    let folder = Folder::with(&format!("store = 'sqlite:no/such/x.db'\n{ALL}"));
    let told = |args: &str| {
        let ran = folder.run(args);
        assert_eq!(ran.code, Some(1));
        ran.err.replace(folder.path("").to_str().unwrap(), "FOLDER/")
    };
    expect![[r#"
        error: cannot open the job store sqlite:FOLDER/no/such/x.db: there is no directory FOLDER/no/such; make it, or name a file elsewhere
          because: No such file or directory (os error 2)
    "#]].assert_eq(&told("jobs list"));
    expect![[r#"
        ERROR   cannot open the job store sqlite:FOLDER/no/such/x.db: there is no directory FOLDER/no/such; make it, or name a file elsewhere
                because: unable to open database file
    "#]].assert_eq(&told("run-jobs all"));
    expect![[r#"
        error: cannot open the job store sqlite:: an SQLite store is a file that several connections share; name one, such as jobs.sqlite3
    "#]].assert_eq(&told("jobs list --store sqlite:"));
}

#[test]
fn help_fits_eighty_columns() {
    let folder = Folder::empty();
    for command in [
        "",
        "run-jobs",
        "jobs",
        "jobs list",
        "jobs show",
        "jobs cancel",
        "jobs retry",
        "jobs suspend",
        "jobs resume",
        "jobs delete",
        "queues",
        "queues list",
        "queues pause",
        "types resume",
        "sections",
        "sections list",
        "sections disable",
        "sections enable",
    ] {
        for help in ["-h", "--help"] {
            let ran = folder.command(&format!("{command} {help}")).env("COLUMNS", "200").output().unwrap();
            let text = String::from_utf8(ran.stdout).unwrap();
            assert!(text.contains("Usage: errands"), "{text}");
            let widest = text.lines().max_by_key(|it| it.chars().count()).unwrap();
            assert!(widest.chars().count() <= 80, "{command} {help}: {widest}");
        }
    }
}

#[tokio::test]
async fn a_list_of_a_type_that_the_program_does_not_have_says_which_it_has() {
    let folder = Folder::with(ALL);
    folder.enqueue("theirs", json!(null), |it| it).await;
    let none = folder.run("jobs list --type grete");
    assert_eq!((none.code, none.out.as_str()), (Some(0), "No jobs fit.\n"));
    assert_eq!(
        none.err,
        "This program has no job type `grete`; did you mean `greet`? The job types are complain, fail, greet, wait.\n"
    );
    assert_eq!(folder.run("jobs list --type greet").err, "");
    let theirs = folder.run("jobs list --type theirs");
    assert_eq!(
        (theirs.out.lines().count(), theirs.err.as_str()),
        (2, ""),
        "the store may have jobs of others"
    );
    assert_eq!(folder.run("jobs list --type grete --json").out, "");
}

#[test]
fn a_limit_of_nothing_is_told_what_it_may_be() {
    let folder = Folder::with(ALL);
    for limit in ["0", "many"] {
        let ran = folder.run(&format!("jobs list --limit {limit}"));
        assert_eq!(ran.code, Some(2));
        let words = format!("invalid value '{limit}' for '--limit <N>': write a whole number, 1 or more\n");
        assert!(ran.err.contains(&words), "{}", ran.err);
    }
}

#[tokio::test]
async fn an_operated_job_is_named_by_digits_that_no_other_has() {
    let folder = Folder::with(ALL);
    let twin = |last| JobId::v7(0x0123_4567_89ab, [last, 0, 0, 0, 0, 0, 0, 0, 0, last]);
    for last in [0x10, 0x20] {
        folder.enqueue("greet", json!({ "name": "Ada" }), |it| NewJob { id: twin(last), ..it }).await;
    }
    let lone = JobId::v7(0x0223_4567_89ab, [0; 10]);
    folder.enqueue("greet", json!({ "name": "Bob" }), |it| NewJob { id: lone, ..it }).await;
    let done = folder.run(&format!("jobs retry {} {} 02", twin(0x10), twin(0x20)));
    let expected: String = [twin(0x10).to_string(), twin(0x20).to_string(), lone.prefix(12)]
        .map(|id| format!("greet {id} waits to run again\n"))
        .concat();
    assert_eq!((done.code, done.out), (Some(0), expected), "{}", done.err);
}
