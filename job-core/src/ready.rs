//! A walk over the jobs that are ready, in the order in which claims would start them.

use crate::{
    Job, JobId, SourceError, Timestamp, Turn, TypeName, TypedJob,
    store::{Cursor, Filter, JobStore, Order, Page, Unreadable},
};
use serde::de::DeserializeOwned;
use std::{
    collections::{HashSet, VecDeque},
    marker::PhantomData,
    num::NonZeroU32,
    sync::Arc,
};

/// How many rows are read at a time.
const PAGE: NonZeroU32 = NonZeroU32::new(256).expect("not zero");

/// A walk over the ready jobs of one type, page by page.
///
/// It shows the state of each page as it is read; a job that is started, moved or deleted meanwhile may be
/// missing, and none comes twice.
#[derive(Debug)]
pub struct Ready<J> {
    store: Arc<dyn JobStore>,
    filter: Filter,
    rows: VecDeque<Result<Job, Unreadable>>,
    after: Option<Cursor>,
    ended: bool,
    seen: HashSet<JobId>,
    turns: HashSet<Turn>,
    jobs: PhantomData<fn() -> J>,
}

impl<J> Ready<J> {
    pub(crate) fn new(store: Arc<dyn JobStore>, type_name: TypeName, now: Timestamp) -> Self {
        let filter = Filter { types: Some(vec![type_name]), ready_at: Some(now), ..Filter::default() };
        Self {
            store,
            filter,
            rows: VecDeque::new(),
            after: None,
            ended: false,
            seen: HashSet::new(),
            turns: HashSet::new(),
            jobs: PhantomData,
        }
    }
}

impl<J: DeserializeOwned> Ready<J> {
    /// The next job, or `None` at the end. An unreadable row is an `Err`, and the walk goes on behind it; after
    /// [`SourceError::Store`] it may be tried again.
    pub async fn next(&mut self) -> Option<Result<TypedJob<J>, SourceError>> {
        loop {
            while let Some(row) = self.rows.pop_front() {
                let job = match row {
                    Ok(job) => job,
                    Err(unreadable) if self.seen.insert(unreadable.id) => {
                        return Some(Err(unreadable.into()));
                    }
                    Err(_) => continue,
                };
                let first_of_turn = job.spec.turn.as_ref().is_none_or(|it| self.turns.insert(it.clone()));
                if !self.seen.insert(job.id) || !first_of_turn {
                    continue;
                }
                let id = job.id;
                return Some(match job.spec.args.decode() {
                    Ok(args) => Ok(TypedJob { args, job }),
                    Err(source) => Err(SourceError::Undecodable { id, source }),
                });
            }
            if self.ended {
                return None;
            }
            let page = Page { order: Order::Claim, limit: PAGE, after: self.after.clone() };
            match self.store.list(&self.filter, &page).await {
                Err(error) => return Some(Err(error.into())),
                Ok(listed) => {
                    self.ended = listed.next.is_none();
                    self.after = listed.next;
                    self.rows = listed.rows.into();
                }
            }
        }
    }
}
