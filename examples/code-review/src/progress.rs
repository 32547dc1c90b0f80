//! How far the demo is: a bar on a terminal; elsewhere only what it waits for.

use crate::{Database, proposals};
use indicatif::{ProgressBar, ProgressStyle};
use job_core::BoxError;
use std::{convert::Infallible, time::Duration};
use tokio::time::sleep;

/// How often the bar moves.
const STEP: Duration = Duration::from_millis(100);

/// The progress of the jobs of some proposals, until it is dropped.
pub(crate) struct Progress {
    bar: ProgressBar,
    proposals: Vec<i64>,
}

impl Progress {
    /// Nothing done yet.
    pub(crate) fn new(proposals: Vec<i64>) -> Result<Self, BoxError> {
        let style = ProgressStyle::with_template("{bar:40} {pos} of {len} jobs  {elapsed}")?;
        let bar = ProgressBar::new(2 * proposals.len() as u64).with_style(style);
        Ok(Self { bar, proposals })
    }

    /// Whose jobs these are.
    pub(crate) fn proposals(&self) -> &[i64] {
        &self.proposals
    }

    /// A line above the bar.
    pub(crate) fn say(&self, text: &str) {
        self.bar.suspend(|| eprintln!("{text}"));
    }

    /// Moves the bar to where the database says it is, again and again.
    pub(crate) async fn follow(&self, database: &Database) -> Result<Infallible, BoxError> {
        loop {
            sleep(STEP).await;
            if !self.bar.is_hidden() {
                let ids = self.proposals.clone();
                let done = database.with(move |conn| proposals::done(conn, &ids)).await?;
                self.bar.set_position(done.unsigned_abs());
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
