//! Starting due jobs.

use crate::{
    apply::Apply,
    bind::Bind,
    call::Call,
    error::{CallError, Kind},
    row::JobRow,
    session::Session,
    statement::Statement,
};
use diesel::QueryResult;
use job_core::{
    Change, Job,
    store::{self, Claimed},
};

/// How often a claim that met another one over a turn is run again before it leaves jobs with turns to others.
const TRIES: u32 = 2;

/// Claims jobs.
#[derive(Debug)]
pub(crate) struct Claim(pub(crate) store::Claim);

impl Call for Claim {
    type Answer = Claimed;

    async fn run(&self, session: &mut Session<'_>) -> Result<Claimed, CallError> {
        let mut claimed = Claimed::default();
        if self.0.types.is_empty() {
            return Ok(claimed);
        }
        let (mut met, mut turns) = (0, true);
        loop {
            let wanted = i64::from(self.0.limit.get()) - started(&claimed);
            match self.start(session, wanted, turns).await {
                Ok(rows) => {
                    let seen = rows.last().and_then(|it| it.further).unwrap_or_default();
                    let fewer = !rows.is_empty() && len(&rows) < wanted;
                    add(&mut claimed, rows);
                    // Jobs that share a turn filled the limit, and only the first of them was started.
                    if !fewer || seen < wanted {
                        break;
                    }
                }
                Err(error) => match Kind::of(&error) {
                    Kind::Key | Kind::Conflict if met < TRIES => met += 1,
                    Kind::Key | Kind::Conflict if turns => turns = false,
                    // What was started is the caller's.
                    _ if started(&claimed) > 0 => break,
                    _ => return Err(error.into()),
                },
            }
        }
        claimed.jobs.sort_by_key(Job::place);
        Ok(claimed)
    }

    /// Releases the jobs: their attempt is given back, and others may start them at once. One that is not readable
    /// stays until its lease ends.
    async fn take_back(&self, claimed: Claimed, session: &mut Session<'_>) -> Result<(), CallError> {
        let release = |job: &Job| {
            let change = Change::new(job, job.release().ok()?, self.0.by);
            Some(change.or_supersede(job, job.state.date_started()?))
        };
        let changes: Vec<Change> = claimed.jobs.iter().filter_map(release).collect();
        Apply { changes }.run(session).await.map(drop)
    }
}

impl Claim {
    async fn start(&self, session: &mut Session<'_>, limit: i64, turns: bool) -> QueryResult<Vec<JobRow>> {
        let claim = &self.0;
        let binds = vec![
            limit.into(),
            Bind::texts(claim.types.iter().map(|it| it.as_str())),
            Bind::clock(claim.clock),
            claim.by.into(),
            Bind::duration(claim.lease),
            claim.queue.as_str().into(),
            claim.due_by.map_or(Bind::Time(None), Into::into),
            Bind::Flag(Some(turns)),
        ];
        Statement::new(&session.texts.claim, binds).rows(session.conn).await
    }
}

fn add(claimed: &mut Claimed, rows: Vec<JobRow>) {
    for row in rows {
        match row.job {
            Ok(job) => claimed.jobs.push(job),
            Err(unreadable) => claimed.unreadable.push(unreadable),
        }
    }
}

fn started(claimed: &Claimed) -> i64 {
    len(&claimed.jobs) + len(&claimed.unreadable)
}

fn len<T>(items: &[T]) -> i64 {
    i64::try_from(items.len()).unwrap_or(i64::MAX)
}
