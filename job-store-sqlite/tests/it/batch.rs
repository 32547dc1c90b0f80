//! Changes that are alike are applied together: none of them is answered for another.

use crate::file::File;
use job_core::{
    Change, Clock, Job, JobStatus, NewJob, Reply, Text,
    store::{Deletion, JobStore, JobStoreExt},
};
use job_store_sqlite::SqliteStore;
use job_testing::factory;

/// Twenty jobs that run.
async fn running(store: &SqliteStore) -> Vec<Job> {
    let jobs: Vec<NewJob> = (0..20).map(|_| factory::job(store.mint())).collect();
    store.insert(&jobs, Clock::Store).await.unwrap();
    store.claim(&factory::claim(Clock::Store)).await.unwrap().jobs
}

/// They complete, each at its own time.
fn completing(jobs: &[Job], deletes: bool) -> Vec<Change> {
    let complete = |job: &Job| {
        let done = factory::change(job, job.complete(job.state.date_started().unwrap()));
        if deletes { done.deleting_completed() } else { done }
    };
    jobs.iter().map(complete).collect()
}

#[tokio::test]
async fn what_does_not_fit_among_many_holds_up_none_of_the_others() {
    for deletes in [false, true] {
        let file = File::new();
        let store = file.store().await;
        let jobs = running(&store).await;
        let changes = completing(&jobs, deletes);
        // The reply to one was lost, another was called off, a third is gone.
        store.apply(&changes[3..4]).await.unwrap();
        let cancel = jobs[7].cancel(Text::from("no more"), store.now().await.unwrap());
        let by = factory::actor(99);
        store.apply(&[Change::new(&jobs[7], cancel.unwrap(), by)]).await.unwrap();
        store.delete(&Deletion::Ids(vec![jobs[11].id])).await.unwrap();

        let replies = store.apply(&changes).await.unwrap();

        for (at, reply) in replies.into_iter().enumerate() {
            let expected = match at {
                3 if deletes => Reply::Gone,
                3 => Reply::AlreadyApplied,
                7 => Reply::Stale,
                11 => Reply::Gone,
                _ => Reply::Applied,
            };
            assert_eq!(reply, expected, "{at}");
        }
        let stored =
            |it: &JobStatus| file.number(&format!("SELECT count(*) FROM job WHERE status = {}", it.number()));
        let counts = [JobStatus::Running, JobStatus::Completed, JobStatus::Cancelled].map(|it| stored(&it));
        assert_eq!(counts, [0, if deletes { 0 } else { 18 }, 1]);
    }
}

#[tokio::test]
async fn what_is_written_together_is_what_each_change_says() {
    let file = File::new();
    let store = file.store().await;
    let jobs = running(&store).await;
    let mut changes = completing(&jobs, false);
    // Unlike the others, and in their midst.
    changes[9] = factory::change(&jobs[9], jobs[9].fail(Text::from("broken"), factory::noon()));
    changes[13] = factory::change(&jobs[13], jobs[13].release());

    let replies = store.apply(&changes).await.unwrap();

    assert_eq!(replies, [Reply::Applied; 20]);
    for change in changes {
        assert_eq!(store.get(change.id).await.unwrap().unwrap().state, change.next);
    }
}

/// The application's wish to keep a row is stronger than a section's to delete it, and no other's matter.
#[tokio::test]
async fn of_many_that_go_one_that_is_referred_to_stays() {
    let file = File::new();
    let store = file.store().await;
    file.run("CREATE TABLE parcel (job BLOB NOT NULL REFERENCES job (id))");
    let jobs = running(&store).await;
    file.run(&format!("INSERT INTO parcel VALUES (x'{}')", jobs[5].id));

    let replies = store.apply(&completing(&jobs, true)).await.unwrap();

    assert_eq!(replies, [Reply::Applied; 20]);
    let left = store.get(jobs[5].id).await.unwrap().unwrap();
    assert_eq!(left.state.status(), JobStatus::Completed);
    assert_eq!(file.number("SELECT count(*) FROM job"), 1);
}
