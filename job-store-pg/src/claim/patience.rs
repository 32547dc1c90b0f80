//! Waiting for a job that claims pass by because somebody always has its row locked.
//!
//! Claims never wait. Callers of `acquire_on` who rely on a waiting job lock its row, and if their transactions overlap there
//! is no moment at which a claim could have it. So now and then a claim with room left looks for what has been due for a
//! second; stops further callers at the gate before it; and waits for those who are there.

use crate::{
    change::Id,
    claim::{Claim, Started},
    connection::session::Session,
    error::{CallError, Kind},
    statement::{Statement, row::JobRow},
};
use diesel_async::SimpleAsyncConnection;
use job_core::{Clock, JobId};
use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// How often it is looked for overdue jobs at most: an idle worker is to cost next to nothing.
const PAUSE: Duration = Duration::from_secs(3);
/// But a look, and a wait, take a twentieth of the time at most.
const SHARE: u32 = 20;
/// How long the first wait may be: such transactions are short.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// Each that was in vain is followed by one of twice the time, up to this, which is less than PostgreSQL takes to look for
/// deadlocks: nobody is failed for our sake.
const LONGEST_WAIT: Duration = Duration::from_millis(800);

/// When claims of a store wait next, and for how long.
#[derive(Debug, Default)]
pub(crate) struct Patience(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    next: Option<Instant>,
    /// How many waits in a row were in vain.
    vain: u32,
    /// Waits of all times: each is for another one of the overdue jobs.
    waits: usize,
}

impl Patience {
    /// Whether a claim that has room left may look, and wait. If so, no other one may for a while.
    fn begin(&self, claim: &Claim) -> Option<(usize, Duration)> {
        let mut state = self.0.lock();
        let now = Instant::now();
        if claim.claim.clock != Clock::Store || state.next.is_some_and(|next| now < next) {
            return None;
        }
        state.next = Some(now + PAUSE);
        Some((state.waits, FIRST_WAIT.saturating_mul(1 << state.vain.min(8)).min(LONGEST_WAIT)))
    }

    /// That took so long, and if there was anything to wait for, it was in vain or not.
    fn end(&self, took: Duration, vain: Option<bool>) {
        let mut state = self.0.lock();
        state.next = Some(Instant::now() + (took * SHARE).max(PAUSE));
        if let Some(vain) = vain {
            state.waits = state.waits.wrapping_add(1);
            state.vain = if vain { state.vain.saturating_add(1) } else { 0 };
        }
    }
}

impl Claim {
    /// Starts an overdue job that somebody has locked, if there is one and they let go in time.
    pub(crate) async fn wait(&self, session: &mut Session<'_>) -> Result<Vec<JobRow>, CallError> {
        let Some((nth, time)) = self.patience.begin(self) else { return Ok(Vec::new()) };
        let begun = Instant::now();
        let overdue = Statement::new(&session.texts.overdue, self.common(1, true)).rows(session.conn).await;
        let job = match overdue {
            Ok(jobs) if !jobs.is_empty() => {
                let Id(job) = jobs[nth % jobs.len()];
                job
            }
            other => {
                self.patience.end(begun.elapsed(), None);
                return Ok(other.map(|_| Vec::new())?);
            }
        };
        let waited = self.wait_for(session, job, time).await;
        let vain = waited.as_ref().is_err_and(|it| matches!(it.kind(), Kind::Locked | Kind::Conflict));
        self.patience.end(begun.elapsed(), Some(vain));
        waited
    }

    async fn wait_for(
        &self,
        session: &mut Session<'_>,
        job: JobId,
        time: Duration,
    ) -> Result<Vec<JobRow>, CallError> {
        let begin = format!("BEGIN; SET LOCAL lock_timeout = '{}ms'", time.as_millis());
        session.conn.batch_execute(&begin).await?;
        // A statement of its own: the next one sees what was committed while this one waited.
        let mut started = match Statement::new(&session.texts.gate, vec![job.into()]).run(session.conn).await
        {
            Ok(_) => Ok(Vec::new()),
            Err(error) => Err(error),
        };
        if started.is_ok() {
            let mut binds = self.common(1, true);
            binds.push(job.into());
            let statement = Statement::new(&session.texts.patient, binds);
            started = statement.read(session.conn, &Started(&self.claim)).await;
        }
        session.end(started).await
    }
}
