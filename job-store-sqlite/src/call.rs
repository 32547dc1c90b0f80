//! A call on its way to a thread that owns a connection, and its answer on the way back.

use diesel::SqliteConnection;
use job_core::{QueueName, store::StoreError};
use tokio::sync::oneshot;

/// A transaction that may write, as a call sees it.
pub(crate) struct Transaction<'c> {
    /// The connection it is open on.
    pub(crate) conn: &'c mut SqliteConnection,
    /// The queues that have work when it is committed.
    pub(crate) rings: &'c mut Vec<QueueName>,
}

impl Transaction<'_> {
    /// Whoever waits for work of `queue` is to look, once this is committed.
    pub(crate) fn ring(&mut self, queue: &QueueName) {
        if !self.rings.contains(queue) {
            self.rings.push(queue.clone());
        }
    }
}

/// What the writer knows of a call.
pub(crate) trait Write: Send {
    /// How many rows it is about, roughly.
    fn rows(&self) -> usize;

    /// Does it, in an open transaction, and says whether that went well. May be done again in another transaction, if
    /// this one is rolled back.
    fn run(&mut self, transaction: &mut Transaction<'_>) -> bool;

    /// Gives its result to the caller: its transaction was committed, or it did not go well.
    fn answer(self: Box<Self>);

    /// Gives the caller an error instead: there was no transaction.
    fn fail(self: Box<Self>, error: StoreError);
}

/// A call, its result while its transaction is open, and where its answer goes.
pub(crate) struct Call<T, F> {
    rows: usize,
    work: F,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Call<T, F>
where
    F: FnMut(&mut Transaction<'_>) -> Result<T, StoreError>,
{
    /// `work` on its way, and where its answer comes.
    pub(crate) fn new(rows: usize, work: F) -> (Box<Self>, oneshot::Receiver<Result<T, StoreError>>) {
        let (reply, answer) = oneshot::channel();
        (Box::new(Self { rows, work, result: None, reply }), answer)
    }
}

impl<T, F> Write for Call<T, F>
where
    T: Send,
    F: FnMut(&mut Transaction<'_>) -> Result<T, StoreError> + Send,
{
    fn rows(&self) -> usize {
        self.rows
    }

    fn run(&mut self, transaction: &mut Transaction<'_>) -> bool {
        self.result.insert((self.work)(transaction)).is_ok()
    }

    fn answer(self: Box<Self>) {
        if let Some(result) = self.result {
            // Nobody may wait for it any more.
            drop(self.reply.send(result));
        }
    }

    fn fail(self: Box<Self>, error: StoreError) {
        drop(self.reply.send(Err(error)));
    }
}

/// The thread that a call was for is gone: it panicked.
pub(crate) fn thread_ended() -> StoreError {
    StoreError::Other("a thread of the SQLite store has panicked; open the store again".into())
}
