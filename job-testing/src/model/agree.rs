//! A store beside the model: each operation is sent to both, and then everything is compared.

use super::{
    history::{ALL, History},
    notes::NotesSeen,
    op::Op,
    table::Model,
};
use crate::factory;
use job_core::{
    Job, Text,
    store::{Filter, JobStore, Opened, Order, Page, StoreError},
};
use proptest::test_runner::TestCaseError;
use std::fmt::Debug;

/// Sends `ops` to the empty store and to a model, and compares every answer, and after each op all that is kept.
///
/// # Errors
///
/// [`TestCaseError::Fail`] with the first difference, or with the error if the store broke.
pub async fn agree(store: &Opened, ops: &[Op]) -> Result<(), TestCaseError> {
    let mut both = SideBySide::new(store);
    for op in ops {
        both.step(op).await?;
        both.compare().await?;
    }
    Ok(())
}

/// A store, its model, and what the actors know.
#[derive(Debug)]
pub(super) struct SideBySide<'a> {
    pub(super) opened: &'a Opened,
    pub(super) model: Model,
    pub(super) history: History,
    pub(super) notes: NotesSeen,
}

impl<'a> SideBySide<'a> {
    fn new(opened: &'a Opened) -> Self {
        Self { opened, model: Model::default(), history: History::new(), notes: NotesSeen::default() }
    }

    pub(super) fn store(&self) -> &'a dyn JobStore {
        &*self.opened.store
    }

    async fn step(&mut self, op: &Op) -> Result<(), TestCaseError> {
        match op {
            Op::Tick(micros) => {
                self.history.now = self.history.after(*micros);
                Ok(())
            }
            Op::Look(hand) => {
                self.history.look(*hand, &self.model);
                Ok(())
            }
            Op::Insert(plans) => {
                let jobs = self.new_jobs(plans)?;
                self.history.inserts.push(jobs.clone());
                self.insert(&jobs).await
            }
            Op::InsertAgain(n) => self.insert(&self.history.inserted_before(*n)).await,
            Op::Claim(plan) => self.claim(&self.history.claim(plan)).await,
            Op::Act { hand, by, deeds } => {
                let changes = self.history.changes(*hand, factory::actor((*by).into()), deeds);
                self.history.sent.push(changes.clone());
                self.apply(&changes).await
            }
            Op::ActAgain(n) => self.apply(&self.history.changed_before(*n)).await,
            Op::Exchange { hand, deeds, claim } => {
                let claim = self.history.claim(claim);
                let changes = self.history.settlements(*hand, claim.by, deeds);
                self.exchange(&changes, &claim).await
            }
            Op::Renew { hand, jobs, lease, progress } => {
                self.renew(&self.history.held(*hand, jobs, *progress), *lease).await
            }
            Op::Lapsed(limit) => self.lapsed(*limit).await,
            Op::List { filter, order, limit } => {
                self.list(&self.history.filter(filter), *order, *limit).await
            }
            Op::Count { filter, cap } => self.count(&self.history.filter(filter), (*cap).into()).await,
            Op::Delete(jobs) => self.delete(&self.history.deletion(jobs)).await,
            Op::Prune(plan) => self.delete(&self.history.prune(plan)).await,
            Op::Lock { name, by, lease } => self.lock(&self.history.lock(*name, *by, *lease)).await,
            Op::Switch { which, on } => self.set(*which, *on).await,
            Op::Append(plans) => {
                let notes: Vec<_> = plans.iter().map(|it| self.history.note(it)).collect();
                self.append(&notes).await
            }
            Op::Notes { about, kind, below, limit } => {
                self.read_notes(about.as_ref(), *kind, *below, *limit).await
            }
        }
    }

    /// Compares all that is kept.
    async fn compare(&mut self) -> Result<(), TestCaseError> {
        let page = Page::first(Order::Oldest, ALL);
        let listed = answered("list", self.store().list(&Filter::default(), &page).await)?;
        let stored = readable(listed.rows)?;
        let (expected, _) = self.model.list(&Filter::default(), &page);
        same("all jobs", &stored, &expected)?;
        let fresh: Vec<_> =
            stored.iter().map(|it| it.id).filter(|it| !self.history.ids.contains(it)).collect();
        self.history.ids.extend(fresh);
        let lapsed = self.store().lapsed(None, ALL, self.history.clock()).await;
        same(
            "all lapsed",
            &answered("lapsed", lapsed)?,
            &self.model.lapsed(None, usize::MAX, self.history.now),
        )?;
        let switches = answered("switches", self.opened.switches.switches().await)?;
        same("switches", &switches, &self.model.switches)?;
        self.notes.agree(&*self.opened.notes, &self.model).await
    }
}

/// The answer of a store that did not break.
pub(super) fn answered<T>(call: &str, answer: Result<T, StoreError>) -> Result<T, TestCaseError> {
    answer
        .map_err(|error| TestCaseError::fail(format!("{call}: the store broke: {}", Text::of_error(&error))))
}

/// Rows of which each is readable.
pub(super) fn readable<E: Debug>(rows: Vec<Result<Job, E>>) -> Result<Vec<Job>, TestCaseError> {
    let row =
        |row: Result<Job, E>| row.map_err(|error| TestCaseError::fail(format!("unreadable: {error:?}")));
    rows.into_iter().map(row).collect()
}

/// The store and the model say the same.
pub(super) fn same<T: PartialEq + Debug>(what: &str, store: &T, model: &T) -> Result<(), TestCaseError> {
    if store == model {
        return Ok(());
    }
    Err(TestCaseError::fail(format!("{what}: the store says\n{store:#?}\nand the model\n{model:#?}")))
}
