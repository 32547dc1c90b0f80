//! A store that fails, hangs or loses its replies as a test wants it.

use async_trait::async_trait;
use job_core::{
    Change, Clock, Job, JobId, NewJob, Note, NoteFilter, Noted, Reply, Timestamp,
    store::{
        Claim, Claimed, Counted, Deletion, Filter, Held, Inserted, JobStore, Listed, Lock, LockRequest,
        Notes, Opened, Page, Renewed, StoreError, Switch, Switches, Unreadable,
    },
};
use job_store_mem::MemStore;
use parking_lot::Mutex;
use std::{
    collections::{HashMap, HashSet, VecDeque},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};
use tokio::sync::Semaphore;

/// What goes wrong with a call.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// The store is away, and the call is not made.
    Away,
    /// The call is made, and its reply is lost.
    ReplyLost,
    /// The store is broken.
    Broken,
    /// The store refuses the call.
    Denied,
    /// The call is made once the test adds a permit.
    Held(Arc<Semaphore>),
    /// The call is made, and its reply comes once the test adds a permit.
    ReplyHeld(Arc<Semaphore>),
    /// Somebody's transaction holds the rows: for `apply`, `exchange` and `renew`.
    Busy,
}

/// A store in memory with faults.
#[derive(Clone, Debug)]
pub(crate) struct Unsteady {
    inner: MemStore,
    faults: Arc<Mutex<HashMap<&'static str, Faults>>>,
    unreadable: Arc<Mutex<HashSet<JobId>>>,
    spoilt: Arc<Mutex<HashSet<JobId>>>,
}

#[derive(Debug, Default)]
struct Faults {
    next: VecDeque<Fault>,
    then: Option<Fault>,
    calls: usize,
}

impl Unsteady {
    pub(crate) fn new(inner: &MemStore) -> Self {
        Self {
            inner: inner.clone(),
            faults: Arc::default(),
            unreadable: Arc::default(),
            spoilt: Arc::default(),
        }
    }

    pub(crate) fn opened(&self) -> Opened {
        Opened::new("memory", Arc::new(self.clone()))
    }

    /// The next calls of `method` have these faults, one each.
    pub(crate) fn next(&self, method: &'static str, faults: impl IntoIterator<Item = Fault>) {
        self.faults.lock().entry(method).or_default().next.extend(faults);
    }

    /// All calls of `method` have this fault, once those of `next` are used up.
    pub(crate) fn always(&self, method: &'static str, fault: Fault) {
        self.faults.lock().entry(method).or_default().then = Some(fault);
    }

    /// The row cannot be read from now on.
    pub(crate) fn make_unreadable(&self, id: JobId) {
        self.unreadable.lock().insert(id);
    }

    /// The store fails at every batch with a change of this job, from now on or no longer.
    pub(crate) fn spoil(&self, id: JobId, spoilt: bool) {
        let mut all = self.spoilt.lock();
        if spoilt {
            all.insert(id)
        } else {
            all.remove(&id)
        };
    }

    fn takes(&self, changes: &[Change]) -> Result<(), StoreError> {
        let spoilt = self.spoilt.lock();
        match changes.iter().any(|it| spoilt.contains(&it.id)) {
            true => Err(StoreError::Other("one of them is spoilt".into())),
            false => Ok(()),
        }
    }

    fn as_read(&self, claimed: Claimed) -> Claimed {
        let unreadable = self.unreadable.lock();
        let (bad, jobs): (Vec<Job>, Vec<Job>) =
            claimed.jobs.into_iter().partition(|it| unreadable.contains(&it.id));
        Claimed { jobs, unreadable: bad.into_iter().map(not_read).collect() }
    }

    /// How often `method` was called.
    pub(crate) fn calls(&self, method: &'static str) -> usize {
        self.faults.lock().get(method).map_or(0, |it| it.calls)
    }

    async fn call<T>(
        &self,
        method: &'static str,
        busy: Option<T>,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let fault = {
            let mut faults = self.faults.lock();
            let faults = faults.entry(method).or_default();
            faults.calls += 1;
            faults.next.pop_front().or_else(|| faults.then.clone()).unwrap_or(Fault::None)
        };
        match fault {
            Fault::None => call.await,
            Fault::Away => Err(StoreError::Unavailable("away".into())),
            Fault::ReplyLost => {
                call.await?;
                Err(StoreError::Unavailable("the reply is lost".into()))
            }
            Fault::Broken => Err(StoreError::Other("broken".into())),
            Fault::Denied => Err(StoreError::Denied("no".into())),
            Fault::Held(permits) => {
                permits.acquire().await.unwrap().forget();
                call.await
            }
            Fault::ReplyHeld(permits) => {
                let reply = call.await;
                permits.acquire().await.unwrap().forget();
                reply
            }
            Fault::Busy => Ok(busy.expect("a method that can be busy")),
        }
    }
}

