//! The walk over what is ready: what a claim without limit would start now, and in which order.

use crate::{Fixture, contract::ids, factory, property};
use job_core::{
    Attempt, BoxError, JobId, JobStatus, Json, NewJob, QueueName, RunnableJob, SourceError, Start, Turn,
    store::{Claim, Deletion, Switch},
};
use proptest::{collection::vec, option};
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Debug, Deserialize, Serialize)]
struct Ping(u32);

impl RunnableJob for Ping {
    const TYPE: &'static str = "ping";
    type Error = BoxError;

    async fn run(self, _: Attempt) -> Result<(), BoxError> {
        Ok(())
    }
}

fn ping(store: &Fixture) -> NewJob {
    NewJob { type_name: factory::named(Ping::TYPE), args: Json::stored("1"), ..store.job() }
}

/// The ids of the ready jobs, in the order of the walk.
async fn ready(store: &Fixture) -> Vec<JobId> {
    let mut walk = store.source::<Ping, _>().iter_ready().await.expect("the store tells the time");
    let mut ids = Vec::new();
    while let Some(job) = walk.next().await {
        ids.push(job.expect("it decodes").job.id);
    }
    ids
}

/// A new job is ready, after those that were there.
pub async fn a_new_job_is_ready_after_the_others(store: Fixture) {
    let mut expected = Vec::new();
    for _ in 0..3 {
        store.advance(Duration::from_secs(1));
        expected.push(store.create(&ping(&store)).await.id);
        assert_eq!(ready(&store).await, expected);
    }
    assert_eq!(store.start(&store.claim_of::<Ping, _>()).await.len(), 3, "looking claims nothing");
}

/// Of all statuses only Waiting is ready.
pub async fn only_waiting_jobs_are_ready(store: Fixture) {
    for status in JobStatus::ALL {
        let new = NewJob { priority: 9, queue: factory::named(status.word()), ..ping(&store) };
        let job = store.at(status, &new).await;
        let expected = if status == JobStatus::Waiting { vec![job.id] } else { vec![] };
        assert_eq!(ready(&store).await.into_iter().filter(|it| *it == job.id).collect::<Vec<_>>(), expected);
    }
}

/// A job scheduled ahead is not ready; one scheduled before, or not at all, is.
pub async fn a_job_is_ready_from_its_scheduled_start(store: Fixture) {
    let minute = Duration::from_secs(60);
    let ahead = NewJob { start: Start::In(minute), ..ping(&store) };
    let behind = NewJob { start: Start::At(store.now().before(minute)), ..ping(&store) };
    let plain = ping(&store);
    store.insert(&[ahead.clone(), plain.clone(), behind.clone()]).await;
    assert_eq!(ready(&store).await, [behind.id, plain.id]);
    store.advance(minute);
    assert_eq!(ready(&store).await, [behind.id, plain.id, ahead.id]);
}

/// Only jobs of the walk's own type come.
pub async fn jobs_of_other_types_do_not_come(store: Fixture) {
    let own = ping(&store);
    let other = NewJob { type_name: factory::named("Ping"), ..ping(&store) };
    store.insert(&[store.job(), other, own.clone()]).await;
    assert_eq!(ready(&store).await, [own.id]);
}

/// A walk over many pages gives every job once, in the order of claims.
pub async fn a_long_walk_gives_every_job_once(store: Fixture) {
    let new =
        |n: i16| NewJob { priority: n % 5, turn: (n % 7 == 0).then(|| Turn::new(n % 3)), ..ping(&store) };
    store.insert(&(0..700).map(new).collect::<Vec<_>>()).await;
    let walked = ready(&store).await;
    assert_eq!(walked.len(), 603, "600 without a turn, and one for each of three turns");
    let claim = Claim { limit: factory::limit(10_000), ..store.claim_of::<Ping, _>() };
    assert_eq!(ids(&store.start(&claim).await), walked);
}

