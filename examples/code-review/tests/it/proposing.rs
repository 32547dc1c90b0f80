//! Proposals come and go with their jobs, in one transaction.

use crate::{
    database::{TestDatabase, on_each_store},
    sandbox::Sandbox,
};
use code_review::{Error, Proposed, proposal_jobs, proposals};
use job_core::{
    JobStatus,
    store::{Filter, JobStoreExt},
};
use std::{sync::Barrier, thread};

on_each_store! {
    a_proposal_comes_with_the_job_that_generates_its_diff
    proposing_again_makes_nothing_twice
    eight_who_propose_the_same_at_once_make_it_once
    where_one_of_them_is_refused_no_proposal_and_no_job_is_kept
    deleting_a_proposal_deletes_its_diff_and_its_jobs
    a_job_that_is_pruned_leaves_its_proposal
}

const PROPOSALS: &str = "SELECT count(*) FROM proposal";
const JOBS: &str = "SELECT count(*) FROM job";

fn a_proposal_comes_with_the_job_that_generates_its_diff(server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(3).kept_in(server);
    let proposed = sandbox.propose(2);
    let made = |id| Proposed { id, is_new: true, asked: true };
    assert_eq!(proposed, [made(1), made(2)]);
    let jobs = sandbox.with(|conn| proposal_jobs::list(conn, &[2])).unwrap();
    let job = sandbox.with_store(async |opened| opened.store.get(jobs[0]).await.unwrap().unwrap());
    assert_eq!(job.spec.type_name.as_str(), "generate-diff");
    assert_eq!(job.spec.args.as_str(), r#"{"proposal":2}"#);
    assert_eq!(job.spec.target, Some(proposal_jobs::target(2).unwrap()));
    assert_eq!(job.spec.turn, Some(proposal_jobs::turn(2)));
    assert_eq!(job.state.status(), JobStatus::Waiting);
}

fn proposing_again_makes_nothing_twice(server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(3).kept_in(server);
    let first = sandbox.propose(2);
    let again = sandbox.propose(3);
    assert_eq!(
        again.iter().map(|it| (it.is_new, it.asked)).collect::<Vec<_>>(),
        [(false, false), (false, false), (true, true)]
    );
    assert_eq!(again[..2].iter().map(|it| it.id).collect::<Vec<_>>(), [first[0].id, first[1].id]);
    assert_eq!((sandbox.number(PROPOSALS), sandbox.number(JOBS)), (3, 3));
}

fn eight_who_propose_the_same_at_once_make_it_once(server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(20).kept_in(server);
    sandbox.propose(1);
    let (new, begin) = (sandbox.newest(20), Barrier::new(8));
    let (runtime, begin, database) = (sandbox.runtime.handle(), &begin, &sandbox.database());
    let made: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let new = new.clone();
                scope.spawn(move || {
                    begin.wait();
                    let proposed = database.with(move |conn| proposals::propose(conn, &new));
                    let proposed = runtime.block_on(proposed).unwrap();
                    proposed.iter().filter(|it| it.is_new && it.asked).count()
                })
            })
            .collect();
        threads.into_iter().map(|it| it.join().unwrap()).sum()
    });
    assert_eq!(made, 19);
    assert_eq!((sandbox.number(PROPOSALS), sandbox.number(JOBS)), (20, 20));
}

fn where_one_of_them_is_refused_no_proposal_and_no_job_is_kept(server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(5).kept_in(server);
    sandbox.propose(1);
    sandbox.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON proposal WHEN new.subject = 'Write line 2'
        BEGIN SELECT RAISE(ABORT, 'refused'); END",
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON proposal FOR EACH ROW WHEN (new.subject = 'Write line 2')
        EXECUTE FUNCTION refuse()",
    );
    let new = sandbox.newest(5);
    let refused = sandbox.with(move |conn| proposals::propose(conn, &new));
    assert!(matches!(refused, Err(Error::Database(_))), "{refused:?}");
    assert_eq!((sandbox.number(PROPOSALS), sandbox.number(JOBS)), (1, 1));
}

fn deleting_a_proposal_deletes_its_diff_and_its_jobs(server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(3).kept_in(server).configured("3s");
    assert_eq!(sandbox.run(&["demo", "project"]).code, Some(0));
    assert!(sandbox.with(|conn| proposals::delete(conn, 2)).unwrap());
    for (table, rows) in [("proposal", 2), ("proposal_diff", 2), ("proposal_job", 4), ("job", 4)] {
        assert_eq!(sandbox.number(&format!("SELECT count(*) FROM {table}")), rows, "{table}");
    }
    let target = Some(proposal_jobs::target(2).unwrap());
    let left = sandbox.with_store(async |opened| {
        opened.store.count(&Filter { target, ..Filter::default() }, 10).await.unwrap()
    });
    assert_eq!(left.jobs, 0);
    assert!(!sandbox.with(|conn| proposals::delete(conn, 2)).unwrap(), "there is none any more");
    let gone = sandbox.with(|conn| proposals::get(conn, 2));
    assert!(matches!(gone, Err(Error::NoProposal { id: 2 })), "{gone:?}");
}

fn a_job_that_is_pruned_leaves_its_proposal(server: Option<TestDatabase>) {
    let sandbox = Sandbox::with_commits(1).kept_in(server).configured("3s");
    assert_eq!(sandbox.run(&["demo", "project"]).code, Some(0));
    let jobs = sandbox.with(|conn| proposal_jobs::list(conn, &[1])).unwrap();
    let deletion = job_core::store::Deletion::Ids(jobs);
    sandbox.with_store(async |opened| opened.store.delete(&deletion).await.unwrap());
    assert_eq!(sandbox.number("SELECT count(*) FROM proposal_job"), 0);
    assert!(sandbox.with(|conn| proposals::diff_size(conn, 1)).unwrap().is_some());
    assert!(sandbox.with(|conn| proposals::delete(conn, 1)).unwrap());
}
