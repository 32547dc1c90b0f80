//! The PostgreSQL store keeps the contract of all stores.

#[expect(dead_code, reason = "the other tests use the rest")]
mod server;

use job_store_pg::PgStore;
use job_testing::Fixture;
use server::TestSchema;

job_testing::store_contract!(empty_store);

async fn empty_store() -> Fixture {
    let schema = TestSchema::new().await;
    let store = schema.store().await;
    let options = schema.options();
    let reopen = move || {
        let options = options.clone();
        async move { PgStore::connect(&options).await.expect("it was there before").opened() }
    };
    Fixture::new(store.opened()).reopened_by(reopen).keeping(schema)
}
