//! Rows and keys that somebody's open transaction holds.

use crate::{
    jobs::Keyed,
    run,
    server::{self, TestSchema},
};
use diesel_async::SimpleAsyncConnection;
use job_core::{
    Change, Job, Options, Reply,
    store::{Held, Renewed},
};
use job_testing::{Fixture, factory, race};

async fn running(fixture: &Fixture, n: usize) -> Vec<Job> {
    fixture.insert(&fixture.jobs(n)).await;
    fixture.start(&fixture.claim()).await
}

#[test]
fn a_locked_row_is_busy_and_spoils_no_neighbour() {
    run(async {
        let schema = TestSchema::new().await;
        let fixture = Fixture::from(schema.store().await.opened());
        let jobs = running(&fixture, 3).await;
        let mut conn = server::connect().await;
        let lock = format!("BEGIN; SELECT FROM {}.job WHERE id = '{}' FOR UPDATE", schema.name, jobs[1].id);
        conn.batch_execute(&lock).await.unwrap();

        let held = |it: &Job| Held { id: it.id, revision: it.state.revision(), progress: None };
        let renewed = fixture.renew(&jobs.iter().map(held).collect::<Vec<_>>()).await;
        assert!(matches!(renewed[..], [Renewed::Until(_), Renewed::Busy, Renewed::Until(_)]), "{renewed:?}");

        let completed = |it: &Job| factory::change(it, it.complete(fixture.now()));
        let changes: Vec<Change> = jobs.iter().map(completed).collect();
        assert_eq!(fixture.apply(&changes).await, [Reply::Applied, Reply::Busy, Reply::Applied]);
        conn.batch_execute("ROLLBACK").await.unwrap();
        let again = fixture.apply(&changes).await;
        assert_eq!(again, [Reply::AlreadyApplied, Reply::Applied, Reply::AlreadyApplied]);
    });
}

#[test]
fn a_key_in_an_open_transaction_is_busy_until_it_ends() {
    run(async {
        let schema = TestSchema::new().await;
        let fixture = Fixture::from(schema.store().await.opened());
        let mover = fixture.running(&fixture.keyed("\"k\"")).await;
        let mut conn = server::connect().await;
        conn.batch_execute("BEGIN").await.unwrap();
        let holder = schema.jobs().create_on(&mut conn, &Keyed::new("k"), &Options::default()).await.unwrap();

        let retry = mover.retry("it broke".into(), fixture.now(), None);
        let retry = factory::change(&mover, retry).or_supersede(&mover, fixture.now());
        let other = running(&fixture, 1).await.remove(0);
        let released = factory::change(&other, other.release());
        let replies = fixture.apply(&[retry.clone(), released]).await;
        assert_eq!(replies, [Reply::Busy, Reply::Applied]);
        conn.batch_execute("COMMIT").await.unwrap();
        assert_eq!(fixture.apply(&[retry]).await, [Reply::Superseded { by: holder }]);
    });
}

#[test]
fn crossing_batches_wait_and_never_deadlock() {
    run(async {
        let schema = TestSchema::new().await;
        let fixture = Fixture::from(schema.store().await.opened());
        for round in 0..20 {
            let jobs = running(&fixture, 100).await;
            let cancelled = |it: &Job, by: u128| {
                Change::new(it, it.cancel("no".into(), fixture.now()).unwrap(), factory::actor(by))
            };
            let replies = race(2, |n| {
                let mut changes: Vec<Change> = jobs.iter().map(|it| cancelled(it, 10 + n as u128)).collect();
                if n == 1 {
                    changes.reverse();
                }
                let fixture = fixture.clone();
                async move { fixture.apply(&changes).await }
            })
            .await;
            let applied = replies.iter().flatten().filter(|it| **it == Reply::Applied).count();
            assert_eq!(applied, 100, "in round {round} each job is cancelled once");
        }
    });
}

#[test]
fn a_deadlock_with_a_callers_transaction_is_no_error_of_the_store() {
    run(async {
        let schema = TestSchema::new().await;
        let fixture = Fixture::from(schema.store().await.opened());
        let jobs = running(&fixture, 2).await;
        let mut conn = server::connect().await;
        let touch = |id| format!("UPDATE {}.job SET touched = TRUE WHERE id = '{id}'", schema.name);
        conn.batch_execute(&format!("BEGIN; {}", touch(jobs[1].id))).await.unwrap();
        let changes: Vec<Change> =
            jobs.iter().map(|it| factory::change(it, it.complete(fixture.now()))).collect();
        let apply = tokio::spawn({
            let (fixture, changes) = (fixture.clone(), changes.clone());
            async move { fixture.apply(&changes).await }
        });
        // The store has locked the first and waits for the second; we hold the second and ask for the first.
        while schema.waiting().await == 0 {
            tokio::task::yield_now().await;
        }
        let ours = conn.batch_execute(&touch(jobs[0].id)).await;
        conn.batch_execute(if ours.is_ok() { "COMMIT" } else { "ROLLBACK" }).await.unwrap();
        let replies = apply.await.unwrap();
        assert!(replies.iter().all(|it| matches!(it, Reply::Applied | Reply::Busy)), "{replies:?}");
        let again = fixture.apply(&changes).await;
        assert!(again.iter().all(|it| it.is_applied()), "{again:?}");
    });
}