/// Jobs that are added, started or deleted on the way do not make the walk give a job twice.
pub async fn a_walk_gives_no_job_twice(store: Fixture) {
    store.insert(&(0..600).map(|_| ping(&store)).collect::<Vec<_>>()).await;
    let mut walk = store.source::<Ping, _>().iter_ready().await.expect("the store tells the time");
    let mut walked = Vec::new();
    while let Some(job) = walk.next().await {
        let job = job.expect("it decodes").job;
        if walked.len() % 50 == 0 {
            let later = factory::change(&job, job.reschedule(store.now()));
            store.apply(&[later]).await;
            store.start(&Claim { limit: factory::limit(1), ..store.claim_of::<Ping, _>() }).await;
            store.insert(&[NewJob { priority: 1, ..ping(&store) }, ping(&store)]).await;
        }
        walked.push(job.id);
    }
    let all = walked.len();
    walked.sort_unstable();
    walked.dedup();
    assert_eq!(walked.len(), all);
}

/// Args that do not decode are told with the job's id, and the walk goes on behind it.
pub async fn a_walk_goes_on_behind_bad_args(store: Fixture) {
    let bad = NewJob { args: Json::stored("\"?\""), ..ping(&store) };
    let jobs = [ping(&store), bad.clone(), ping(&store)];
    store.insert(&jobs).await;
    let mut walk = store.source::<Ping, _>().iter_ready().await.expect("the store tells the time");
    let mut walked = Vec::new();
    while let Some(job) = walk.next().await {
        walked.push(match job {
            Ok(job) => job.job.id,
            Err(SourceError::Undecodable { id, .. }) if id == bad.id => id,
            Err(error) => panic!("{error}"),
        });
    }
    assert_eq!(walked.len(), 3);
}

/// Whatever waits, runs and is paused: the walk gives what claims without limit would start, in their order.
pub async fn ready_is_what_claims_without_limit_start(store: Fixture) {
    let job = (-1..2_i16, 0..4_u64, option::of(0..3_u8), 0..3_usize);
    let input =
        (vec(job, 0..15), vec((-1..2_i16, option::of(0..3_u8)), 0..3), option::weighted(0.3, 0..4_usize));
    property::holds(48, &input, async |(jobs, running, paused)| {
        let case = store.mint();
        store.delete(&Deletion::Ids(ids(&store.all().await))).await;
        let queues: Vec<QueueName> = ["a", "B", "b"].map(|it| factory::named(&format!("{it}-{case}"))).into();
        let turn = |it: Option<u8>| it.map(|turn| Turn::new(format_args!("{turn} of {case}")));
        for (priority, of) in running {
            let new = NewJob { priority, turn: turn(of), queue: queues[0].clone(), ..ping(&store) };
            store.create(&new).await;
            store.start(&Claim { queue: queues[0].clone(), ..store.claim_of::<Ping, _>() }).await;
        }
        let jobs: Vec<_> = jobs
            .into_iter()
            .map(|(priority, start, of, queue)| NewJob {
                priority,
                start: Start::At(store.now() + Duration::from_secs(start)),
                turn: turn(of),
                queue: queues[queue].clone(),
                ..ping(&store)
            })
            .collect();
        store.insert(&jobs).await;
        store.advance(Duration::from_secs(2));
        let switch = paused.map(|it| match queues.get(it) {
            Some(queue) => Switch::PauseQueue(queue.clone()),
            None => Switch::PauseType(factory::named(Ping::TYPE)),
        });
        if let Some(switch) = &switch {
            store.switch(switch, true).await;
        }
        let walked = ready(&store).await;
        let mut sorted = queues.clone();
        sorted.sort();
        let mut started = Vec::new();
        for queue in sorted {
            started.extend(ids(&store.start(&Claim { queue, ..store.claim_of::<Ping, _>() }).await));
        }
        if let Some(switch) = &switch {
            store.switch(switch, false).await;
        }
        assert_eq!(walked, started);
    });
}
