//! Deleting jobs with their notes, but not those that a row of the application refers to.

pub(crate) mod prune;

use crate::{
    call::Call,
    connection::session::Session,
    error::CallError,
    list::Number,
    statement::{Statement, bind::Bind},
};
use diesel::QueryResult;
use job_core::JobId;
use std::collections::BTreeSet;

/// Deletes jobs by id.
#[derive(Debug)]
pub(crate) struct Delete(pub(crate) Vec<JobId>);

impl Call for Delete {
    type Answer = u64;
    const IS_QUICK: bool = false;

    async fn run(&self, session: &mut Session<'_>) -> Result<u64, CallError> {
        let ids: BTreeSet<JobId> = self.0.iter().copied().collect();
        Ok(delete_unless_referred_to(session, ids).await?)
    }
}

/// Deletes these, and says how many.
pub(crate) async fn delete_unless_referred_to(
    session: &mut Session<'_>,
    ids: impl IntoIterator<Item = JobId>,
) -> QueryResult<u64> {
    let delete = Statement::new(&session.texts.delete_unless_referred_to, vec![Bind::ids(ids)]);
    let deleted: Option<Number> = delete.first(session.conn).await?;
    Ok(deleted.and_then(|it| it.0.try_into().ok()).unwrap_or_default())
}
