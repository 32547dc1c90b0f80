//! Inserting jobs: of equal ids and keys the first wins, whatever the order in which rows are written.

pub(crate) mod desk;
pub(crate) mod group;
pub(crate) mod names;
pub(crate) mod new_rows;

use crate::{
    call::Call,
    connection::session::Session,
    error::{CallError, Kind},
    insert::{
        names::{Names, first_of_each},
        new_rows::{Shape, tags},
    },
    statement::{FromRow, Statement, bind::Bind, fields::Fields, row::JobRow},
    wake::ring::rings,
};
use diesel::{QueryResult, pg::Pg, row::Row};
use job_core::{
    Clock, Job, JobId, JobStatus, NewJob, QueueName, Timestamp,
    store::{Inserted, StoreError, Unreadable},
};
use std::collections::{BTreeSet, HashMap, HashSet};

/// How many jobs one statement takes; more gain nothing.
const BATCH: usize = 2000;
/// How often keys may change hands while we look who holds them.
const ROUNDS: u32 = 20;

/// How long an insert waits for somebody's open transaction that has written one of its keys.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wait {
    /// As long as the connection allows.
    AsUsual,
    /// 25 ms, which is longer than a commit takes: others wait too.
    Briefly,
}

/// Inserts many jobs.
#[derive(Debug)]
pub(crate) struct Insert {
    pub(crate) jobs: Vec<NewJob>,
    pub(crate) clock: Clock,
}

impl Call for Insert {
    type Answer = Vec<Inserted>;
    const IS_QUICK: bool = false;

    async fn run(&self, session: &mut Session<'_>) -> Result<Vec<Inserted>, CallError> {
        let mut answers = Vec::with_capacity(self.jobs.len());
        for jobs in self.jobs.chunks(BATCH) {
            match insert(session, jobs, self.clock, Wait::AsUsual).await {
                Ok(some) => answers.extend(some),
                Err(error) if jobs.len() > 1 && error.kind().is_of_a_row() => {
                    answers.extend(one_by_one(session, jobs, self.clock, Wait::AsUsual).await?);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(answers)
    }

    fn rings(&self, answers: &Vec<Inserted>) -> BTreeSet<QueueName> {
        rung(&self.jobs, answers).collect()
    }
}

/// The queues that got work.
pub(crate) fn rung(jobs: &[NewJob], answers: &[Inserted]) -> impl Iterator<Item = QueueName> {
    let created = jobs.iter().zip(answers).filter(|(_, it)| matches!(it, Inserted::Created(_)));
    created.filter(|(job, _)| rings(job)).map(|(job, _)| job.queue.clone())
}

/// Each alone; if one cannot be inserted, the others are all the same. One that may go another time is the answer before
/// one that never will.
pub(crate) async fn one_by_one(
    session: &mut Session<'_>,
    jobs: &[NewJob],
    clock: Clock,
    wait: Wait,
) -> Result<Vec<Inserted>, CallError> {
    let mut answers = Vec::with_capacity(jobs.len());
    let mut failed: Option<CallError> = None;
    for job in jobs {
        match insert(session, std::slice::from_ref(job), clock, wait).await {
            Ok(one) => answers.extend(one),
            Err(error) if error.kind().is_of_a_row() => {
                failed = failed.filter(|it| it.kind().is_transient()).or(Some(error));
            }
            Err(error) => return Err(error),
        }
    }
    failed.map_or(Ok(answers), Err)
}

/// Inserts these in one statement, and looks what became of those that were not written.
pub(crate) async fn insert(
    session: &mut Session<'_>,
    jobs: &[NewJob],
    clock: Clock,
    wait: Wait,
) -> Result<Vec<Inserted>, CallError> {
    let mut answers: Vec<Option<Inserted>> = vec![None; jobs.len()];
    let open = |answers: &[Option<Inserted>]| -> Vec<usize> {
        (0..jobs.len()).filter(|n| answers[*n].is_none()).collect()
    };
    for _ in 0..ROUNDS {
        let candidates = first_of_each(jobs, &open(&answers));
        let created = write(session, jobs, &candidates, clock, wait).await?;
        for n in candidates {
            answers[n] = created.get(&jobs[n].id).map(|now| Inserted::Created(jobs[n].created(*now)));
        }
        let refused = open(&answers);
        if refused.is_empty() {
            break;
        }
        let known = known(session, jobs, &refused).await?;
        let holders = holders(session, jobs, &refused).await?;
        // What an earlier one comes to may decide about a later one of the same id or key.
        let mut undecided = Names::default();
        for n in refused {
            if !undecided.know(&jobs[n]) {
                answers[n] = refusal(&jobs[n], &known, &holders);
            }
            if answers[n].is_none() {
                undecided.add(&jobs[n]);
            }
        }
        if open(&answers).is_empty() {
            break;
        }
    }
    let all: Option<Vec<Inserted>> = answers.into_iter().collect();
    all.ok_or_else(|| StoreError::Unavailable("unique keys keep changing hands".into()).into())
}

/// Why it was not inserted; `None` if the reason is gone by now. Of a row that is not readable nobody can say that the job
/// made it.
fn refusal(
    job: &NewJob,
    known: &HashMap<JobId, Result<Job, Unreadable>>,
    holders: &HashMap<(Box<str>, Box<str>), JobId>,
) -> Option<Inserted> {
    match known.get(&job.id) {
        Some(Ok(stored)) if job.made(stored) => return Some(Inserted::Created(stored.clone())),
        Some(_) => return Some(Inserted::IdTaken),
        None => {}
    }
    let holder = key(job).and_then(|it| holders.get(&(job.type_name.as_str().into(), it.into())));
    holder.map(|holder| Inserted::Existing { holder: *holder })
}

/// The key that the job would hold.
pub(crate) fn key(job: &NewJob) -> Option<&str> {
    let holds = |it: &&job_core::Unique| it.scope.holds(JobStatus::Waiting);
    job.unique.as_ref().filter(holds).map(|it| it.key.as_str())
}

/// Writes those that nothing is in the way of, and says when.
async fn write(
    session: &mut Session<'_>,
    jobs: &[NewJob],
    which: &[usize],
    clock: Clock,
    wait: Wait,
) -> QueryResult<HashMap<JobId, Timestamp>> {
    let jobs: Vec<&NewJob> = which.iter().map(|n| &jobs[*n]).collect();
    let tags: Vec<Option<String>> = jobs.iter().map(|it| tags(it)).collect();
    let tags: Vec<Option<&str>> = tags.iter().map(Option::as_deref).collect();
    let mut shape = Shape::of(&jobs);
    let written: Vec<Created> = loop {
        let texts = shape.texts(session.texts);
        let text = match wait {
            Wait::AsUsual => &texts.insert,
            Wait::Briefly => &texts.insert_briefly,
        };
        match Statement::new(text, shape.binds(&jobs, &tags, clock)).rows(session.conn).await {
            // An id is known: most likely this is the second try of a call whose answer was lost.
            Err(error) if Kind::of(&error) == Kind::Key && !shape.skips => shape.skips = true,
            result => break result?,
        }
    };
    Ok(written.into_iter().map(|it| (it.id, it.date_created)).collect())
}

async fn known(
    session: &mut Session<'_>,
    jobs: &[NewJob],
    which: &[usize],
) -> QueryResult<HashMap<JobId, Result<Job, Unreadable>>> {
    let ids: HashSet<JobId> = which.iter().map(|n| jobs[*n].id).collect();
    let rows = by_id(session, ids).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.job)).collect())
}

