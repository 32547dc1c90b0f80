//! Settling and claiming in one statement: one round trip and one commit where there were two.

use crate::{
    call::Call,
    change::{Changes, apply::Apply},
    claim::{
        Claim, add,
        look::{Look, Looked},
        release,
    },
    connection::session::Session,
    error::CallError,
    statement::{Read, Statement, fields::Fields, row::JobRow},
};
use diesel::{QueryResult, pg::Pg, row::Row};
use job_core::{
    JobId, JobStatus, QueueName, Reply, Then,
    store::{self, Claimed},
};
use std::{
    collections::{BTreeSet, HashSet},
    time::Instant,
};

/// Applies changes, then claims.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) apply: Apply,
    pub(crate) claim: Claim,
}

impl Call for Exchange {
    type Answer = (Vec<Reply>, Claimed);
    const REPEATS: bool = false;
    const TAKES_BACK: bool = true;

    async fn run(&self, session: &mut Session<'_>) -> Result<Self::Answer, CallError> {
        let mut replies = self.apply.replies();
        if self.fuses() {
            // Rows that stay and rows that go take a statement each; the claim is part of the last.
            let goes = |n: &usize| self.apply.changes[*n].then == Then::Delete;
            let (gone, kept): (Vec<usize>, Vec<usize>) = (0..replies.len()).partition(goes);
            let last = if kept.is_empty() { &gone } else { &kept };
            if !kept.is_empty() {
                self.apply.some(session, &gone, &mut replies).await?;
            }
            match self.fused(session, last, replies.clone()).await {
                // Two claims met over a turn, a row was locked or may not go. Nothing was settled, so that comes first now.
                Err(error) if error.kind().may_be_of_a_row() => {}
                result => return result,
            }
        }
        let replies = self.apply.settle(session, replies).await?;
        Ok((replies, self.claim.run(session).await?))
    }

    fn rings(&self, (replies, _): &Self::Answer) -> BTreeSet<QueueName> {
        self.apply.rings(replies)
    }

    /// What was settled stays settled.
    async fn take_back(
        &self,
        (_, claimed): Self::Answer,
        session: &mut Session<'_>,
    ) -> Result<(), CallError> {
        release(&self.claim.claim, &claimed, session).await
    }
}

impl Exchange {
    /// The claim sees the rows as they were before the changes, so none of these may make a job claimable but for its turn.
    fn fuses(&self) -> bool {
        let mut ids = HashSet::new();
        let ends = |it: &job_core::Change| !it.takes_key && it.next.status() != JobStatus::Waiting;
        let changes = &self.apply.changes;
        !changes.is_empty()
            && !self.claim.claim.types.is_empty()
            && changes.iter().all(|it| ends(it) && ids.insert(it.id))
    }

    /// Settles the last of the changes and claims.
    async fn fused(
        &self,
        session: &mut Session<'_>,
        last: &[usize],
        mut replies: Vec<Option<Reply>>,
    ) -> Result<(Vec<Reply>, Claimed), CallError> {
        let changes = last.iter().map(|n| &self.apply.changes[*n]);
        let changes = Changes::new(changes.map(|it| (it, &it.next)).collect());
        let wanted = i64::from(self.claim.claim.limit.get());
        let look = self.claim.looks.next(&self.claim.claim);
        let begun = Instant::now();
        let (applying, mut binds) = changes.applying(session.texts);
        binds.extend(self.claim.binds(wanted, true, look));
        let text = match look {
            Look::Walk(_) => &applying.exchange,
            Look::Scattered(_) => &applying.exchange_scattered,
        };
        let statement = Statement::new(text, binds);
        let rows = statement.read(session.conn, &Exchanges(&self.claim.claim)).await?;

        let (mut applied, mut started) = (HashSet::new(), Vec::new());
        for row in rows {
            match row {
                Exchanged::Applied(ids) => applied.extend(ids),
                Exchanged::Started(row) => started.push(*row),
            }
        }
        for n in last.iter().filter(|n| applied.contains(&self.apply.changes[**n].id)) {
            replies[*n] = Some(Reply::Applied);
        }
        let looked = Looked { look, begun, took: begun.elapsed() };
        let mut claimed = Claimed::default();
        let more = self.claim.has_more(&claimed, &started, looked);
        add(&mut claimed, started);
        claimed.jobs.sort_by_key(job_core::Job::place);
        // Jobs were started, so from here on nothing may fail: a change that could not be looked at is to be sent again.
        let settled = self.apply.judge_others(session, &mut replies).await;
        let replies: Vec<Reply> = replies.into_iter().map(|it| it.unwrap_or(Reply::Busy)).collect();
        if more && settled.is_ok() {
            claimed = self.claim.go_on(session, claimed).await?;
        } else if settled.is_ok() {
            self.claim.wait_for_room_left(session, &mut claimed).await?;
        }
        Ok((replies, claimed))
    }
}

/// A row of the answer.
enum Exchanged {
    Applied(Vec<JobId>),
    Started(Box<JobRow>),
}

/// Reads rows of the answer, of an exchange with this claim.
struct Exchanges<'c>(&'c store::Claim);

impl Read for Exchanges<'_> {
    type Item = Exchanged;

    fn read<'a>(&self, row: &impl Row<'a, Pg>) -> QueryResult<Exchanged> {
        let mut fields = Fields::of(row);
        Ok(match fields.job_ids() {
            Some(ids) => Exchanged::Applied(ids),
            None => Exchanged::Started(Box::new(JobRow::read_started(&mut fields, self.0))),
        })
    }
}

/// `text` with its `$n` moved on by `by`.
pub(crate) fn shifted(text: &str, by: u32) -> String {
    let mut parts = text.split('$');
    let mut moved = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        let number = part[..end].parse::<u32>().unwrap_or_default() + by;
        moved.push_str(&format!("${number}{}", &part[end..]));
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_move_on_together() {
        assert_eq!(shifted("$1 + $2::text, $11", 21), "$22 + $23::text, $32");
    }
}
