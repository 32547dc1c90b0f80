//! From the typed call that enqueues to the row that says it is done: the same over every store.

use crate::{
    bed::{Bed, morning, over_every_store},
    errand::{Act, Errand, RETRY_AFTER, Ran, UniqueErrand},
};
use job_core::{
    Acquired, ActorId, Clock, JobStatus, NoteFilter, NoteKind, Options, QueueName, RunnableJob, Start,
    TypeName,
    store::{Claim, Switch},
};
use job_runner::SectionSettings;
use job_testing::factory;
use std::{num::NonZeroU32, time::Duration};

over_every_store! {
    what_was_enqueued_is_run_once_and_completed,
    jobs_run_by_priority_then_by_age,
    what_a_handler_asks_for_is_what_the_row_says,
    a_job_that_failed_is_left_to_a_later_script,
    a_job_fails_for_good_when_no_retry_is_left,
    a_job_is_not_started_early,
    callers_that_acquire_share_one_job_until_it_starts,
    the_job_of_a_runner_that_died_is_rescued_and_completed,
    completed_jobs_go_where_the_section_says_so,
    nothing_of_a_paused_queue_is_started,
    many_handlers_at_a_time_run_every_job_once,
}

fn completed<J: RunnableJob<Ran>>(report: &job_runner::RunReport) -> u64 {
    report.completed.get(&TypeName::new(J::TYPE).unwrap()).copied().unwrap_or(0)
}

async fn what_was_enqueued_is_run_once_and_completed(bed: Bed) {
    let ran = Ran::default();
    let source = bed.source(morning());
    for name in ["tea", "coffee", "milk"] {
        source.create(&Errand::new(name, [])).await.unwrap();
    }

    let report = bed.run(morning(), &ran).await;

    assert_eq!((completed::<Errand>(&report), report.incomplete.len()), (3, 0));
    assert_eq!(ran.names(), ["tea", "coffee", "milk"]);
    for job in bed.jobs().await {
        assert_eq!((job.state.status(), job.state.attempt_count()), (JobStatus::Completed, 1));
        assert_eq!(job.state.date_finished(), Some(morning()));
    }
    assert!(bed.run(morning(), &ran).await.is_idle(), "there is nothing left for a second script");
}

async fn jobs_run_by_priority_then_by_age(bed: Bed) {
    let ran = Ran::default();
    let source = bed.source(morning());
    for (name, priority) in [("low", -5), ("first", 0), ("high", 7), ("second", 0)] {
        let options = Options { priority: Some(priority), ..Options::default() };
        source.create_with(&Errand::new(name, []), &options).await.unwrap();
    }

    bed.run(morning(), &ran).await;

    assert_eq!(ran.names(), ["high", "first", "second", "low"]);
}

async fn what_a_handler_asks_for_is_what_the_row_says(bed: Bed) {
    let source = bed.source(morning());
    let mut jobs = Vec::new();
    for act in Act::ALL {
        let job = source.create(&Errand::new(format!("{act:?}"), [act])).await.unwrap();
        jobs.push((act, job.id));
    }

    let report = bed.run(morning(), &Ran::default()).await;

    assert_eq!(completed::<Errand>(&report), 1);
    let later = morning() + RETRY_AFTER;
    for (act, id) in jobs {
        let state = bed.job(id).await.state;
        let (status, attempts, start) = match act {
            Act::Succeed => (JobStatus::Completed, 1, morning()),
            Act::Fail | Act::Panic | Act::Retry => (JobStatus::Waiting, 1, later),
            Act::Snooze => (JobStatus::Waiting, 0, later),
            Act::Suspend => (JobStatus::Suspended, 0, morning()),
            Act::Cancel => (JobStatus::Cancelled, 1, morning()),
            Act::TellUser => (JobStatus::Failed, 1, morning()),
        };
        let found = (state.status(), state.attempt_count(), state.scheduled_start());
        assert_eq!(found, (status, attempts, start), "{act:?}");
    }
}

async fn a_job_that_failed_is_left_to_a_later_script(bed: Bed) {
    let ran = Ran::default();
    let job = bed.source(morning()).create(&Errand::new("letter", [Act::Fail])).await.unwrap();

    bed.run(morning(), &ran).await;
    let failed_once = bed.job(job.id).await.state;
    assert!(failed_once.last_error().is_some_and(|it| it.as_str().contains("it broke")), "{failed_once:?}");
    assert!(bed.run(morning(), &ran).await.is_idle());
    bed.run(morning() + RETRY_AFTER, &ran).await;

    let state = bed.job(job.id).await.state;
    assert_eq!((state.status(), state.attempt_count()), (JobStatus::Completed, 2));
    assert_eq!(ran.names(), ["letter", "letter"]);
}

