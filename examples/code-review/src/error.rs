//! What goes wrong, named by what can be done about it, and what a job asks for then.

use diesel_async::pooled_connection::deadpool::PoolError;
use job_core::{Ask, store::StoreError};
use std::{path::PathBuf, time::Duration};

/// Why a job or the demo could not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is nothing to read commits from.
    #[error("there is no git repository at {} or above it; go to one, or name its folder", path.display())]
    NoRepository {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Git trusts only folders of the user who runs it.
    #[error(
        "the repository at {path} belongs to another user; \
         `git config --global --add safe.directory {path}` says that you trust it",
        path = path.display()
    )]
    NotTrusted {
        /// The repository.
        path: PathBuf,
    },
    /// The path cannot be written into the database as text.
    #[error("the path {} is not UTF-8; move the repository to one that is", path.display())]
    PathNotText {
        /// The repository.
        path: PathBuf,
    },
    /// The clone does not hold all that is to be compared.
    #[error(
        "commit {commit:.12} cannot be compared, because the clone is shallow or partial; try `git fetch --unshallow`"
    )]
    MissingObject {
        /// The commit of the proposal.
        commit: String,
        /// Which object.
        source: git2::Error,
    },
    /// Nothing in the repository has this name, or more than one commit.
    #[error("no single commit here is called `{name}`; name one by its hash, a branch, or such as HEAD~2")]
    NoCommit {
        /// What was asked for.
        name: String,
    },
    /// There is none, or it was deleted.
    #[error("there is no proposal {id}")]
    NoProposal {
        /// Its number.
        id: i64,
    },
    /// The heat was asked for before the diff.
    #[error("proposal {id} has no diff yet; the heat is taken when it has")]
    NoDiff {
        /// The proposal.
        id: i64,
    },
    /// The runner wants the attempt to end.
    #[error("stopped before the diff was complete")]
    Stopped,
    /// Git cannot read the repository.
    #[error("git cannot read the repository")]
    Git(#[from] git2::Error),
    /// The database broke, or is busy.
    #[error("the database did not do it")]
    Database(#[from] diesel::result::Error),
    /// The database cannot be opened.
    #[error("the database cannot be opened")]
    Connection(#[from] diesel::ConnectionError),
    /// The pool has none.
    #[error("no connection to the database")]
    Pool(#[from] PoolError),
    /// All connections of the pool are in use.
    #[error("no connection to the database was free in time")]
    Busy,
    /// The store of the jobs is not what it should be, or not there.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A job could not be recorded in SQLite.
    #[error(transparent)]
    EnqueueInSqlite(#[from] job_store_sqlite::EnqueueError),
    /// A job could not be recorded in PostgreSQL.
    #[error(transparent)]
    EnqueueInPostgres(#[from] job_store_pg::EnqueueError),
    /// The completion could not be recorded in SQLite, or the job is lost.
    #[error(transparent)]
    CompleteInSqlite(#[from] job_store_sqlite::CompleteError),
    /// The completion could not be recorded in PostgreSQL, or the job is lost.
    #[error(transparent)]
    CompleteInPostgres(#[from] job_store_pg::CompleteError),
    /// The thread that did the work panicked.
    #[error(transparent)]
    Panicked(#[from] tokio::task::JoinError),
}

impl Error {
    /// What a job asks for because of this: the view that both job types give their runner.
    #[must_use]
    pub fn ask(&self) -> Option<Ask> {
        match self {
            // Whoever proposed it can do something about these, and an operator cannot.
            Self::NoRepository { .. } | Self::NotTrusted { .. } | Self::MissingObject { .. } => {
                Some(Ask::TellUser(self.to_string().into()))
            }
            // Deleted while the job was about to start: nothing is left to do.
            Self::NoProposal { .. } | Self::NoDiff { .. } => Some(Ask::Cancel(self.to_string().into())),
            // The attempt did not fail, so it does not count.
            Self::Stopped => Some(Ask::Snooze(Duration::ZERO)),
            _ => None,
        }
    }
}
