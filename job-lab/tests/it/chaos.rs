//! Scripts are killed in the middle of their work, again and again: no job is lost, and none completes twice.

use crate::ledger::{Ledger, Moment, Plain, Sure};
use job_core::{
    Job, JobId, JobSource, JobStatus, RunnableJob, SectionName, TransactionalJob,
    store::{Filter, JobStore, Opener, Order, Page, StoreUrl},
};
use job_runner::{Registry, RunReport, Script, ScriptError, SectionSettings};
use std::{
    collections::HashMap,
    env,
    io::{BufRead, BufReader, Write, stdout},
    num::NonZeroU32,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

/// The file and the moment that a child is given.
const FILE: &str = "JOB_LAB_CHAOS_FILE";
const MOMENT: &str = "JOB_LAB_CHAOS_MOMENT";

/// What a child says when it stands still; the test harness writes to the same pipe.
const STANDS: &str = "child stands still";

/// Jobs of each type, and after how many starts a child stands still.
const JOBS: u32 = 60;
const STARTS: u32 = 9;

fn url(file: &Path) -> StoreUrl {
    StoreUrl::new(format!("sqlite:{}", file.display()))
}

/// Runs what is due. Another script of the section that was killed is waited for, until its lease ends.
async fn run(file: &Path, ledger: Ledger) -> Result<RunReport, ScriptError> {
    let opened = job_store_sqlite::Opener.open(&url(file)).await.unwrap();
    let registry = Registry::new().register::<Plain>().register_transactional::<Sure>();
    let settings = SectionSettings {
        concurrency: NonZeroU32::new(4).unwrap(),
        lease: Duration::from_secs(3),
        beat: Duration::from_millis(500),
        wait_for_lock: true,
        ..SectionSettings::new(SectionName::new("chaos").unwrap())
    };
    Script::new(opened, registry, ledger, settings).unwrap().run().await
}

/// A process that runs a script, and is killed at that moment of a handler.
fn killed(file: &Path, moment: Moment) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["chaos::runs_a_script", "--exact", "--nocapture"])
        .env(FILE, file)
        .env(MOMENT, format!("{moment:?}"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(said.any(|line| line == STANDS), "the child ended before it came to {moment:?}");
    // SIGKILL: nothing of it runs any more.
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Does nothing in a run of all tests.
#[test]
fn runs_a_script() {
    let (Some(file), Ok(moment)) = (env::var_os(FILE), env::var(MOMENT)) else { return };
    let stands = || {
        // On a line of its own: the harness has begun one.
        println!("\n{STANDS}");
        stdout().flush().unwrap();
    };
    let ledger = Ledger::open(Path::new(&file), Some((STARTS, Moment::named(&moment).unwrap())), stands);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(run(Path::new(&file), ledger)).unwrap();
}

async fn jobs(store: &dyn JobStore) -> Vec<Job> {
    let page = Page::first(Order::Oldest, NonZeroU32::MAX);
    let listed = store.list(&Filter::default(), &page).await.unwrap();
    listed.rows.into_iter().map(Result::unwrap).collect()
}

/// How many effects each job had.
fn effects(file: &Path) -> HashMap<JobId, u32> {
    let conn = rusqlite::Connection::open(file).unwrap();
    let mut query = conn.prepare("SELECT job, count(*) FROM effect GROUP BY job").unwrap();
    let rows = query.query_map([], |row| Ok((row.get::<_, [u8; 16]>(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).map(|(id, n)| (JobId::from_uuid(uuid::Uuid::from_bytes(id)), n)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whenever_a_script_is_killed_every_job_is_completed_and_a_sure_one_exactly_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jobs.sqlite3");
    let store = job_store_sqlite::Opener.open(&url(&file)).await.unwrap().store;
    let (sure, plain) = (JobSource::new(store.clone()), JobSource::new(store.clone()));
    for number in 0..JOBS {
        sure.create(&Sure { number }).await.unwrap();
        plain.create(&Plain { number }).await.unwrap();
    }

    for moment in Moment::ALL {
        killed(&file, moment);
    }
    // Each script takes what it finds; what the last victim held, the next but one, once the leases have ended.
    while jobs(&*store).await.iter().any(|it| it.state.status().is_pending()) {
        run(&file, Ledger::open(&file, None, || ())).await.unwrap();
        let now = store.now().await.unwrap();
        let leases = jobs(&*store).await.into_iter().filter_map(|it| it.state.lease().map(|it| it.expires));
        tokio::time::sleep(leases.max().map_or(Duration::ZERO, |it| it.since(now))).await;
    }

    let jobs = jobs(&*store).await;
    assert_eq!(jobs.len(), 2 * JOBS as usize, "no job is lost");
    let effects = effects(&file);
    for job in &jobs {
        assert_eq!(job.state.status(), JobStatus::Completed, "{job:?}");
        let (had, starts) = (effects.get(&job.id).copied().unwrap_or(0), job.state.attempt_count());
        match job.spec.type_name.as_str() {
            Sure::TYPE => assert_eq!(had, 1, "exactly one effect: {job:?}"),
            Plain::TYPE => assert!((1..=starts).contains(&had), "{had} effects in {starts} starts: {job:?}"),
            other => panic!("who made a {other} job?"),
        }
    }
    let crashes: u32 = jobs.iter().map(|it| it.state.crash_count()).sum();
    assert!(crashes >= 2, "two of three were killed while their job ran, {crashes} leases lapsed");
}