#[async_trait]
impl JobStore for Unsteady {
    fn mint(&self) -> JobId {
        self.inner.mint()
    }

    async fn now(&self) -> Result<Timestamp, StoreError> {
        self.call("now", None, self.inner.now()).await
    }

    async fn insert(&self, jobs: &[NewJob], clock: Clock) -> Result<Vec<Inserted>, StoreError> {
        self.call("insert", None, self.inner.insert(jobs, clock)).await
    }

    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        let claimed = self.call("claim", None, self.inner.claim(claim)).await?;
        Ok(self.as_read(claimed))
    }

    async fn apply(&self, changes: &[Change]) -> Result<Vec<Reply>, StoreError> {
        self.takes(changes)?;
        let busy = vec![Reply::Busy; changes.len()];
        self.call("apply", Some(busy), self.inner.apply(changes)).await
    }

    async fn renew(&self, held: &[Held], lease: Duration, clock: Clock) -> Result<Vec<Renewed>, StoreError> {
        let busy = vec![Renewed::Busy; held.len()];
        self.call("renew", Some(busy), self.inner.renew(held, lease, clock)).await
    }

    async fn lapsed(
        &self,
        after: Option<JobId>,
        limit: NonZeroU32,
        clock: Clock,
    ) -> Result<Vec<Job>, StoreError> {
        let lapsed = self.call("lapsed", None, self.inner.lapsed(after, limit, clock)).await?;
        let unreadable = self.unreadable.lock();
        Ok(lapsed.into_iter().filter(|it| !unreadable.contains(&it.id)).collect())
    }

    async fn list(&self, filter: &Filter, page: &Page) -> Result<Listed, StoreError> {
        let Listed { rows, next } = self.call("list", None, self.inner.list(filter, page)).await?;
        let unreadable = self.unreadable.lock();
        let read = |job: Job| if unreadable.contains(&job.id) { Err(not_read(job)) } else { Ok(job) };
        Ok(Listed { rows: rows.into_iter().map(|row| row.and_then(read)).collect(), next })
    }

    async fn count(&self, filter: &Filter, cap: u64) -> Result<Counted, StoreError> {
        self.call("count", None, self.inner.count(filter, cap)).await
    }

    async fn delete(&self, what: &Deletion) -> Result<u64, StoreError> {
        self.call("delete", None, self.inner.delete(what)).await
    }

    async fn lock(&self, request: &LockRequest) -> Result<Lock, StoreError> {
        self.call("lock", None, self.inner.lock(request)).await
    }

    async fn exchange(&self, changes: &[Change], claim: &Claim) -> Result<(Vec<Reply>, Claimed), StoreError> {
        self.takes(changes)?;
        let busy = (vec![Reply::Busy; changes.len()], Claimed::default());
        let (replies, claimed) =
            self.call("exchange", Some(busy), self.inner.exchange(changes, claim)).await?;
        Ok((replies, self.as_read(claimed)))
    }
}

#[async_trait]
impl Notes for Unsteady {
    async fn append(&self, notes: &[Note]) -> Result<(), StoreError> {
        self.call("append", None, self.inner.append(notes)).await
    }

    async fn notes(&self, filter: &NoteFilter, limit: NonZeroU32) -> Result<Vec<Noted>, StoreError> {
        self.inner.notes(filter, limit).await
    }
}

#[async_trait]
impl Switches for Unsteady {
    async fn set(&self, switch: &Switch, on: bool) -> Result<(), StoreError> {
        self.inner.set(switch, on).await
    }

    async fn switches(&self) -> Result<Vec<Switch>, StoreError> {
        self.call("switches", None, self.inner.switches()).await
    }
}

fn not_read(job: Job) -> Unreadable {
    Unreadable {
        id: job.id,
        state: Some(Box::new((job.spec.type_name, job.state))),
        source: "its tags are no list".into(),
    }
}
