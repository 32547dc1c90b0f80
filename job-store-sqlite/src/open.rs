//! Opening: by path, by URL, and what to do when it fails.

use crate::{
    SCHEME,
    advice::{advice, folder, lasting},
    call::thread_ended,
    connection::{self, BUSY, Role},
    error::{Kind, store_error},
    migrate::{VERSION, is_current, migrate},
    readers::Readers,
    store::{Shared, SqliteStore},
    wake::Bells,
    watch::Watch,
    writer::{self, Writer},
};
use async_trait::async_trait;
use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use job_core::store::{self, OpenError, Opened, StoreError, StoreUrl};
use std::{
    io::ErrorKind,
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};
use tokio::sync::oneshot;

/// How to open a file; made by [`SqliteStore::builder`].
#[derive(Clone, Debug)]
#[must_use = "nothing is opened before `open`"]
pub struct Builder {
    path: PathBuf,
    url: Option<String>,
    readers: NonZeroU32,
    migrates: bool,
    creates: bool,
}

impl Builder {
    pub(crate) fn new(path: &Path) -> Self {
        let readers = NonZeroU32::MIN.saturating_add(2);
        Self { path: path.to_owned(), url: None, readers, migrates: true, creates: true }
    }

    /// How many threads read, each with a connection; 3 if not said.
    pub fn readers(self, readers: NonZeroU32) -> Self {
        Self { readers, ..self }
    }

    /// Leaves the tables as they are, and missing if they are: calls then fail with [`StoreError::Schema`] until
    /// somebody [migrates](store::Admin::migrate). Tables of a newer version are refused all the same.
    pub fn without_migration(self) -> Self {
        Self { migrates: false, ..self }
    }

    /// Opens the file, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// [`OpenError`], with what to do about it; its source is a [`StoreError`].
    pub async fn open(self) -> Result<SqliteStore, OpenError> {
        let url = self.url.clone().unwrap_or_else(|| format!("{SCHEME}:{}", self.path.display()));
        let refuse = |error: StoreError, path: &Path| OpenError {
            url: url.clone(),
            advice: advice(&error, path),
            source: lasting(error, path).into(),
        };
        if self.path.as_os_str().is_empty() || self.path == Path::new(":memory:") {
            let advice =
                "an SQLite store is a file that several connections share; name one, such as jobs.sqlite3";
            let source = StoreError::Other(advice.into()).into();
            return Err(OpenError { url, advice: advice.to_owned(), source });
        }
        let path = std::path::absolute(&self.path)
            .map_err(|error| refuse(StoreError::Other(error.into()), &self.path))?;
        self.start(path.clone()).await.map_err(|error| refuse(error, &path))
    }

    /// Starts the threads. The connections are opened on the writer's, for that may take a while.
    async fn start(self, path: PathBuf) -> Result<SqliteStore, StoreError> {
        let (writer, calls) = Writer::new();
        let bells = Arc::new(Bells::default());
        let (reply, answer) = oneshot::channel();
        let (its_path, its_bells) = (path.clone(), bells.clone());
        let write = move || match self.connect(&its_path) {
            Ok((mut conn, readers)) => {
                drop(
                    reply
                        .send(Readers::start(readers).map_err(|error| StoreError::Unavailable(error.into()))),
                );
                writer::serve(&mut conn, &calls, &its_bells);
            }
            Err(error) => drop(reply.send(Err(error))),
        };
        thread::Builder::new()
            .name("jobs-writer".to_owned())
            .spawn(write)
            .map_err(|error| StoreError::Unavailable(error.into()))?;
        let readers = answer.await.unwrap_or_else(|_| Err(thread_ended()))?;
        let watch = Watch::new(path.clone(), bells.clone());
        Ok(SqliteStore::of(Shared { path, writer, readers, bells, watch }))
    }

    fn connect(&self, path: &Path) -> Result<(SqliteConnection, Vec<SqliteConnection>), StoreError> {
        if !self.creates {
            look(path)?;
        }
        let mut writer = connection::open(path, Role::Writer)?;
        if self.migrates {
            migrate(&mut writer)?;
        } else {
            is_current(&mut writer)?;
        }
        let readers = (0..self.readers.get()).map(|_| connection::open(path, Role::Reader));
        Ok((writer, readers.collect::<Result<_, _>>()?))
    }
}

/// Refuses what is no store of this version, and leaves it as it is: the journal mode of somebody else's file too.
fn look(path: &Path) -> Result<(), StoreError> {
    // Of what else keeps us from the file, SQLite and the advice tell.
    if let Err(error) = path.metadata()
        && error.kind() == ErrorKind::NotFound
    {
        return Err(match folder(path).is_dir() {
            true => StoreError::Schema(Box::new(NoStore::File(path.to_owned()))),
            false => StoreError::Other(error.into()),
        });
    }
    let name = path.to_str().ok_or_else(|| StoreError::Other("the path is not UTF-8".into()))?;
    let mut conn = SqliteConnection::establish(name)
        .map_err(|error| Kind::of_message(&error.to_string()).of_source(error.into()))?;
    conn.batch_execute(&format!("PRAGMA busy_timeout = {}", BUSY.as_millis())).map_err(store_error)?;
    if is_current(&mut conn)? {
        return Ok(());
    }
    Err(StoreError::Schema(Box::new(NoStore::Tables(path.to_owned()))))
}

/// Who may not make the store has to wait for somebody who does.
#[derive(Debug, thiserror::Error)]
enum NoStore {
    #[error("there is no job store at {} yet; run-jobs makes it", .0.display())]
    File(PathBuf),
    #[error("{} has no job tables of version {VERSION} yet; run-jobs makes them", .0.display())]
    Tables(PathBuf),
}

/// Opens `sqlite:PATH`: the file `PATH`, relative to the current directory. If [`StoreUrl::create`] says so, it is made
/// if it is not there, and its tables are brought to the version that this program expects; else the file must be there
/// and have them.
///
/// Of the most connections of a [`StoreUrl`], one writes and the others read, but at least one. SQLite has no roles.
#[derive(Clone, Copy, Debug, Default)]
pub struct Opener;

#[async_trait]
impl store::Opener for Opener {
    fn schemes(&self) -> &'static [&'static str] {
        &[SCHEME]
    }

    async fn open(&self, url: &StoreUrl) -> Result<Opened, OpenError> {
        let readers = NonZeroU32::new(url.connections.get().saturating_sub(1)).unwrap_or(NonZeroU32::MIN);
        let builder = Builder::new(&path_of(url));
        let builder = Builder { url: Some(url.url.clone()), readers, creates: url.create, ..builder };
        Ok(builder.open().await?.opened())
    }
}

/// What stands behind the scheme. `//` is taken as others write it: `sqlite://jobs.db`, `sqlite:///var/jobs.db`.
fn path_of(url: &StoreUrl) -> PathBuf {
    let path = url.url.strip_prefix(SCHEME).and_then(|it| it.strip_prefix(':')).unwrap_or(&url.url);
    let path = path.strip_prefix("//").unwrap_or(path);
    PathBuf::from(path)
}
