//! What was acknowledged is there, whatever happens to the process.

use crate::{child::Process, file::File};
use job_core::{JobId, store::JobStoreExt};
use job_testing::factory;
use std::collections::HashSet;

/// A job that a killed process said it had inserted is stored, and the file is whole.
#[tokio::test]
async fn what_a_killed_process_was_told_is_stored_is_stored() {
    let file = File::new();
    for acknowledged in [1, 10, 40] {
        let mut process = Process::start("insert for ever", &file.path);
        let ids: Vec<String> = (0..acknowledged).map(|_| process.says().unwrap()).collect();
        // SIGKILL, in the middle of its next insert.
        process.child.kill().unwrap();
        process.child.wait().unwrap();
        let ids: HashSet<String> = ids.into_iter().chain(std::iter::from_fn(|| process.says())).collect();

        let store = file.store().await;
        for id in ids {
            let found = store.get_by_prefix(&factory::named(&id)).await.unwrap();
            assert_eq!(found.len(), 1, "job {id} was acknowledged");
        }
        let whole = file.number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'");
        assert_eq!(whole, 0, "integrity_check finds nothing");
        // A batch is stored wholly or not at all.
        assert_eq!(file.number("SELECT count(*) % 3 FROM job"), 0);
        assert!(store.get(*JobId::BOUNDS.start()).await.unwrap().is_none());
    }
}
