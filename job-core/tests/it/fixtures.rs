//! Jobs in any status, made by the verbs alone.

use job_core::{
    ActorId, Job, JobId, JobStatus, Json, Lease, NewJob, QueueName, Start, Text, Timestamp, Turn, TypeName,
    Unique, UniqueKey, UniqueScope,
};
use std::time::Duration;
use uuid::Uuid;

/// When the jobs below were inserted.
pub(crate) const CREATED: Timestamp = Timestamp::EPOCH;

/// A moment when their leases still hold.
pub(crate) fn soon() -> Timestamp {
    CREATED + Duration::from_secs(1)
}

/// A moment after their leases ended.
pub(crate) fn later() -> Timestamp {
    CREATED + Duration::from_secs(100)
}

pub(crate) fn actor(n: u128) -> ActorId {
    ActorId::from_uuid(Uuid::from_u128(n))
}

pub(crate) fn lease() -> Lease {
    Lease { holder: actor(1), expires: CREATED + Duration::from_secs(30), progress: None }
}

pub(crate) fn new_job(scope: Option<UniqueScope>) -> NewJob {
    let type_name = TypeName::new("test").unwrap();
    let key = UniqueKey::of("key").unwrap();
    NewJob {
        id: JobId::from_uuid(Uuid::from_u128(7)),
        turn: Some(Turn::of_key(&type_name, &key)),
        type_name,
        args: Json::of(&()).unwrap(),
        priority: 0,
        target: None,
        tags: Vec::new(),
        unique: scope.map(|scope| Unique { key, scope }),
        max_retries: 3,
        requester: None,
        queue: QueueName::default(),
        start: Start::Now,
    }
}

/// A job of the given scope in `status`.
pub(crate) fn job_in(status: JobStatus, scope: Option<UniqueScope>) -> Job {
    let waiting = new_job(scope).created(CREATED);
    let moved = |job: &Job, state| Job { state, ..job.clone() };
    let running = moved(&waiting, waiting.start(lease(), CREATED).unwrap());
    match status {
        JobStatus::Waiting => waiting,
        JobStatus::Running => running,
        JobStatus::Completed => moved(&running, running.complete(soon()).unwrap()),
        JobStatus::Failed => moved(&running, running.fail(Text::from("boom"), soon()).unwrap()),
        JobStatus::Suspended => moved(&waiting, waiting.suspend(Text::from("wait")).unwrap()),
        JobStatus::Cancelled => moved(&waiting, waiting.cancel(Text::from("no"), soon()).unwrap()),
    }
}
