//! Everything comfortable about a store, made of its eleven methods.

use super::{Counted, Filter, JobStore, OperateError, Operation, Order, Page, StoreError};
use crate::{ActorId, Clock, IdPrefix, Job, JobId, Timestamp};
use async_trait::async_trait;
use std::num::NonZeroU32;

/// What is comfortable about a store: one job by its id, a search, an operation. Implemented for every [`JobStore`].
#[async_trait]
pub trait JobStoreExt: JobStore {
    /// The job, or `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`StoreError`], and [`StoreError::Corrupt`] if its row cannot be read.
    async fn get(&self, id: JobId) -> Result<Option<Job>, StoreError> {
        Ok(self.find(&Filter::ids([id]), NonZeroU32::MIN).await?.pop())
    }

    /// The jobs whose ids begin with `prefix`, at most two: more than one means that it is ambiguous.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    async fn get_by_prefix(&self, prefix: &IdPrefix) -> Result<Vec<Job>, StoreError> {
        let filter = Filter { id_range: Some(prefix.range()), ..Filter::default() };
        self.find(&filter, NonZeroU32::MIN.saturating_add(1)).await
    }

    /// The newest jobs that fit, at most `limit`.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    async fn find(&self, filter: &Filter, limit: NonZeroU32) -> Result<Vec<Job>, StoreError> {
        let listed = self.list(filter, &Page::first(Order::Newest, limit)).await?;
        let corrupt = |it: super::Unreadable| StoreError::Corrupt { id: it.id, source: it.source };
        listed.rows.into_iter().map(|row| row.map_err(corrupt)).collect()
    }

    /// Whether any job fits.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    async fn any(&self, filter: &Filter) -> Result<bool, StoreError> {
        Ok(self.count(filter, 1).await? != Counted { jobs: 0, at_least: false })
    }

    /// The time by `clock`.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    async fn time(&self, clock: Clock) -> Result<Timestamp, StoreError> {
        match clock {
            Clock::Store => self.now().await,
            Clock::At(at) => Ok(at),
        }
    }

    /// Does `operation` to the job: reads it, takes the pure verb, applies the change, and if somebody was
    /// faster reads it again, a few times. Gives the job as it is now.
    ///
    /// # Errors
    ///
    /// [`OperateError`], named by why the job is not where the operation wanted it.
    async fn operate(
        &self,
        id: JobId,
        operation: Operation,
        by: ActorId,
        clock: Clock,
    ) -> Result<Job, OperateError> {
        operation.run(self, id, by, clock).await
    }
}

impl<S: JobStore + ?Sized> JobStoreExt for S {}
