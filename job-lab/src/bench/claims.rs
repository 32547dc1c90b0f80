//! The workload `claim`: how long a claim takes on average while a queue is drained, settling not counted.

use super::store_drain::{claim, completing};
use job_core::{BoxError, Reply, Then, store::JobStore};
use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

/// How many jobs a claim takes. Few, so that what is in its way weighs most.
const LIMIT: NonZeroU32 = NonZeroU32::new(10).expect("not zero");

/// Drains, and gives the mean time of the claims that found something, in milliseconds.
///
/// # Errors
///
/// If the store fails, or loses a job.
pub(super) async fn mean(store: &dyn JobStore) -> Result<f64, BoxError> {
    let claim = claim(LIMIT)?;
    let now = store.now().await?;
    let (mut took, mut claims) = (Duration::ZERO, 0_u32);
    loop {
        let begun = Instant::now();
        let claimed = store.claim(&claim).await?;
        if claimed.is_empty() {
            return Ok(took.as_secs_f64() * 1000.0 / f64::from(claims.max(1)));
        }
        took += begun.elapsed();
        claims += 1;
        let completing = |job| completing(job, claim.by, Then::Keep, now);
        let changes: Vec<_> = claimed.jobs.iter().map(completing).collect::<Result<_, _>>()?;
        if store.apply(&changes).await?.iter().any(|it| *it != Reply::Applied) {
            return Err("a job was lost although nobody else drains".into());
        }
    }
}
