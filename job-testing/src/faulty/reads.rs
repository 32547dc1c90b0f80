//! Faulty lists and deletions.

use super::{Bug, Faulty};
use job_core::{
    JobStatus,
    store::{Deletion, Filter, JobStore, Listed, Notes, Page, StoreError, Switches},
};

impl<S: JobStore + Notes + Switches> Faulty<S> {
    pub(super) async fn faulty_list(&self, filter: &Filter, page: &Page) -> Result<Listed, StoreError> {
        if let Some(at) = filter.ready_at
            && self.has(Bug::ListsBlockedAsReady)
        {
            let mut statuses = filter.statuses.clone().unwrap_or(vec![JobStatus::Waiting]);
            statuses.retain(|it| *it == JobStatus::Waiting);
            let filter = Filter { ready_at: None, statuses: Some(statuses), ..filter.clone() };
            let mut listed = self.inner.list(&filter, page).await?;
            listed.rows.retain(|row| row.as_ref().is_ok_and(|it| it.state.is_due(at)));
            return Ok(listed);
        }
        let mut listed = self.inner.list(filter, page).await?;
        if self.has(Bug::SkipsAtPageBorders) && page.after.is_some() && !listed.rows.is_empty() {
            listed.rows.drain(..1);
        }
        Ok(listed)
    }

    pub(super) async fn faulty_delete(&self, what: &Deletion) -> Result<u64, StoreError> {
        match what {
            Deletion::Final { statuses, types, .. } if self.has(Bug::DeletesPending) => {
                let statuses = statuses.iter().copied().filter(|it| it.is_pending()).collect();
                let filter = Filter { statuses: Some(statuses), types: types.clone(), ..Filter::default() };
                let pending = self.all(&filter).await?.into_iter().map(|it| it.id).collect();
                Ok(self.inner.delete(what).await? + self.inner.delete(&Deletion::Ids(pending)).await?)
            }
            Deletion::Final { before, statuses, types, limit, .. } if self.has(Bug::ForgetsKeepNewest) => {
                let (statuses, types) = (statuses.clone(), types.clone());
                let all =
                    Deletion::Final { before: *before, statuses, types, limit: *limit, keep_newest: None };
                self.inner.delete(&all).await
            }
            _ => self.inner.delete(what).await,
        }
    }
}
