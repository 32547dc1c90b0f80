//! The workload `enqueue`: jobs go in through their job source, each call durable before the next.

use super::no_op::{NoOp, UniqueNoOp};
use job_core::{BoxError, JobSource, Options, store::JobStore};
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
}

impl Enqueue {
    /// Enqueues `jobs` jobs.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub(super) async fn run(self, store: Arc<dyn JobStore>, jobs: u32) -> Result<(), BoxError> {
        match self {
            Self::Callers(callers) => callers_at_once(&JobSource::new(store), callers, jobs).await,
            Self::Bulk(batch) => bulk(&JobSource::new(store), batch, jobs).await,
            Self::Unique => unique(&JobSource::new(store), jobs).await,
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
