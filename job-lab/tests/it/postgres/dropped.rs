//! Calls that are dropped at any moment: each is done wholly or not at all, and leaves nothing behind.

use super::{
    calls::{Call, MANY, POOL, World, ids},
    shared,
};
use diesel::sql_query;
use diesel_async::RunQueryDsl;
use futures_util::future::join_all;
use job_core::{
    JobId, JobStatus,
    store::{Filter, JobStore, JobStoreExt},
};
use job_testing::{factory, factory::named, race};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};
use tokio::{select, task::yield_now, time::sleep};
use uuid::Uuid;

const DROPS: u32 = 500;
/// How long we wait for what goes on after a drop.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_call_is_done_wholly_or_not_and_leaves_no_claim_no_transaction_and_no_busy_connection() {
    let Some(server) = shared() else { return };
    let world = World::new(&server).await;
    let (mut received, mut dropped) = (BTreeSet::new(), BTreeSet::new());
    for (n, which) in (0..DROPS).zip(Call::ALL.into_iter().cycle()) {
        let job = world.running().await;
        let by = factory::actor(u128::from(n) + 1000);
        select! {
            biased;
            claimed = world.call(which, &job, by) => received.extend(claimed),
            () = a_moment() => { dropped.insert(which); }
        }
    }
    assert_eq!(dropped, Call::ALL.into_iter().collect(), "each was dropped at least once");
    world.has_no_orphans(&received).await;
    world.has_all_connections().await;
    world.did_nothing_by_halves().await;
}

/// Up to five milliseconds, rather few than many: a call takes about one.
async fn a_moment() {
    let random = f64::from(Uuid::new_v4().as_bytes()[0]) / 255.0;
    let moment = Duration::from_millis(5).mul_f64(random * random);
    // A timer counts in milliseconds.
    let begun = Instant::now();
    while begun.elapsed() < moment {
        yield_now().await;
    }
}

impl World {
    /// What runs is what somebody received.
    async fn has_no_orphans(&self, received: &BTreeSet<JobId>) {
        let types = Some(vec![named("test")]);
        let running = Filter { statuses: Some(vec![JobStatus::Running]), types, ..Filter::default() };
        let begun = Instant::now();
        loop {
            let running = ids(self.store.find(&running, MANY).await.unwrap());
            if running.iter().copied().collect::<BTreeSet<_>>() == *received {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{running:?} run, {received:?} were received");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// No transaction is open, and both pools are as large as they can be, with every connection free and of use.
    async fn has_all_connections(&self) {
        let now = |_| {
            let store = self.store.clone();
            async move { store.now().await.unwrap() }
        };
        race(2 * POOL, now).await;
        let mut conns = join_all((0..POOL).map(|_| self.pool.get())).await;
        for conn in &mut conns {
            sql_query("SELECT 1").execute(conn.as_mut().unwrap()).await.unwrap();
        }
        drop(conns);
        assert_eq!((self.pool.status().size, self.pool.status().available), (POOL, POOL));
        let begun = Instant::now();
        let open = "SELECT count(*) AS n FROM pg_stat_activity \
            WHERE datname = '{app}' AND state <> 'idle' AND pid <> pg_backend_pid()";
        while self.store.connections() != (POOL, POOL) || self.database.number(open).await > 0 {
            assert!(begun.elapsed() < PATIENCE, "{:?}", self.store.connections());
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// What belongs together was done together.
    async fn did_nothing_by_halves(&self) {
        for (what, sql) in HALVES {
            assert_eq!(self.database.number(sql).await, 0, "{what}");
        }
    }
}

/// What there must be none of.
const HALVES: [(&str, &str); 4] = [
    ("a part of an insert", "SELECT count(*) % 3 AS n FROM jobs.job WHERE type = 'three'"),
    (
        "a job without its effect",
        "SELECT count(*) AS n FROM jobs.job WHERE (type = 'errand' OR type = 'held' AND status = 2) \
            AND (SELECT count(*) FROM effect WHERE job = id) <> 1",
    ),
    (
        "an effect without its job",
        "SELECT count(*) AS n FROM effect WHERE NOT EXISTS (SELECT FROM jobs.job WHERE id = job \
            AND (type = 'errand' OR type = 'held' AND status = 2))",
    ),
    (
        "a change without its note, or a note without its change",
        "SELECT count(*) AS n FROM jobs.job WHERE type = 'held' \
            AND (status = 3)::integer <> (SELECT count(*) FROM jobs.note WHERE job = job.id AND kind = 0)",
    ),
];
