//! Applying changes: in one statement where that can be, else each alone, so that a bad row spoils no neighbour.

use crate::{
    call::Call,
    change::Changes,
    connection::session::Session,
    delete::delete_unless_referred_to,
    error::{CallError, Kind, violated},
    insert::{by_id, holders_of},
};
use diesel::QueryResult;
use job_core::{Change, JobId, JobState, JobStatus, QueueName, Reply, Then, store::StoreError};
use std::collections::{BTreeSet, HashMap, HashSet};

/// How often a key may change hands between refusal and look.
const TRIES: u32 = 5;
/// How many changes of a batch may fail at first with what reads like no matter of a row.
const ODD: u32 = 3;

/// Applies changes.
#[derive(Debug)]
pub(crate) struct Apply {
    pub(crate) changes: Vec<Change>,
}

impl Call for Apply {
    type Answer = Vec<Reply>;

    async fn run(&self, session: &mut Session<'_>) -> Result<Vec<Reply>, CallError> {
        self.settle(session, self.replies()).await
    }

    fn rings(&self, replies: &Vec<Reply>) -> BTreeSet<QueueName> {
        let waits = |(change, reply): &(&Change, &Reply)| {
            **reply == Reply::Applied && change.next.status() == JobStatus::Waiting
        };
        self.changes.iter().zip(replies).filter(waits).map(|(it, _)| it.next.queue().clone()).collect()
    }
}

impl Apply {
    /// The replies that are known before anything is done: of changes of one job only the first counts.
    pub(crate) fn replies(&self) -> Vec<Option<Reply>> {
        let mut seen = HashSet::new();
        self.changes.iter().map(|it| (!seen.insert(it.id)).then_some(Reply::Stale)).collect()
    }

    /// Applies the changes that have no reply yet: those that take a key back after the others, for these may free it.
    pub(crate) async fn settle(
        &self,
        session: &mut Session<'_>,
        mut replies: Vec<Option<Reply>>,
    ) -> Result<Vec<Reply>, CallError> {
        // Rows that stay and rows that go take a statement each.
        for group in [Some(Then::Keep), Some(Then::Delete), None] {
            let is_of = |it: &Change| group == (!it.takes_key).then_some(it.then);
            let which: Vec<usize> = (0..self.changes.len())
                .filter(|n| replies[*n].is_none() && is_of(&self.changes[*n]))
                .collect();
            self.some(session, &which, &mut replies).await?;
        }
        self.judge_others(session, &mut replies).await?;
        Ok(replies.into_iter().map(|it| it.unwrap_or(Reply::Stale)).collect())
    }

    /// Applies these, assuming that their keys are free; replies are left open where a change did not fit.
    pub(crate) async fn some(
        &self,
        session: &mut Session<'_>,
        which: &[usize],
        replies: &mut [Option<Reply>],
    ) -> Result<(), CallError> {
        if which.is_empty() {
            return Ok(());
        }
        // A row that goes takes no key, so nothing would tell that another job holds it: each of these is looked at alone.
        let hides_keys =
            which.iter().any(|n| self.changes[*n].takes_key && self.changes[*n].then == Then::Delete);
        let changes = which.iter().map(|n| (&self.changes[*n], &self.changes[*n].next)).collect();
        let set = if hides_keys { None } else { Some(Changes::new(changes).set(session).await) };
        match set {
            None => {}
            Some(Ok(applied)) => {
                self.applied(which, &applied, replies);
                return Ok(());
            }
            Some(Err(error)) if Kind::of(&error) == Kind::Referred => {
                match self.written_and_deleted(session, which).await {
                    Ok(applied) => {
                        self.applied(which, &applied, replies);
                        return Ok(());
                    }
                    Err(error) if error.kind().may_be_of_a_row() => {}
                    Err(error) => return Err(error),
                }
            }
            Some(Err(error)) if Kind::of(&error).may_be_of_a_row() => {}
            Some(Err(error)) => return Err(error.into()),
        }
        self.one_by_one(session, which, replies).await
    }

    /// Those that fitted.
    fn applied(&self, which: &[usize], applied: &HashSet<JobId>, replies: &mut [Option<Reply>]) {
        for n in which.iter().filter(|n| applied.contains(&self.changes[**n].id)) {
            replies[*n] = Some(Reply::Applied);
        }
    }

    /// Applies these in one transaction, in which the rows that an application's refers to stay.
    async fn written_and_deleted(
        &self,
        session: &mut Session<'_>,
        which: &[usize],
    ) -> Result<HashSet<JobId>, CallError> {
        let changes = which.iter().map(|n| (&self.changes[*n], &self.changes[*n].next)).collect();
        session.begin().await?;
        let applied = set(session, changes, Then::Delete).await;
        session.end(applied).await
    }

