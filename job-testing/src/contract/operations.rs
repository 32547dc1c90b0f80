//! Operations: read, verb, change, and again if somebody was faster.

use crate::{Fixture, factory, race};
use job_core::{
    InvalidTransition, Job, JobStatus, NewJob, Reply, Start, TypeName, Verb,
    store::{Claim, Deletion, JobStoreExt, OperateError, Operation},
};
use std::time::Duration;

async fn operate(store: &Fixture, job: &Job, operation: Operation) -> Result<Job, OperateError> {
    store.store.operate(job.id, operation, factory::actor(9), store.clock()).await
}

/// An operation gives the job as it is then stored.
pub async fn an_operation_gives_the_job_as_stored(store: Fixture) {
    let minute = Duration::from_secs(60);
    let cases = [
        (JobStatus::Waiting, Operation::Cancel("not needed".into()), JobStatus::Cancelled),
        (JobStatus::Running, Operation::Suspend("for a review".into()), JobStatus::Suspended),
        (JobStatus::Suspended, Operation::Resume, JobStatus::Waiting),
        (JobStatus::Failed, Operation::Requeue { keep_attempts: true }, JobStatus::Waiting),
        (JobStatus::Waiting, Operation::Reschedule(Start::In(minute)), JobStatus::Waiting),
    ];
    for (n, (from, operation, to)) in (0..).zip(cases) {
        let new = NewJob { type_name: factory::named(&format!("type-{n}")), ..store.keyed("k") };
        let job = store.at(from, &new).await;
        let operated = operate(&store, &job, operation).await.expect("it is possible");
        assert_eq!(operated.state.status(), to);
        assert_eq!(operated.state.changed_by(), Some(factory::actor(9)));
        assert_eq!(store.get(job.id).await, operated);
    }
}

/// An operation that the status does not allow says so and changes nothing; one on no job says that there is
/// none.
pub async fn an_impossible_operation_changes_nothing(store: Fixture) {
    let job = store.at(JobStatus::Completed, &store.job()).await;
    let refused = operate(&store, &job, Operation::Suspend("for a review".into())).await;
    let expected = InvalidTransition { from: JobStatus::Completed, verb: Verb::Suspend };
    assert!(matches!(refused, Err(OperateError::NotAllowed(it)) if it == expected), "{refused:?}");
    assert_eq!(store.get(job.id).await, job);
    store.delete(&Deletion::Ids(vec![job.id])).await;
    let refused = operate(&store, &job, Operation::Resume).await;
    assert!(matches!(refused, Err(OperateError::NotFound { id }) if id == job.id), "{refused:?}");
}

/// A requeue names the job that holds the key; a suspended one gives way to it.
pub async fn an_operation_gives_way_to_the_holder_of_the_key(store: Fixture) {
    let failed = store.at(JobStatus::Failed, &store.keyed("k")).await;
    let running = store.running(&store.keyed("k")).await;
    let holder = store.create(&store.keyed("k")).await;
    let refused = operate(&store, &failed, Operation::Requeue { keep_attempts: false }).await;
    assert!(
        matches!(refused, Err(OperateError::KeyTaken { holder: it, .. }) if it == holder.id),
        "{refused:?}"
    );
    let superseded =
        operate(&store, &running, Operation::Suspend("for a review".into())).await.expect("it gives way");
    assert_eq!(superseded.state.superseded_by(), Some(holder.id));
    assert_eq!(store.all().await, [failed, superseded, holder]);
}

/// Of operators at the same moment each verb succeeds for one; the others find the job where it was brought.
pub async fn racing_operators_each_find_the_job_as_it_is(store: Fixture) {
    let job = store.create(&store.job()).await;
    let handles = store.handles(4).await;
    let results = race(16, |n| {
        let (store, job) = (handles[n % handles.len()].clone(), job.clone());
        let operation =
            if n % 2 == 0 { Operation::Cancel("no".into()) } else { Operation::Suspend("wait".into()) };
        async move {
            let by = factory::actor(100 + n as u128);
            (n % 2, store.store.operate(job.id, operation, by, store.clock()).await)
        }
    })
    .await;
    let done = |kind| results.iter().filter(|(it, result)| *it == kind && result.is_ok()).count();
    assert_eq!(done(0), 1, "one cancels: {results:?}");
    assert!(done(1) <= 1, "one suspends, before: {results:?}");
    let refused = |it: &Result<Job, OperateError>| matches!(it, Err(OperateError::NotAllowed(_)));
    assert!(results.iter().all(|(_, it)| it.is_ok() || refused(it)), "{results:?}");
    assert_eq!(store.get(job.id).await.state.status(), JobStatus::Cancelled);
}

/// A cancel beside a claim cancels the job, whether it waits still or runs already.
pub async fn a_cancel_beside_a_claim_cancels(store: Fixture) {
    for n in 0..16 {
        let type_name: TypeName = factory::named(&format!("race-{n}"));
        let job = store.create(&NewJob { type_name: type_name.clone(), ..store.job() }).await;
        let [claimer, operator] = [store.clone(), store.another().await];
        let claim = Claim { types: vec![type_name], ..store.claim() };
        let started = tokio::spawn(async move { claimer.start(&claim).await });
        let waiting = job.clone();
        let cancelled =
            tokio::spawn(async move { operate(&operator, &waiting, Operation::Cancel("no".into())).await });
        let started = started.await.expect("it claims");
        let cancelled = cancelled.await.expect("it operates").expect("it is possible");
        assert_eq!(cancelled.state.status(), JobStatus::Cancelled);
        assert_eq!(store.get(job.id).await, cancelled);
        if let [started] = &started[..] {
            let late = factory::change(started, started.complete(store.now()));
            assert_eq!(store.change(&late).await, Reply::Stale);
        }
    }
}
