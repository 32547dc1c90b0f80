//! A few threads that read, each with a connection of its own, so that nobody who looks waits for who writes.

use crate::{call::thread_ended, error::store_error};
use diesel::{QueryResult, SqliteConnection};
use job_core::store::StoreError;
use parking_lot::Mutex;
use std::{
    io,
    sync::{Arc, mpsc},
    thread::Builder,
};
use tokio::sync::oneshot;

type Read = Box<dyn FnOnce(&mut SqliteConnection) + Send>;

/// The way to the reader threads, which end when this is dropped and the calls before are done.
#[derive(Debug)]
pub(crate) struct Readers {
    calls: mpsc::Sender<Read>,
}

impl Readers {
    /// A thread for each connection.
    pub(crate) fn start(connections: Vec<SqliteConnection>) -> io::Result<Self> {
        let (calls, come) = mpsc::channel::<Read>();
        let come = Arc::new(Mutex::new(come));
        for mut conn in connections {
            let come = come.clone();
            let serve = move || {
                // One of the idle waits in the channel, the others for the lock.
                while let Ok(read) = { come.lock().recv() } {
                    read(&mut conn);
                }
            };
            Builder::new().name("jobs-reader".to_owned()).spawn(serve)?;
        }
        Ok(Self { calls })
    }

    /// Gives what `read` reads. It sees all that was committed before this was called.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut SqliteConnection) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let read: Read = Box::new(move |conn| drop(reply.send(read(conn).map_err(store_error))));
        self.calls.send(read).map_err(|_| thread_ended())?;
        answer.await.unwrap_or_else(|_| Err(thread_ended()))
    }
}
