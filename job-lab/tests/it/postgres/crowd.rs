//! Claims from a full table, measured by the pages that they read: a time would say more of the machine.

use super::{
    database::{Database, number},
    shared, times,
};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use job_core::{
    Clock,
    store::{Claim, JobStore},
};
use job_store_pg::PgStore;
use job_testing::factory;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How many jobs are claimed, and how many by one claim.
const JOBS: u32 = 2_000;
const LIMIT: u32 = 10;
/// A walk that takes longer is followed by others only after this many times what it took, or after this time: half of
/// what the store goes by, because we measure more of a call than it does.
const LONG: Duration = Duration::from_millis(5);
const SHARE: u32 = 10;
const LATEST: Duration = Duration::from_millis(500);
/// Walks that come with the end of a queue, when claims come back with too little.
const LAST_WALKS: u32 = 3;

/// The rows beside those that are claimed, all older than they.
struct Crowd {
    queue: &'static str,
    /// Completed ones.
    ended: u32,
    /// Waiting ones of a type that the one who claims does not know.
    foreign: u32,
}

impl Crowd {
    const NOBODY: Self = Self { queue: "default", ended: 0, foreign: 0 };
}

/// What it took to claim all jobs.
#[derive(Clone, Copy, Debug)]
struct Drain {
    claims: u32,
    pages: i64,
    /// How many claims may have walked over a head of rows that are none of their business.
    walks: u32,
}

impl Drain {
    fn pages(&self) -> f64 {
        f64::from(i32::try_from(self.pages).unwrap())
    }

    fn pages_each(&self) -> f64 {
        self.pages() / f64::from(self.claims)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_another_queue_costs_a_claim_nothing() {
    let Some(server) = shared() else { return };
    let clean = drain(&server, &Crowd::NOBODY).await;
    let crowd = Crowd { queue: "other", ended: times(100_000, 1_000_000), foreign: times(20_000, 200_000) };
    let crowded = drain(&server, &crowd).await;
    assert!(crowded.pages_each() <= 1.2 * clean.pages_each(), "{crowded:?} beside {clean:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_of_jobs_that_nobody_here_knows_is_walked_over_seldom() {
    let Some(server) = shared() else { return };
    let clean = drain(&server, &Crowd::NOBODY).await;
    // So many that a walk takes longer than what a floor is worth, on any machine.
    let crowd = Crowd { queue: "default", ended: times(20_000, 1_000_000), foreign: times(100_000, 200_000) };
    let crowded = drain(&server, &crowd).await;
    // A walk reads each row, and the pages of the index above them, of which there are few.
    let walk = f64::from(crowd.foreign) * 1.1;
    let most = f64::from(crowded.claims) * 1.2 * clean.pages_each() + f64::from(crowded.walks) * walk;
    assert!(crowded.pages() <= most, "{crowded:?} beside {clean:?}");
}

/// Claims all jobs beside a crowd, five times, and gives the time that read least: a snapshot that somebody takes for a
/// moment keeps jobs that were started in the index, and claims walk over them.
async fn drain(server: &str, crowd: &Crowd) -> Drain {
    let database = Database::new(server).await;
    let mut conn = database.connect().await;
    // A vacuum of the server's own would be counted with the claims.
    conn.batch_execute("ALTER TABLE jobs.job SET (autovacuum_enabled = off)").await.unwrap();
    fill(&mut conn, "test", 2, crowd.queue, crowd.ended).await;
    fill(&mut conn, "foreign", 0, crowd.queue, crowd.foreign).await;
    let mut least = None::<Drain>;
    for _ in 0..5 {
        fill(&mut conn, "test", 0, "default", JOBS).await;
        conn.batch_execute("VACUUM (ANALYZE) jobs.job").await.unwrap();
        drop(conn);
        conn = database.connect().await;
        let drain = claim_all(&database, &mut conn).await;
        least = least.filter(|it| it.pages <= drain.pages).or(Some(drain));
    }
    least.unwrap()
}

/// Inserts rows; those of the type that is claimed and wait are younger than all others.
async fn fill(conn: &mut AsyncPgConnection, type_name: &str, status: i16, queue: &str, n: u32) {
    let sql = format!(
        "INSERT INTO jobs.job (id, type, args, priority, max_retries, date_created, status, queue, attempt_count, \
             crash_count, scheduled_start, date_finished, revision) \
         SELECT gen_random_uuid(), '{type_name}', '1', 0, 0, now(), {status}, '{queue}', 0, 0, \
             now() - interval '1 day' * ('{type_name}' <> 'test' OR {status} <> 0)::integer, \
             CASE WHEN {status} = 2 THEN now() END, 0 FROM generate_series(1, {n})"
    );
    conn.batch_execute(&sql).await.unwrap();
}

/// Claims all that there is.
async fn claim_all(database: &Database, conn: &mut AsyncPgConnection) -> Drain {
    let before = pages(database, conn).await;
    let store = PgStore::connect(&database.options()).await.unwrap();
    let claim = Claim { limit: factory::limit(LIMIT), ..factory::claim(Clock::Store) };
    let (mut claims, mut walks, mut floor) = (0, LAST_WALKS, Instant::now());
    loop {
        let begun = Instant::now();
        let claimed = store.claim(&claim).await.unwrap();
        let took = begun.elapsed();
        if begun >= floor {
            walks += 1;
            floor = begun + took + if took > LONG { (took * SHARE).min(LATEST) } else { Duration::ZERO };
        }
        if claimed.is_empty() {
            break;
        }
        claims += 1;
    }
    drop(store);
    assert_eq!(claims, JOBS / LIMIT);
    Drain { claims, pages: pages(database, conn).await - before, walks }
}

/// How many pages of jobs and their indexes were read so far. A session is counted when it has ended.
async fn pages(database: &Database, conn: &mut AsyncPgConnection) -> i64 {
    let others = format!(
        "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = '{}' AND pid <> pg_backend_pid()",
        database.name()
    );
    while number(conn, &others).await.unwrap() > 0 {
        sleep(Duration::from_millis(10)).await;
    }
    let pages = "SELECT (heap_blks_read + heap_blks_hit + idx_blks_read + idx_blks_hit)::bigint AS n \
        FROM pg_statio_user_tables WHERE schemaname = 'jobs' AND relname = 'job'";
    // Older servers collect the counts by the way; they are complete when they stand still.
    let mut last = -1;
    loop {
        let now = number(conn, pages).await.unwrap();
        if now == last {
            return now;
        }
        last = now;
        sleep(Duration::from_millis(600)).await;
    }
}
