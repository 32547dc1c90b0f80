//! Where small inserts are merged: one commit for all who wait.
//!
//! Nobody waits for company. The first caller goes at once; who comes while a statement is under way goes with the next.
//! Who wants a key that somebody's open transaction has waits at a place apart, and holds up only those who want the same.

use crate::{
    call::Caller,
    error::{CallError, shared},
    group::{Group, Key, Outcome, Wish},
};
use job_core::{
    Clock, NewJob,
    store::{Inserted, StoreError},
};
use parking_lot::Mutex;
use std::{collections::VecDeque, sync::Arc};
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
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
    fresh: mpsc::UnboundedSender<Ask>,
    held: mpsc::UnboundedSender<Ask>,
    held_keys: Arc<Mutex<Vec<Key>>>,
    caller: Caller,
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
        let (fresh, come) = mpsc::unbounded_channel();
        let (held, come_held) = mpsc::unbounded_channel();
        let held_keys = Arc::<Mutex<Vec<Key>>>::default();
        caller.runtime.spawn(serve(come, caller.clone(), held.clone()));
        caller.runtime.spawn(serve_held(come_held, caller.clone(), held_keys.clone()));
        Self { fresh, held, held_keys, caller }
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
        let place = if is_held { &self.held } else { &self.fresh };
        // Where nobody takes it, the answer tells.
        let _ = place.send(Ask { wish, answer });
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
}

/// About how many rows these are worth; a kilobyte of args is worth as much as a row.
fn weight(jobs: &[NewJob]) -> usize {
    jobs.iter().map(|it| 1 + it.args.as_str().len() / 1024).sum()
}

/// Serves those who come, until nobody can come any more.
async fn serve(mut come: mpsc::UnboundedReceiver<Ask>, caller: Caller, held: mpsc::UnboundedSender<Ask>) {
    let turns = Arc::new(Semaphore::new(TURNS));
    let mut waiting = VecDeque::new();
    while let Ok(turn) = turns.clone().acquire_owned().await {
        if waiting.is_empty() {
            let Some(first) = come.recv().await else { return };
            waiting.push_back(first);
        }
        while let Ok(next) = come.try_recv() {
            waiting.push_back(next);
        }
        let mut weighs = 0;
        let group = take(&mut waiting, |first, next| {
            weighs += weight(&next.jobs);
            first.clock == next.clock && weighs <= MOST
        });
        let (caller, held) = (caller.clone(), held.clone());
        tokio::spawn(async move {
            for ask in commit(&caller, group).await {
                // Whoever serves them ends with the runtime, and so do the callers then.
                let _ = held.send(ask);
            }
            drop(turn);
        });
    }
}

/// Serves those whose keys are held, a key at a time and all who want it together, in turn.
async fn serve_held(mut come: mpsc::UnboundedReceiver<Ask>, caller: Caller, held_keys: Arc<Mutex<Vec<Key>>>) {
    let mut waiting: VecDeque<Ask> = VecDeque::new();
    loop {
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

/// Takes the first, and those behind it that may go `with` it.
fn take(waiting: &mut VecDeque<Ask>, mut with: impl FnMut(&Wish, &Wish) -> bool) -> Vec<Ask> {
    let Some(first) = waiting.pop_front() else { return Vec::new() };
    let mut group = vec![first];
    for ask in std::mem::take(waiting) {
        if ask.answer.is_closed() {
            continue;
        }
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
