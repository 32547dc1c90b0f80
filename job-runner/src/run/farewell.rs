//! How a run ends: with its hooks, its heart, its reports, and the record of it.

use crate::{RunReport, attempt::aftermath::Aftermath, lease::heart_thread::Beating, run::Run};
use job_core::{Note, RunNote, Text, Timestamp};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tracing::{debug, error, warn};

/// How long hooks have for what is left, and reporters after them, once the run was told to stop.
const LAST_WORDS: Duration = Duration::from_secs(4);

impl<C: Clone + Send + Sync + 'static> Run<C> {
    /// Waits for the calls of hooks that are on their way, and leaves the section's hooks.
    pub(crate) async fn leave(&self, aftermath: &mut Aftermath<C>) {
        let left = async {
            self.hooks.finish().await;
            aftermath.run.zombies = self.zombies();
            self.hooks.leave(&aftermath.run).await;
        };
        if !self.in_time(left).await {
            error!("Hooks did not keep up: some of their calls were not made, or not answered.");
        }
    }

    /// Stops the handlers that are left, and the heart.
    pub(crate) async fn wind_up(&self, beating: Beating) {
        self.attempts.stop();
        beating.stop(self.last_patience()).await;
    }

    /// How long each of the last things may take that the store does when nothing runs any more.
    pub(crate) fn last_patience(&self) -> Duration {
        if self.setup.release.is_cancelled() {
            Duration::from_millis(200)
        } else if self.setup.stop.is_cancelled() {
            Duration::from_secs(1)
        } else {
            self.settings().lease
        }
    }

    /// Waits for the reports that are on their way, counts what is left, and logs it all. Keeps the record of the run
    /// since `started`, unless it broke.
    pub(crate) async fn end<T, E>(
        &self,
        aftermath: Aftermath<C>,
        started: Timestamp,
        worked: Result<T, E>,
    ) -> (RunReport, Result<T, E>) {
        let mut report = aftermath.run;
        if !self.in_time(self.reports.finish()).await {
            error!("Reporters did not keep up: some failures are only in the log and in the store.");
        }
        report.zombies = self.zombies();
        self.metrics.stand(0, 0, 0, self.attempts.zombies().len());
        report.log();
        if worked.is_ok() {
            self.keep_note(started, &report).await;
        }
        (report, worked)
    }

    /// Waits for `last`, which is up to others: as long as it takes, or for a little if the run was told to stop, so that
    /// it ends soon after its grace. Whether it was done.
    async fn in_time(&self, last: impl Future<Output = ()>) -> bool {
        let then = self.clock.instant() + LAST_WORDS;
        self.pulse.pump_turns(then);
        self.pulse.heart_turns(then);
        let stopped = async {
            self.setup.stop.cancelled().await;
            sleep(LAST_WORDS).await;
        };
        let released = async {
            self.setup.release.cancelled().await;
            sleep(self.last_patience()).await;
        };
        tokio::select! {
            biased;
            () = last => true,
            () = stopped => false,
            () = released => false,
        }
    }

    fn zombies(&self) -> u64 {
        u64::try_from(self.attempts.zombies().len()).unwrap_or(u64::MAX)
    }

    async fn keep_note(&self, started: Timestamp, report: &RunReport) {
        let section = self.settings().name.clone();
        let body = RunNote {
            host: Text::new(crate::host::host()),
            started,
            finished: self.clock.now(),
            completed: report.completed.clone(),
            incomplete: report.incomplete.clone(),
        };
        let note = Note::run(section.clone(), &body);
        let kept = match timeout(self.last_patience(), self.setup.opened.notes.append(&[note])).await {
            Ok(kept) => kept.map_err(|it| it.to_string()),
            Err(_) => Err("the job store does not answer".to_owned()),
        };
        if let Err(problem) = kept {
            warn!(section.name = %section, "The record of this run of {section} could not be kept: {problem}");
        }
        debug!(section.name = %section, "Section {section} ran.");
    }
}
