//! The two job types, run by the runner on either store.

use crate::{
    database::{TestDatabase, on_each_store},
    sandbox::Sandbox,
};
use code_review::{Database, GenerateDiff, ProposalHeat, proposal_jobs, proposals};
use job_core::{
    Acquired, Attempt, AttemptHandle, BoxFuture, Clock, Completion, Job, JobSource, JobStatus, LogLevel,
    Progress, Text, Then, TransactionalJob,
    store::{Claim, JobStoreExt, Opened},
};
use job_runner::{Registry, RunReport, Script};
use job_testing::factory;
use std::{collections::BTreeMap, future::pending, sync::Arc, time::Duration};

on_each_store! {
    the_diff_asks_for_the_heat_and_the_heat_follows
    the_heat_of_a_proposal_without_a_diff_is_called_off
    a_diff_that_is_under_way_is_not_asked_for_again
    the_two_jobs_of_a_proposal_take_turns
    a_job_of_a_deleted_proposal_stores_nothing
    an_attempt_that_lost_its_job_stores_nothing
    a_diff_that_was_stored_before_is_replaced
}

/// Runs what is due.
async fn run(opened: &Opened, database: &Database) -> RunReport {
    let registry = Registry::new().register_transactional::<GenerateDiff>().register::<ProposalHeat>();
    let script = Script::in_test(opened.clone(), registry, database.clone()).unwrap();
    script.run().await.unwrap()
}

fn counted(name: &str, jobs: u64) -> BTreeMap<job_core::TypeName, u64> {
    BTreeMap::from([(factory::named(name), jobs)])
}

fn the_diff_asks_for_the_heat_and_the_heat_follows(server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(3).kept_in(server);
    sandbox.propose(3);
    sandbox.with_store(async |opened| {
        let database = sandbox.database();
        assert_eq!(run(&opened, &database).await.completed, counted("generate-diff", 3));
        assert_eq!(sandbox.number("SELECT count(*) FROM proposal_diff"), 3);
        assert_eq!(sandbox.number("SELECT count(heat) FROM proposal"), 0);
        assert_eq!(run(&opened, &database).await.completed, counted("proposal-heat", 3));
        assert_eq!(sandbox.number("SELECT count(heat) FROM proposal"), 3);
        assert!(run(&opened, &database).await.is_idle());
    });
}

fn the_heat_of_a_proposal_without_a_diff_is_called_off(server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(1).kept_in(server);
    sandbox.propose(1);
    sandbox.with_store(async |opened| {
        let diffs = JobSource::<GenerateDiff>::new(opened.store.clone());
        let waiting = diffs.acquire(&GenerateDiff { proposal: 1 }).await.unwrap().into_job();
        diffs.cancel(waiting.id, "not now").await.unwrap();
        let heats = JobSource::<ProposalHeat>::new(opened.store.clone());
        let heat = heats.create(&ProposalHeat { proposal: 1 }).await.unwrap();
        run(&opened, &sandbox.database()).await;
        let heat = heats.get(heat.id).await.unwrap().job;
        assert_eq!(heat.state.status(), JobStatus::Cancelled);
        assert!(heat.state.reason().unwrap().as_str().contains("proposal 1 has no diff yet"), "{heat:?}");
    });
}

fn a_diff_that_is_under_way_is_not_asked_for_again(server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(1).kept_in(server);
    sandbox.propose(1);
    sandbox.with_store(async |opened| {
        let running = claimed(&opened).await;
        let diffs = JobSource::<GenerateDiff>::new(opened.store.clone());
        let acquired = diffs.acquire(&GenerateDiff { proposal: 1 }).await.unwrap();
        assert_eq!(acquired, Acquired::Existing(running));
    });
}

fn the_two_jobs_of_a_proposal_take_turns(server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(2).kept_in(server);
    sandbox.propose(1);
    sandbox.with_store(async |opened| {
        let heats = JobSource::<ProposalHeat>::new(opened.store.clone());
        heats.create(&ProposalHeat { proposal: 1 }).await.unwrap();
        assert_eq!(claimed(&opened).await.spec.type_name.as_str(), "generate-diff");
        assert_eq!(claim(&opened).await, [], "the heat waits for its turn");
    });
}

fn a_job_of_a_deleted_proposal_stores_nothing(server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(1).kept_in(server);
    sandbox.propose(1);
    sandbox.with_store(async |opened| {
        let job = claimed(&opened).await;
        assert!(sandbox.with(|conn| proposals::delete(conn, 1)).unwrap());
        let attempt = undisturbed(sandbox.database(), &job);
        let completion = Completion::new(job.clone(), factory::actor(1), opened.scheme, Then::Keep);
        let ended = GenerateDiff { proposal: 1 }.run(attempt, completion).await;
        assert!(ended.is_err(), "{ended:?}");
        assert_eq!(sandbox.number("SELECT count(*) FROM proposal_diff"), 0);
        assert_eq!(opened.store.get(job.id).await.unwrap(), None);
    });
}

fn an_attempt_that_lost_its_job_stores_nothing(server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(1).kept_in(server);
    sandbox.propose(1);
    sandbox.with_store(async |opened| {
        let job = claimed(&opened).await;
        let diffs = JobSource::<GenerateDiff>::new(opened.store.clone());
        diffs.cancel(job.id, "changed my mind").await.unwrap();
        let attempt = undisturbed(sandbox.database(), &job);
        let completion = Completion::new(job.clone(), factory::actor(1), opened.scheme, Then::Keep);
        let ended = GenerateDiff { proposal: 1 }.run(attempt, completion).await;
        assert!(ended.unwrap_err().to_string().contains("lost its job"));
        assert_eq!(sandbox.number("SELECT count(*) FROM proposal_diff"), 0);
        assert_eq!(sandbox.number("SELECT count(*) FROM job"), 1, "no heat was asked for");
    });
}

async fn claim(opened: &Opened) -> Vec<Job> {
    let types = ["generate-diff", "proposal-heat"].map(factory::named).to_vec();
    let claim = Claim { types, ..factory::claim(Clock::Store) };
    opened.store.claim(&claim).await.unwrap().jobs
}

pub(crate) async fn claimed(opened: &Opened) -> Job {
    let mut jobs = claim(opened).await;
    assert_eq!(jobs.len(), 1);
    jobs.remove(0)
}

fn a_diff_that_was_stored_before_is_replaced(server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(1).kept_in(server);
    sandbox.propose(1);
    sandbox.with_store(async |opened| {
        let database = sandbox.database();
        run(&opened, &database).await;
        let created = sandbox.with(|conn| proposal_jobs::acquire(conn, 1, &GenerateDiff { proposal: 1 }));
        let created = created.unwrap();
        assert!(created, "the first one is completed");
        run(&opened, &database).await;
        assert_eq!(sandbox.number("SELECT count(*) FROM proposal_diff"), 1);
    });
}

/// An attempt at `job` whose runner never says a word.
fn undisturbed(database: Database, job: &Job) -> Attempt<Database> {
    #[derive(Debug)]
    struct Silent;
    impl AttemptHandle for Silent {
        fn is_cancelled(&self) -> bool {
            false
        }
        fn cancelled(&self) -> BoxFuture<'_, ()> {
            Box::pin(pending())
        }
        fn time_left(&self) -> Duration {
            Duration::MAX
        }
        fn progress(&self, _: Progress) {}
        fn log(&self, _: LogLevel, _: Text) {}
    }
    Attempt::new(database, Arc::new(job.clone()), Arc::new(Silent))
}
