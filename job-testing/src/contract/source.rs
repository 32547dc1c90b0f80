//! The typed view: job types, and what their source creates and finds.

use crate::{Fixture, contract::ids, factory};
use job_core::{
    Acquired, Attempt, BoxError, JobSource, JobStatus, LabelError, NewJob, Options, Requester, RunnableJob,
    SourceError, Start, Tag, Target, TypedJob,
    store::{Inserted, JobStoreExt},
};
use serde::{Deserialize, Serialize};
use std::{collections::HashSet, time::Duration};

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
struct Greet {
    name: String,
    volume: f64,
}

impl RunnableJob for Greet {
    const TYPE: &'static str = "greet";
    const QUEUE: &'static str = "greetings";
    type Error = BoxError;

    async fn run(self, _: Attempt) -> Result<(), BoxError> {
        Ok(())
    }

    fn max_retries(&self) -> u32 {
        7
    }

    fn priority(&self) -> i16 {
        -3
    }

    fn target(&self) -> Result<Option<Target>, LabelError> {
        Target::new(&self.name).map(Some)
    }

    fn tags(&self) -> Result<Vec<Tag>, LabelError> {
        Ok(vec![Tag::new("greeting")?])
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
struct Count(u64);

impl RunnableJob for Count {
    const TYPE: &'static str = "count";
    type Error = BoxError;

    async fn run(self, _: Attempt) -> Result<(), BoxError> {
        Ok(())
    }
}

fn zoe() -> Greet {
    Greet { name: "Zoë 😀".to_owned(), volume: 0.1 + 0.2 }
}

/// A created job is stored with what its type says, and read back with equal args.
pub async fn a_created_job_is_read_back(store: Fixture) {
    let greetings: JobSource<Greet> = store.source();
    let created = greetings.create(&zoe()).await.expect("it is created");
    let TypedJob { args, job } = greetings.get(created.id).await.expect("it is there");
    assert_eq!((&args, &job), (&zoe(), &created));
    assert_eq!((job.spec.priority, job.spec.max_retries), (-3, 7));
    assert_eq!(job.state.queue().as_str(), "greetings");
    assert_eq!(job.spec.target, Target::new("Zoë 😀").ok());
    assert_eq!(job.spec.tags, [Tag::new("greeting").expect("it is a label")]);
}

/// Options count for more than the type, and their tags come beside its own.
pub async fn options_count_for_more_than_the_type(store: Fixture) {
    let week = store.now() + Duration::from_secs(7 * 24 * 3600);
    let options = Options {
        start: Start::At(week),
        queue: Some(factory::named("slow")),
        priority: Some(9),
        max_retries: Some(0),
        requester: Requester::new("zoë").ok(),
        tags: vec![Tag::new("loud").expect("it is a label")],
    };
    let greetings: JobSource<Greet> = store.source();
    let id = greetings.create_with(&zoe(), &options).await.expect("it is created").id;
    let job = store.get(id).await;
    assert_eq!(job.state.scheduled_start(), week);
    assert_eq!(job.state.queue().as_str(), "slow");
    assert_eq!((job.spec.priority, job.spec.max_retries), (9, 0));
    assert_eq!(job.spec.requester, options.requester);
    assert_eq!(job.spec.tags.iter().map(Tag::as_str).collect::<Vec<_>>(), ["greeting", "loud"]);
}

/// Jobs created in bulk are Waiting, have ids of their own by which each is found, and the requester, if any.
pub async fn many_are_created_at_once(store: Fixture) {
    let counts: JobSource<Count> = store.source();
    let jobs = [Count(1), Count(2), Count(3)];
    let requester = Requester::new("zoë").ok();
    for options in [Options::default(), Options { requester: requester.clone(), ..Options::default() }] {
        let answers = counts.create_many(&jobs, &options).await.expect("they are created");
        let mut distinct = HashSet::new();
        for (answer, args) in answers.iter().zip(&jobs) {
            let Inserted::Created(job) = answer else { panic!("{answer:?}") };
            assert!(distinct.insert(job.id));
            assert_eq!(job.state.status(), JobStatus::Waiting);
            assert_eq!(job.spec.requester, options.requester);
            let found = counts.get(job.id).await.expect("it is there");
            assert_eq!((&found.args, &found.job), (args, job));
        }
        assert_eq!(distinct.len(), 3);
    }
    assert_eq!(counts.create_many(&[], &Options::default()).await.expect("nothing is fine"), []);
    assert_eq!(store.all().await.len(), 6);
}

/// If one of many cannot be stored, none is.
pub async fn an_invalid_job_keeps_all_from_being_created(store: Fixture) {
    let greetings: JobSource<Greet> = store.source();
    let jobs = [zoe(), Greet { volume: f64::NAN, ..zoe() }, zoe()];
    let refused = greetings.create_many(&jobs, &Options::default()).await;
    assert!(matches!(refused, Err(SourceError::Invalid(_))), "{refused:?}");
    assert_eq!(store.all().await, []);
}

/// A job of any type is found by its id, and is the equal of what its own source gives.
pub async fn a_job_of_any_type_is_found_by_its_id(store: Fixture) {
    let greeting = store.source::<Greet, _>().create(&zoe()).await.expect("it is created");
    let count = store.source::<Count, _>().create(&Count(u64::MAX)).await.expect("it is created");
    for (job, type_name) in [(greeting, "greet"), (count, "count")] {
        let found = store.store.get(job.id).await.expect("the store answers").expect("it is there");
        assert_eq!(found.spec.type_name.as_str(), type_name);
        assert_eq!(found, job);
    }
}

/// An unknown id and a job of another type are not found, by no method of the source.
pub async fn a_job_of_another_type_is_not_found(store: Fixture) {
    let counts: JobSource<Count> = store.source();
    let greeting = store.source::<Greet, _>().create(&zoe()).await.expect("it is created");
    for id in [greeting.id, store.mint()] {
        let found = counts.get(id).await;
        assert!(matches!(found, Err(SourceError::NotFound { id: it }) if it == id), "{found:?}");
        let cancelled = counts.cancel(id, "not needed").await;
        assert!(matches!(cancelled, Err(SourceError::NotFound { id: it }) if it == id), "{cancelled:?}");
    }
    assert_eq!(store.all().await, [greeting]);
}

/// Args that are no longer those of the type are told apart from a job that is not there.
pub async fn args_of_another_shape_are_told_apart(store: Fixture) {
    let new = NewJob { type_name: factory::named("count"), ..store.job() };
    store.create(&new).await;
    let found = store.source::<Count, _>().get(new.id).await;
    assert!(matches!(found, Err(SourceError::Undecodable { id, .. }) if id == new.id), "{found:?}");
}

/// Without a key, equal jobs are different jobs, created or acquired.
pub async fn without_a_key_every_job_is_another(store: Fixture) {
    let counts: JobSource<Count> = store.source();
    counts.create(&Count(1)).await.expect("it is created");
    assert!(matches!(counts.acquire(&Count(1)).await, Ok(Acquired::Created(_))));
    assert!(matches!(counts.acquire(&Count(1)).await, Ok(Acquired::Created(_))));
    assert_eq!(store.all().await.len(), 3);
}

/// A source cancels its jobs.
pub async fn a_job_is_cancelled_by_its_source(store: Fixture) {
    let counts: JobSource<Count> = store.source();
    let jobs =
        [counts.create(&Count(1)).await, counts.create(&Count(2)).await].map(|it| it.expect("created"));
    let cancelled = counts.cancel(jobs[0].id, "not needed").await.expect("it waits");
    assert_eq!(cancelled.state.status(), JobStatus::Cancelled);
    assert_eq!(cancelled.state.date_finished(), Some(store.now()));
    assert_eq!(store.all().await, [cancelled, jobs[1].clone()]);
    assert_eq!(ids(&store.start(&store.claim_of::<Count, _>()).await), [jobs[1].id]);
}
