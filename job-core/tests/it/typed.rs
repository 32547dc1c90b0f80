//! A job type says about its jobs what their rows then hold.

use job_core::{
    Attempt, BoxError, Completed, Completion, DraftError, JobId, JobType, JsonError, LabelError, Options,
    QueueName, RunnableJob, Start, Tag, Target, Timestamp, TransactionalJob, Turn, UniqueKey, UniqueScope,
};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// Three items are all that a job type needs; `?` takes errors and strings.
#[derive(Serialize, Deserialize)]
struct Smallest {}

impl RunnableJob for Smallest {
    const TYPE: &'static str = "smallest";
    type Error = BoxError;

    async fn run(self, attempt: Attempt) -> Result<(), BoxError> {
        let _: u64 = attempt.job().spec.args.as_str().parse()?;
        Err("it is no number")?
    }
}

#[derive(Serialize, Deserialize)]
struct Charge {
    account: u64,
    cents: f64,
}

impl TransactionalJob<Arc<str>> for Charge {
    const TYPE: &'static str = "charge";
    const QUEUE: &'static str = "money";
    type Error = BoxError;

    async fn run(self, _: Attempt<Arc<str>>, _: Completion) -> Result<Completed, BoxError> {
        Err("no store here".into())
    }

    fn unique_key(&self) -> Result<Option<UniqueKey>, JsonError> {
        UniqueKey::by(&self.account)
    }

    fn target(&self) -> Result<Option<Target>, LabelError> {
        Target::new(format!("account {}", self.account)).map(Some)
    }

    fn tags(&self) -> Result<Vec<Tag>, LabelError> {
        Ok(vec![Tag::new("money")?])
    }
}

#[derive(Serialize, Deserialize)]
struct Digest {}

impl RunnableJob for Digest {
    const TYPE: &'static str = "digest";
    const SCOPE: UniqueScope = UniqueScope::Kept;
    const PERIOD: Option<Duration> = Some(Duration::from_secs(3600));
    type Error = BoxError;

    async fn run(self, _: Attempt) -> Result<(), BoxError> {
        Ok(())
    }

    fn unique_key(&self) -> Result<Option<UniqueKey>, JsonError> {
        UniqueKey::by("daily")
    }
}

fn id() -> JobId {
    JobId::from_uuid(Uuid::from_u128(1))
}

/// The compiler finds out which kind of job type `J` is.
fn name_of<K, J: JobType<K>>(_: &J) -> &'static str {
    J::info().name
}

#[test]
fn both_kinds_and_any_context_are_found_without_being_named() {
    assert_eq!(name_of(&Smallest {}), "smallest");
    assert_eq!(name_of(&Charge { account: 1, cents: 1.0 }), "charge");
}

#[test]
fn the_defaults_are_the_documented_ones() {
    let draft = Smallest {}.draft(id(), &Options::default(), None).unwrap();
    assert_eq!((draft.queue.as_str(), draft.priority, draft.max_retries), ("default", 0, 10));
    assert_eq!((draft.unique, draft.turn, draft.start), (None, None, Start::Now));
    assert_eq!(<Smallest as JobType<_>>::info().timeout, Duration::from_secs(300));
}

#[test]
fn a_unique_waiting_job_takes_turns_with_its_successors() {
    let draft = Charge { account: 7, cents: 1.5 }.draft(id(), &Options::default(), None).unwrap();
    assert_eq!(draft.turn.as_ref().map(Turn::as_str), Some("u:charge:7"));
    assert_eq!(draft.unique.as_ref().map(|it| it.key.as_str()), Some("7"));
    assert_eq!(draft.args.as_str(), r#"{"account":7,"cents":1.5}"#);
    assert_eq!(
        (draft.queue.as_str(), draft.target.as_ref().map(Target::as_str)),
        ("money", Some("account 7"))
    );
}

#[test]
fn options_go_before_what_the_type_says() {
    let options = Options {
        start: Start::In(Duration::from_secs(5)),
        queue: Some(QueueName::new("slow").unwrap()),
        priority: Some(-3),
        max_retries: Some(0),
        requester: None,
        tags: vec![Tag::new("extra").unwrap()],
    };
    let draft = Charge { account: 7, cents: 1.5 }.draft(id(), &options, None).unwrap();
    assert_eq!((draft.queue.as_str(), draft.priority, draft.max_retries), ("slow", -3, 0));
    assert_eq!(draft.tags.iter().map(Tag::as_str).collect::<Vec<_>>(), ["money", "extra"]);
    assert_eq!(draft.created(Timestamp::EPOCH).state.scheduled_start(), Timestamp::from_micros(5_000_000));
}

#[test]
fn a_period_needs_the_time_and_is_folded_into_the_key() {
    let error = Digest {}.draft(id(), &Options::default(), None).unwrap_err();
    assert!(matches!(error, DraftError::NeedsTime { .. }), "{error}");
    let at = Timestamp::from_micros(7_200_000_000);
    let by_time = Digest {}.draft(id(), &Options::default(), Some(at)).unwrap();
    let by_start =
        Digest {}.draft(id(), &Options { start: Start::At(at), ..Options::default() }, None).unwrap();
    assert_eq!(by_time.unique.as_ref().map(|it| it.key.as_str()), Some("\"daily\"@2"));
    assert_eq!(by_time.unique, by_start.unique);
    assert_eq!(by_time.turn, None, "a kept key needs no turn");
}

#[test]
fn what_cannot_be_stored_is_refused_with_the_types_name() {
    let error = Charge { account: 1, cents: f64::NAN }.draft(id(), &Options::default(), None).unwrap_err();
    assert!(
        error.to_string().starts_with("the args of a `charge` job cannot be stored: a float is NaN"),
        "{error}"
    );
    let tags = vec![Tag::new("x").unwrap(); 17];
    let error = Smallest {}.draft(id(), &Options { tags, ..Options::default() }, None).unwrap_err();
    assert_eq!(error.to_string(), "the job has 17 tags; at most 16 are allowed");
}

#[test]
fn the_same_insert_is_recognised_and_another_is_not() {
    let draft = Charge { account: 7, cents: 1.5 }.draft(id(), &Options::default(), None).unwrap();
    let job = draft.created(Timestamp::EPOCH);
    assert!(draft.made(&job));
    assert!(!Charge { account: 7, cents: 2.0 }.draft(id(), &Options::default(), None).unwrap().made(&job));
}