    /// Applies each of these alone. If one cannot be applied, the others are all the same; where nothing can, it is no
    /// matter of a row.
    async fn one_by_one(
        &self,
        session: &mut Session<'_>,
        which: &[usize],
        replies: &mut [Option<Reply>],
    ) -> Result<(), CallError> {
        let (mut failed, mut failures, mut done) = (None, 0, false);
        for n in which {
            match alone(session, &self.changes[*n]).await {
                Ok(reply) => {
                    replies[*n] = reply;
                    done = true;
                }
                Err(error) if error.kind().is_of_a_row() => failed = Some(error),
                Err(error) if error.kind().may_be_of_a_row() && (done || failures < ODD) => {
                    failures += 1;
                    failed = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Replies for the changes that did not fit. Their guards, once false, stay false: a look at the rows afterwards is as
    /// good as one at that moment.
    pub(crate) async fn judge_others(
        &self,
        session: &mut Session<'_>,
        replies: &mut [Option<Reply>],
    ) -> Result<(), CallError> {
        let open: HashSet<JobId> = self
            .changes
            .iter()
            .zip(replies.iter())
            .filter(|(_, reply)| reply.is_none())
            .map(|(change, _)| change.id)
            .collect();
        if open.is_empty() {
            return Ok(());
        }
        let mut states = HashMap::new();
        for row in by_id(session, open).await? {
            let state = match row.job {
                Ok(job) => Some(job.state),
                Err(unreadable) => unreadable.state.map(|it| it.1),
            };
            states.insert(row.id, state);
        }
        for (change, reply) in self.changes.iter().zip(replies).filter(|(_, reply)| reply.is_none()) {
            *reply = Some(match states.get(&change.id) {
                // By an earlier try of this call, as far as anybody can know.
                None if session.again && change.then == Then::Delete => Reply::AlreadyApplied,
                None => Reply::Gone,
                Some(None) => Reply::Stale,
                Some(Some(state)) => change.late_reply(state),
            });
        }
        Ok(())
    }
}

/// Applies one change, waiting for a lock only briefly; `None` if it did not fit.
async fn alone(session: &mut Session<'_>, change: &Change) -> Result<Option<Reply>, CallError> {
    for _ in 0..TRIES {
        let error = match briefly(session, change, &change.next).await {
            Ok(applied) => return Ok(applied.then_some(Reply::Applied)),
            Err(error) => error,
        };
        match error.kind() {
            Kind::Conflict | Kind::Locked => return Ok(Some(Reply::Busy)),
            Kind::Key if violated(&error) == Some("job_held") => {}
            _ => return Err(error),
        }
        let Some(holder) = holder(session, change).await? else { continue };
        let Some(superseded) = change.if_taken.superseded_by(holder) else {
            return Ok(Some(Reply::KeyTaken { holder }));
        };
        return match briefly(session, change, &superseded).await {
            Ok(applied) => Ok(applied.then_some(Reply::Superseded { by: holder })),
            Err(error) if matches!(error.kind(), Kind::Conflict | Kind::Locked) => Ok(Some(Reply::Busy)),
            Err(error) => Err(error),
        };
    }
    Err(StoreError::Unavailable("a unique key keeps changing hands".into()).into())
}

/// Writes `next`, and deletes the row if the change says so and `next` is what it asked for: then the key was free.
async fn briefly(session: &mut Session<'_>, change: &Change, next: &JobState) -> Result<bool, CallError> {
    let then = if *next == change.next { change.then } else { Then::Keep };
    session.begin_briefly().await?;
    let applied = set(session, vec![(change, next)], then).await;
    Ok(session.end(applied).await?.contains(&change.id))
}

/// Writes each state that fits, and then deletes the row if it is to go and no row of the application refers to it. Gives
/// those that fitted.
async fn set(
    session: &mut Session<'_>,
    pairs: Vec<(&Change, &JobState)>,
    then: Then,
) -> QueryResult<HashSet<JobId>> {
    let applied = Changes::keeping(pairs).set(session).await?;
    if then == Then::Delete && !applied.is_empty() {
        delete_unless_referred_to(session, applied.iter().copied()).await?;
    }
    Ok(applied)
}

/// Another job that holds the key which the change takes back.
async fn holder(session: &mut Session<'_>, change: &Change) -> Result<Option<JobId>, CallError> {
    let row = by_id(session, [change.id]).await?.pop();
    let type_name = row.and_then(|it| it.job.ok()).map(|it| it.spec.type_name);
    let (Some(type_name), Some(key)) = (type_name, change.next.held_key()) else { return Ok(None) };
    let holders = holders_of(session, [(type_name.as_str(), key.as_str())]).await?;
    Ok(holders.into_iter().map(|it| it.id).find(|id| *id != change.id))
}
