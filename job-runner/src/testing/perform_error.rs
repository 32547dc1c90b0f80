//! Why an attempt could not be made.

use job_core::{JobId, JobStatus, NameError, SourceError, TypeName, store::StoreError};

/// An attempt could not be made. An attempt that fails is none of these.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PerformError {
    /// The job could not be created.
    #[error(transparent)]
    Create(#[from] SourceError),
    /// There is no such job.
    #[error("there is no job {id}")]
    NotFound {
        /// The id.
        id: JobId,
    },
    /// The job does not wait, so nothing may start it: requeue or resume it first.
    #[error("job {id} is {status}, and only one that waits can be started; requeue or resume it first")]
    NotWaiting {
        /// The job.
        id: JobId,
        /// Where it is.
        status: JobStatus,
    },
    /// The job is of a type that is not registered.
    #[error("job {id} is of the type `{type_name}`, which is not registered")]
    NotRegistered {
        /// The job.
        id: JobId,
        /// Its type.
        type_name: TypeName,
    },
    /// A claim passes over the job: its type is paused, another job of its turn runs, or somebody changed it just now.
    #[error(
        "job {id} cannot be started: its type is paused, another job of its turn runs, or somebody changed it just now"
    )]
    NotStarted {
        /// The job.
        id: JobId,
    },
    /// A queue for this attempt alone cannot be named.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The store broke.
    #[error("the store broke")]
    Store(#[from] StoreError),
}