async fn a_job_fails_for_good_when_no_retry_is_left(bed: Bed) {
    let ran = Ran::default();
    let job = bed.source(morning()).create(&Errand::new("letter", [Act::Fail; 5])).await.unwrap();

    for n in 0..5 {
        bed.run(morning() + RETRY_AFTER * n, &ran).await;
    }

    assert_eq!((ran.names().len(), bed.job(job.id).await.state.status()), (3, JobStatus::Failed));
    let attempts = NoteFilter { kind: Some(NoteKind::Attempt), ..NoteFilter::default() };
    let noted = bed.opened.notes.notes(&attempts, NonZeroU32::MAX).await.unwrap();
    assert_eq!(noted.len(), 3, "each attempt that did not succeed is on record");
}

async fn a_job_is_not_started_early(bed: Bed) {
    let ran = Ran::default();
    let in_an_hour = Options { start: Start::In(Duration::from_secs(3600)), ..Options::default() };
    bed.source(morning()).create_with(&Errand::new("lunch", []), &in_an_hour).await.unwrap();

    let just_before = morning() + Duration::from_micros(3_599_999_999);
    assert!(bed.run(just_before, &ran).await.is_idle());
    assert!(!bed.run(morning() + Duration::from_secs(3600), &ran).await.is_idle());
}

async fn callers_that_acquire_share_one_job_until_it_starts(bed: Bed) {
    let ran = Ran::default();
    let source = bed.source(morning());
    let errand = UniqueErrand(Errand::new("proposal 42", []));
    let first = source.acquire(&errand).await.unwrap().into_job();
    for _ in 0..3 {
        assert!(
            matches!(source.acquire(&errand).await.unwrap(), Acquired::Existing(job) if job.id == first.id)
        );
    }

    bed.run(morning(), &ran).await;

    assert_eq!(ran.names().len(), 1);
    let next = source.acquire(&errand).await.unwrap();
    assert!(matches!(next, Acquired::Created(job) if job.id != first.id), "what started holds no key");
}

async fn the_job_of_a_runner_that_died_is_rescued_and_completed(bed: Bed) {
    let ran = Ran::default();
    let job = bed.source(morning()).create(&Errand::new("letter", [])).await.unwrap();
    let claim = Claim {
        by: ActorId::from_uuid(uuid::Uuid::from_u128(7)),
        queue: QueueName::default(),
        types: vec![job.spec.type_name.clone()],
        limit: NonZeroU32::MIN,
        lease: factory::LEASE,
        due_by: None,
        clock: Clock::At(morning()),
    };
    assert_eq!(bed.opened.store.claim(&claim).await.unwrap().jobs.len(), 1);

    let before = bed.run(morning() + (factory::LEASE - Duration::from_micros(1)), &ran).await;
    assert!(before.is_idle() && before.rescued == 0, "its lease still holds");
    let after = bed.run(morning() + factory::LEASE, &ran).await;

    assert_eq!((after.rescued, completed::<Errand>(&after)), (1, 1));
    let state = bed.job(job.id).await.state;
    assert_eq!((state.status(), state.attempt_count(), state.crash_count()), (JobStatus::Completed, 2, 1));
}

async fn completed_jobs_go_where_the_section_says_so(bed: Bed) {
    let source = bed.source(morning());
    source.create(&Errand::new("tea", [])).await.unwrap();
    let failed = source.create(&Errand::new("letter", [Act::TellUser])).await.unwrap();

    let settings = SectionSettings { delete_completed: true, ..Bed::settings() };
    let report = bed.run_with(morning(), &Ran::default(), settings).await;

    assert_eq!(completed::<Errand>(&report), 1);
    let left: Vec<_> = bed.jobs().await.into_iter().map(|it| it.id).collect();
    assert_eq!(left, [failed.id], "only what completed goes");
}

async fn nothing_of_a_paused_queue_is_started(bed: Bed) {
    let ran = Ran::default();
    bed.source(morning()).create(&Errand::new("tea", [])).await.unwrap();
    let pause = Switch::PauseQueue(QueueName::default());

    bed.opened.switches.set(&pause, true).await.unwrap();
    assert!(bed.run(morning(), &ran).await.is_idle());
    bed.opened.switches.set(&pause, false).await.unwrap();
    bed.run(morning(), &ran).await;

    assert_eq!(ran.names(), ["tea"]);
}

async fn many_handlers_at_a_time_run_every_job_once(bed: Bed) {
    let ran = Ran::default();
    let errands: Vec<Errand> = (0..500).map(|n| Errand::new(format!("{n:03}"), [])).collect();
    bed.source(morning()).create_many(&errands, &Options::default()).await.unwrap();

    let settings = SectionSettings { concurrency: NonZeroU32::new(64).unwrap(), ..Bed::settings() };
    let report = bed.run_with(morning(), &ran, settings).await;

    let mut names = ran.names();
    names.sort();
    assert_eq!(names, errands.into_iter().map(|it| it.name).collect::<Vec<_>>());
    assert_eq!(completed::<Errand>(&report), 500);
}
