//! A bed for a test: an empty store of some kind, what it stands on, and a script over it.

use crate::{
    errand::{Errand, Ran, UniqueErrand},
    schema::Schema,
};
use job_core::{
    Clock, Job, JobId, JobSource, JobType, SectionName, Timestamp,
    store::{Filter, JobStoreExt, Opened, Opener, Order, Page, StoreUrl},
};
use job_runner::{Place, Registry, RunReport, Script, SectionSettings};
use std::{any::Any, num::NonZeroU32, sync::Arc};

/// Gives each of the tests a name for every store, so that a failure says where.
macro_rules! over_every_store {
    ($($test:ident,)*) => {
        over_every_store! { @ memory: $($test,)* }
        over_every_store! { @ sqlite: $($test,)* }
        over_every_store! { @ postgres: $($test,)* }
    };
    (@ $store:ident: $($test:ident,)*) => {
        mod $store {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                if let Some(bed) = $crate::bed::Bed::$store().await {
                    super::$test(bed).await;
                }
            })*
        }
    };
}
pub(crate) use over_every_store;

/// An empty store that belongs to one test.
pub(crate) struct Bed {
    // Dropped in this order: the handle before what it stands on.
    pub(crate) opened: Opened,
    pub(crate) opener: Arc<dyn Opener>,
    pub(crate) url: StoreUrl,
    /// The server and the schema, if it is in PostgreSQL.
    pub(crate) schema: Option<(String, String)>,
    _ground: Box<dyn Any + Send>,
}

/// When tests begin: a point in the past, so that a store that took its own clock instead would be found out.
pub(crate) fn morning() -> Timestamp {
    "2026-01-05T08:00:00Z".parse().unwrap()
}

impl Bed {
    pub(crate) async fn memory() -> Option<Self> {
        Some(Self::made(job_store_mem::Opener::new(), StoreUrl::new("memory:"), ()).await)
    }

    pub(crate) async fn sqlite() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let url = StoreUrl::new(format!("sqlite:{}", folder.path().join("jobs.sqlite3").display()));
        Some(Self::made(job_store_sqlite::Opener, url, folder).await)
    }

    /// `None` where there is no server to test on.
    pub(crate) async fn postgres() -> Option<Self> {
        let schema = Schema::new()?;
        let names = Some((schema.server.clone(), schema.name.clone()));
        let made = Self::made(job_store_pg::Opener, schema.url(), schema).await;
        Some(Self { schema: names, ..made })
    }

    async fn made(opener: impl Opener, url: StoreUrl, ground: impl Any + Send) -> Self {
        let opened = opener.open(&url).await.unwrap();
        Self { opened, opener: Arc::new(opener), url, schema: None, _ground: Box::new(ground) }
    }

    /// A further handle of the store, as another process would have.
    pub(crate) async fn another(&self) -> Opened {
        self.opener.open(&self.url).await.unwrap()
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
        let opened = self.another().await;
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
