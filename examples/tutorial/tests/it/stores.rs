//! An empty store of each kind.

use crate::schema::Schema;
use job_core::store::{Opener, StoreUrl};
use job_store_mem::MemStore;
use job_testing::Fixture;

pub(crate) async fn memory() -> Fixture {
    Fixture::new(MemStore::new().opened())
}

pub(crate) async fn sqlite() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let url = StoreUrl::new(format!("sqlite:{}", folder.path().join("jobs.sqlite3").display()));
    Fixture::new(job_store_sqlite::Opener.open(&url).await.unwrap()).keeping(folder)
}

/// Where there is a server.
pub(crate) async fn postgres() -> Option<Fixture> {
    let schema = Schema::new()?;
    let opened = job_store_pg::Opener.open(&schema.url()).await.unwrap();
    Some(Fixture::new(opened).keeping(schema))
}
