//! The store's handle, which sends each call to the thread that can do it.

use crate::{
    SCHEME, call::Transaction, error::store_error, notes, open::Builder, readers::Readers, switches,
    wake::Bells, watch::Watch, writer::Writer,
};
use async_trait::async_trait;
use diesel::{QueryResult, SqliteConnection};
use job_core::{
    Note, NoteFilter, Noted, QueueName,
    store::{Notes, OpenError, Opened, StoreError, Switch, Switches, Wake},
};
use std::{
    fmt,
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Jobs in an SQLite file. Clones share the connections, whose threads end when the last clone is dropped and the calls
/// before are done.
///
/// Any number of handles, in any number of processes of one machine, may be open on one file.
#[derive(Clone)]
pub struct SqliteStore {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) path: PathBuf,
    pub(crate) writer: Writer,
    pub(crate) readers: Readers,
    pub(crate) bells: Arc<Bells>,
    pub(crate) watch: Watch,
}

impl SqliteStore {
    /// Opens the file, makes it if it is not there, and brings its tables to the version this program expects.
    ///
    /// # Errors
    ///
    /// [`OpenError`], with what to do about it; its source is a [`StoreError`].
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::builder(path).open().await
    }

    /// Opens the file in another way than [`open`](Self::open) does.
    pub fn builder(path: impl AsRef<Path>) -> Builder {
        Builder::new(path.as_ref())
    }

    pub(crate) fn of(shared: Shared) -> Self {
        Self { shared: Arc::new(shared) }
    }

    /// The file, as an absolute path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// This store through all the traits it has, by its own clock. Its threads are of no runtime, so every runtime may use
    /// it, whatever others do.
    #[must_use]
    pub fn opened(&self) -> Opened {
        let store = Arc::new(self.clone());
        Opened { wake: Some(store.clone()), admin: Some(store.clone()), ..Opened::new(SCHEME, store) }
    }

    /// A way to the writer of its own, which outlives this handle.
    pub(crate) fn writer(&self) -> Writer {
        self.shared.writer.clone()
    }

    /// Does `work`, which is about so many rows, in a transaction of the writer.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        rows: usize,
        mut work: impl FnMut(&mut Transaction<'_>) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.shared.writer.call(rows, move |it| work(it).map_err(store_error)).await
    }

    /// The same, and what the caller no longer waited for is given to `returned`.
    pub(crate) async fn deliver<T: Send + 'static>(
        &self,
        rows: usize,
        mut work: impl FnMut(&mut Transaction<'_>) -> QueryResult<T> + Send + 'static,
        returned: impl FnOnce(T) + Clone + Send + 'static,
    ) -> Result<T, StoreError> {
        self.shared.writer.deliver(rows, move |it| work(it).map_err(store_error), returned).await
    }

    /// The same for work that names its errors itself.
    pub(crate) async fn write_checked<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.shared.writer.call(1, work).await
    }

    /// Gives what a reader reads.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut SqliteConnection) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.shared.readers.call(read).await
    }
}

#[async_trait]
impl Notes for SqliteStore {
    async fn append(&self, notes: &[Note]) -> Result<(), StoreError> {
        if notes.is_empty() {
            return Ok(());
        }
        let notes = notes.to_vec();
        self.write(notes.len(), move |it| notes::append(it.conn, &notes)).await
    }

    async fn notes(&self, filter: &NoteFilter, limit: NonZeroU32) -> Result<Vec<Noted>, StoreError> {
        let filter = filter.clone();
        self.read(move |conn| notes::notes(conn, &filter, limit)).await
    }
}

#[async_trait]
impl Switches for SqliteStore {
    async fn set(&self, switch: &Switch, on: bool) -> Result<(), StoreError> {
        let switch = switch.clone();
        self.write(1, move |it| {
            if let (Switch::PauseQueue(queue), false) = (&switch, on) {
                it.ring(queue);
            }
            switches::set(it.conn, &switch, on)
        })
        .await
    }

    async fn switches(&self) -> Result<Vec<Switch>, StoreError> {
        self.read(switches::switches).await
    }
}

#[async_trait]
impl Wake for SqliteStore {
    /// Hears of this handle's own commits at once, and of all others' within about 25 ms.
    async fn woken(&self, queues: &[QueueName]) {
        // In this order, or the watch looks around, sees nobody and rests.
        let listener = self.shared.bells.listener(queues);
        self.shared.watch.attend();
        listener.rung().await;
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.shared.path).finish_non_exhaustive()
    }
}
