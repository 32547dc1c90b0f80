//! `Existing` is a promise about the future: the holder does not start before the caller's transaction ends.

use crate::file::{Email, File, claim, email, number};
use diesel::{Connection, connection::SimpleConnection};
use job_core::{
    BoxError, Options,
    store::{JobStore, JobStoreExt},
};
use job_store_sqlite::{AcquiredId, EnqueueOn};
use std::time::Duration;
use tokio::time::timeout;

/// A producer that got `Existing` and has not committed keeps the job from starting, in whichever way it began; and the
/// job's run then sees what it committed.
#[tokio::test(flavor = "multi_thread")]
async fn a_producer_that_has_not_committed_keeps_the_holder_from_starting() {
    for begin in ["BEGIN", "BEGIN IMMEDIATE", "SAVEPOINT mine"] {
        for many in [false, true] {
            let file = File::new();
            let store = file.store().await;
            let mut producer = file.conn();
            producer.batch_execute("CREATE TABLE news (text TEXT)").unwrap();
            let holder = email("zoe").create_on(&mut producer).unwrap();

            producer.batch_execute(begin).unwrap();
            let acquired = if many {
                Email::create_many_on(&mut producer, &[email("zoe")], &Options::default()).unwrap()[0]
            } else {
                email("zoe").acquire_on(&mut producer).unwrap()
            };
            assert_eq!(acquired, AcquiredId::Existing(holder));

            let claiming = {
                let store = store.clone();
                tokio::spawn(async move { store.claim(&claim(1, 10)).await.unwrap() })
            };
            // No moment tells that a claim does not come, so it gets a while to show that it would.
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert!(!claiming.is_finished(), "{begin}: the claim has answered");
            assert!(store.get(holder).await.unwrap().unwrap().state.lease().is_none());

            // What it decided to write only now.
            producer.batch_execute("INSERT INTO news VALUES ('you have won')").unwrap();
            producer
                .batch_execute(if begin == "SAVEPOINT mine" { "RELEASE mine" } else { "COMMIT" })
                .unwrap();
            let claimed = timeout(Duration::from_secs(5), claiming).await.unwrap().unwrap();
            assert_eq!(claimed.jobs.iter().map(|it| it.id).collect::<Vec<_>>(), [holder]);
            assert_eq!(file.number("SELECT count(*) FROM news"), 1);
        }
    }
}

/// A transaction that read before somebody else wrote does not get `Existing` on old data: it is refused.
#[tokio::test]
async fn a_producer_with_an_old_snapshot_is_refused() {
    let file = File::new();
    let store = file.store().await;
    let mut producer = file.conn();
    email("zoe").create_on(&mut producer).unwrap();
    let refused = producer.transaction(|conn| {
        assert_eq!(number(conn, "SELECT count(*) FROM job WHERE status = 0"), 1);
        let (sender, started) = std::sync::mpsc::channel();
        let runtime = tokio::runtime::Handle::current();
        let store = store.clone();
        std::thread::spawn(move || {
            sender.send(runtime.block_on(store.claim(&claim(1, 10))).unwrap().jobs.len()).unwrap();
        });
        assert_eq!(started.recv().unwrap(), 1);
        email("zoe").acquire_on(conn).map_err(BoxError::from)
    });
    let refused = refused.unwrap_err();
    assert!(refused.to_string().contains("may be made again"), "{refused}");
    // From the start again, it sees that the old job runs, and makes a new one.
    let acquired =
        producer.transaction(|conn| email("zoe").acquire_on(conn).map_err(BoxError::from)).unwrap();
    assert!(matches!(acquired, AcquiredId::Created(_)), "{acquired:?}");
}
