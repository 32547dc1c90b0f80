//! Leases: renewed by their holders, found by rescuers when they have ended.

use crate::{
    call::Call,
    connection::session::Session,
    error::CallError,
    statement::{FromRow, Statement, bind::Bind, fields::Fields, row::JobRow},
};
use diesel::{QueryResult, pg::Pg, row::Row};
use job_core::{
    Clock, Job, JobId, Progress, Revision, Timestamp,
    store::{Held, Renewed},
};
use std::{collections::BTreeMap, num::NonZeroU32, time::Duration};

/// Renews leases.
#[derive(Debug)]
pub(crate) struct Renew {
    pub(crate) held: Vec<Held>,
    pub(crate) lease: Duration,
    pub(crate) clock: Clock,
}

impl Call for Renew {
    type Answer = Vec<Renewed>;

    async fn run(&self, session: &mut Session<'_>) -> Result<Vec<Renewed>, CallError> {
        // In the order of ids. Of equal leases the last report counts.
        let mut held: BTreeMap<(JobId, i64), Option<&Progress>> = BTreeMap::new();
        for it in &self.held {
            let report = held.entry((it.id, it.revision.number())).or_default();
            *report = it.progress.as_ref().or(*report);
        }
        // A number and a text are always JSON.
        let reports: Vec<Option<String>> =
            held.values().map(|it| it.and_then(|it| serde_json::to_string(it).ok())).collect();
        let binds = vec![
            Bind::ids(held.keys().map(|(id, _)| *id)),
            Bind::Numbers(held.keys().map(|(_, revision)| Some(*revision)).collect()),
            Bind::Texts(reports.iter().map(Option::as_deref).collect()),
            Bind::duration(self.lease),
            Bind::clock(self.clock),
        ];
        let rows: Vec<Lease> = Statement::new(&session.texts.renew, binds).rows(session.conn).await?;
        let found: BTreeMap<(JobId, Revision), Option<Timestamp>> =
            rows.into_iter().map(|it| ((it.id, it.revision), it.until)).collect();
        let answer = |it: &Held| match found.get(&(it.id, it.revision)) {
            Some(Some(until)) => Renewed::Until(*until),
            Some(None) => Renewed::Busy,
            None => Renewed::Lost,
        };
        Ok(self.held.iter().map(answer).collect())
    }
}

/// A lease that is there; without an end if its row was locked.
struct Lease {
    id: JobId,
    revision: Revision,
    until: Option<Timestamp>,
}

impl FromRow for Lease {
    fn from_row<'a>(row: &impl Row<'a, Pg>) -> QueryResult<Self> {
        let mut fields = Fields::of(row);
        Ok(Self {
            id: fields.job_id().unwrap_or(*JobId::BOUNDS.start()),
            revision: Revision::from_number(fields.number().unwrap_or_default()),
            until: fields.time(),
        })
    }
}

/// Finds jobs that run past their lease.
#[derive(Debug)]
pub(crate) struct Lapsed {
    pub(crate) after: Option<JobId>,
    pub(crate) limit: NonZeroU32,
    pub(crate) clock: Clock,
}

impl Call for Lapsed {
    type Answer = Vec<Job>;

    async fn run(&self, session: &mut Session<'_>) -> Result<Vec<Job>, CallError> {
        let limit = usize::try_from(self.limit.get()).unwrap_or(usize::MAX);
        let (mut jobs, mut after) = (Vec::new(), self.after);
        loop {
            let page = i64::try_from(limit - jobs.len()).unwrap_or(i64::MAX);
            let binds = vec![after.map_or(Bind::Id(None), Into::into), page.into(), Bind::clock(self.clock)];
            let rows: Vec<JobRow> = Statement::new(&session.texts.lapsed, binds).rows(session.conn).await?;
            let read = rows.len();
            after = rows.last().map(|it| it.id);
            jobs.extend(rows.into_iter().filter_map(|it| it.job.ok()));
            // Rows that are not readable make no room for others behind them: a page full of them is not the end.
            if jobs.len() == limit || i64::try_from(read).unwrap_or(i64::MAX) < page {
                return Ok(jobs);
            }
        }
    }
}
