//! The verbs: pure functions from a job and a time to its next state, and the only way to change a phase.

use crate::{
    ActorId, COUNT_MAX, InvalidTransition, Job, JobState, JobStatus, Lease, Phase, QueueName, Text,
    Timestamp, Verb,
};

/// The verbs. Each gives the next state, at the next revision; a store applies it as a [`Change`](crate::Change).
///
/// All fail with [`InvalidTransition`] from any status but those they name.
impl Job {
    /// Waiting and due → Running under `lease`, as a further attempt, with its turn taken.
    ///
    /// # Errors
    ///
    /// [`InvalidTransition`], also before the scheduled start.
    pub fn start(&self, lease: Lease, now: Timestamp) -> Result<JobState, InvalidTransition> {
        if !self.state.is_due(now) {
            return self.cannot(Verb::Start);
        }
        let holder = lease.holder;
        Ok(JobState {
            attempt_count: counted(self.state.attempt_count),
            date_started: Some(now),
            running_key: self.spec.turn.clone(),
            changed_by: Some(holder),
            ..self.to(Phase::Running(lease))
        })
    }

    /// Running → Completed.
    ///
    /// # Errors
    ///
    /// [`InvalidTransition`] from any other status.
    pub fn complete(&self, now: Timestamp) -> Result<JobState, InvalidTransition> {
        self.running(Verb::Complete)?;
        Ok(self.to(Phase::Completed { at: now }))
    }

    /// Running → Failed, with the error kept.
    ///
    /// # Errors
    ///
    /// [`InvalidTransition`] from any other status.
    pub fn fail(&self, error: Text, now: Timestamp) -> Result<JobState, InvalidTransition> {
        self.running(Verb::Fail)?;
        Ok(JobState { last_error: Some(error), ..self.to(Phase::Failed { at: now }) })
    }

    /// Running → Waiting until `at`, with the error kept; in `queue`, if one is named (the slow lane).
    ///
    /// # Errors
    ///
    /// [`InvalidTransition`] from any other status.
    pub fn retry(
        &self,
        error: Text,
        at: Timestamp,
        queue: Option<QueueName>,
    ) -> Result<JobState, InvalidTransition> {
        self.running(Verb::Retry)?;
        let queue = queue.unwrap_or_else(|| self.state.queue.clone());
        Ok(JobState { last_error: Some(error), scheduled_start: at, queue, ..self.to(Phase::Waiting) })
    }

    /// As [`retry`](Self::retry), by an attempt that counts as the job's first: those before it are given back.
    ///
    /// # Errors
    ///
    /// [`InvalidTransition`] from any other status.
    pub fn retry_anew(
        &self,
        error: Text,
        at: Timestamp,
        queue: Option<QueueName>,
    ) -> Result<JobState, InvalidTransition> {
        let first = self.state.attempt_count().min(1);
        Ok(JobState { attempt_count: first, ..self.retry(error, at, queue)? })
    }

    /// Running → Waiting until `at`: no error, and the attempt is given back.
    ///
    /// # Errors
    ///
    /// [`InvalidTransition`] from any other status.
    pub fn snooze(&self, at: Timestamp) -> Result<JobState, InvalidTransition> {
        self.running(Verb::Snooze)?;
        Ok(JobState { scheduled_start: at, ..self.given_back(Phase::Waiting) })
    }

    /// Running → Waiting at its old place, due at once, the attempt given back: a runner shuts down.
    ///
    /// # Errors
    ///
    /// [`InvalidTransition`] from any other status.
    pub fn release(&self) -> Result<JobState, InvalidTransition> {
        self.running(Verb::Release)?;
        Ok(self.given_back(Phase::Waiting))
    }

    /// Running past its lease → Waiting until `at`; or Failed, when no attempt is left or it has crashed more
    /// than `crash_limit` times.
    ///
    /// # Errors
    ///
    /// [`InvalidTransition`] from any other status, and while the lease holds.
    pub fn lapse(
        &self,
        at: Timestamp,
        crash_limit: u32,
        now: Timestamp,
    ) -> Result<JobState, InvalidTransition> {
        let Some(lease) = self.state.lease().filter(|_| self.state.has_lapsed(now)) else {
            return self.cannot(Verb::Lapse);
        };
        let crash_count = counted(self.state.crash_count);
        let error = Text::new(format_args!(
            "the lease ended at {}: its runner {} was not heard of again",
            lease.expires, lease.holder
        ));
        let next = if self.attempts_left() && crash_count <= crash_limit {
            JobState { scheduled_start: at, ..self.to(Phase::Waiting) }
        } else {
            self.to(Phase::Failed { at: now })
        };
        Ok(JobState { crash_count, last_error: Some(error), ..next })
    }

