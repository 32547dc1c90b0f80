//! The watch: sees what other connections commit, of this process and of others, while somebody waits for work.

use crate::{
    connection::{self, Role},
    ids::now,
    statement::{Statement, number, statements},
    wake::Bells,
};
use diesel::{QueryResult, SqliteConnection};
use job_core::QueueName;
use parking_lot::{Condvar, Mutex};
use std::{
    collections::HashMap,
    path::PathBuf,
    sync::Arc,
    thread::Builder,
    time::{Duration, Instant},
};

/// How often it looks.
const EVERY: Duration = Duration::from_millis(25);

statements! {
    /// Differs from the last answer on the same connection if another connection has committed in between.
    DataVersion = "PRAGMA data_version";
    WorkIsDue = include_str!("sql/step.sql"),
        "SELECT 1 FROM (SELECT turn ", include_str!("sql/of_step.sql"),
        "UNION ALL SELECT turn ", include_str!("sql/behind_steps.sql"), include_str!("sql/work_is_due.sql");
}

/// The way to the watch's thread, which is started when somebody waits for the first time and ends when this is
/// dropped.
#[derive(Debug)]
pub(crate) struct Watch {
    path: PathBuf,
    bells: Arc<Bells>,
    post: Arc<Post>,
}

#[derive(Debug, Default)]
struct Post {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    started: bool,
    ended: bool,
}

impl Watch {
    /// A watch that rings `bells`.
    pub(crate) fn new(path: PathBuf, bells: Arc<Bells>) -> Self {
        Self { path, bells, post: Arc::default() }
    }

    /// Somebody listens now. Where the watch cannot be kept they wait for the writer's rings, and poll.
    pub(crate) fn attend(&self) {
        let mut state = self.post.state.lock();
        if !state.started {
            state.started = true;
            let (path, bells, post) = (self.path.clone(), self.bells.clone(), self.post.clone());
            let keep = move || match connection::open(&path, Role::Reader) {
                Ok(mut conn) => keep(&mut conn, &bells, &post),
                Err(error) => tracing::warn!(%error, "jobs of other processes are only found by polling"),
            };
            if let Err(error) = Builder::new().name("jobs-watch".to_owned()).spawn(keep) {
                tracing::warn!(%error, "jobs of other processes are only found by polling");
            }
        }
        self.post.changed.notify_one();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.post.state.lock().ended = true;
        self.post.changed.notify_one();
    }
}

fn keep(conn: &mut SqliteConnection, bells: &Bells, post: &Post) {
    let mut looked = HashMap::new();
    while rest(bells, post) {
        if let Err(error) = look(conn, bells, &mut looked) {
            tracing::debug!(%error, "the watch could not look; it looks again");
        }
    }
}

/// Until it is time to look. False at the end.
fn rest(bells: &Bells, post: &Post) -> bool {
    let mut state = post.state.lock();
    let next = Instant::now() + EVERY;
    // The whole time, whatever happens: a worker that cannot run what is due asks again and again.
    while !state.ended && !post.changed.wait_until(&mut state, next).timed_out() {}
    while !state.ended && bells.waited_for().is_empty() {
        post.changed.wait(&mut state);
    }
    !state.ended
}

/// Rings for the queues that somebody waits for and where something is due, if anything was committed since the queue was
/// last looked at. `looked` has the version then: each its own, for others may wait now than when it was committed.
fn look(conn: &mut SqliteConnection, bells: &Bells, looked: &mut HashMap<QueueName, i64>) -> QueryResult<()> {
    let version = DataVersion::one(conn, [], |row| number(row, 0))?.unwrap_or_default();
    let mut due = Vec::new();
    for queue in bells.waited_for() {
        if looked.get(&queue) == Some(&version) {
            continue;
        }
        if WorkIsDue::one(conn, [queue.as_str().into(), now().into()], |_| ())?.is_some() {
            due.push(queue.clone());
        }
        looked.insert(queue, version);
    }
    bells.ring(&due);
    Ok(())
}