/// The jobs of these ids that are there.
pub(crate) async fn by_id(
    session: &mut Session<'_>,
    ids: impl IntoIterator<Item = JobId>,
) -> QueryResult<Vec<JobRow>> {
    Statement::new(&session.texts.by_id, vec![Bind::ids(ids)]).rows(session.conn).await
}

async fn holders(
    session: &mut Session<'_>,
    jobs: &[NewJob],
    which: &[usize],
) -> QueryResult<HashMap<(Box<str>, Box<str>), JobId>> {
    let keys: HashSet<(&str, &str)> =
        which.iter().filter_map(|n| key(&jobs[*n]).map(|key| (jobs[*n].type_name.as_str(), key))).collect();
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let found = holders_of(session, keys).await?;
    Ok(found.into_iter().map(|it| ((it.type_name, it.key), it.id)).collect())
}

/// Who holds which of these keys of types.
pub(crate) async fn holders_of<'k>(
    session: &mut Session<'_>,
    keys: impl IntoIterator<Item = (&'k str, &'k str)>,
) -> QueryResult<Vec<Holder>> {
    let (types, keys): (Vec<_>, Vec<_>) = keys.into_iter().unzip();
    let binds = vec![Bind::texts(types), Bind::texts(keys)];
    Statement::new(&session.texts.holders, binds).rows(session.conn).await
}

/// A job that was written, and when.
#[derive(Debug)]
pub(crate) struct Created {
    pub(crate) id: JobId,
    pub(crate) date_created: Timestamp,
}

impl FromRow for Created {
    fn from_row<'a>(row: &impl Row<'a, Pg>) -> QueryResult<Self> {
        let mut fields = Fields::of(row);
        let id = fields.job_id().unwrap_or(*JobId::BOUNDS.start());
        Ok(Self { id, date_created: fields.time().unwrap_or_default() })
    }
}

/// The job that holds a key.
#[derive(Debug)]
pub(crate) struct Holder {
    pub(crate) id: JobId,
    pub(crate) type_name: Box<str>,
    pub(crate) key: Box<str>,
}

impl FromRow for Holder {
    fn from_row<'a>(row: &impl Row<'a, Pg>) -> QueryResult<Self> {
        let mut fields = Fields::of(row);
        Ok(Self {
            id: fields.job_id().unwrap_or(*JobId::BOUNDS.start()),
            type_name: fields.text().as_deref().unwrap_or_default().into(),
            key: fields.text().as_deref().unwrap_or_default().into(),
        })
    }
}
