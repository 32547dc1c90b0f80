//! A bed for a test: an empty store of some kind, what it stands on, and a script over it.

use crate::errand::{Errand, Ran, UniqueErrand};
use job_core::{
    Clock, Job, JobId, JobSource, JobType, SectionName, Timestamp,
    store::{Filter, JobStoreExt, Opened, Order, Page},
};
use job_lab::bench::{Kind, Site};
use job_runner::{Place, Registry, RunReport, Script, SectionSettings};
use std::num::NonZeroU32;
use tempfile::TempDir;

/// Gives each of the tests a name for every store, so that a failure says where.
macro_rules! over_every_store {
    ($($test:ident,)*) => {
        over_every_store! { @ memory Memory: $($test,)* }
        over_every_store! { @ sqlite Sqlite: $($test,)* }
    };
    (@ $name:ident $kind:ident: $($test:ident,)*) => {
        mod $name {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test($crate::bed::Bed::new(job_lab::bench::Kind::$kind).await).await;
            })*
        }
    };
}
pub(crate) use over_every_store;

/// An empty store that belongs to one test.
pub(crate) struct Bed {
    pub(crate) opened: Opened,
    site: Site,
    _folder: TempDir,
}

/// When tests begin: a point in the past, so that a store that took its own clock instead would be found out.
pub(crate) fn morning() -> Timestamp {
    "2026-01-05T08:00:00Z".parse().unwrap()
}

impl Bed {
    pub(crate) async fn new(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let site = if kind == Kind::Sqlite { Site::sqlite(folder.path()) } else { Site::memory() };
        let opened = site.opener.open(&site.url).await.unwrap();
        Self { opened, site, _folder: folder }
    }

    /// The jobs of one type, as of `now`.
    pub(crate) fn source<J: JobType<K>, K>(&self, now: Timestamp) -> JobSource<J> {
        JobSource::new(self.opened.store.clone()).by_clock(Clock::At(now))
    }

    pub(crate) fn settings() -> SectionSettings {
        SectionSettings::new(SectionName::new("lab").unwrap())
    }

    /// Runs what is due at `now`, one job at a time.
    pub(crate) async fn run(&self, now: Timestamp, ran: &Ran) -> RunReport {
        self.run_with(now, ran, Self::settings()).await
    }

    /// Runs what is due at `now`, through a handle of its own, as another process would.
    pub(crate) async fn run_with(&self, now: Timestamp, ran: &Ran, settings: SectionSettings) -> RunReport {
        let opened = self.site.opener.open(&self.site.url).await.unwrap();
        let registry = Registry::new().register::<Errand>().register::<UniqueErrand>();
        let script = Script::new(Opened { clock: Clock::At(now), ..opened }, registry, ran.clone(), settings);
        script.unwrap().place(Place::Here).run().await.unwrap()
    }

    pub(crate) async fn job(&self, id: JobId) -> Job {
        self.opened.store.get(id).await.unwrap().unwrap()
    }

    /// All of them, the oldest first.
    pub(crate) async fn jobs(&self) -> Vec<Job> {
        let page = Page::first(Order::Oldest, NonZeroU32::MAX);
        let listed = self.opened.store.list(&Filter::default(), &page).await.unwrap();
        listed.rows.into_iter().map(Result::unwrap).collect()
    }
}
