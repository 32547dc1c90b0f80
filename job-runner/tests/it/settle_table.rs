//! Every row of the table that says what an attempt's end means, through the runner.

use crate::{
    play::{Act, DELAY, Play, Wish},
    stage::{Stage, count},
};
use job_core::{JobStatus, Timestamp};
use job_testing::factory::noon;
use std::time::Duration;

/// What came of one attempt.
struct End {
    status: JobStatus,
    start: Timestamp,
    attempts: u32,
    word: Option<String>,
    reports: usize,
    users: usize,
}

async fn end(act: Act, last: bool) -> End {
    let stage = Stage::new();
    let play = Play::new("it", act);
    let job = if last { stage.create_last(play).await } else { stage.create(play).await };
    let report = stage.run().await;
    let row = stage.row(job.id).await;
    assert_eq!(stage.ran(), ["it"]);
    let completed = u64::from(row.state.status() == JobStatus::Completed);
    assert_eq!(count(&report.completed, "usual"), completed);
    assert_eq!(count(&report.incomplete, "usual"), 1 - completed);
    let notes = stage.attempts(job.id).await;
    assert!(notes.len() <= 1, "{notes:?}");
    let told = &stage.told;
    let (reports, users) = (told.reports.lock().len(), told.users.lock().len());
    End {
        status: row.state.status(),
        start: row.state.scheduled_start(),
        attempts: row.state.attempt_count(),
        word: notes.into_iter().next().map(|it| it.outcome),
        reports,
        users,
    }
}

/// Later than `delay` after noon by at most the moment that the run took.
fn is_about(at: Timestamp, delay: Duration) -> bool {
    let from = noon() + delay;
    at >= from && at < from + Duration::from_secs(20)
}

#[tokio::test]
async fn ok_completes() {
    for last in [false, true] {
        let end = end(Act::Succeed, last).await;
        assert_eq!((end.status, end.attempts, end.word), (JobStatus::Completed, 1, None));
        assert_eq!((end.reports, end.users), (0, 0));
    }
}

#[tokio::test]
async fn an_error_is_tried_again_by_the_policy() {
    let end = end(Act::Fail("broken".to_owned()), false).await;
    assert_eq!((end.status, end.attempts, end.word.as_deref()), (JobStatus::Waiting, 1, Some("error")));
    assert!(is_about(end.start, DELAY));
    assert_eq!((end.reports, end.users), (0, 0));
}

#[tokio::test]
async fn an_error_of_the_last_attempt_fails_with_one_report() {
    let end = end(Act::Fail("broken".to_owned()), true).await;
    assert_eq!((end.status, end.word.as_deref()), (JobStatus::Failed, Some("error")));
    assert_eq!((end.reports, end.users), (1, 0));
}

#[tokio::test]
async fn a_panic_is_an_error() {
    let again = end(Act::Panic("oh".to_owned()), false).await;
    assert_eq!((again.status, again.word.as_deref()), (JobStatus::Waiting, Some("panic")));
    let last = end(Act::Panic("oh".to_owned()), true).await;
    assert_eq!((last.status, last.reports), (JobStatus::Failed, 1));
}

#[tokio::test]
async fn asking_for_a_retry_is_no_failure_until_no_attempt_is_left() {
    let at = (noon() + Duration::from_secs(3600)).to_string();
    let table = [
        (Wish::Retry, DELAY),
        (Wish::RetryIn(7), Duration::from_secs(7)),
        (Wish::RetryAt(at), Duration::from_secs(3600)),
    ];
    for (wish, delay) in table {
        let again = end(Act::Ask(wish.clone()), false).await;
        assert_eq!((again.status, again.word.as_deref()), (JobStatus::Waiting, Some("retry")), "{wish:?}");
        assert!(is_about(again.start, delay), "{wish:?}");
        assert_eq!(again.reports, 0);
        let last = end(Act::Ask(wish.clone()), true).await;
        assert_eq!((last.status, last.reports), (JobStatus::Failed, 1), "{wish:?}");
    }
}

#[tokio::test]
async fn a_snooze_gives_the_attempt_back_and_leaves_no_note() {
    for last in [false, true] {
        let end = end(Act::Ask(Wish::Snooze(9)), last).await;
        assert_eq!((end.status, end.attempts, end.word), (JobStatus::Waiting, 0, None));
        assert!(is_about(end.start, Duration::from_secs(9)));
        assert_eq!((end.reports, end.users), (0, 0));
    }
}

#[tokio::test]
async fn a_job_may_suspend_or_cancel_itself() {
    for last in [false, true] {
        let suspended = end(Act::Ask(Wish::Suspend("review".to_owned())), last).await;
        assert_eq!((suspended.status, suspended.attempts), (JobStatus::Suspended, 0));
        let cancelled = end(Act::Ask(Wish::Cancel("pointless".to_owned())), last).await;
        assert_eq!((cancelled.status, cancelled.attempts), (JobStatus::Cancelled, 1));
        assert_eq!(suspended.reports + cancelled.reports + suspended.users + cancelled.users, 0);
    }
}

#[tokio::test]
async fn a_user_error_fails_at_once_and_makes_no_report() {
    for last in [false, true] {
        let end = end(Act::Ask(Wish::TellUser("the page is gone".to_owned())), last).await;
        assert_eq!((end.status, end.word.as_deref()), (JobStatus::Failed, Some("user-error")));
        assert_eq!((end.reports, end.users), (0, 1));
    }
}
