//! What is due is found between, and behind, what waits for later, for a turn or for others, in the order of claims.

use crate::{
    file::{File, claim, email},
    wake::{LONG, quiet, woken},
};
use job_core::{
    Clock, Job, JobId, NewJob, Options, Start, Turn,
    store::{Claim, JobStore},
};
use job_store_sqlite::{EnqueueOn, SqliteStore};
use job_testing::factory;
use std::{cmp::Reverse, time::Duration};

/// Ten jobs of each priority: due at several times, due later, of a turn that many have, of another type, and of another
/// queue. Inserted in an order that has nothing to do with that of claims.
fn jobs(store: &SqliteStore, priorities: i16) -> Vec<NewJob> {
    let (now, minute) = (factory::noon(), Duration::from_secs(60));
    let all = i32::from(priorities) * 10;
    let mut jobs: Vec<NewJob> = (0..all)
        .map(|n| {
            let priority = i16::try_from(n % i32::from(priorities)).unwrap() - priorities / 2;
            let job = NewJob { priority, start: Start::At(now), ..factory::job(store.mint()) };
            match n / i32::from(priorities) {
                0 => job,
                1 => NewJob { start: Start::At(now.before(minute)), ..job },
                2 => NewJob { start: Start::At(now.before(2 * minute)), ..job },
                3 => NewJob { turn: Some(Turn::new("one")), ..job },
                4 => NewJob { type_name: factory::named("other"), ..job },
                5 => NewJob { queue: factory::named("elsewhere"), ..job },
                _ => NewJob { start: Start::At(now + minute), ..job },
            }
        })
        .collect();
    jobs.sort_by_key(|job| (job.start != Start::At(now + minute), job.priority.rotate_left(5)));
    jobs
}

/// The jobs that may start, in the order of claims, and those of the turn: of these only the first.
fn startable(jobs: &[NewJob]) -> Vec<JobId> {
    let now = factory::noon();
    let mut due: Vec<Job> = jobs.iter().map(|it| it.created(now)).collect();
    due.retain(|it| {
        it.spec.type_name == factory::type_name()
            && *it.state.queue() == job_core::QueueName::default()
            && it.state.scheduled_start() <= now
    });
    due.sort_by_key(|it| (Reverse(it.spec.priority), it.state.scheduled_start(), it.id));
    let mut turns = 0;
    due.retain(|it| {
        turns += usize::from(it.spec.turn.is_some());
        it.spec.turn.is_none() || turns == 1
    });
    due.into_iter().map(|it| it.id).collect()
}

/// Few priorities, as many as are looked for one by one, one more, and far more.
#[tokio::test]
async fn claims_find_all_that_is_due_in_their_order_however_many_priorities_there_are() {
    for priorities in [1, 5, 62, 63, 64, 65, 200] {
        let file = File::new();
        let store = file.store().await;
        let jobs = jobs(&store, priorities);
        store.insert(&jobs, Clock::At(factory::noon())).await.unwrap();
        let expected = startable(&jobs);
        let mut claimed = Vec::new();
        for limit in [1, 10, 7, 150, 10_000, 1] {
            let of = Claim { limit: factory::limit(limit), ..factory::claim(Clock::At(factory::noon())) };
            claimed.extend(store.claim(&of).await.unwrap().jobs.into_iter().map(|it| it.id));
            let so_far = expected.len().min(claimed.len());
            assert_eq!(claimed, expected[..so_far], "{priorities} priorities, after a claim of {limit}");
        }
        assert_eq!(claimed.len(), expected.len(), "{priorities} priorities");
    }
}

/// The watch looks at the file as a claim does.
#[tokio::test]
async fn a_job_behind_many_that_wait_for_later_wakes() {
    for priorities in [3, 63, 64, 200] {
        let file = File::new();
        let store = file.store().await;
        let later: Vec<NewJob> = (0..priorities)
            .map(|priority| NewJob { priority, start: Start::In(LONG * 10), ..factory::job(store.mint()) })
            .collect();
        store.insert(&later, Clock::Store).await.unwrap();
        quiet(&store).await;
        let last = Options { priority: Some(-1), ..Options::default() };
        email("zoe").create_on_with(&mut file.conn(), &last).unwrap();
        assert!(woken(&store, LONG).await, "{priorities} priorities");
        assert_eq!(store.claim(&claim(1, 10)).await.unwrap().jobs.len(), 1);
    }
}
