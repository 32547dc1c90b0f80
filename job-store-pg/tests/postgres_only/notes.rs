//! Notes of jobs that go while they are written: none is left behind, and none is lost.

use crate::{
    run,
    server::{self, TestSchema},
};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use job_core::{About, ActionNote, Change, Job, Note, Reply, Then, store::Deletion};
use job_testing::{Fixture, factory};

/// Waits until a session of the store waits for somebody's lock.
async fn until_one_waits(schema: &TestSchema) {
    while schema.waiting().await == 0 {
        tokio::task::yield_now().await;
    }
}

/// Appends a note about `job` as the store does, in a transaction that stays open.
async fn append_in_transaction(conn: &mut AsyncPgConnection, schema: &TestSchema, job: &Job) {
    let append = include_str!("../../src/sql/append.sql")
        .replace("{schema}", &schema.name)
        .replace("$1", &format!("ARRAY['{}']", job.id))
        .replace("$2", "ARRAY[NULL]")
        .replace("$3", "ARRAY[1]")
        .replace("$4", "ARRAY[now()]")
        .replace("$5", "ARRAY['{}']")
        .replace("$6", "ARRAY[gen_random_uuid()]");
    conn.batch_execute(&format!("BEGIN; {append}")).await.unwrap();
}

#[test]
fn a_note_that_a_deletion_waited_for_goes_with_its_job() {
    run(async {
        let schema = TestSchema::new().await;
        let fixture = Fixture::from(schema.store().await.opened());
        let mut conn = server::connect().await;
        for by_id in [true, false] {
            let job = fixture.running(&fixture.job()).await;
            append_in_transaction(&mut conn, &schema, &job).await;
            let (deleting, complete) = (fixture.clone(), factory::change(&job, job.complete(fixture.now())));
            let deleted = tokio::spawn(async move {
                if by_id {
                    deleting.delete(&Deletion::Ids(vec![complete.id])).await == 1
                } else {
                    deleting.change(&Change { then: Then::Delete, ..complete }).await == Reply::Applied
                }
            });
            until_one_waits(&schema).await;
            conn.batch_execute("COMMIT").await.unwrap();
            assert!(deleted.await.unwrap());
            assert_eq!(schema.number("SELECT count(*) AS n FROM {schema}.note").await, 0);
        }
    });
}

#[test]
fn a_note_that_waited_for_a_deletion_is_kept_only_if_its_job_is() {
    run(async {
        let schema = TestSchema::new().await;
        let fixture = Fixture::from(schema.store().await.opened());
        let mut conn = server::connect().await;
        for (end, kept) in [("COMMIT", 0), ("ROLLBACK", 1)] {
            let job = fixture.create(&fixture.job()).await;
            let delete = format!("BEGIN; DELETE FROM {}.job WHERE id = '{}'", schema.name, job.id);
            conn.batch_execute(&delete).await.unwrap();
            let (appending, at) = (fixture.clone(), fixture.now());
            let body = ActionNote { action: "looked".into(), who: "the test".into(), reason: None };
            let note = Note::action(About::Job(job.id), at, &body);
            let appended = tokio::spawn(async move { appending.append(&[note]).await });
            until_one_waits(&schema).await;
            conn.batch_execute(end).await.unwrap();
            appended.await.unwrap();
            assert_eq!(fixture.notes_about(job.id).await.len(), kept, "after the {end}");
        }
    });
}
