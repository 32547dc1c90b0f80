//! The calls of a store as clauses make them: by the fixture's clock, and with a panic where the store breaks.

use crate::{Fixture, factory};
use job_core::{
    About, Change, Job, JobId, JobSource, JobStatus, JobType, NewJob, Note, NoteFilter, Noted, Reply, Text,
    Timestamp,
    store::{
        Claim, Claimed, Deletion, Filter, Held, Inserted, JobStoreExt, Lock, LockRequest, Order, Page,
        Renewed, StoreError, Switch,
    },
};
use std::time::Duration;

impl Fixture {
    /// A new id.
    #[must_use]
    pub fn mint(&self) -> JobId {
        self.store.mint()
    }

    /// The time by the store's own clock.
    pub async fn time(&self) -> Timestamp {
        self.store.now().await.unwrap_or_else(broke)
    }

    /// The jobs of the type `J`, by the fixture's clock as it stands now.
    #[must_use]
    pub fn source<J: JobType<K>, K>(&self) -> JobSource<J> {
        JobSource::new(self.store.clone()).by_clock(self.clock())
    }

    /// Inserts, and gives the answers.
    pub async fn insert(&self, jobs: &[NewJob]) -> Vec<Inserted> {
        let inserted = self.store.insert(jobs, self.clock()).await.unwrap_or_else(broke);
        assert_eq!(inserted.len(), jobs.len(), "one answer for each job");
        inserted
    }

    /// Inserts a job that nothing stands in the way of.
    pub async fn create(&self, job: &NewJob) -> Job {
        match self.insert(std::slice::from_ref(job)).await.remove(0) {
            Inserted::Created(job) => job,
            other => panic!("{} was not created: {other:?}", job.id),
        }
    }

    /// A [`factory::claim`] by the fixture's clock.
    #[must_use]
    pub fn claim(&self) -> Claim {
        factory::claim(self.clock())
    }

    /// A claim of the type `J` in its own queue.
    #[must_use]
    pub fn claim_of<J: JobType<K>, K>(&self) -> Claim {
        let info = J::info();
        Claim { types: vec![factory::named(info.name)], queue: factory::named(info.queue), ..self.claim() }
    }

    /// Claims jobs that are all readable.
    pub async fn start(&self, claim: &Claim) -> Vec<Job> {
        let Claimed { jobs, unreadable } = self.store.claim(claim).await.unwrap_or_else(broke);
        assert!(unreadable.is_empty(), "unreadable: {unreadable:?}");
        jobs
    }

    /// Inserts a job and starts it by a claim of its type and queue, in which it must be the first.
    pub async fn running(&self, job: &NewJob) -> Job {
        self.create(job).await;
        let claim = Claim {
            queue: job.queue.clone(),
            types: vec![job.type_name.clone()],
            limit: factory::limit(1),
            ..self.claim()
        };
        let started = self.start(&claim).await;
        assert_eq!(started.iter().map(|it| it.id).collect::<Vec<_>>(), [job.id], "the claim starts the job");
        started.into_iter().next().unwrap_or_else(|| unreachable!("compared above"))
    }

    /// Inserts a job and brings it to `status` by the shortest way; one that starts must be the first in its
    /// claim.
    pub async fn at(&self, status: JobStatus, job: &NewJob) -> Job {
        let now = self.now();
        let at = match status {
            JobStatus::Waiting | JobStatus::Suspended | JobStatus::Cancelled => self.create(job).await,
            JobStatus::Running | JobStatus::Completed | JobStatus::Failed => self.running(job).await,
        };
        let next = match status {
            JobStatus::Waiting | JobStatus::Running => return at,
            JobStatus::Completed => at.complete(now),
            JobStatus::Failed => at.fail("it broke".into(), now),
            JobStatus::Suspended => at.suspend("for a review".into()),
            JobStatus::Cancelled => at.cancel("not needed".into(), now),
        };
        self.moved(&factory::change(&at, next)).await
    }

    /// Applies a change that nothing stands in the way of, and gives the job as it is stored then.
    pub async fn moved(&self, change: &Change) -> Job {
        assert_eq!(self.change(change).await, Reply::Applied, "of {change:?}");
        self.get(change.id).await
    }

