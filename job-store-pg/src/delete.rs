//! Deleting jobs with their notes.

use crate::{bind::Bind, call::Call, error::CallError, session::Session, statement::Statement};
use job_core::{JobId, store::Deletion};
use std::collections::BTreeSet;

/// Deletes jobs.
#[derive(Debug)]
pub(crate) struct Delete(pub(crate) Deletion);

impl Call for Delete {
    type Answer = u64;

    async fn run(&self, session: &mut Session<'_>) -> Result<u64, CallError> {
        let statement = match &self.0 {
            Deletion::Ids(ids) => {
                let ids: BTreeSet<JobId> = ids.iter().copied().collect();
                Statement::new(&session.texts.delete, vec![Bind::ids(ids)])
            }
            Deletion::Final { before, statuses, types, limit, keep_newest } => {
                let types = types.as_ref().map(|it| Bind::texts(it.iter().map(|it| it.as_str())));
                let binds = vec![
                    (*before).into(),
                    Bind::numbers(statuses, |it| it.number().into()),
                    types.unwrap_or(Bind::NoTexts),
                    i64::from(limit.get()).into(),
                    Bind::Number(keep_newest.map(|it| it.get().into())),
                ];
                Statement::new(&session.texts.prune, binds)
            }
        };
        let deleted = statement.run(session.conn).await?;
        Ok(u64::try_from(deleted).unwrap_or(u64::MAX))
    }
}
