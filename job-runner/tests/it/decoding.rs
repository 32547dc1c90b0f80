//! Rows whose args or columns do not decode are failed one by one, with a report, and hold up nobody.

use crate::{
    play::{Act, Play, Usual},
    stage::{Stage, count},
};
use job_core::{JobStatus, Json, NewJob, Options, store::JobStore};
use job_testing::factory::{job, named};

#[tokio::test]
async fn args_that_are_no_longer_of_the_type_are_an_error_of_the_job() {
    let stage = Stage::new();
    let args = [r#"{"label":7}"#, "null", "not json at all", r#"{"label":"a","act":"Unheard"}"#];
    let rows: Vec<NewJob> = args
        .iter()
        .map(|it| NewJob {
            type_name: named("usual"),
            args: Json::stored(*it),
            max_retries: 0,
            ..job(stage.store.mint())
        })
        .collect();
    stage.store.insert(&rows, stage.opened.clock).await.unwrap();
    stage.create(Play::new("good", Act::Succeed)).await;
    let report = stage.run().await;
    assert_eq!((count(&report.completed, "usual"), count(&report.incomplete, "usual")), (1, 4));
    for row in &rows {
        let state = stage.row(row.id).await.state;
        assert_eq!(state.status(), JobStatus::Failed);
        assert!(state.last_error().unwrap().as_str().starts_with("its args do not decode: "), "{state:?}");
        assert_eq!(stage.attempts(row.id).await[0].outcome, "undecodable");
    }
    let reports = stage.told.reports.lock();
    assert_eq!(reports.len(), 4);
    // What cannot be read has nothing to say about itself.
    assert!(reports.iter().all(|it| it.vars.is_empty() && it.operation == "running a usual job"));
}

#[tokio::test]
async fn args_that_do_not_decode_are_tried_again_while_attempts_are_left() {
    let stage = Stage::new();
    // A newer version of the program may read them.
    let row = NewJob {
        type_name: named("usual"),
        args: Json::stored("{}"),
        max_retries: 1,
        ..job(stage.store.mint())
    };
    let id = row.id;
    stage.store.insert(&[row], stage.opened.clock).await.unwrap();
    stage.run().await;
    assert_eq!(stage.row(id).await.state.status(), JobStatus::Waiting);
    assert!(stage.told.reports.lock().is_empty());
}

#[tokio::test]
async fn an_unreadable_row_is_failed_and_its_neighbours_run() {
    let (stage, store) = Stage::unsteady();
    let bad = stage.create(Play::new("bad", Act::Succeed)).await;
    let good = stage.create(Play::new("good", Act::Succeed)).await;
    store.make_unreadable(bad.id);
    let report = stage.run().await;
    assert_eq!((count(&report.completed, "usual"), count(&report.incomplete, "usual")), (1, 1));
    assert_eq!(stage.ran(), ["good"]);
    let state = stage.row(bad.id).await.state;
    assert_eq!((state.status(), state.attempt_count()), (JobStatus::Failed, 1));
    assert!(state.last_error().unwrap().as_str().contains("cannot be read"), "{state:?}");
    assert_eq!(stage.told.reports.lock()[0].job, bad.id);
    assert_eq!(stage.row(good.id).await.state.status(), JobStatus::Completed);
}

#[tokio::test]
async fn what_runs_is_the_row_and_not_the_object_in_ones_hand() {
    let stage = Stage::new();
    let mut play = Usual(Play::new("as stored", Act::Succeed));
    stage.source().create_with(&play, &Options::default()).await.unwrap();
    play.0.label = "as changed later".to_owned();
    stage.run().await;
    assert_eq!(stage.ran(), ["as stored"]);
}
