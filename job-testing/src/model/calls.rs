//! The calls, each made on the store and on the model.

use super::{
    agree::{SideBySide, answered, readable, same},
    history::some,
    op::{Insertion, NotePlan},
    pool,
};
use job_core::{
    Change, Job, JobId, NewJob, Note, NoteFilter, Noted, Turn,
    store::{Claim, Claimed, Deletion, Filter, Held, LockRequest, Order, Page},
};
use proptest::test_runner::TestCaseError;
use std::time::Duration;

type Agreed = Result<(), TestCaseError>;

impl SideBySide<'_> {
    /// Jobs whose ids the store mints, each greater than all before.
    pub(super) fn new_jobs(&mut self, plans: &[Insertion]) -> Result<Vec<NewJob>, TestCaseError> {
        let mut minted: Vec<JobId> = self.history.minted.into_iter().collect();
        let jobs = self.history.new_jobs(plans, &self.model, || {
            minted.push(self.opened.store.mint());
            minted[minted.len() - 1]
        });
        same("minted ids grow", &minted.is_sorted_by(|a, b| a < b), &true)?;
        self.history.minted = minted.pop();
        Ok(jobs)
    }

    pub(super) async fn insert(&mut self, jobs: &[NewJob]) -> Agreed {
        let inserted = answered("insert", self.store().insert(jobs, self.history.clock()).await)?;
        let expected: Vec<_> = jobs.iter().map(|it| self.model.insert(it, self.history.now)).collect();
        same("insert", &inserted, &expected)
    }

    pub(super) async fn claim(&mut self, claim: &Claim) -> Agreed {
        let started = started(answered("claim", self.store().claim(claim).await)?)?;
        same("claim", &started, &self.model.claim(claim, &[], self.history.now))
    }

    pub(super) async fn apply(&mut self, changes: &[Change]) -> Agreed {
        let replies = answered("apply", self.store().apply(changes).await)?;
        same("apply", &replies, &self.model.apply(changes))
    }

    /// A store may leave the jobs whose turns the changes end to the next claim; then the model does, too.
    pub(super) async fn exchange(&mut self, changes: &[Change], claim: &Claim) -> Agreed {
        let running = |it: &Change| self.model.get(it.id)?.state.running_key().cloned();
        let turns: Vec<Turn> = changes.iter().filter_map(running).collect();
        let (replies, claimed) = answered("exchange", self.store().exchange(changes, claim).await)?;
        same("exchange: replies", &replies, &self.model.apply(changes))?;
        let started = started(claimed)?;
        let mut leaving = self.model.clone();
        let expected = self.model.claim(claim, &[], self.history.now);
        if started != expected && leaving.claim(claim, &turns, self.history.now) == started {
            self.model = leaving;
            return Ok(());
        }
        same("exchange: claimed", &started, &expected)
    }

    pub(super) async fn renew(&mut self, held: &[Held], lease: u8) -> Agreed {
        let lease = Duration::from_micros(lease.into());
        let renewed = answered("renew", self.store().renew(held, lease, self.history.clock()).await)?;
        let expected: Vec<_> = held.iter().map(|it| self.model.renew(it, lease, self.history.now)).collect();
        same("renew", &renewed, &expected)
    }

    /// Page by page.
    pub(super) async fn lapsed(&mut self, limit: u8) -> Agreed {
        let mut after = None;
        loop {
            let lapsed = self.store().lapsed(after, some(limit), self.history.clock()).await;
            let lapsed = answered("lapsed", lapsed)?;
            same("lapsed", &lapsed, &self.model.lapsed(after, limit.into(), self.history.now))?;
            match lapsed.last() {
                Some(job) => after = Some(job.id),
                None => return Ok(()),
            }
        }
    }

    /// Page by page.
    pub(super) async fn list(&mut self, filter: &Filter, order: u8, limit: u8) -> Agreed {
        let order = [Order::Newest, Order::Oldest, Order::Claim][usize::from(order % 3)];
        let mut page = Page::first(order, some(limit));
        loop {
            let listed = answered("list", self.store().list(filter, &page).await)?;
            let answer = (readable(listed.rows)?, listed.next);
            same("list", &answer, &self.model.list(filter, &page))?;
            match answer.1 {
                Some(next) => page.after = Some(next),
                None => return Ok(()),
            }
        }
    }

    pub(super) async fn count(&mut self, filter: &Filter, cap: u64) -> Agreed {
        let counted = answered("count", self.store().count(filter, cap).await)?;
        same("count", &counted, &self.model.count(filter, cap))
    }

    pub(super) async fn delete(&mut self, what: &Deletion) -> Agreed {
        let deleted = answered("delete", self.store().delete(what).await)?;
        same("delete", &deleted, &self.model.delete(what))
    }

    pub(super) async fn lock(&mut self, request: &LockRequest) -> Agreed {
        let lock = answered("lock", self.store().lock(request).await)?;
        same("lock", &lock, &self.model.lock(request, self.history.now))
    }

    pub(super) async fn set(&mut self, which: u8, on: bool) -> Agreed {
        let switch = pool::switch(which);
        answered("set", self.opened.switches.set(&switch, on).await)?;
        self.model.set(&switch, on);
        Ok(())
    }

    pub(super) async fn append(&mut self, notes: &[Note]) -> Agreed {
        answered("append", self.opened.notes.append(notes).await)?;
        self.model.append(notes);
        Ok(())
    }

    /// A part of the notes, which were compared as a whole after the op before.
    pub(super) async fn read_notes(
        &mut self,
        about: Option<&NotePlan>,
        kind: Option<u8>,
        below: Option<usize>,
        limit: u8,
    ) -> Agreed {
        let all = self.notes.all();
        let filter = NoteFilter {
            about: about.map(|it| self.history.about(it)),
            kind: kind.map(pool::kind),
            below: below.and_then(|n| all.get(n)).map(|it| it.number),
        };
        let fits = |it: &&Noted| {
            filter.about.as_ref().is_none_or(|about| it.note.about == *about)
                && filter.kind.is_none_or(|kind| it.note.kind == kind)
                && filter.below.is_none_or(|below| it.number < below)
        };
        let expected: Vec<_> = all.iter().filter(fits).take(limit.into()).cloned().collect();
        let noted = answered("notes", self.opened.notes.notes(&filter, some(limit)).await)?;
        same("notes", &noted, &expected)
    }
}

/// The started jobs, all of which are readable.
fn started(claimed: Claimed) -> Result<Vec<Job>, TestCaseError> {
    readable(claimed.jobs.into_iter().map(Ok).chain(claimed.unreadable.into_iter().map(Err)).collect())
}
