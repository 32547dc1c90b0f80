//! The first inside a caller's open transaction, the second a call of the store, and then a commit or a rollback.

use super::stage::{Answer, Begin, Op, Stage, perform};
use crate::{jobs::Keyed, run, server};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use job_core::{Completion, Job, JobId, JobStatus, Options, Then};
use job_store_pg::AcquiredId;
use job_testing::factory;
use tokio::task::yield_now;

/// What a caller does in its transaction.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mine {
    Acquire,
    Complete,
    Delete,
}

/// What came of it, with ids and dates that differ from run to run left out: the caller's answer, the store's, and of each
/// row its id, if it is not new, its status, its revision and whether it holds a key or was superseded.
pub(super) type Outcome = (Option<String>, Option<String>, Vec<(Option<JobId>, JobStatus, i64, bool, bool)>);

impl Stage {
    /// Does the caller's part. Gives the answer, and the id of the job that it made.
    pub(super) async fn mine(
        &self,
        conn: &mut AsyncPgConnection,
        mine: Mine,
        job: &Job,
    ) -> (String, Option<JobId>) {
        let jobs = self.schema.jobs();
        match mine {
            Mine::Acquire => {
                match jobs.acquire_on(conn, &Keyed::new("k"), &Options::default()).await.unwrap() {
                    AcquiredId::Created(id) => ("created".to_owned(), Some(id)),
                    AcquiredId::Existing(id) => (format!("existing {id:?}"), None),
                }
            }
            Mine::Complete => {
                let completion = Completion::new(job.clone(), factory::actor(1), "postgres", Then::Keep);
                (jobs.complete_on(conn, completion).await.map_or("lost", |_| "completed").to_owned(), None)
            }
            Mine::Delete => (format!("{:?}", jobs.delete_on(conn, &[job.id]).await), None),
        }
    }

    pub(super) async fn outcome(
        &self,
        mine: Option<(String, Option<JobId>)>,
        theirs: Option<Answer>,
    ) -> Outcome {
        let (mine, new) = mine.unzip();
        let new = new.flatten();
        // A job that the caller made has another id each time.
        let known = |words: String| match new {
            Some(id) => words.replace(&format!("{id:?}"), "new").replace(&id.to_string(), "new"),
            None => words,
        };
        let row = |it: Job| {
            let state = it.state;
            let (held, superseded) = (state.held_key().is_some(), state.superseded_by().is_some());
            let id = Some(it.id).filter(|it| Some(*it) != new);
            (id, state.status(), state.revision().number(), held, superseded)
        };
        let mut rows: Vec<_> = self.fixture.all().await.into_iter().map(row).collect();
        rows.sort_by_key(|it| it.0);
        (mine, theirs.map(|it| known(it.words)), rows)
    }

    pub(super) async fn one_after_the_other(
        &self,
        begin: Begin,
        mine: Option<Mine>,
        theirs: Option<Op>,
        first: usize,
    ) -> Outcome {
        let job = self.set(begin).await;
        let mut conn = server::connect().await;
        let (mut my_answer, mut their_answer) = (None, None);
        for n in [first, 1 - first] {
            match (n, mine, theirs) {
                (0, Some(mine), _) => my_answer = Some(self.mine(&mut conn, mine, &job).await),
                (1, _, Some(op)) => {
                    their_answer = Some(perform(&self.stores[1], op, &job, &self.rival, 1).await)
                }
                _ => {}
            }
        }
        self.outcome(my_answer, their_answer).await
    }

    /// Gives what came of it, and whether the store passed the held row by.
    async fn in_transaction(&self, begin: Begin, mine: Mine, theirs: Op, end: &str) -> (Outcome, bool) {
        let job = self.set(begin).await;
        let mut conn = server::connect().await;
        conn.batch_execute("BEGIN").await.unwrap();
        let my_answer = self.mine(&mut conn, mine, &job).await;
        let (store, rival) = (self.stores[1].clone(), self.rival.clone());
        let task = tokio::spawn(async move { perform(&store, theirs, &job, &rival, 1).await });
        while !task.is_finished() && self.schema.waiting().await == 0 {
            yield_now().await;
        }
        conn.batch_execute(end).await.unwrap();
        let their_answer = task.await.unwrap();
        let passed_by = their_answer.passed_by;
        let kept = (end == "COMMIT").then_some(my_answer);
        (self.outcome(kept, Some(their_answer)).await, passed_by)
    }
}

async fn every_pair(begin: Begin, all_of_mine: &[Mine]) {
    let stage = Stage::new().await;
    for mine in all_of_mine {
        for theirs in begin.ops() {
            for end in ["COMMIT", "ROLLBACK"] {
                let name = format!("{mine:?} in a transaction and {theirs:?} from {begin:?}, then {end}");
                let (came, passed_by) = stage.in_transaction(begin, *mine, *theirs, end).await;
                let kept = Some(*mine).filter(|_| end == "COMMIT");
                let mut possible = vec![
                    stage.one_after_the_other(begin, kept, Some(*theirs), 0).await,
                    stage.one_after_the_other(begin, kept, Some(*theirs), 1).await,
                ];
                if passed_by {
                    let (my_answer, _, rows) = stage.one_after_the_other(begin, kept, None, 0).await;
                    possible.push((my_answer, came.1.clone(), rows));
                }
                assert!(possible.contains(&came), "{name}: {came:#?}\nis none of {possible:#?}");
            }
        }
    }
}

#[test]
fn a_waiting_job_in_an_open_transaction() {
    run(every_pair(Begin::Waiting, &[Mine::Acquire, Mine::Delete]));
}

#[test]
fn a_running_job_in_an_open_transaction() {
    run(every_pair(Begin::Running, &[Mine::Acquire, Mine::Complete, Mine::Delete]));
}
