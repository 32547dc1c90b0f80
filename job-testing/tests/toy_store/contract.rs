//! The contract, run on the toy. In a module of its own, because the macro makes a module for each theme.

use crate::store::ToyStore;
use job_core::store::Opened;
use std::sync::Arc;

job_testing::store_contract!(async || Opened::new("toy", Arc::new(ToyStore::default())));
