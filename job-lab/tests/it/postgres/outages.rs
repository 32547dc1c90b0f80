//! The server goes away and comes back while jobs flow.

use super::{
    database::{Database, number},
    expendable::Expendable,
    flow::{Flow, JOBS},
    times,
};
use diesel::QueryResult;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use job_core::{Job, Timestamp};
use std::time::Duration;
use tokio::{sync::watch, time::sleep};
use uuid::Uuid;

/// How long after the server's return the first job is claimed.
const AT_ONCE: Duration = Duration::from_secs(1);
/// Long enough for all delays between tries to have grown to their longest.
const LONG: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_is_killed_takes_the_others_with_it_and_no_job() {
    let Some(server) = Expendable::take() else { return };
    outages(&server, times(3, 50), async |database| server.kill_a_backend(database).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_without_a_word_loses_no_job() {
    let Some(server) = Expendable::take() else { return };
    outages(&server, times(3, 50), async |_| server.restart(Duration::ZERO).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_away_for_long_is_noticed_as_soon() {
    let Some(server) = Expendable::take() else { return };
    outages(&server, times(1, 10), async |_| server.restart(LONG).await).await;
}

/// Makes the same trouble again and again, each time in the midst of 200 jobs.
async fn outages(server: &Expendable, rounds: u32, trouble: impl AsyncFn(&Database)) {
    let database = Database::new(&server.url).await;
    let flow = Flow::new(&database, &server.url, &server.url).await.with_usual_leases();
    let (mut delays, mut crashes) = (Vec::new(), 0);
    for round in 0..rounds {
        let (returned, jobs) = flow
            .round(async |starts| {
                some_jobs(starts).await;
                let before = AsyncPgConnection::establish(&server.url).await.unwrap();
                tokio::join!(return_of(&server.url, before), trouble(&database)).0
            })
            .await;
        let delay = first_claim(&jobs, returned);
        assert!(delay <= AT_ONCE, "round {round}: the first claim came {delay:?} after the server's return");
        delays.push(delay);
        crashes += jobs.iter().map(|it| it.state.crash_count()).sum::<u32>();
    }
    delays.sort_unstable();
    eprintln!(
        "{rounds} outages, first claims after {:?} (median) and {:?} (longest), {crashes} leases lapsed",
        delays[delays.len() / 2],
        delays[delays.len() - 1]
    );
}

/// Waits until some of the jobs were started, and most of them were not.
async fn some_jobs(mut starts: watch::Receiver<u32>) {
    let some = JOBS * u32::from(Uuid::new_v4().as_bytes()[0]) / 512;
    starts.wait_for(|it| *it > some).await.unwrap();
}

/// When the server, which still answers on `conn`, will have gone and come back: by its own clock.
async fn return_of(url: &str, mut conn: AsyncPgConnection) -> Timestamp {
    while time(&mut conn).await.is_ok() {
        sleep(Duration::from_millis(1)).await;
    }
    loop {
        if let Ok(mut conn) = AsyncPgConnection::establish(url).await
            && let Ok(returned) = time(&mut conn).await
        {
            return returned;
        }
        sleep(Duration::from_millis(1)).await;
    }
}

async fn time(conn: &mut AsyncPgConnection) -> QueryResult<Timestamp> {
    const NOW: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS n";
    Ok(Timestamp::from_micros(number(conn, NOW).await?))
}

/// How long after `returned` the first of the jobs was claimed.
fn first_claim(jobs: &[Job], returned: Timestamp) -> Duration {
    let started = jobs.iter().filter_map(|it| it.state.date_started());
    started.filter(|it| *it >= returned).min().expect("some were left to be claimed").since(returned)
}
