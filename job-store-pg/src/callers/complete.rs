//! Completion inside the handler's own transaction: its writes and the job's end commit together, or neither does.

use crate::{
    SCHEME,
    callers::jobs::Jobs,
    change::{Changes, Id},
    error::store_error,
    statement::{Statement, bind::Bind, texts::Texts},
};
use diesel_async::AsyncPgConnection;
use job_core::{AttemptLost, Change, Completed, Completion, CompletionParts, Timestamp, store::StoreError};

/// Completes the job, as the last statement of the handler's own transaction, which is begun with Diesel
/// (`conn.transaction`): of a `BEGIN` sent as raw SQL Diesel does not know. Above the isolation `READ COMMITTED` it needs a
/// [`hold_on`] at its beginning. For another schema than `jobs` there is [`Jobs::complete_on`].
///
/// ```
/// # use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
/// # use job_core::{Attempt, BoxError, Completed, Completion, TransactionalJob};
/// # async fn connect() -> Result<AsyncPgConnection, BoxError> { Err("no")? }
/// # #[derive(serde::Serialize, serde::Deserialize)] struct Charge { cents: i64 }
/// impl TransactionalJob for Charge {
///     const TYPE: &'static str = "charge";
///     type Error = BoxError;
///
///     async fn run(self, _: Attempt, completion: Completion) -> Result<Completed, BoxError> {
///         let mut conn = connect().await?;
///         conn.transaction(async |conn| {
///             diesel::sql_query("UPDATE account SET cents = cents - 1").execute(conn).await?;
///             Ok(job_store_pg::complete_on(conn, completion).await?)
///         })
///         .await
///     }
/// }
/// ```
///
/// A handler that forgets it does not compile, for there is nothing else to return:
///
/// ```compile_fail
/// # use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
/// # use job_core::{Attempt, BoxError, Completed, Completion, TransactionalJob};
/// # async fn connect() -> Result<AsyncPgConnection, BoxError> { Err("no")? }
/// # #[derive(serde::Serialize, serde::Deserialize)] struct Charge { cents: i64 }
/// impl TransactionalJob for Charge {
///     const TYPE: &'static str = "charge";
///     type Error = BoxError;
///
///     async fn run(self, _: Attempt, completion: Completion) -> Result<Completed, BoxError> {
///         let mut conn = connect().await?;
///         conn.transaction(async |conn| {
///             diesel::sql_query("UPDATE account SET cents = cents - 1").execute(conn).await?;
///             Ok(())
///         })
///         .await
///     }
/// }
/// ```
///
/// # Errors
///
/// [`CompleteError`]. Then the transaction must roll back: after [`Lost`](CompleteError::Lost) because another runner
/// may do the same work.
pub async fn complete_on(
    conn: &mut AsyncPgConnection,
    completion: Completion,
) -> Result<Completed, CompleteError> {
    Jobs::usual().complete_on(conn, completion).await
}

/// Looks whether the job is still the attempt's, as the first statement of the handler's own transaction, and keeps it so
/// where that is needed: in a transaction of the isolation `REPEATABLE READ` or `SERIALIZABLE` the job's row is locked until
/// its end.
///
/// Such a transaction cannot change a row that was changed after its first statement, and while the job runs its lease is
/// renewed by a change of the row. So without this, the [`complete_on`] at its end fails with a serialization failure as soon
/// as a renewal came between. The lease is not renewed while the row is locked: let the transaction be shorter than the lease,
/// or its handler is told to stop. One that meets a renewal in just its first statement still fails, and the job is retried.
///
/// ```
/// # use diesel_async::AsyncPgConnection;
/// # use job_core::{BoxError, Completed, Completion};
/// # async fn charge(conn: &mut AsyncPgConnection) -> Result<(), BoxError> { Ok(()) }
/// # async fn run(conn: &mut AsyncPgConnection, completion: Completion) -> Result<Completed, BoxError> {
/// conn.build_transaction()
///     .serializable()
///     .run(async |conn| {
///         job_store_pg::hold_on(conn, &completion).await?;
///         charge(conn).await?;
///         Ok(job_store_pg::complete_on(conn, completion).await?)
///     })
///     .await
/// # }
/// ```
///
/// # Errors
///
/// [`CompleteError`]. Then the transaction must roll back.
pub async fn hold_on(conn: &mut AsyncPgConnection, completion: &Completion) -> Result<(), CompleteError> {
    Jobs::usual().hold_on(conn, completion).await
}

