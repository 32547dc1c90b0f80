//! The memory store keeps the contract of all stores.

job_testing::store_contract!(async || job_store_mem::MemStore::new().opened());
