//! Assertions about waiting jobs hold where they should, and say what waits where they do not.

use job_core::{Attempt, BoxError, JobSource, LabelError, Options, RunnableJob, Start, Tag, Target};
use job_store_mem::MemStore;
use job_testing::{
    Enqueued, Fixture, ManualClock, assert_enqueued, enqueued,
    factory::{named, noon},
    json, refute_enqueued,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Letter {
    to: String,
    pages: u64,
    #[serde(rename = "cc")]
    copies: Vec<String>,
}

impl Letter {
    fn to(name: &str) -> Self {
        Self { to: name.to_owned(), pages: 2, copies: vec!["archive".to_owned()] }
    }
}

impl RunnableJob for Letter {
    const TYPE: &'static str = "letter";
    type Error = BoxError;

    async fn run(self, _: Attempt) -> Result<(), BoxError> {
        Ok(())
    }

    fn target(&self) -> Result<Option<Target>, LabelError> {
        Target::new(format!("person {}", self.to)).map(Some)
    }

    fn tags(&self) -> Result<Vec<Tag>, LabelError> {
        Ok(vec![Tag::new("post")?])
    }
}

/// An empty store whose clock is the fixture's.
fn desk() -> Fixture {
    let clock = ManualClock::default();
    Fixture::from(clock.drive(MemStore::new().opened()))
}

async fn post(desk: &Fixture, letter: Letter, options: &Options) -> job_core::Job {
    JobSource::<Letter>::new(desk.store.clone())
        .create_with(&letter, options)
        .await
        .expect("it can be stored")
}

#[tokio::test]
async fn every_part_tells_a_job_that_has_it_from_one_that_has_not() {
    let desk = desk();
    let options = Options {
        start: Start::In(HOUR),
        queue: Some(named("slow")),
        priority: Some(5),
        requester: Some(job_core::Requester::new("ann").unwrap()),
        ..Options::default()
    };
    let job = post(&desk, Letter::to("Zoë"), &options).await;
    let to = "Zoë".to_owned();

    let found = assert_enqueued!(desk.store, Letter { to, pages: 2, .. }, count: 1);
    assert_eq!(found[0].id, job.id);
    assert_enqueued!(desk.store, Letter);
    assert_enqueued!(desk.store, Letter { to: "Zoë" }, args: json!({ "pages": 2, "cc": ["archive"] }));
    assert_enqueued!(desk.store, Letter, queue: "slow", target: "person Zoë", tag: "post", requester: "ann");
    assert_enqueued!(desk.store, "letter", priority: 5, attempts: 0, due: noon() + HOUR..=noon() + HOUR);
    assert_enqueued!(desk.store, Letter, passing: |it: &Letter| it.copies.len() == 1);
    assert!(Enqueued::any().count(1).expect(&*desk.store).await.is_ok());

    refute_enqueued!(desk.store, "mail");
    refute_enqueued!(desk.store, Letter { to: "Zoe", .. });
    refute_enqueued!(desk.store, Letter { pages: 3, .. });
    refute_enqueued!(desk.store, Letter, args: json!({ "cc": [] }));
    refute_enqueued!(desk.store, Letter, args: json!({ "pages": 2, "stamps": 1 }));
    refute_enqueued!(desk.store, Letter, queue: "default");
    refute_enqueued!(desk.store, Letter, target: "person");
    refute_enqueued!(desk.store, Letter, tag: "mail");
    refute_enqueued!(desk.store, Letter, requester: "bob");
    refute_enqueued!(desk.store, Letter, priority: 0);
    refute_enqueued!(desk.store, Letter, attempts: 1);
    refute_enqueued!(desk.store, Letter, due: ..noon() + HOUR);
    refute_enqueued!(desk.store, Letter, passing: |it: &Letter| it.copies.is_empty());
    refute_enqueued!(desk.store, Letter, count: 2);
}

#[tokio::test]
async fn what_does_not_wait_is_not_enqueued() {
    let desk = desk();
    let job = post(&desk, Letter::to("Zoë"), &Options::default()).await;
    assert_eq!(desk.start(&desk.claim_of::<Letter, _>()).await[0].id, job.id);
    refute_enqueued!(desk.store, Letter);
    let unmet = enqueued!(Letter).expect(&*desk.store).await.unwrap_err();
    assert_eq!(
        unmet.to_string(),
        "no waiting job is as expected: type: letter\nno job waits\nof this type, but not waiting: 1 running"
    );
}

#[tokio::test]
async fn a_message_shows_what_waits_with_the_nearest_first_and_what_each_misses() {
    let desk = desk();
    let slow = Options { queue: Some(named("slow")), ..Options::default() };
    let other = desk.create(&desk.job()).await;
    let far = post(&desk, Letter::to("Ann"), &Options::default()).await;
    let near = post(&desk, Letter::to("Zoe"), &slow).await;

    let unmet = enqueued!(Letter { to: "Zoë", .. }, queue: "slow").expect(&*desk.store).await.unwrap_err();

    let noon = noon();
    assert_eq!(
        unmet.to_string(),
        format!(
            "no waiting job is as expected: type: letter, to: \"Zoë\", queue: slow\n\
             the 3 that wait, the nearest first:\n  \
             letter, queue: slow, due: {noon}, target: person Zoe, tag: post, \
             args: {{\"to\":\"Zoe\",\"pages\":2,\"cc\":[\"archive\"]}} (job {})\n    \
             but not to: \"Zoë\"\n  \
             letter, queue: default, due: {noon}, target: person Ann, tag: post, \
             args: {{\"to\":\"Ann\",\"pages\":2,\"cc\":[\"archive\"]}} (job {})\n    \
             but not to: \"Zoë\", queue: slow\n  \
             test, queue: default, due: {noon}, args: {{\"n\":1}} (job {})\n    \
             but not type: letter, to: \"Zoë\", queue: slow",
            near.id, far.id, other.id
        )
    );
}

#[tokio::test]
async fn too_many_are_as_wrong_as_too_few() {
    let desk = desk();
    for name in ["Ann", "Bob", "Zoë"] {
        post(&desk, Letter::to(name), &Options::default()).await;
    }
    assert_enqueued!(desk.store, Letter, count: 3);
    let message = |unmet: job_testing::Unmet| unmet.to_string().lines().next().unwrap().to_owned();
    let unmet = enqueued!(Letter, count: 2).expect(&*desk.store).await.unwrap_err();
    assert_eq!(message(unmet), "3 waiting jobs fit as expected, not 2: type: letter");
    let unmet = enqueued!(Letter { to: "Bob", .. }).refuse(&*desk.store).await.unwrap_err();
    assert_eq!(message(unmet), "1 waiting job fits and should not: type: letter, to: \"Bob\"");
}

#[tokio::test]
async fn what_another_task_enqueues_can_be_waited_for() {
    let desk = desk();
    let (looked, told) = tokio::sync::oneshot::channel();
    let other = desk.clone();
    let posting = tokio::spawn(async move {
        told.await.expect("the other looks first");
        post(&other, Letter::to("Zoë"), &Options::default()).await
    });
    refute_enqueued!(desk.store, Letter);
    looked.send(()).expect("it waits for that");
    assert_enqueued!(desk.store, Letter, within: Duration::from_secs(60));
    posting.await.expect("it ends");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_was_said() {
    let begun = tokio::time::Instant::now();
    let unmet = enqueued!(Letter, within: SECOND).expect(&*desk().store).await;
    assert!(unmet.is_err() && (SECOND..2 * SECOND).contains(&begun.elapsed()));
}

#[tokio::test(start_paused = true)]
async fn what_must_not_come_is_looked_for_as_long_as_was_said() {
    let desk = desk();
    let other = desk.clone();
    tokio::spawn(async move {
        tokio::time::sleep(SECOND / 2).await;
        post(&other, Letter::to("Zoë"), &Options::default()).await
    });
    refute_enqueued!(desk.store, Letter, within: SECOND / 4);
    assert!(enqueued!(Letter, within: SECOND).refuse(&*desk.store).await.is_err());
}

#[tokio::test]
async fn a_message_about_many_jobs_stays_short() {
    let desk = desk();
    for number in 0..25 {
        post(&desk, Letter::to(&number.to_string()), &Options::default()).await;
    }
    let unmet = enqueued!(Letter { to: "Zoë", .. }).expect(&*desk.store).await.unwrap_err().to_string();
    assert!(unmet.ends_with("\n  and 15 more"), "{unmet}");
    assert_eq!(unmet.lines().count(), 2 + 2 * 10 + 1, "{unmet}");
}
