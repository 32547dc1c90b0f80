//! The PostgreSQL store keeps the contract of all stores.

mod server;

job_testing::store_contract!(server::empty_store);