    /// Waiting or Running → Suspended; a running attempt is given back.
    ///
    /// # Errors
    ///
    /// [`InvalidTransition`] from any other status.
    pub fn suspend(&self, reason: Text) -> Result<JobState, InvalidTransition> {
        let next = match self.state.status() {
            JobStatus::Waiting => self.to(Phase::Suspended),
            JobStatus::Running => self.given_back(Phase::Suspended),
            _ => return self.cannot(Verb::Suspend),
        };
        Ok(JobState { reason: Some(reason), ..next })
    }

    /// Suspended → Waiting, at its old place.
    ///
    /// # Errors
    ///
    /// [`InvalidTransition`] from any other status.
    pub fn resume(&self) -> Result<JobState, InvalidTransition> {
        match self.state.status() {
            JobStatus::Suspended => Ok(JobState { reason: None, ..self.to(Phase::Waiting) }),
            _ => self.cannot(Verb::Resume),
        }
    }

    /// Waiting, Running or Suspended → Cancelled. A running handler is told at its next heartbeat; what it
    /// writes from now on is stale.
    ///
    /// # Errors
    ///
    /// [`InvalidTransition`] if the job is final.
    pub fn cancel(&self, reason: Text, now: Timestamp) -> Result<JobState, InvalidTransition> {
        if self.state.status().is_final() {
            return self.cannot(Verb::Cancel);
        }
        Ok(JobState { reason: Some(reason), ..self.to(Phase::Cancelled { at: now }) })
    }

    /// Completed, Failed or Cancelled → Waiting, due now, with no date finished: an operator asks again.
    /// The attempts and crashes are forgotten unless `keep_attempts`.
    ///
    /// # Errors
    ///
    /// [`InvalidTransition`] while the job is pending.
    pub fn requeue(&self, keep_attempts: bool, now: Timestamp) -> Result<JobState, InvalidTransition> {
        if self.state.status().is_pending() {
            return self.cannot(Verb::Requeue);
        }
        let kept = |count| if keep_attempts { count } else { 0 };
        Ok(JobState {
            scheduled_start: now,
            attempt_count: kept(self.state.attempt_count),
            crash_count: kept(self.state.crash_count),
            reason: None,
            superseded_by: None,
            ..self.to(Phase::Waiting)
        })
    }

    /// Waiting → Waiting until `at`.
    ///
    /// # Errors
    ///
    /// [`InvalidTransition`] from any other status.
    pub fn reschedule(&self, at: Timestamp) -> Result<JobState, InvalidTransition> {
        match self.state.status() {
            JobStatus::Waiting => Ok(JobState { scheduled_start: at, ..self.to(Phase::Waiting) }),
            _ => self.cannot(Verb::Reschedule),
        }
    }

    /// Any status → Cancelled, because another job holds the key this one wants back and will do the work.
    pub(crate) fn supersede(&self, by: ActorId, now: Timestamp) -> JobState {
        JobState {
            reason: Some(Text::from("superseded: another job holds its unique key and will do the work")),
            changed_by: Some(by),
            ..self.to(Phase::Cancelled { at: now })
        }
    }

    /// The next state in `phase`: one revision on, the keys as the phase says, all else as it is.
    fn to(&self, phase: Phase) -> JobState {
        let status = phase.status();
        JobState {
            phase,
            held_key: self.spec.unique.as_ref().and_then(|it| it.held(status)),
            running_key: None,
            revision: self.state.revision.next(),
            ..self.state.clone()
        }
    }

    fn given_back(&self, phase: Phase) -> JobState {
        JobState { attempt_count: self.state.attempt_count.saturating_sub(1), ..self.to(phase) }
    }

    fn running(&self, verb: Verb) -> Result<(), InvalidTransition> {
        if self.state.status() == JobStatus::Running { Ok(()) } else { self.cannot(verb) }
    }

    fn cannot<T>(&self, verb: Verb) -> Result<T, InvalidTransition> {
        Err(InvalidTransition { from: self.state.status(), verb })
    }
}

fn counted(count: u32) -> u32 {
    count.saturating_add(1).min(COUNT_MAX)
}
