//! Faulty inserts.

use super::{Bug, Faulty, edited, overwrite};
use crate::factory;
use job_core::{
    ActorId, Clock, Job, Json, NewJob, Revision, Start, Timestamp,
    store::{Filter, Inserted, JobStore, JobStoreExt, Notes, StoreError, Switches},
};
use std::slice;
use tokio::task::yield_now;

impl<S: JobStore + Notes + Switches> Faulty<S> {
    pub(super) async fn faulty_insert(
        &self,
        jobs: &[NewJob],
        clock: Clock,
    ) -> Result<Vec<Inserted>, StoreError> {
        let clock = if self.has(Bug::DatesByItsOwnClock) { Clock::Store } else { clock };
        let mut answers = Vec::with_capacity(jobs.len());
        for job in jobs {
            if self.has(Bug::InsertsInParts) {
                yield_now().await;
            }
            answers.push(self.insert_one(&self.rewritten(job, clock).await?, clock).await?);
        }
        Ok(answers)
    }

    async fn insert_one(&self, job: &NewJob, clock: Clock) -> Result<Inserted, StoreError> {
        let again = self.inner.get(job.id).await?.is_some();
        if again && self.has(Bug::RefusesResentInserts) {
            return Ok(Inserted::IdTaken);
        }
        if !again && matches!(self.bug, Bug::LooksThenInserts | Bug::FoldsKeys) {
            if let Some(holder) = self.holder(job).await? {
                return Ok(Inserted::Existing { holder: holder.id });
            }
            yield_now().await;
        }
        if !again && matches!(self.bug, Bug::LooksThenInserts | Bug::IgnoresHeldKeys) {
            self.free_key_of(job).await?;
        }
        let inserted = self.inner.insert(slice::from_ref(job), clock).await?;
        match inserted.into_iter().next().unwrap_or(Inserted::IdTaken) {
            Inserted::Created(job) if !again && self.has(Bug::BeginsLivesAlike) => {
                let state = edited(&job.state, |it| it.revision = Revision::default());
                self.inner.apply(&[overwrite(&job, state.clone(), factory::actor(0))]).await?;
                Ok(Inserted::Created(Job { state, ..job }))
            }
            inserted => Ok(inserted),
        }
    }

    async fn rewritten(&self, job: &NewJob, clock: Clock) -> Result<NewJob, StoreError> {
        let mut job = job.clone();
        if self.has(Bug::NormalisesArgs) {
            let value: Result<serde_json::Value, _> = job.args.decode();
            job.args = value.map_or(job.args, |it| Json::stored(it.to_string()));
        }
        if self.has(Bug::RoundsTimes) {
            let start = job.start.resolve(self.inner.time(clock).await?);
            job.start = Start::At(Timestamp::from_micros(start.as_micros() / 1000 * 1000));
        }
        Ok(job)
    }

    async fn holder(&self, job: &NewJob) -> Result<Option<Job>, StoreError> {
        let Some(key) = job.unique.as_ref().map(|it| it.key.as_str()) else { return Ok(None) };
        let of_type = Filter { types: Some(vec![job.type_name.clone()]), ..Filter::default() };
        let mut jobs = self.all(&of_type).await?;
        jobs.retain(|it| {
            let held = it.state.held_key().map_or("", |it| it.as_str());
            let folded = self.has(Bug::FoldsKeys) && held.eq_ignore_ascii_case(key);
            it.id != job.id && (held == key || folded)
        });
        Ok(jobs.pop())
    }

    /// Takes the key that `job` wants from whoever holds it, so that a right store lets `job` in.
    async fn free_key_of(&self, job: &NewJob) -> Result<(), StoreError> {
        if let Some(holder) = self.holder(job).await? {
            let next = edited(&holder.state, |it| it.held_key = None);
            let by = holder.state.changed_by().unwrap_or(ActorId::from_uuid(*job.id.as_uuid()));
            self.inner.apply(&[overwrite(&holder, next, by)]).await?;
        }
        Ok(())
    }
}
