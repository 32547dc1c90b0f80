//! The table says again what the core says of a phase: what contradicts itself cannot be written, not even past us.

use crate::file::File;
use diesel::connection::SimpleConnection;
use job_core::{Clock, NewJob, Turn, store::JobStore};
use job_testing::factory;

/// A waiting, a running and a completed job; the first has a key and a turn.
async fn three() -> File {
    let file = File::new();
    let store = file.store().await;
    let jobs: Vec<NewJob> = (0..3)
        .map(|n| NewJob { turn: Some(Turn::new(n)), ..factory::keyed(store.mint(), &format!("\"{n}\"")) })
        .collect();
    store.insert(&jobs[..2], Clock::Store).await.unwrap();
    let claimed = store.claim(&factory::claim(Clock::Store)).await.unwrap().jobs;
    let done = factory::change(&claimed[1], claimed[1].complete(store.now().await.unwrap()));
    store.apply(&[done]).await.unwrap();
    store.insert(&jobs[2..], Clock::Store).await.unwrap();
    assert_eq!(file.number("SELECT group_concat(status, '') = '120' FROM job"), 1);
    file
}

#[tokio::test]
async fn rows_that_contradict_themselves_are_refused() {
    let file = three().await;
    let mut conn = file.conn();
    let refused = [
        (
            "lease without running",
            "SET lease_holder = x'01', lease_expires = 1 WHERE status = 0",
            "leased_iff_running",
        ),
        (
            "running without lease",
            "SET lease_holder = NULL, lease_expires = NULL WHERE status = 1",
            "leased_iff_running",
        ),
        ("half a lease", "SET lease_expires = NULL WHERE status = 1", "leased_iff_running"),
        ("an end before the end", "SET date_finished = 1 WHERE status = 0", "dated_iff_final"),
        ("no end after the end", "SET date_finished = NULL WHERE status = 2", "dated_iff_final"),
        ("a turn while waiting", "SET running_key = turn WHERE status = 0", "leased_iff_running"),
        ("a turn of another job", "SET running_key = 't:9' WHERE status = 1", "runs_in_its_own_turn"),
        ("a key of another job", "SET held_key = '9' WHERE status = 0", "holds_its_own_key"),
        ("progress while waiting", "SET progress = '{}' WHERE status = 0", "leased_iff_running"),
        ("a scope without key", "SET unique_key = NULL, held_key = NULL WHERE status = 0", "key_with_scope"),
        ("a status of no meaning", "SET status = 6 WHERE status = 4 OR status = 0", "dated_iff_final"),
        ("a short id", "SET id = x'01' WHERE status = 0", "length(id) = 16"),
    ];
    for (what, sql, constraint) in refused {
        let error = conn.batch_execute(&format!("UPDATE job {sql}")).expect_err(what).to_string();
        assert_eq!(error, format!("CHECK constraint failed: {constraint}"), "{what}");
    }
    let kinds = [
        ("SET urgency = 'high'", "cannot store TEXT value in INTEGER column job.urgency"),
        ("SET args = NULL", "NOT NULL constraint failed: job.args"),
    ];
    for (sql, says) in kinds {
        assert_eq!(conn.batch_execute(&format!("UPDATE job {sql}")).unwrap_err().to_string(), says);
    }
}

#[tokio::test]
async fn a_key_is_held_and_a_turn_is_run_by_one_row() {
    let file = three().await;
    let mut conn = file.conn();
    let twice = "INSERT INTO job SELECT randomblob(16), revision, type, args, urgency, target, tags, unique_key, unique_scope,
        turn, max_retries, requester, date_created, status, queue, attempt_count, crash_count, scheduled_start,
        date_started, date_finished, lease_holder, lease_expires, progress, last_error, reason, held_key, running_key,
        superseded_by, changed_by FROM job WHERE status = ";
    for (status, says) in [
        (0, "UNIQUE constraint failed: job.type, job.held_key"),
        (1, "UNIQUE constraint failed: job.running_key"),
    ] {
        assert_eq!(conn.batch_execute(&format!("{twice}{status}")).unwrap_err().to_string(), says);
    }
    // A job that holds neither may be there twice.
    conn.batch_execute(&format!("{twice}2")).unwrap();
}

/// Notes go with their job, also with one that is deleted past the store, and where foreign keys are off.
#[tokio::test]
async fn a_note_is_about_one_thing_and_goes_with_its_job() {
    let file = three().await;
    let mut conn = file.conn();
    conn.batch_execute("INSERT INTO job_note (job, kind, at, body) SELECT id, 1, 0, '{}' FROM job").unwrap();
    let both = "INSERT INTO job_note (job, section, kind, at, body) SELECT id, 's', 1, 0, '{}' FROM job";
    let error = conn.batch_execute(both).unwrap_err().to_string();
    assert_eq!(error, "CHECK constraint failed: about_one_thing");
    conn.batch_execute("PRAGMA foreign_keys = OFF; DELETE FROM job WHERE status = 2").unwrap();
    assert_eq!(file.number("SELECT count(*) FROM job_note"), 2);
    assert_eq!(file.number("SELECT seq FROM sqlite_sequence WHERE name = 'job_note'"), 3);
}
