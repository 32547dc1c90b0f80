//! Where small inserts are merged: one commit for all who wait.
//!
//! Nobody waits for company. The first caller goes at once; who comes while a statement is under way goes with the next.
//! Who wants a key that somebody's open transaction has waits at a place apart, and holds up only those who want the same.

use crate::{
    call::Caller,
    error::{CallError, shared},
    insert::group::{Group, Key, Outcome, Wish},
};
use job_core::{
    Clock, NewJob,
    store::{Inserted, StoreError},
};
use parking_lot::Mutex;
use std::{collections::VecDeque, mem, sync::Arc};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout_at},
};

/// How many statements are under way at once. One is enough for the rate; while one finds out whose key is held, the
/// other goes on.
const TURNS: usize = 2;
/// The most weight in one statement.
const MOST: usize = 1000;
/// A wish of more weight than this gains nothing by company, and would make its neighbours wait.
const HEAVY: usize = 100;

/// Takes inserts. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    fresh: Arc<Mutex<Fresh>>,
    held: mpsc::UnboundedSender<Ask>,
    held_keys: Arc<Mutex<Vec<Key>>>,
    caller: Caller,
}

/// Those who wait for nobody's key, and how many statements are under way for them.
#[derive(Debug, Default)]
struct Fresh {
    waiting: VecDeque<Ask>,
    turns: usize,
}

/// A caller's wish. When the caller has gone it is closed, and not begun any more.
#[derive(Debug)]
struct Ask {
    wish: Wish,
    answer: oneshot::Sender<Result<Vec<Inserted>, StoreError>>,
}

impl Desk {
    /// Opens it, on the runtime of `caller`, until the last clone is dropped.
    pub(crate) fn new(caller: Caller) -> Self {
        let (held, come) = mpsc::unbounded_channel();
        let held_keys = Arc::<Mutex<Vec<Key>>>::default();
        caller.runtime.spawn(serve_held(come, caller.clone(), held_keys.clone()));
        Self { fresh: Arc::default(), held, held_keys, caller }
    }

    /// Whether these belong here.
    pub(crate) fn takes(jobs: &[NewJob]) -> bool {
        weight(jobs) <= HEAVY
    }

    /// Inserts them, with those of others.
    pub(crate) async fn insert(&self, jobs: Vec<NewJob>, clock: Clock) -> Result<Vec<Inserted>, StoreError> {
        let (answer, answered) = oneshot::channel();
        let wish = Wish { jobs, clock };
        let is_held = wish.wants_any(&*self.held_keys.lock());
        let ask = Ask { wish, answer };
        if is_held {
            // Where nobody takes it, the answer tells.
            let _ = self.held.send(ask);
        } else {
            self.join(ask);
        }
        let in_time = {
            // The caller's runtime may have no timers.
            let _timers = self.caller.runtime.enter();
            timeout_at(Instant::now() + self.caller.deadline, answered)
        };
        match in_time.await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(self.caller.ended()),
            Err(_) => Err(self.caller.late()),
        }
    }

    /// Adds it to those who wait, and begins a statement for them if there is a turn left.
    fn join(&self, ask: Ask) {
        let mut fresh = self.fresh.lock();
        fresh.waiting.push_back(ask);
        if fresh.turns < TURNS {
            fresh.turns += 1;
            drop(fresh);
            self.caller.runtime.spawn(Turn { desk: self.clone(), ended: false }.serve());
        }
    }
}

/// One of the turns, until nobody waits.
struct Turn {
    desk: Desk,
    ended: bool,
}

impl Turn {
    async fn serve(mut self) {
        while let Some(group) = self.next() {
            for ask in commit(&self.desk.caller, group).await {
                // Whoever serves them ends with the runtime, and so do the callers then.
                let _ = self.desk.held.send(ask);
            }
        }
    }

    /// Those who go together now. When there are none the turn has ended, and whoever comes next begins another.
    fn next(&mut self) -> Option<Vec<Ask>> {
        let mut fresh = self.desk.fresh.lock();
        let mut weighs = 0;
        let group = take(&mut fresh.waiting, |first, next| {
            weighs += weight(&next.jobs);
            first.clock == next.clock && weighs <= MOST
        });
        if group.is_empty() {
            fresh.turns -= 1;
            self.ended = true;
        }
        Some(group).filter(|it| !it.is_empty())
    }
}

impl Drop for Turn {
    /// Ended before its time, as the runtime has: then nobody is left to serve those who wait, and they are told.
    fn drop(&mut self) {
        if !self.ended {
            let mut fresh = self.desk.fresh.lock();
            fresh.turns -= 1;
            fresh.waiting.clear();
        }
    }
}

/// About how many rows these are worth; a kilobyte of args is worth as much as a row.
fn weight(jobs: &[NewJob]) -> usize {
    jobs.iter().map(|it| 1 + it.args.as_str().len() / 1024).sum()
}

/// Serves those whose keys are held, a key at a time and all who want it together, in turn.
async fn serve_held(mut come: mpsc::UnboundedReceiver<Ask>, caller: Caller, held_keys: Arc<Mutex<Vec<Key>>>) {
    let mut waiting: VecDeque<Ask> = VecDeque::new();
    loop {
        // Who has gone wants no key any more.
        waiting.retain(|it| !it.answer.is_closed());
        if waiting.is_empty() {
            held_keys.lock().clear();
            let Some(first) = come.recv().await else { return };
            waiting.push_back(first);
        }
        while let Ok(next) = come.try_recv() {
            waiting.push_back(next);
        }
        let keys =
            |it: &Ask| it.wish.keys().map(|(name, key)| (name.clone(), key.into())).collect::<Vec<Key>>();
        *held_keys.lock() = waiting.iter().flat_map(keys).collect();
        let same = waiting.front().map(keys).unwrap_or_default();
        let group = take(&mut waiting, |first, next| first.clock == next.clock && next.wants_any(&same));
        waiting.extend(commit(&caller, group).await);
    }
}

/// Takes the first, and those behind it that may go `with` it. Those whose callers have gone are left out.
fn take(waiting: &mut VecDeque<Ask>, mut with: impl FnMut(&Wish, &Wish) -> bool) -> Vec<Ask> {
    waiting.retain(|it| !it.answer.is_closed());
    let Some(first) = waiting.pop_front() else { return Vec::new() };
    let mut group = vec![first];
    for ask in mem::take(waiting) {
        if with(&group[0].wish, &ask.wish) { group.push(ask) } else { waiting.push_back(ask) }
    }
    group
}

/// Does what these ask for, and answers; gives back those that are held up.
async fn commit(caller: &Caller, group: Vec<Ask>) -> Vec<Ask> {
    let (wishes, answers): (Vec<Wish>, Vec<_>) = group.into_iter().map(|it| (it.wish, it.answer)).unzip();
    let group = Group::of(wishes);
    let outcomes = match caller.perform(&group).await {
        Ok(outcomes) => outcomes,
        Err(error) => {
            for (answer, error) in answers.into_iter().zip(shared(error)) {
                let _ = answer.send(Err(error));
            }
            return Vec::new();
        }
    };
    let mut held = Vec::new();
    for ((outcome, answer), wish) in outcomes.into_iter().zip(answers).zip(group.into_wishes()) {
        // Who has gone needs no answer.
        match outcome {
            Outcome::Inserted(inserted) => drop(answer.send(Ok(inserted))),
            Outcome::Failed(error) => drop(answer.send(Err(CallError::into(error)))),
            Outcome::Held => held.push(Ask { wish, answer }),
        }
    }
    held
}
