//! A call on its way to a thread that owns a connection, and its answer on the way back.

use diesel::SqliteConnection;
use job_core::{QueueName, store::StoreError};
use tokio::sync::oneshot;

/// A transaction that may write, as a call sees it.
pub(crate) struct Transaction<'c> {
    /// The connection it is open on.
    pub(crate) conn: &'c mut SqliteConnection,
    /// Whether it may do what fails for many where one by one it would not: if so it is undone, and done again.
    pub(crate) bold: bool,
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

/// A call, its result while its transaction is open, where its answer goes, and what becomes of one that is not received.
pub(crate) struct Call<T, F, R> {
    rows: usize,
    work: F,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
    returned: R,
}

impl<T, F, R> Call<T, F, R>
where
    F: FnMut(&mut Transaction<'_>) -> Result<T, StoreError>,
    R: FnOnce(T) + Clone,
{
    /// `work` on its way, and where its answer comes; what nobody received is given to `returned`.
    pub(crate) fn new(rows: usize, work: F, returned: R) -> (Box<Self>, Answer<T, R>) {
        let (reply, coming) = oneshot::channel();
        let answer = Answer { coming, returned: Some(returned.clone()) };
        (Box::new(Self { rows, work, result: None, reply, returned }), answer)
    }
}

impl<T, F, R> Write for Call<T, F, R>
where
    T: Send,
    F: FnMut(&mut Transaction<'_>) -> Result<T, StoreError> + Send,
    R: FnOnce(T) + Send,
{
    fn rows(&self) -> usize {
        self.rows
    }

    fn run(&mut self, transaction: &mut Transaction<'_>) -> bool {
        self.result.insert((self.work)(transaction)).is_ok()
    }

    fn answer(self: Box<Self>) {
        if let Some(result) = self.result
            && let Err(Ok(unreceived)) = self.reply.send(result)
        {
            (self.returned)(unreceived);
        }
    }

    fn fail(self: Box<Self>, error: StoreError) {
        drop(self.reply.send(Err(error)));
    }
}

/// Where the answer of a call comes. If this is dropped before, what the call gives is returned.
pub(crate) struct Answer<T, R: FnOnce(T)> {
    coming: oneshot::Receiver<Result<T, StoreError>>,
    returned: Option<R>,
}

impl<T, R: FnOnce(T)> Answer<T, R> {
    /// The answer, when it has come.
    pub(crate) async fn received(mut self) -> Result<T, StoreError> {
        (&mut self.coming).await.unwrap_or_else(|_| Err(thread_ended()))
    }
}

impl<T, R: FnOnce(T)> Drop for Answer<T, R> {
    fn drop(&mut self) {
        // From here on the other side cannot send, and returns it itself.
        self.coming.close();
        if let (Ok(Ok(unreceived)), Some(returned)) = (self.coming.try_recv(), self.returned.take()) {
            returned(unreceived);
        }
    }
}

/// The thread that a call was for is gone: it panicked.
pub(crate) fn thread_ended() -> StoreError {
    StoreError::Other("a thread of the SQLite store has panicked; open the store again".into())
}
