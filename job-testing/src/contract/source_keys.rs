//! Unique keys by job type: acquire, the three scopes, periods, and default turns.

use crate::{Fixture, contract::ids, factory, race};
use job_core::{
    Acquired, Attempt, BoxError, Job, JobSource, JobStatus, JobType, JsonError, Options, RunnableJob,
    SourceError, Start, Turn, UniqueKey, UniqueScope,
    store::{Deletion, Inserted},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Declares a job type `$name(u64, u64)` whose first field is its unique key.
macro_rules! keyed {
    ($($name:ident { $($item:item)* })*) => {$(
        #[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
        struct $name(u64, u64);

        impl RunnableJob for $name {
            const TYPE: &'static str = stringify!($name);
            type Error = BoxError;

            async fn run(self, _: Attempt) -> Result<(), BoxError> {
                Ok(())
            }

            fn unique_key(&self) -> Result<Option<UniqueKey>, JsonError> {
                UniqueKey::by(&self.0)
            }

            $($item)*
        }
    )*};
}

keyed! {
    Diff {}
    Overlapping {
        const OVERLAP: bool = true;
    }
    Pending {
        const SCOPE: UniqueScope = UniqueScope::Pending;
    }
    Kept {
        const SCOPE: UniqueScope = UniqueScope::Kept;
    }
    Hourly {
        const SCOPE: UniqueScope = UniqueScope::Kept;
        const PERIOD: Option<Duration> = Some(HOUR);
    }
    Mail {
        fn turn(&self) -> Option<Turn> {
            Some(Turn::new("proposal 42"))
        }
    }
}

const HOUR: Duration = Duration::from_secs(3600);

async fn acquired<J: JobType<K>, K>(store: &Fixture, job: &J) -> Acquired {
    store.source::<J, K>().acquire(job).await.expect("it is acquired")
}

async fn created<J: JobType<K>, K>(store: &Fixture, job: &J) -> Job {
    match acquired(store, job).await {
        Acquired::Created(job) => job,
        Acquired::Existing(job) => panic!("{} holds the key", job.id),
    }
}

/// A second acquire for the same key gives the same job, with the first one's args, and one is stored.
pub async fn a_second_acquire_gives_the_same_job(store: Fixture) {
    let first = created(&store, &Diff(42, 1)).await;
    assert_eq!(acquired(&store, &Diff(42, 2)).await, Acquired::Existing(first.clone()));
    let refused = store.source::<Diff, _>().create(&Diff(42, 3)).await;
    assert!(matches!(refused, Err(SourceError::KeyTaken { holder }) if holder == first.id), "{refused:?}");
    assert_eq!(store.all().await, [first]);
    created(&store, &Diff(43, 1)).await;
    created(&store, &Overlapping(42, 1)).await;
}

/// Of 64 acquires at the same moment, through several handles, one creates the job and all others are given it.
pub async fn racing_acquires_create_exactly_one(store: Fixture) {
    let handles = store.handles(4).await;
    let answers = race(64, |n| {
        let store = handles[n % handles.len()].clone();
        async move { acquired(&store, &Diff(42, n as u64)).await }
    })
    .await;
    let is_created = |it: &&Acquired| matches!(it, Acquired::Created(_));
    assert_eq!(answers.iter().filter(is_created).count(), 1);
    let all = store.all().await;
    assert_eq!(all.len(), 1);
    assert!(answers.into_iter().all(|it| it.into_job() == all[0]));
}

/// Many created at once answer each: of equal keys the first wins, and a held key names its holder.
pub async fn many_with_equal_keys_create_the_first(store: Fixture) {
    let holder = created(&store, &Diff(1, 0)).await;
    let jobs = [Diff(2, 0), Diff(1, 1), Diff(2, 1), Diff(3, 0)];
    let answers =
        store.source::<Diff, _>().create_many(&jobs, &Options::default()).await.expect("they are created");
    let [Inserted::Created(second), taken, same, Inserted::Created(_)] = &answers[..] else {
        panic!("{answers:?}")
    };
    assert_eq!(taken, &Inserted::Existing { holder: holder.id });
    assert_eq!(same, &Inserted::Existing { holder: second.id });
    assert_eq!(store.all().await.len(), 3);
}

/// Once a job of the default scope runs, its key is free for a successor, which takes turns with it: neither
/// overlaps the other, unless the type says so.
pub async fn a_unique_job_never_overlaps_itself(store: Fixture) {
    let first = created(&store, &Diff(42, 1)).await;
    let started = store.start(&store.claim_of::<Diff, _>()).await.remove(0);
    assert_eq!(started.id, first.id);
    let successor = created(&store, &Diff(42, 2)).await;
    let other = created(&store, &Diff(43, 1)).await;
    assert_eq!(ids(&store.start(&store.claim_of::<Diff, _>()).await), [other.id]);
    store.moved(&factory::change(&started, started.complete(store.now()))).await;
    assert_eq!(ids(&store.start(&store.claim_of::<Diff, _>()).await), [successor.id]);

    for n in 0..2 {
        let job = created(&store, &Overlapping(42, n)).await;
        assert_eq!(ids(&store.start(&store.claim_of::<Overlapping, _>()).await), [job.id]);
    }
}

/// A turn that a type gives itself holds beside any unique key.
pub async fn a_turn_of_the_type_spans_keys(store: Fixture) {
    let jobs = [created(&store, &Mail(1, 0)).await, created(&store, &Mail(2, 0)).await];
    assert_eq!(ids(&store.start(&store.claim_of::<Mail, _>()).await), [jobs[0].id]);
    assert_eq!(store.start(&store.claim_of::<Mail, _>()).await, []);
}

/// The scope Pending holds the key until the job is final, so that there is no successor to take turns with.
pub async fn the_scope_pending_holds_until_the_end(store: Fixture) {
    created(&store, &Pending(42, 1)).await;
    let started = store.start(&store.claim_of::<Pending, _>()).await.remove(0);
    assert_eq!(started.spec.turn, None);
    assert_eq!(acquired(&store, &Pending(42, 2)).await, Acquired::Existing(started.clone()));
    store.moved(&factory::change(&started, started.fail("it broke".into(), store.now()))).await;
    created(&store, &Pending(42, 3)).await;
}

/// The scope Kept holds the key until the row is deleted: a second acquire gives the first job, completed or
/// not.
pub async fn the_scope_kept_holds_until_the_row_is_deleted(store: Fixture) {
    created(&store, &Kept(42, 1)).await;
    let started = store.start(&store.claim_of::<Kept, _>()).await.remove(0);
    let change = factory::change(&started, started.complete(store.now())).deleting_completed();
    let completed = store.moved(&change).await;
    assert_eq!(completed.state.status(), JobStatus::Completed);
    assert_eq!(acquired(&store, &Kept(42, 2)).await, Acquired::Existing(completed.clone()));
    store.delete(&Deletion::Ids(vec![completed.id])).await;
    created(&store, &Kept(42, 3)).await;
}

/// With a period, a key is one for each period of the job's start, by the store's time.
pub async fn a_key_with_a_period_is_one_per_period(store: Fixture) {
    let first = created(&store, &Hourly(42, 1)).await;
    store.advance(HOUR - Duration::from_micros(1));
    assert_eq!(acquired(&store, &Hourly(42, 2)).await, Acquired::Existing(first));
    store.advance(Duration::from_micros(1));
    let second = created(&store, &Hourly(42, 3)).await;
    let earlier = Options { start: Start::At(store.now() + Duration::from_secs(1)), ..Options::default() };
    let same_hour =
        store.source::<Hourly, _>().acquire_with(&Hourly(42, 4), &earlier).await.expect("it is acquired");
    assert_eq!(same_hour, Acquired::Existing(second));
    let later = Options { start: Start::In(HOUR), ..Options::default() };
    let next_hour =
        store.source::<Hourly, _>().acquire_with(&Hourly(42, 5), &later).await.expect("it is acquired");
    assert!(matches!(next_hour, Acquired::Created(_)));
    let by_store = JobSource::<Hourly>::new(store.store.clone());
    assert!(matches!(by_store.acquire(&Hourly(43, 0)).await, Ok(Acquired::Created(_))));
}
