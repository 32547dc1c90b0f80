//! What tests of an application use, the same over every store: assertions, drain and perform.

use crate::{
    bed::{Bed, morning, over_every_store},
    errand::{Act, Errand, RETRY_AFTER, Ran, UniqueErrand},
};
use job_core::{
    Ask, Attempt, BoxError, JobSource, JobStatus, Notice, Options, Reply, RunnableJob, Start,
    store::{JobStoreExt, Opened},
};
use job_runner::{Drain, Perform, Registry};
use job_testing::{ManualClock, assert_enqueued, enqueued, factory::named, json, refute_enqueued};
use serde::{Deserialize, Serialize};
use std::time::Duration;

over_every_store! {
    what_waits_is_found_by_what_it_is_and_when_it_is_due,
    a_failed_assertion_shows_the_nearest,
    a_drain_runs_retries_and_what_jobs_create_each_at_its_time,
    one_job_is_performed_and_no_other,
    a_chosen_attempt_is_judged_as_such,
}

/// Creates the next of its kind, by the store's clock, until there are no more.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Reminder {
    left: u32,
}

impl RunnableJob<Opened> for Reminder {
    const TYPE: &'static str = "reminder";
    type Error = BoxError;

    async fn run(self, attempt: Attempt<Opened>) -> Result<(), BoxError> {
        if let Some(left) = self.left.checked_sub(1) {
            let tomorrow = Options { start: Start::In(DAY), ..Options::default() };
            let source = JobSource::<Self>::new(attempt.context.store.clone());
            source.create_with(&Self { left }, &tomorrow).await?;
        }
        Ok(())
    }
}

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A clock that shows the morning, and the bed's store by it.
fn by_clock(bed: &Bed) -> (ManualClock, Opened) {
    let clock = ManualClock::at(morning());
    let opened = clock.drive(bed.opened.clone());
    (clock, opened)
}

fn perform(opened: Opened) -> Perform<Ran> {
    let registry = Registry::new().register::<Errand>().register::<UniqueErrand>();
    Perform::new(opened, registry, Ran::default()).unwrap()
}

async fn what_waits_is_found_by_what_it_is_and_when_it_is_due(bed: Bed) {
    let (_, opened) = by_clock(&bed);
    let later = Options { start: Start::In(DAY), queue: Some(named("slow")), ..Options::default() };
    let source = JobSource::<Errand>::new(opened.store.clone());
    let letter = source.create_with(&Errand::new("letter", [Act::Fail]), &later).await.unwrap();
    source.create(&Errand::new("tea", [])).await.unwrap();

    let found = assert_enqueued!(opened.store, Errand { name: "letter", .. }, queue: "slow", count: 1);
    assert_eq!(found, [letter]);
    assert_enqueued!(opened.store, Errand, args: json!({ "acts": ["Fail"] }), due: morning() + DAY..);
    assert_enqueued!(opened.store, "errand", count: 2);
    refute_enqueued!(opened.store, Errand { name: "tea", .. }, queue: "slow");
    refute_enqueued!(opened.store, UniqueErrand);
}

async fn a_failed_assertion_shows_the_nearest(bed: Bed) {
    let (_, opened) = by_clock(&bed);
    let source = JobSource::<Errand>::new(opened.store.clone());
    for name in ["tea", "letter"] {
        source.create(&Errand::new(name, [Act::Fail])).await.unwrap();
    }
    let looked = enqueued!(Errand { name: "letter", .. }, args: json!({ "acts": [] })).expect(&*opened.store);
    let message = looked.await.unwrap_err().to_string();
    let lines: Vec<&str> = message.lines().collect();
    assert!(
        lines[2].contains(r#"args: {"name":"letter","#) && lines[3].contains(r#"but not args: {"acts":[]}"#)
    );
    assert!(lines[5].contains(r#"but not name: "letter", args: {"acts":[]}"#), "{message}");
}

async fn a_drain_runs_retries_and_what_jobs_create_each_at_its_time(bed: Bed) {
    let (clock, opened) = by_clock(&bed);
    let first = JobSource::<Reminder>::new(opened.store.clone()).create(&Reminder { left: 5 }).await.unwrap();

    let drain = Drain::new(opened.clone(), Registry::new().register::<Reminder>(), opened.clone()).unwrap();
    let told = clock.clone();
    let report = drain.ahead(2 * DAY).telling(move |now| told.move_to(now)).run().await.unwrap();

    assert_eq!(report.completed.values().sum::<u64>(), 3);
    assert_eq!(clock.now(), morning() + 2 * DAY);
    let next = morning() + 3 * DAY;
    assert_enqueued!(opened.store, Reminder { left: 2 }, due: next..=next, count: 1);
    let ended = bed.job(first.id).await.state.date_finished();
    assert_eq!(ended, Some(morning()), "what happened then is dated so");
}

async fn one_job_is_performed_and_no_other(bed: Bed) {
    let (_, opened) = by_clock(&bed);
    let source = JobSource::<UniqueErrand>::new(opened.store.clone());
    let urgent = Options { priority: Some(9), ..Options::default() };
    let beside = source.create_with(&UniqueErrand(Errand::new("beside", [])), &urgent).await.unwrap();
    let later = Options { start: Start::In(DAY), queue: Some(named("slow")), ..Options::default() };
    let meant = UniqueErrand(Errand::new("meant", [Act::Fail]));
    let meant = source.create_with(&meant, &later).await.unwrap();

    let done = perform(opened.clone()).id(meant.id).await.unwrap();

    assert_eq!((done.reply, done.delay()), (Reply::Applied, Some(RETRY_AFTER)));
    let after = bed.job(meant.id).await;
    assert_eq!(done.after.as_ref(), Some(&after));
    assert_eq!((after.state.queue().as_str(), after.state.attempt_count()), ("slow", 1));
    assert_eq!(after.state.held_key(), meant.state.held_key(), "it holds its key again");
    assert_eq!(opened.store.get(beside.id).await.unwrap(), Some(beside));
}

async fn a_chosen_attempt_is_judged_as_such(bed: Bed) {
    let (_, opened) = by_clock(&bed);
    let errand = Errand::new("letter", [Act::Retry, Act::Fail]);
    let perform = perform(opened);
    let second = perform.attempt(2).job(&errand).await.unwrap();
    assert_eq!((second.asked(), second.status()), (Some(&Ask::RetryIn(RETRY_AFTER)), JobStatus::Waiting));
    let last = perform.attempt(3).id(second.job.id).await.unwrap();
    assert_eq!((last.status(), last.notice), (JobStatus::Failed, Notice::Report));
}
