//! Where workers of a test work: a store, the section's settings, and the diary of their handlers.

use super::{
    diary::{Diary, Entry, What, all},
    process::Process,
    stint::{Act, Stint},
};
use job_core::{
    About, AttemptNote, Job, JobId, JobSource, JobStatus, NoteFilter, NoteKind, Options,
    store::{Filter, Inserted, JobStoreExt, Opened, StoreUrl},
};
use std::{
    fs,
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

/// Within this, everything that a test waits for has happened.
const PATIENCE: Duration = Duration::from_secs(90);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(10);
/// Many more rows than there are.
const ALL: NonZeroU32 = NonZeroU32::MAX;

/// A store, and a folder with everything else.
#[derive(Debug)]
pub(crate) struct Site {
    opened: Opened,
    folder: TempDir,
    diary: Diary,
    started: AtomicU32,
}

impl Site {
    /// For workers of a section with these `settings`, lines of a configuration, over the store that is `opened` and can
    /// be found at `url`.
    pub(crate) fn new(opened: &Opened, url: &StoreUrl, settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = format!("store = '{}'\n[section.lab]\ntypes = ['stint']\n{settings}\n", url.url);
        fs::write(folder.path().join("jobs.toml"), config).unwrap();
        let diary = Diary::open(&folder.path().join("diary"));
        Self { opened: opened.clone(), folder, diary, started: AtomicU32::new(0) }
    }

    /// Starts a worker.
    pub(crate) fn start(&self) -> Process {
        let log = format!("log-{}", self.started.fetch_add(1, Ordering::Relaxed));
        let path = self.folder.path();
        Process::start(&path.join("jobs.toml"), self.diary.path(), path.join(log))
    }

    /// Stores `count` jobs that do `acts`.
    pub(crate) async fn enqueue(&self, count: usize, acts: &[Act]) -> Vec<JobId> {
        let source = JobSource::<Stint>::new(self.opened.store.clone());
        let stints = vec![Stint(acts.to_vec()); count];
        let inserted = source.create_many(&stints, &Options::default()).await.unwrap();
        let created = inserted.into_iter().map(|it| match it {
            Inserted::Created(job) => job.id,
            other => panic!("not created: {other:?}"),
        });
        created.collect()
    }

    /// What handlers did until now.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.diary.entries()
    }

    /// What handlers did, once `count` entries of that kind are among it.
    pub(crate) async fn until(&self, what: What, count: usize) -> Vec<Entry> {
        let seen = async {
            loop {
                let entries = self.entries();
                if all(&entries, what).len() >= count {
                    return entries;
                }
                sleep(LOOK).await;
            }
        };
        let Ok(entries) = timeout(PATIENCE, seen).await else {
            panic!("{what:?} was not entered {count} times: {:#?}", self.entries());
        };
        entries
    }

    /// All jobs, once none is pending.
    pub(crate) async fn until_all_ended(&self) -> Vec<Job> {
        let pending = Filter {
            statuses: Some(JobStatus::ALL.into_iter().filter(|it| it.is_pending()).collect()),
            ..Filter::default()
        };
        let ended = async {
            // The store may be away, or busy.
            while self.opened.store.count(&pending, 1).await.map_or(true, |it| it.jobs > 0) {
                sleep(LOOK).await;
            }
        };
        let Ok(()) = timeout(PATIENCE, ended).await else {
            panic!("some have not ended: {:#?}", self.jobs().await);
        };
        self.jobs().await
    }

    /// All jobs.
    pub(crate) async fn jobs(&self) -> Vec<Job> {
        self.opened.store.find(&Filter::default(), ALL).await.unwrap()
    }

    /// Each of `jobs` is Completed, by the attempt that its diary says ran to the end, and by no other change: each start
    /// is one and each end another. Each attempt before it ended with its lease.
    pub(crate) async fn assert_completed_once(&self, jobs: &[Job]) {
        let entries = self.entries();
        let noted = NoteFilter { kind: Some(NoteKind::Attempt), ..NoteFilter::default() };
        let notes = self.opened.notes.notes(&noted, ALL).await.unwrap();
        for job in jobs {
            let starts = job.state.attempt_count();
            assert_eq!(job.state.status(), JobStatus::Completed, "{job:?}");
            let by = |it: &&Entry| it.job == job.id && it.attempt == starts;
            let done = all(&entries, What::Done).into_iter().filter(by).count();
            assert_eq!(done, 1, "who completed it? {job:?}");
            assert_eq!(job.change_count(), 2 * i64::from(starts), "{job:?}");
            let mut lapsed: Vec<u32> = Vec::new();
            for noted in notes.iter().filter(|it| it.note.about == About::Job(job.id)) {
                let body: AttemptNote = noted.note.body.decode().unwrap();
                assert_eq!(body.outcome, "lapse", "{body:?}");
                lapsed.push(body.attempt);
            }
            lapsed.sort_unstable();
            assert_eq!(lapsed, (1..starts).collect::<Vec<_>>(), "{job:?}");
            assert_eq!(job.state.crash_count(), starts - 1, "{job:?}");
        }
    }
}