    /// Applies changes, and gives the replies.
    pub async fn apply(&self, changes: &[Change]) -> Vec<Reply> {
        let replies = self.store.apply(changes).await.unwrap_or_else(broke);
        assert_eq!(replies.len(), changes.len(), "one reply for each change");
        replies
    }

    /// Applies one change; sends it again while somebody's transaction holds the row or the key.
    pub async fn change(&self, change: &Change) -> Reply {
        loop {
            match self.apply(std::slice::from_ref(change)).await[0] {
                Reply::Busy => tokio::task::yield_now().await,
                reply => return reply,
            }
        }
    }

    /// Every job, the oldest first.
    pub async fn all(&self) -> Vec<Job> {
        self.list(&Filter::default(), Order::Oldest).await
    }

    /// The jobs that fit, all of them readable, on one page.
    pub async fn list(&self, filter: &Filter, order: Order) -> Vec<Job> {
        let page = Page::first(order, factory::limit(100_000));
        let listed = self.store.list(filter, &page).await.unwrap_or_else(broke);
        assert_eq!(listed.next, None, "all fit on the page");
        listed.rows.into_iter().map(|row| row.unwrap_or_else(|unreadable| panic!("{unreadable}"))).collect()
    }

    /// How many jobs fit.
    pub async fn count(&self, filter: &Filter) -> u64 {
        let counted = self.store.count(filter, u64::MAX).await.unwrap_or_else(broke);
        assert!(!counted.at_least, "there are no more than the greatest number");
        counted.jobs
    }

    /// The job as it is stored, if it is there.
    pub async fn find(&self, id: JobId) -> Option<Job> {
        self.store.get(id).await.unwrap_or_else(broke)
    }

    /// The job as it is stored.
    pub async fn get(&self, id: JobId) -> Job {
        self.find(id).await.unwrap_or_else(|| panic!("job {id} is stored"))
    }

    /// Renews by [`factory::LEASE`], and gives the answers.
    pub async fn renew(&self, held: &[Held]) -> Vec<Renewed> {
        self.renew_for(held, factory::LEASE).await
    }

    /// Renews by `lease`, and gives the answers.
    pub async fn renew_for(&self, held: &[Held], lease: Duration) -> Vec<Renewed> {
        let renewed = self.store.renew(held, lease, self.clock()).await.unwrap_or_else(broke);
        assert_eq!(renewed.len(), held.len(), "one answer for each lease");
        renewed
    }

    /// The jobs that run past their lease.
    pub async fn lapsed(&self) -> Vec<Job> {
        self.store.lapsed(None, factory::limit(1000), self.clock()).await.unwrap_or_else(broke)
    }

    /// Deletes, and says how many.
    pub async fn delete(&self, what: &Deletion) -> u64 {
        self.store.delete(what).await.unwrap_or_else(broke)
    }

    /// Takes, renews or gives up a lock.
    pub async fn lock(&self, request: &LockRequest) -> Lock {
        self.store.lock(request).await.unwrap_or_else(broke)
    }

    /// Appends notes.
    pub async fn append(&self, notes: &[Note]) {
        self.notes.append(notes).await.unwrap_or_else(broke);
    }

    /// The notes that fit, the newest first.
    pub async fn noted(&self, filter: &NoteFilter) -> Vec<Noted> {
        self.notes.notes(filter, factory::limit(1000)).await.unwrap_or_else(broke)
    }

    /// The notes about a job, the newest first.
    pub async fn notes_about(&self, job: JobId) -> Vec<Note> {
        let filter = NoteFilter { about: Some(About::Job(job)), ..NoteFilter::default() };
        self.noted(&filter).await.into_iter().map(|it| it.note).collect()
    }

    /// Sets a switch.
    pub async fn switch(&self, switch: &Switch, on: bool) {
        self.switches.set(switch, on).await.unwrap_or_else(broke);
    }

    /// The switches that are on.
    pub async fn switched_on(&self) -> Vec<Switch> {
        self.switches.switches().await.unwrap_or_else(broke)
    }
}

/// Ends the test with the error and its sources.
#[expect(clippy::needless_pass_by_value, reason = "the shape that `unwrap_or_else` takes")]
fn broke<T>(error: StoreError) -> T {
    panic!("the store broke: {}", Text::of_error(&error))
}
