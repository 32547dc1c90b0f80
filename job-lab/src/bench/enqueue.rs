//! The workload `enqueue`: jobs go in through their job source, each call durable before the next.

use super::{
    kind::Site,
    no_op::{NoOp, UniqueNoOp},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use job_core::{BoxError, JobSource, Options, store::JobStore};
use job_store_pg::Jobs;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Who enqueues, and how.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Enqueue {
    /// So many callers at once, each of which creates one job after the other.
    Callers(u32),
    /// One caller that creates so many in a call.
    Bulk(u32),
    /// One caller that acquires one job after the other, each with a unique key of its own.
    Unique,
    /// One caller that creates each in a transaction of its own, on its own connection.
    InTransaction,
}

impl Enqueue {
    /// How many jobs are in a call.
    pub(super) const fn batch(self) -> u32 {
        match self {
            Self::Bulk(batch) => batch,
            Self::Callers(_) | Self::Unique | Self::InTransaction => 1,
        }
    }

    /// Enqueues `jobs` jobs in `store`, which is at `site`.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub(super) async fn run(self, store: Arc<dyn JobStore>, site: &Site, jobs: u32) -> Result<(), BoxError> {
        match self {
            Self::Callers(callers) => callers_at_once(&JobSource::new(store), callers, jobs).await,
            Self::Bulk(batch) => bulk(&JobSource::new(store), batch, jobs).await,
            Self::Unique => unique(&JobSource::new(store), jobs).await,
            Self::InTransaction => in_transactions(site, jobs).await,
        }
    }
}

async fn callers_at_once(source: &JobSource<NoOp>, callers: u32, jobs: u32) -> Result<(), BoxError> {
    let mut calling = JoinSet::new();
    for caller in 0..callers {
        let source = source.clone();
        calling.spawn(async move {
            for number in (caller..jobs).step_by(callers as usize) {
                source.create(&NoOp { number }).await?;
            }
            Ok::<_, BoxError>(())
        });
    }
    while let Some(ended) = calling.join_next().await {
        ended??;
    }
    Ok(())
}

async fn bulk(source: &JobSource<NoOp>, batch: u32, jobs: u32) -> Result<(), BoxError> {
    let mut number = 0;
    while number < jobs {
        let end = jobs.min(number + batch);
        let new: Vec<NoOp> = (number..end).map(|number| NoOp { number }).collect();
        source.create_many(&new, &Options::default()).await?;
        number = end;
    }
    Ok(())
}

async fn unique(source: &JobSource<UniqueNoOp>, jobs: u32) -> Result<(), BoxError> {
    for number in 0..jobs {
        source.acquire(&UniqueNoOp { number }).await?;
    }
    Ok(())
}

async fn in_transactions(site: &Site, jobs: u32) -> Result<(), BoxError> {
    let room = site.room()?;
    let schema = Jobs::in_schema(&room.schema)?;
    let mut conn = AsyncPgConnection::establish(&room.url).await?;
    for number in 0..jobs {
        conn.batch_execute("BEGIN").await?;
        schema.create_on(&mut conn, &NoOp { number }, &Options::default()).await?;
        conn.batch_execute("COMMIT").await?;
    }
    Ok(())
}
