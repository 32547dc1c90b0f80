//! Connections of the application's own: none is lost, and no work is done by half.

use crate::{
    database::{TestDatabase, on_each_store},
    sandbox::Sandbox,
};
use code_review::{Error, proposals};
use std::sync::mpsc;

on_each_store! {
    work_that_nobody_waits_for_any_more_is_done_all_the_same
    panics_in_transactions_leave_nothing_open_and_no_connection_short
}

fn work_that_nobody_waits_for_any_more_is_done_all_the_same(server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(1).kept_in(server);
    let (database, new) = (sandbox.database(), sandbox.newest(1));
    let (begun, has_begun) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let (done, is_done) = mpsc::channel();
    let request = sandbox.runtime.spawn(async move {
        let work = database.with(move |conn| {
            begun.send(()).unwrap();
            may_go_on.recv().unwrap();
            let proposed = proposals::propose(conn, &new);
            done.send(proposed.is_ok()).unwrap();
            proposed
        });
        work.await
    });
    has_begun.recv().unwrap();
    request.abort();
    assert!(sandbox.block_on(request).unwrap_err().is_cancelled());
    go_on.send(()).unwrap();
    assert!(is_done.recv().unwrap());
    assert_eq!(sandbox.number("SELECT count(*) FROM proposal"), 1);
}

fn panics_in_transactions_leave_nothing_open_and_no_connection_short(server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(1).kept_in(server);
    // More of them than the pool has connections.
    for _ in 0..20 {
        let new = sandbox.newest(1);
        let panicked = sandbox.with(move |conn| {
            conn.transaction(|conn| {
                proposals::propose_one(conn, &new[0])?;
                panic!("in the middle of a transaction")
            })
        });
        assert!(matches!(panicked, Err::<(), _>(Error::Panicked(_))), "{panicked:?}");
    }
    assert_eq!(sandbox.number("SELECT count(*) FROM proposal"), 0);
    let proposed = sandbox.propose(1);
    assert!(proposed[0].is_new && proposed[0].asked);
}
