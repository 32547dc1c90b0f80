//! Proposals come and go with their jobs, in one transaction.

use crate::sandbox::Sandbox;
use code_review::{Error, Proposed, proposal_jobs, proposals};
use diesel::connection::SimpleConnection;
use job_core::{
    JobStatus,
    store::{Filter, JobStoreExt},
};
use std::{sync::Barrier, thread};

const PROPOSALS: &str = "SELECT count(*) FROM proposal";
const JOBS: &str = "SELECT count(*) FROM job";

#[test]
fn a_proposal_comes_with_the_job_that_generates_its_diff() {
    let sandbox = Sandbox::with_commits(3);
    let proposed = sandbox.propose(2);
    let made = |id| Proposed { id, is_new: true, asked: true };
    assert_eq!(proposed, [made(1), made(2)]);
    let jobs = proposal_jobs::list(&mut sandbox.connect(), &[2]).unwrap();
    let job = sandbox.with_store(async |opened| opened.store.get(jobs[0]).await.unwrap().unwrap());
    assert_eq!(job.spec.type_name.as_str(), "generate-diff");
    assert_eq!(job.spec.args.as_str(), r#"{"proposal":2}"#);
    assert_eq!(job.spec.target, Some(proposal_jobs::target(2).unwrap()));
    assert_eq!(job.spec.turn, Some(proposal_jobs::turn(2)));
    assert_eq!(job.state.status(), JobStatus::Waiting);
}

#[test]
fn proposing_again_makes_nothing_twice() {
    let sandbox = Sandbox::with_commits(3);
    let first = sandbox.propose(2);
    let again = sandbox.propose(3);
    assert_eq!(
        again.iter().map(|it| (it.is_new, it.asked)).collect::<Vec<_>>(),
        [(false, false), (false, false), (true, true)]
    );
    assert_eq!(again[..2].iter().map(|it| it.id).collect::<Vec<_>>(), [first[0].id, first[1].id]);
    assert_eq!((sandbox.number(PROPOSALS), sandbox.number(JOBS)), (3, 3));
}

#[test]
fn eight_who_propose_the_same_at_once_make_it_once() {
    let sandbox = Sandbox::with_commits(20);
    sandbox.propose(1);
    let (new, begin) = (sandbox.newest(20), Barrier::new(8));
    let (new, begin, database) = (&new, &begin, sandbox.database());
    let made: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let mut conn = database.connect().unwrap();
                scope.spawn(move || {
                    begin.wait();
                    let proposed = proposals::propose(&mut conn, new).unwrap();
                    proposed.iter().filter(|it| it.is_new && it.asked).count()
                })
            })
            .collect();
        threads.into_iter().map(|it| it.join().unwrap()).sum()
    });
    assert_eq!(made, 19);
    assert_eq!((sandbox.number(PROPOSALS), sandbox.number(JOBS)), (20, 20));
}

#[test]
fn where_one_of_them_is_refused_no_proposal_and_no_job_is_kept() {
    let sandbox = Sandbox::with_commits(5);
    sandbox.propose(1);
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON proposal WHEN new.subject = 'Write line 2'
        BEGIN SELECT RAISE(ABORT, 'refused'); END";
    sandbox.connect().batch_execute(refuse).unwrap();
    let refused = proposals::propose(&mut sandbox.connect(), &sandbox.newest(5));
    assert!(matches!(refused, Err(Error::Database(_))), "{refused:?}");
    assert_eq!((sandbox.number(PROPOSALS), sandbox.number(JOBS)), (1, 1));
}

#[test]
fn deleting_a_proposal_deletes_its_diff_and_its_jobs() {
    let sandbox = Sandbox::with_commits(3).configured("3s");
    assert_eq!(sandbox.run(&["demo", "project"]).code, Some(0));
    let mut conn = sandbox.connect();
    assert!(proposals::delete(&mut conn, 2).unwrap());
    for (table, rows) in [("proposal", 2), ("proposal_diff", 2), ("proposal_job", 4), ("job", 4)] {
        assert_eq!(sandbox.number(&format!("SELECT count(*) FROM {table}")), rows, "{table}");
    }
    let target = Some(proposal_jobs::target(2).unwrap());
    let left = sandbox.with_store(async |opened| {
        opened.store.count(&Filter { target, ..Filter::default() }, 10).await.unwrap()
    });
    assert_eq!(left.jobs, 0);
    assert!(!proposals::delete(&mut conn, 2).unwrap(), "there is none any more");
    let gone = proposals::get(&mut conn, 2);
    assert!(matches!(gone, Err(Error::NoProposal { id: 2 })), "{gone:?}");
}

#[test]
fn a_job_that_is_pruned_leaves_its_proposal() {
    let sandbox = Sandbox::with_commits(1).configured("3s");
    assert_eq!(sandbox.run(&["demo", "project"]).code, Some(0));
    let mut conn = sandbox.connect();
    let jobs = proposal_jobs::list(&mut conn, &[1]).unwrap();
    let deletion = job_core::store::Deletion::Ids(jobs);
    sandbox.with_store(async |opened| opened.store.delete(&deletion).await.unwrap());
    assert_eq!(sandbox.number("SELECT count(*) FROM proposal_job"), 0);
    assert!(proposals::diff_size(&mut conn, 1).unwrap().is_some());
    assert!(proposals::delete(&mut conn, 1).unwrap());
}
