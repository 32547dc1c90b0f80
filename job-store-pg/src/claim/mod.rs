//! Starting due jobs.

pub(crate) mod exchange;
pub(crate) mod floor;
pub(crate) mod look;
pub(crate) mod patience;

use crate::{
    call::Call,
    change::apply::Apply,
    claim::{
        look::{Look, Looked, Looks},
        patience::Patience,
    },
    connection::session::Session,
    error::{CallError, Kind},
    statement::{
        Read, Statement,
        bind::{Bind, micros, time},
        fields::Fields,
        row::JobRow,
    },
};
use diesel::{QueryResult, pg::Pg, row::Row};
use job_core::{
    Change, Job, JobId, Timestamp,
    store::{self, Claimed},
};
use std::{sync::Arc, time::Instant};

/// How often a claim that met another one over a turn is run again before it leaves jobs with turns to others.
const TRIES: u32 = 2;

/// Claims jobs.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) claim: store::Claim,
    pub(crate) looks: Arc<Looks>,
    pub(crate) patience: Arc<Patience>,
}

impl Call for Claim {
    type Answer = Claimed;
    const REPEATS: bool = false;
    const TAKES_BACK: bool = true;

    async fn run(&self, session: &mut Session<'_>) -> Result<Claimed, CallError> {
        self.go_on(session, Claimed::default()).await
    }

    async fn take_back(&self, claimed: Claimed, session: &mut Session<'_>) -> Result<(), CallError> {
        release(&self.claim, &claimed, session).await
    }
}

impl Claim {
    /// Starts what is left to the limit.
    pub(crate) async fn go_on(
        &self,
        session: &mut Session<'_>,
        started: Claimed,
    ) -> Result<Claimed, CallError> {
        let mut claimed = started;
        let (mut met, mut turns) = (0, true);
        while !self.claim.types.is_empty() && self.wanted(&claimed) > 0 {
            let wanted = self.wanted(&claimed);
            let look = self.looks.next(&self.claim);
            let begun = Instant::now();
            match self.start(session, wanted, turns, look).await {
                Ok(rows) => {
                    let looked = Looked { look, begun, took: begun.elapsed() };
                    let more = self.has_more(&claimed, &rows, looked);
                    add(&mut claimed, rows);
                    if !more {
                        self.wait_for_room_left(session, &mut claimed).await?;
                        break;
                    }
                }
                Err(error) => match Kind::of(&error) {
                    Kind::Key | Kind::Conflict if met < TRIES => met += 1,
                    Kind::Key | Kind::Conflict if turns => turns = false,
                    // What was started is the caller's; but who looks for what a lost reply started finds it too.
                    Kind::Lost => return Err(error.into()),
                    _ if !claimed.is_empty() => break,
                    _ => return Err(error.into()),
                },
            }
        }
        claimed.jobs.sort_by_key(Job::place);
        Ok(claimed)
    }

    /// Whether a claim for what `rows` leave open, after `claimed`, may find more.
    pub(crate) fn has_more(&self, claimed: &Claimed, rows: &[JobRow], looked: Looked) -> bool {
        let seen = rows.last().and_then(|it| it.further).unwrap_or_default();
        let last = rows.iter().map(|it| it.place).max();
        let wanted = self.wanted(claimed);
        if let Some(last) = last.filter(|_| seen == wanted) {
            self.looks.met_limit(&self.claim, looked, last);
            // Jobs that share a turn filled the limit, and only the first of them was started.
            return len(rows) < wanted;
        }
        self.looks.came_short(&self.claim, looked, claimed.is_empty() && rows.is_empty())
    }

    /// Now and then, once nothing is left that could be started at once, starts what others keep locked.
    pub(crate) async fn wait_for_room_left(
        &self,
        session: &mut Session<'_>,
        claimed: &mut Claimed,
    ) -> Result<(), CallError> {
        if self.wanted(claimed) > 0 {
            match self.wait(session).await {
                Ok(rows) => add(claimed, rows),
                Err(error) if error.kind() == Kind::Lost => return Err(error),
                Err(_) => {}
            }
        }
        Ok(())
    }

    fn wanted(&self, claimed: &Claimed) -> i64 {
        i64::from(self.claim.limit.get()) - len(&claimed.jobs) - len(&claimed.unreadable)
    }

    async fn start(
        &self,
        session: &mut Session<'_>,
        limit: i64,
        turns: bool,
        look: Look,
    ) -> QueryResult<Vec<JobRow>> {
        let text = match look {
            Look::Walk(_) => &session.texts.claim,
            Look::Scattered(_) => &session.texts.claim_scattered,
        };
        let statement = Statement::new(text, self.binds(limit, turns, look));
        statement.read(session.conn, &Started(&self.claim)).await
    }

    /// What `sql/start.sql` and the statement that finds what is due take.
    pub(crate) fn binds(&self, limit: i64, turns: bool, look: Look) -> Vec<Bind<'_>> {
        let mut binds = self.common(limit, turns);
        match look {
            Look::Walk(from) => {
                let (urgency, start, id) = from.unwrap_or((i32::MIN, Timestamp::MIN, *JobId::BOUNDS.start()));
                binds.extend([i64::from(urgency).into(), start.into(), id.into()]);
            }
            Look::Scattered(age) => binds.push(Bind::Number(age.map(micros))),
        }
        binds
    }

    /// What all statements that start jobs take first.
    pub(crate) fn common(&self, limit: i64, turns: bool) -> Vec<Bind<'_>> {
        let claim = &self.claim;
        vec![
            limit.into(),
            Bind::texts(claim.types.iter().map(|it| it.as_str())),
            Bind::clock(claim.clock),
            claim.by.into(),
            Bind::duration(claim.lease),
            claim.queue.as_str().into(),
            Bind::Time(claim.due_by.map(time)),
            Bind::Flag(turns),
        ]
    }
}

/// Reads rows of jobs that this claim started.
pub(crate) struct Started<'c>(pub(crate) &'c store::Claim);

impl Read for Started<'_> {
    type Item = JobRow;

    fn read<'a>(&self, row: &impl Row<'a, Pg>) -> QueryResult<JobRow> {
        Ok(JobRow::read_started(&mut Fields::of(row), self.0))
    }
}

/// Adds started jobs.
pub(crate) fn add(claimed: &mut Claimed, rows: Vec<JobRow>) {
    for row in rows {
        match row.job {
            Ok(job) => claimed.jobs.push(job),
            Err(unreadable) => claimed.unreadable.push(unreadable),
        }
    }
}

/// Releases jobs that nobody received: their attempt is given back, and others may start them at once. One that is not
/// readable stays until its lease ends.
pub(crate) async fn release(
    claim: &store::Claim,
    claimed: &Claimed,
    session: &mut Session<'_>,
) -> Result<(), CallError> {
    let release = |job: &Job| {
        let change = Change::new(job, job.release().ok()?, claim.by);
        Some(change.or_supersede(job, job.state.date_started()?))
    };
    let changes: Vec<Change> = claimed.jobs.iter().filter_map(release).collect();
    Apply { changes }.run(session).await.map(drop)
}

fn len<T>(items: &[T]) -> i64 {
    i64::try_from(items.len()).unwrap_or(i64::MAX)
}
