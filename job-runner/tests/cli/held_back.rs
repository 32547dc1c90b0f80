//! A script whose jobs are held back by a pause says so, and how they are let go.

use crate::program::Folder;
use job_core::{NewJob, store::Switch};
use serde_json::json;

const ALL: &str = "[section.all]\ntypes = ['greet', 'fail']\nqueues = ['slow']\n";

const PAUSED_TYPE: &str =
    "INFO    Type greet is paused, and jobs of it wait; to let them run: `types resume greet`.\n";
const PAUSED_QUEUE: &str =
    "INFO    Queue slow is paused, and jobs in it wait; to let them run: `queues resume slow`.\n";

async fn in_slow(folder: &Folder) {
    let slow = |it| NewJob { queue: "slow".parse().unwrap(), ..it };
    folder.enqueue("fail", json!({ "retries": 0 }), slow).await;
}

async fn paused(folder: &Folder, switches: &[Switch]) {
    let opened = folder.store().await;
    for switch in switches {
        opened.switches.set(switch, true).await.unwrap();
    }
}

fn greet() -> Switch {
    Switch::PauseType("greet".parse().unwrap())
}

fn slow() -> Switch {
    Switch::PauseQueue("slow".parse().unwrap())
}

#[tokio::test]
async fn a_section_that_starts_nothing_because_of_pauses_does_not_say_that_there_is_nothing_to_run() {
    let folder = Folder::with(ALL);
    folder.greet("Ada").await;
    in_slow(&folder).await;
    paused(&folder, &[greet(), slow()]).await;
    let ran = folder.run("run-jobs all --json");
    assert_eq!((ran.code, &ran.err), (Some(0), &format!("{PAUSED_TYPE}{PAUSED_QUEUE}")));
    let object = &ran.objects()[0];
    assert_eq!(
        (&object["outcome"], &object["paused_types"], &object["paused_queues"]),
        (&json!("ran"), &json!(["greet"]), &json!(["slow"]))
    );
}

#[tokio::test]
async fn what_is_held_back_is_told_beside_what_ran() {
    let folder = Folder::with(ALL);
    folder.greet("Ada").await;
    in_slow(&folder).await;
    paused(&folder, &[slow()]).await;
    let ran = folder.run("run-jobs all");
    assert!(ran.err.ends_with(&format!("INFO    Ran 1 greet jobs.\n{PAUSED_QUEUE}")), "{}", ran.err);
}

#[tokio::test]
async fn a_pause_that_holds_nothing_back_is_not_told() {
    let folder = Folder::with(ALL);
    in_slow(&folder).await;
    folder
        .enqueue("greet", json!({ "name": "Ada" }), |it| NewJob { queue: "other".parse().unwrap(), ..it })
        .await;
    let elsewhere = Switch::PauseQueue("other".parse().unwrap());
    paused(&folder, &[greet(), elsewhere]).await;
    let ran = folder.run("run-jobs all --json");
    assert!(ran.err.ends_with("INFO    1 fail jobs did not complete.\n"), "{}", ran.err);
    let object = &ran.objects()[0];
    assert_eq!((&object["paused_types"], &object["paused_queues"]), (&json!([]), &json!([])));
    assert_eq!(folder.run("run-jobs all").err, "INFO    No jobs to run.\n");
}