/// Does `work` and completes the job, in one transaction that it begins and commits. It begins with a [`hold_on`]: where the
/// job is lost already, nothing is done.
///
/// ```
/// # use diesel_async::{AsyncPgConnection, RunQueryDsl};
/// # use job_core::{BoxError, Completed, Completion};
/// # async fn run(conn: &mut AsyncPgConnection, completion: Completion) -> Result<Completed, BoxError> {
/// job_store_pg::complete_in(conn, completion, async |conn| {
///     diesel::sql_query("UPDATE account SET cents = cents - 1").execute(conn).await?;
///     Ok(())
/// })
/// .await
/// # }
/// ```
///
/// # Errors
///
/// What `work` fails with, or a [`CompleteError`] or Diesel's error made into it. Then nothing is kept.
pub async fn complete_in<E, F>(
    conn: &mut AsyncPgConnection,
    completion: Completion,
    work: F,
) -> Result<Completed, E>
where
    E: From<diesel::result::Error> + From<CompleteError> + Send + 'static,
    for<'r> F: AsyncFnOnce(&'r mut AsyncPgConnection) -> Result<(), E>
        + Work<&'r mut AsyncPgConnection, Result<(), E>, Fut: Send>
        + Send,
{
    Jobs::usual().complete_in(conn, completion, work).await
}

/// An async closure whose future can be named, and so be asked to be `Send`. Implemented for all of them.
pub trait Work<T, R>: AsyncFnOnce(T) -> R + FnOnce(T) -> <Self as Work<T, R>>::Fut {
    /// What calling it gives.
    type Fut: Future<Output = R>;
}

impl<F, T, Fut, R> Work<T, R> for F
where
    F: AsyncFnOnce(T) -> R + FnOnce(T) -> Fut,
    Fut: Future<Output = R>,
{
    type Fut = Fut;
}

/// The job could not be completed; the transaction must roll back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompleteError {
    /// The attempt lost its job.
    #[error(transparent)]
    Lost(#[from] AttemptLost),
    /// The job was claimed from a store of another kind.
    #[error("the job was claimed from a {claimed_from} store; complete it there, not on PostgreSQL")]
    OtherStore {
        /// The scheme of that store.
        claimed_from: &'static str,
    },
    /// The store broke.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// So that a transaction may fail with this alone.
impl From<diesel::result::Error> for CompleteError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(store_error(error))
    }
}

/// A completion on its way: what is asked, and what the answer means.
pub(crate) struct Ending(CompletionParts);

impl Ending {
    pub(crate) fn new(completion: Completion) -> Result<Self, CompleteError> {
        refuse_others(&completion)?;
        Ok(Self(completion.parts()))
    }

    pub(crate) fn change(&self, now: Timestamp) -> Result<Change, AttemptLost> {
        self.0.change(now)
    }

    pub(crate) fn changes<'a>(&self, change: &'a Change) -> Changes<'a> {
        Changes::keeping(vec![(change, &change.next)])
    }

    /// What deletes the row once it is completed.
    pub(crate) fn delete<'t>(&self, texts: &'t Texts) -> Statement<'t> {
        Statement::new(&texts.delete_unless_referred_to, vec![Bind::ids([self.0.job.id])])
    }

    pub(crate) fn completed(&self, applied: &[Id]) -> Result<Completed, CompleteError> {
        if applied.is_empty() { Err(self.0.lost().into()) } else { Ok(self.0.completed()) }
    }
}

/// What looks whether the job is the attempt's, and holds it; its rows are [`Id`]s.
pub(crate) fn held<'t>(texts: &'t Texts, completion: &Completion) -> Result<Statement<'t>, CompleteError> {
    refuse_others(completion)?;
    let job = completion.job();
    Ok(Statement::new(&texts.hold, vec![job.id.into(), job.state.revision().number().into()]))
}

/// What it said.
pub(crate) fn is_held(completion: &Completion, held: &[Id]) -> Result<(), CompleteError> {
    if held.is_empty() { Err(AttemptLost { id: completion.job().id }.into()) } else { Ok(()) }
}

fn refuse_others(completion: &Completion) -> Result<(), CompleteError> {
    match completion.store() {
        SCHEME => Ok(()),
        claimed_from => Err(CompleteError::OtherStore { claimed_from }),
    }
}
