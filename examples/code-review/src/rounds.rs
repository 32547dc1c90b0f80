//! The script again and again, until none of the proposals' jobs is left to do.

use crate::{Database, GenerateDiff, ProposalHeat, proposal_jobs};
use job_core::{
    BoxError, Job, JobStatus, TypeName,
    store::{Filter, JobStoreExt, Opened, Switch},
};
use job_runner::{Registry, Script, ScriptError, SectionSettings};
use std::{collections::BTreeMap, num::NonZeroU32, time::Duration};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// The longest wait between two looks at the store.
const LOOK: Duration = Duration::from_millis(500);

/// The most pending jobs that are looked at: two for each of the most proposals.
const LIMIT: NonZeroU32 = NonZeroU32::new(20_000).unwrap();

/// Runs of one section, for as long as it takes.
pub(crate) struct Rounds {
    /// The store.
    pub(crate) opened: Opened,
    /// The context of the jobs.
    pub(crate) database: Database,
    /// How the section runs. Its types are ours, whatever it says.
    pub(crate) settings: SectionSettings,
    /// Ends the rounds.
    pub(crate) stop: CancellationToken,
}

/// How the rounds ended.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    /// How many jobs wait or run: none, unless the rounds were stopped.
    pub(crate) left: usize,
    /// How many jobs were completed, by type.
    pub(crate) completed: BTreeMap<TypeName, u64>,
}

impl Rounds {
    /// Runs the section until no job of these proposals waits or runs. What it has to wait for, it tells `say` once.
    ///
    /// The lock and the leases of a run that was killed are waited for like those of one that lives.
    pub(crate) async fn run(&self, proposals: &[i64], say: impl Fn(&str)) -> Result<Ended, BoxError> {
        let (mut completed, mut said) = (BTreeMap::new(), None);
        loop {
            let pending = self.pending(proposals).await?;
            if pending.is_empty() || self.stop.is_cancelled() {
                return Ok(Ended { left: pending.len(), completed });
            }
            let (reason, wait) = match self.script()?.run().await {
                Ok(report) if report.is_idle() => self.idle(&pending).await?,
                Ok(report) => {
                    for (name, jobs) in report.completed {
                        *completed.entry(name).or_default() += jobs;
                    }
                    continue;
                }
                Err(ScriptError::LockLost { .. }) => continue,
                Err(ScriptError::SectionRunning { section, holder, left, .. }) => {
                    (format!("section {section} is run by {holder}; if that was killed, its lock ends"), left)
                }
                Err(error) => return Err(error.into()),
            };
            if said.as_ref() != Some(&reason) {
                say(&format!("Waiting: {reason} in {wait:.1?}."));
                said = Some(reason);
            }
            tokio::select! {
                () = sleep(wait.clamp(LOOK / 10, LOOK)) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }

    fn script(&self) -> Result<Script<Database>, BoxError> {
        let registry = Registry::new().register_transactional::<GenerateDiff>().register::<ProposalHeat>();
        let settings = SectionSettings { types: Vec::new(), wait_for_lock: false, ..self.settings.clone() };
        let script = Script::new(self.opened.clone(), registry, self.database.clone(), settings)?;
        Ok(script.stop_token(self.stop.clone()))
    }

    /// The jobs that wait or run. Those that somebody suspended are not waited for.
    async fn pending(&self, proposals: &[i64]) -> Result<Vec<Job>, BoxError> {
        let proposals = proposals.to_vec();
        let jobs = self.database.with(move |conn| proposal_jobs::list(conn, &proposals)).await?;
        let statuses = Some(vec![JobStatus::Waiting, JobStatus::Running]);
        Ok(self.opened.store.find(&Filter { statuses, ..Filter::ids(jobs) }, LIMIT).await?)
    }

    /// What the pending jobs wait for, if a run found nothing to do, and for how long yet.
    async fn idle(&self, pending: &[Job]) -> Result<(String, Duration), BoxError> {
        let switches = self.opened.switches.switches().await?;
        let stops = |switch: &&Switch| match switch {
            Switch::PauseType(name) => pending.iter().any(|it| it.spec.type_name == *name),
            Switch::PauseQueue(name) => pending.iter().any(|it| it.state.queue() == name),
            Switch::DisableSection(_) => false,
        };
        if let Some(switch) = switches.iter().find(stops) {
            return Err(format!("{} jobs are left, and an operator has {switch}", pending.len()).into());
        }
        let now = self.opened.store.now().await?;
        let next = |job: &Job| job.state.lease().map_or(job.state.scheduled_start(), |it| it.expires);
        let wait = pending.iter().map(next).min().unwrap_or(now).since(now);
        let reason = match pending.iter().filter(|it| it.state.lease().is_some()).count() {
            0 => "what failed is tried again".to_owned(),
            running => format!("{running} jobs belong to a runner that is not heard of; their leases end"),
        };
        Ok((reason, wait))
    }
}
