//! What an actor does to a job that it holds in its hand: one of the verbs that fit, and the guards around it.

use super::pool;
use job_core::{About, ActorId, Change, InvalidTransition, Job, JobState, JobStatus, Text, Timestamp, Verb};
use std::time::Duration;

/// A change to a job in a hand.
#[derive(Clone, Debug)]
pub struct Deed {
    /// Which job of the hand.
    pub job: usize,
    /// Whether it may be one that waits. Most deeds leave those alone, or few would ever start.
    pub waiting: bool,
    /// Which of the verbs that its status allows.
    pub verb: usize,
    /// Delays in microseconds, queues, limits.
    pub argument: u8,
    /// Whether it supersedes when another job holds the key; else it is refused.
    pub supersede: bool,
    /// Whether it wants the lease to have ended, be the verb what it may; a lapse always does.
    pub if_lapsed: bool,
    /// Whether it leaves a note.
    pub note: bool,
    /// Whether the row goes, if it completes.
    pub delete: bool,
}

impl Deed {
    /// The change, by `by` at `now`, to a job of `hand`; `None` if there is none to choose from.
    #[must_use]
    pub fn change(&self, hand: &[Job], by: ActorId, now: Timestamp) -> Option<Change> {
        let at_hand: Vec<&Job> =
            hand.iter().filter(|it| self.waiting || it.state.status() != JobStatus::Waiting).collect();
        let job = *at_hand.get(self.job % at_hand.len().max(1))?;
        let allowed: Vec<(Verb, JobState)> = Verb::ALL
            .into_iter()
            .filter(|verb| *verb != Verb::Start) // A store's own, in its claim.
            .filter_map(|verb| Some((verb, self.next(verb, job, now).ok()?)))
            .collect();
        let (verb, next) = allowed.get(self.verb % allowed.len().max(1))?.clone();
        let mut change = Change::new(job, next, by);
        if self.supersede {
            change = change.or_supersede(job, now);
        }
        if self.if_lapsed || verb == Verb::Lapse {
            change = change.if_lapsed(now);
        }
        if self.note {
            change = change.with_note(pool::note(About::Job(job.id), self.argument, now));
        }
        if self.delete {
            change = change.deleting_completed();
        }
        Some(change)
    }

    fn next(&self, verb: Verb, job: &Job, now: Timestamp) -> Result<JobState, InvalidTransition> {
        let odd = self.argument % 2 == 1;
        let later = now + Duration::from_micros(u64::from(self.argument));
        let text = || Text::new(format_args!("{verb} {}", self.argument));
        match verb {
            Verb::Start => Err(InvalidTransition { from: job.state.status(), verb }),
            Verb::Complete => job.complete(now),
            Verb::Fail => job.fail(text(), now),
            Verb::Retry if self.argument % 4 == 2 => job.retry_anew(text(), later, None),
            Verb::Retry => job.retry(text(), later, odd.then(|| pool::queue(self.argument / 2))),
            Verb::Snooze => job.snooze(later),
            Verb::Release => job.release(),
            Verb::Lapse => job.lapse(later, u32::from(self.argument % 3), now),
            Verb::Suspend => job.suspend(text()),
            Verb::Resume => job.resume(),
            Verb::Cancel => job.cancel(text(), now),
            Verb::Requeue => job.requeue(odd, now),
            Verb::Reschedule => job.reschedule(later),
        }
    }
}
