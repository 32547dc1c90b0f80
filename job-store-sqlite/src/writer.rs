//! The one thread that writes. It merges the calls that wait into one transaction: each commit waits for the disk, and
//! sixteen callers that wait together wait once.

use crate::{
    call::{Call, Transaction, Write, thread_ended},
    error::Kind,
    statement::{Statement, statements},
    wake::Bells,
};
use diesel::{QueryResult, SqliteConnection, result::Error};
use job_core::store::StoreError;
use std::sync::{Arc, mpsc};

/// The most rows in one transaction, so that nobody waits long behind a bulk.
const ROWS_MOST: usize = 4096;

statements! {
    // IMMEDIATE: a transaction that turns out to write only later may find its snapshot too old to.
    Begin = "BEGIN IMMEDIATE";
    Commit = "COMMIT";
    Rollback = "ROLLBACK";
}

/// The way to the writer thread, which ends when all of these are dropped and the calls before are done.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    calls: mpsc::Sender<Box<dyn Write>>,
}

/// The calls that come.
pub(crate) type Calls = mpsc::Receiver<Box<dyn Write>>;

impl Writer {
    /// The way, and its end.
    pub(crate) fn new() -> (Self, Calls) {
        let (calls, come) = mpsc::channel();
        (Self { calls }, come)
    }

    /// Does `work`, which is about so many rows, in a transaction, and answers when it is committed. A caller that no
    /// longer waits does not stop it.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        rows: usize,
        work: impl FnMut(&mut Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.deliver(rows, work, drop).await
    }

    /// The same, and what the caller no longer waited for is given to `returned`.
    pub(crate) async fn deliver<T: Send + 'static>(
        &self,
        rows: usize,
        work: impl FnMut(&mut Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
        returned: impl FnOnce(T) + Clone + Send + 'static,
    ) -> Result<T, StoreError> {
        let (call, answer) = Call::new(rows, work, returned);
        self.calls.send(call).map_err(|_| thread_ended())?;
        answer.received().await
    }

    /// Does `work`, for whose answer nobody waits; nothing, if the thread is gone.
    pub(crate) fn leave<T: Send + 'static>(
        &self,
        rows: usize,
        work: impl FnMut(&mut Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) {
        let (call, _) = Call::new(rows, work, drop);
        drop(self.calls.send(call));
    }
}

/// Serves the calls until no more can come.
pub(crate) fn serve(conn: &mut SqliteConnection, calls: &Calls, bells: &Bells) {
    while let Ok(first) = calls.recv() {
        let mut rows = first.rows();
        let mut group = vec![first];
        while rows < ROWS_MOST
            && let Ok(next) = calls.try_recv()
        {
            rows += next.rows();
            group.push(next);
        }
        commit(conn, group, bells);
    }
}

/// Does the calls in one transaction. If one of them fails, or the commit, all are done again, each on its own and
/// careful: one bad call fails nobody else, nor one bad change its batch, and a transaction that SQLite has given up is
/// nobody's puzzle.
fn commit(conn: &mut SqliteConnection, mut group: Vec<Box<dyn Write>>, bells: &Bells) {
    match together(conn, &mut group, true, bells) {
        Err(Failed::Call | Failed::Commit(_)) => {
            for call in group {
                let mut alone = [call];
                let done = together(conn, &mut alone, false, bells);
                answer(alone, done);
            }
        }
        // Where it did not even begin nobody was at fault, and on its own each would wait as long again.
        done => answer(group, done),
    }
}

/// Answers calls that are not done again.
fn answer(group: impl IntoIterator<Item = Box<dyn Write>>, done: Result<(), Failed>) {
    match done {
        Ok(()) | Err(Failed::Call) => group.into_iter().for_each(Write::answer),
        Err(Failed::Begin(error) | Failed::Commit(error)) => {
            let (kind, error) = (Kind::of(&error), Arc::new(error));
            group.into_iter().for_each(|it| it.fail(kind.of_source(error.clone().into())));
        }
    }
}

/// What failed. Then nothing was done.
enum Failed {
    Begin(Error),
    Call,
    Commit(Error),
}

fn together(
    conn: &mut SqliteConnection,
    group: &mut [Box<dyn Write>],
    bold: bool,
    bells: &Bells,
) -> Result<(), Failed> {
    Begin::run(conn, []).map_err(Failed::Begin)?;
    let mut rings = Vec::new();
    let mut transaction = Transaction { conn, bold, rings: &mut rings };
    let done = if group.iter_mut().all(|call| call.run(&mut transaction)) {
        Commit::run(conn, []).map_err(Failed::Commit)
    } else {
        Err(Failed::Call)
    };
    match done {
        Ok(_) => {
            bells.ring(&rings);
            Ok(())
        }
        Err(failed) => {
            // Fails if SQLite has already rolled back, as it does when the disk is full.
            let _: QueryResult<usize> = Rollback::run(conn, []);
            Err(failed)
        }
    }
}
