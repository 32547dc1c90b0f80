//! Where measured stores live: files in a folder, schemas on a server.

use super::{
    costs::Costs,
    kind::{Kind, Site},
    measure::Side,
    server::Server,
};
use job_core::{BoxError, store::Opened};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder for files, and a server if PostgreSQL is measured.
#[derive(Debug)]
pub struct Ground {
    folder: PathBuf,
    server: Option<Server>,
}

/// An empty place for one side of a round.
#[derive(Debug)]
pub(super) struct Plot<'g> {
    /// The store that may be made in it.
    pub(super) site: Site,
    pub(super) kind: Kind,
    folder: TempDir,
    server: Option<&'g Server>,
}

impl Ground {
    /// Files in `folder`; PostgreSQL on `server`.
    #[must_use]
    pub fn new(folder: &Path, server: Option<Server>) -> Self {
        Self { folder: folder.to_owned(), server }
    }

    /// Where it is, for people.
    pub(super) async fn words(&self) -> Result<String, BoxError> {
        let files = format!("files in {}", self.folder.display());
        Ok(match &self.server {
            Some(server) => format!("{files}\n{}", server.words().await?),
            None => files,
        })
    }

    /// A new place.
    ///
    /// # Errors
    ///
    /// If it cannot be made; if this is PostgreSQL and there is no server.
    pub(super) fn plot(&self, kind: Kind) -> Result<Plot<'_>, BoxError> {
        let folder = TempDir::new_in(&self.folder)?;
        let (site, server) = match kind {
            Kind::Memory => (Site::memory(), None),
            Kind::Sqlite => (Site::sqlite(folder.path()), None),
            Kind::Postgres => {
                let server = self.server.as_ref().ok_or("there is no PostgreSQL server to measure")?;
                (Site::postgres(server.room()), Some(server))
            }
        };
        Ok(Plot { site, kind, folder, server })
    }

    /// Gives back what the bench has on the server.
    ///
    /// # Errors
    ///
    /// If the server is gone.
    pub async fn leave(&self) -> Result<(), BoxError> {
        match &self.server {
            Some(server) => server.leave().await,
            None => Ok(()),
        }
    }
}

impl Plot<'_> {
    /// Its folder.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The store after what was filled in has become old, and what the server has counted by then. Its sessions are new
    /// ones, because those that filled it in report when they end.
    pub(super) async fn settled(&self, opened: Opened) -> Result<(Opened, Option<Costs>), BoxError> {
        if self.server.is_none() {
            return Ok((opened, None));
        }
        drop(opened);
        let costs = self.settle().await?;
        Ok((self.site.open().await?, costs))
    }

    /// Lets what was filled in become old, and says what the server has counted; nothing where there is none. All
    /// sessions must end before.
    pub(super) async fn settle(&self) -> Result<Option<Costs>, BoxError> {
        let Some(server) = self.server else { return Ok(None) };
        server.checkpoint().await;
        self.costs().await
    }

    async fn costs(&self) -> Result<Option<Costs>, BoxError> {
        match self.server {
            Some(server) => server.costs().await.map(Some),
            None => Ok(None),
        }
    }

    /// What a side showed that did `jobs` jobs since the server had counted `before`.
    pub(super) async fn side(&self, figure: f64, before: Option<Costs>, jobs: u32) -> Result<Side, BoxError> {
        let after = self.costs().await?;
        Ok(Side { figure, costs: after.zip(before).map(|(after, before)| after.since(before, jobs)) })
    }

    /// How many statements its server has run until now.
    ///
    /// # Errors
    ///
    /// If it has no server, or that does not answer.
    pub(super) async fn statements(&self) -> Result<f64, BoxError> {
        self.server.ok_or("only a server counts statements")?.statements().await
    }

    /// Makes room for the next.
    pub(super) async fn clear(self) -> Result<(), BoxError> {
        match self.site.room() {
            Ok(room) => room.clear().await,
            Err(_) => Ok(()),
        }
    }
}
