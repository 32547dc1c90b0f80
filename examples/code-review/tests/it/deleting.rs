//! On PostgreSQL, where nobody has the database for himself: a proposal is deleted while its diff is stored.

use crate::{database::TestDatabase, jobs::claimed, sandbox::Sandbox};
use code_review::{Diff, proposals};
use job_core::{Completion, Then};
use job_testing::factory;
use std::sync::mpsc;

const WAITING: &str = "SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0";

#[test]
fn who_deletes_a_proposal_waits_for_the_diff_that_is_stored_just_now() {
    let Some(server) = TestDatabase::new() else { return };
    let sandbox = Sandbox::with_commits(1).kept_in(Some(server));
    sandbox.propose(1);
    let completion = sandbox.with_store(async |opened| {
        Completion::new(claimed(&opened).await, factory::actor(1), opened.scheme, Then::Keep)
    });
    let database = sandbox.database();
    let (stored, is_stored) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel();
    let (completed, deleted) = sandbox.with_store(async |_| {
        let storing = database.with(move |conn| {
            conn.complete_in(completion, |conn| {
                proposals::store_diff(conn, 1, &Diff::default())?;
                stored.send(()).unwrap();
                may_go_on.recv().unwrap();
                Ok(())
            })
        });
        let deleting = async {
            tokio::task::block_in_place(|| is_stored.recv()).unwrap();
            let deleting = tokio::spawn({
                let database = database.clone();
                async move { database.with(|conn| proposals::delete(conn, 1)).await }
            });
            tokio::task::block_in_place(|| sandbox.wait_for(WAITING, 1));
            go_on.send(()).unwrap();
            deleting.await.unwrap()
        };
        tokio::join!(storing, deleting)
    });
    assert!(completed.is_ok(), "{completed:?}");
    assert!(deleted.unwrap());
    assert_eq!(
        (sandbox.number("SELECT count(*) FROM proposal"), sandbox.number("SELECT count(*) FROM job")),
        (0, 0)
    );
}
