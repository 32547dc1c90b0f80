//! Calls that say several things to the server, with another operation between each two of them.

use super::{
    gate::Gate,
    held::passed_by,
    open::{self, Mine},
    stage::{Begin, Op, Outcome, Stage, perform},
};
use crate::{run, server};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use job_core::{
    Reply,
    store::{Claim, JobStore},
};
use job_store_pg::PgStore;
use job_testing::factory;
use std::pin::pin;
use tokio::{select, task::yield_now};

impl Stage {
    /// What is left when the second came behind so many statements of the first, which goes through the gate. `None` if
    /// the first has not so many.
    async fn split(
        &self,
        gate: &Gate,
        store: &PgStore,
        begin: Begin,
        ops: [Op; 2],
        n: usize,
    ) -> Option<Outcome> {
        let job = self.set(begin).await;
        let (reached, go_on) = gate.stop_after(n);
        let mut one = pin!(perform(store, ops[0], &job, &self.rival, 0));
        select! {
            _ = &mut one => return None,
            _ = reached => {}
        }
        let two = self.beside(ops[1], &job);
        let two = two.await;
        drop(go_on);
        let one = one.await;
        Some((Some(one), Some(two.await.unwrap()), self.rows().await))
    }

    /// The same of a caller who acquires the key on a connection of its own; with whether the store passed a held row by.
    async fn split_acquire(
        &self,
        gate: &Gate,
        begin: Begin,
        op: Op,
        n: usize,
    ) -> Option<(open::Outcome, bool)> {
        let job = self.set(begin).await;
        let mut conn = AsyncPgConnection::establish(gate.url()).await.unwrap();
        let (reached, go_on) = gate.stop_after(n);
        let mut mine = Box::pin(self.mine(&mut conn, Mine::Acquire, &job));
        select! {
            _ = &mut mine => return None,
            _ = reached => {}
        }
        let theirs = self.beside(op, &job).await;
        drop(go_on);
        let mine = mine.await;
        let theirs = theirs.await.unwrap();
        let passed_by = theirs.passed_by;
        Some((self.outcome(Some(mine), Some(theirs)).await, passed_by))
    }

    /// Begins it, and waits until it is done or waits for a lock.
    async fn beside(&self, op: Op, job: &job_core::Job) -> tokio::task::JoinHandle<super::stage::Answer> {
        let (store, job, rival) = (self.stores[1].clone(), job.clone(), self.rival.clone());
        let task = tokio::spawn(async move { perform(&store, op, &job, &rival, 1).await });
        while !task.is_finished() && self.schema.waiting().await == 0 {
            yield_now().await;
        }
        task
    }
}

/// Each of `paths` split by each operation, at each of its statements, of which it has at least so many.
async fn every_split(begin: Begin, paths: &[Op], statements: usize) {
    let (stage, gate) = (Stage::new().await, Gate::new().await);
    let options = stage.schema.options_at(gate.url()).notify(false).connections(1.try_into().unwrap());
    let store = PgStore::connect(&options).await.unwrap();
    for one in paths {
        // Once alone, so that what it says is prepared.
        let job = stage.set(begin).await;
        perform(&store, *one, &job, &stage.rival, 0).await;
        for two in begin.ops() {
            let in_turn = |first| stage.in_turn(begin, [Some(*one), Some(*two)], first);
            let in_turn = [in_turn(0).await, in_turn(1).await];
            let mut splits = 0;
            while let Some(came) = stage.split(&gate, &store, begin, [*one, *two], splits).await {
                if !in_turn.contains(&came) {
                    let alone = passed_by(&stage, begin, [*one, *two], &came).await;
                    let name =
                        format!("{one:?} from {begin:?}, with {two:?} after {} statements", splits + 1);
                    assert!(alone.contains(&came), "{name}: {came:#?}\nis none of {in_turn:#?}, {alone:#?}");
                }
                splits += 1;
            }
            assert!(splits >= statements, "{one:?} from {begin:?} is {splits} statements");
        }
    }
}

#[test]
fn an_insert_that_finds_its_key_taken() {
    run(every_split(Begin::Waiting, &[Op::InsertSameKey], 3));
}

#[test]
fn a_change_that_gives_way_to_a_rival() {
    run(every_split(Begin::Rivalled, &[Op::Retry, Op::Suspend], 8));
}

#[test]
fn a_change_that_comes_too_late() {
    run(every_split(Begin::Lost, &[Op::Complete, Op::Retry], 2));
}

#[test]
fn a_caller_who_looks_for_the_holder_of_a_key() {
    run(async {
        let (stage, gate) = (Stage::new().await, Gate::new().await);
        for begin in [Begin::Waiting, Begin::Rivalled] {
            for theirs in begin.ops() {
                let in_turn = |mine, theirs, first| stage.one_after_the_other(begin, mine, theirs, first);
                let mine = Some(Mine::Acquire);
                let possible = [in_turn(mine, Some(*theirs), 0).await, in_turn(mine, Some(*theirs), 1).await];
                let mut splits = 0;
                while let Some((came, passed_by)) = stage.split_acquire(&gate, begin, *theirs, splits).await {
                    let mut possible = possible.to_vec();
                    if passed_by {
                        let (answer, _, rows) = in_turn(mine, None, 0).await;
                        possible.push((answer, came.1.clone(), rows));
                    }
                    let name =
                        format!("acquire from {begin:?}, with {theirs:?} after {} answers", splits + 1);
                    assert!(possible.contains(&came), "{name}: {came:#?}\nis none of {possible:#?}");
                    splits += 1;
                }
                assert!(splits >= 2, "{splits}");
            }
        }
    });
}

/// A claim's one statement is run again when another has begun the same turn since its snapshot.
#[test]
fn a_claim_that_meets_another_over_a_turn() {
    run(async {
        for (end, started) in [("COMMIT", 1), ("ROLLBACK", 2)] {
            let stage = Stage::new().await;
            let fixture = &stage.fixture;
            let turn = |job| job_core::NewJob { turn: Some(job_core::Turn::new("one")), ..job };
            let [first, second] = [turn(fixture.job()), turn(fixture.job())];
            let other = fixture.job();
            fixture.insert(&[first.clone(), second.clone(), other.clone()]).await;
            let mut conn = server::connect().await;
            let begin = format!(
                "BEGIN; UPDATE {}.job SET status = 1, lease_holder = gen_random_uuid(), lease_expires = now(), \
                     date_started = now(), running_key = turn, revision = revision + 1 WHERE id = '{}'",
                stage.schema.name, first.id
            );
            conn.batch_execute(&begin).await.unwrap();
            let store = stage.stores[1].clone();
            let claim = Claim { limit: factory::limit(10), ..fixture.claim() };
            let task = tokio::spawn(async move { store.claim(&claim).await });
            while stage.schema.waiting().await == 0 {
                yield_now().await;
            }
            conn.batch_execute(end).await.unwrap();
            let claimed = task.await.unwrap().unwrap().jobs;
            assert_eq!(claimed.len(), started, "{end}: {claimed:#?}");
            assert!(claimed.iter().any(|it| it.id == other.id), "who has no turn starts");
            let completed = factory::change(&claimed[0], claimed[0].complete(fixture.now()));
            assert_eq!(fixture.change(&completed).await, Reply::Applied);
        }
    });
}
