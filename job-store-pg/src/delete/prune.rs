//! Pruning: deleting final jobs that are old, without an index of them.
//!
//! A job ends after its id was minted. So the jobs that ended before a time are among the ids minted before it, and those are
//! few, where old jobs are pruned. What remains are ids of clocks that go ahead, or of no clock: a part of the others is
//! looked at in each call.

use crate::{
    call::Call,
    connection::session::Session,
    error::CallError,
    statement::{FromRow, Statement, bind::Bind, fields::Fields},
};
use diesel::{QueryResult, pg::Pg, row::Row};
use job_core::{JobId, JobStatus, Timestamp, TypeName};
use parking_lot::Mutex;
use std::{
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, Instant},
};

/// How many rows a statement looks at.
const STEP: i64 = 10_000;
/// How long a call goes on where most of the rows have to stay.
const PATIENCE: Duration = Duration::from_secs(1);

/// Deletes old final jobs: a [`Deletion::Final`](job_core::store::Deletion::Final).
#[derive(Debug)]
pub(crate) struct Prune {
    pub(crate) before: Timestamp,
    pub(crate) statuses: Vec<JobStatus>,
    pub(crate) types: Option<Vec<TypeName>>,
    pub(crate) limit: NonZeroU32,
    pub(crate) keep_newest: Option<NonZeroU32>,
    pub(crate) places: Arc<Places>,
}

/// Where the next call goes on, if the last did not come to the end: among the ids minted in time, and among the others.
#[derive(Debug, Default)]
pub(crate) struct Places {
    minted: Mutex<Option<JobId>>,
    others: Mutex<Option<JobId>>,
}

impl Call for Prune {
    type Answer = u64;
    const IS_QUICK: bool = false;

    async fn run(&self, session: &mut Session<'_>) -> Result<u64, CallError> {
        let (first, last) = JobId::BOUNDS.into_inner();
        let mut walk = Walk { limit: self.limit.get().into(), steps: None, until: Instant::now() + PATIENCE };
        if self.keep_newest.is_some() {
            return self.walk(session, (first, last), &Mutex::default(), &walk).await;
        }
        let minted = minted_by(self.before);
        let deleted = self.walk(session, (first, minted), &self.places.minted, &walk).await?;
        if deleted == walk.limit {
            return Ok(deleted);
        }
        walk = Walk { limit: walk.limit - deleted, steps: Some(1), ..walk };
        Ok(deleted + self.walk(session, (minted, last), &self.places.others, &walk).await?)
    }
}

impl Prune {
    /// Walks over the ids behind the first and up to the last of `ids`, from `place` on and from the first again, until the
    /// limit is met, all were seen, it took all its steps, or it is late.
    async fn walk(
        &self,
        session: &mut Session<'_>,
        ids: (JobId, JobId),
        place: &Mutex<Option<JobId>>,
        walk: &Walk,
    ) -> Result<u64, CallError> {
        let (first, last) = ids;
        let from = place.lock().filter(|it| (first..last).contains(it));
        let ways = match from {
            None => vec![ids],
            Some(from) => vec![(from, last), (first, from)],
        };
        let (mut deleted, mut steps) = (0, 0);
        for (mut behind, up_to) in ways {
            loop {
                let step = self.step(session, behind, up_to, walk.limit - deleted).await?;
                deleted += step.deleted;
                // What has to stay counts for nothing, or nothing would ever be found behind it.
                steps += u32::from(!step.met_limit);
                let Some(goes_on) = step.goes_on else { break };
                behind = goes_on;
                *place.lock() = Some(behind);
                let is_over = walk.steps.is_some_and(|it| steps >= it) || Instant::now() >= walk.until;
                if deleted >= walk.limit || is_over {
                    return Ok(deleted);
                }
            }
            if deleted >= walk.limit {
                return Ok(deleted);
            }
        }
        *place.lock() = None;
        Ok(deleted)
    }

    async fn step(
        &self,
        session: &mut Session<'_>,
        behind: JobId,
        up_to: JobId,
        limit: u64,
    ) -> QueryResult<Step> {
        let types = self.types.as_ref().map(|it| Bind::texts(it.iter().map(|it| it.as_str())));
        let (text, most) = match self.keep_newest {
            None => (&session.texts.prune, STEP),
            // Each step reads all that there are.
            Some(_) => (&session.texts.prune_but_newest, i64::MAX),
        };
        let mut binds = vec![
            self.before.into(),
            Bind::numbers(&self.statuses, |it| it.number().into()),
            types.unwrap_or(Bind::NoTexts),
            i64::try_from(limit).unwrap_or(i64::MAX).into(),
            behind.into(),
            most.into(),
            up_to.into(),
        ];
        binds.extend(self.keep_newest.map(|it| i64::from(it.get()).into()));
        let step: Option<Step> = Statement::new(text, binds).first(session.conn).await?;
        Ok(step.unwrap_or_default())
    }
}

/// An id before which are all that were minted by then.
fn minted_by(at: Timestamp) -> JobId {
    JobId::v7(u64::try_from(at.as_micros() / 1000 + 1).unwrap_or_default(), [0; 10])
}

/// How far a walk goes.
struct Walk {
    /// How many jobs it may delete.
    limit: u64,
    /// How many steps it may take.
    steps: Option<u32>,
    /// When it is late.
    until: Instant,
}

/// What came of a step.
#[derive(Debug, Default)]
struct Step {
    deleted: u64,
    /// Behind which id the next one begins, if this was not the last.
    goes_on: Option<JobId>,
    /// Whether it met as many old jobs as it might delete, so that it did not look further. Some may have to stay.
    met_limit: bool,
}

impl FromRow for Step {
    fn from_row<'a>(row: &impl Row<'a, Pg>) -> QueryResult<Self> {
        let mut fields = Fields::of(row);
        let deleted = fields.number().and_then(|it| it.try_into().ok()).unwrap_or_default();
        Ok(Self { deleted, goes_on: fields.job_id(), met_limit: fields.flag() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_minted_by_then_is_before_the_bound() {
        let at = Timestamp::from_micros(1_795_521_600_000_999);
        let millis = 1_795_521_600_000;
        assert!(JobId::v7(millis, [255; 10]) < minted_by(at));
        assert!(JobId::v7(millis + 1, [255; 10]) > minted_by(at));
        assert!(minted_by(Timestamp::MIN) <= JobId::v7(0, [1; 10]));
        assert!(minted_by(Timestamp::MAX) < *JobId::BOUNDS.end());
    }
}
