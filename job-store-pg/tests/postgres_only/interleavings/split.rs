//! Calls that say several things to the server, with another operation between each two of them.

use super::{
    gate::Gate,
    mine::Mine,
    model::{Model, Outcome},
    operation::Op,
    stage::{Begin, Stage},
};
use crate::run;
use diesel_async::{AnsiTransactionManager, AsyncConnection, AsyncPgConnection, TransactionManager};
use job_store_pg::PgStore;
use std::{pin::pin, sync::Arc};
use tokio::select;

impl Stage {
    /// What is left when the second came behind so many statements of the first, which goes through the gate. `None` if
    /// the first has not so many.
    async fn split(
        self: &Arc<Self>,
        gate: &Gate,
        store: &PgStore,
        begin: Begin,
        ops: [Op; 2],
        n: usize,
    ) -> Option<Outcome> {
        let scene = self.set(begin).await;
        let (reached, go_on) = gate.stop_after(n);
        let mut one = pin!(self.perform(store, ops[0], &scene, 0));
        select! {
            _ = &mut one => return None,
            _ = reached => {}
        }
        let two = self.beside(ops[1], &scene).await;
        drop(go_on);
        let one = one.await;
        Some(self.outcome([Some(one), Some(two.await.unwrap())]).await)
    }

    /// The same of a caller on a connection of its own, in an open transaction if `opens`.
    async fn split_mine(
        self: &Arc<Self>,
        gate: &Gate,
        begin: Begin,
        (mine, opens): (Mine, bool),
        op: Op,
        n: usize,
    ) -> Option<Outcome> {
        let scene = self.set(begin).await;
        let mut conn = AsyncPgConnection::establish(gate.url()).await.unwrap();
        if opens {
            AnsiTransactionManager::begin_transaction(&mut conn).await.unwrap();
        }
        let (reached, go_on) = gate.stop_after(n);
        let mut one = Box::pin(self.mine(&mut conn, mine, &scene));
        select! {
            _ = &mut one => return None,
            _ = reached => {}
        }
        let two = self.beside(op, &scene).await;
        drop(go_on);
        let one = one.await;
        if opens {
            AnsiTransactionManager::commit_transaction(&mut conn).await.unwrap();
        }
        Some(self.outcome([Some(one), Some(two.await.unwrap())]).await)
    }
}

/// Each of `paths` split by each operation, at each of its statements, of which it has at least so many.
async fn every_split(begin: Begin, paths: &[(Op, usize)]) {
    let (stage, gate) = (Stage::new().await, Gate::new().await);
    let options = stage.schema.options_at(gate.url()).notify(false).connections(1.try_into().unwrap());
    let store = PgStore::connect(&options).await.unwrap();
    for (one, statements) in paths {
        // Once alone, so that what it says is prepared.
        let scene = stage.set(begin).await;
        stage.perform(&store, *one, &scene, 0).await;
        for two in begin.ops() {
            let mut model = Model::new(&stage, begin, [Some(*one), Some(*two)]);
            let mut splits = 0;
            while let Some(came) = stage.split(&gate, &store, begin, [*one, *two], splits).await {
                splits += 1;
                let name = format!("{one:?} from {begin:?}, with {two:?} after {splits} statements");
                model.explain(&came, &name).await;
            }
            assert!(splits >= *statements, "{one:?} from {begin:?} is {splits} statements");
        }
    }
}

/// The same of what a caller does, in an open transaction or not.
async fn every_split_of_mine(begin: Begin, paths: &[(Mine, bool, usize)]) {
    let (stage, gate) = (Stage::new().await, Gate::new().await);
    for (mine, opens, answers) in paths {
        for theirs in begin.ops() {
            let mut model = Model::new(&stage, begin, [Some(Op::Mine(*mine)), Some(*theirs)]);
            let mut splits = 0;
            while let Some(came) = stage.split_mine(&gate, begin, (*mine, *opens), *theirs, splits).await {
                splits += 1;
                let name = format!(
                    "{mine:?} from {begin:?}, in a transaction: {opens}, with {theirs:?} after {splits} answers"
                );
                model.explain(&came, &name).await;
            }
            assert!(splits >= *answers, "{mine:?} from {begin:?} is {splits} answers");
        }
    }
}

#[test]
fn an_insert_that_finds_its_key_taken() {
    run(every_split(Begin::Waiting, &[(Op::InsertSameKey, 3)]));
}

#[test]
fn a_change_that_gives_way_to_a_rival() {
    run(every_split(Begin::Rivalled, &[(Op::Retry, 8), (Op::Suspend, 8)]));
}

#[test]
fn a_rescue_that_gives_way_to_a_rival() {
    run(every_split(Begin::Rivalled, &[(Op::Lapse, 8)]));
}

#[test]
fn an_exchange_that_settles_before_it_claims() {
    run(every_split(Begin::Rivalled, &[(Op::ExchangeRetry, 9)]));
}

#[test]
fn a_change_that_comes_too_late() {
    run(every_split(Begin::Lost, &[(Op::Complete, 2), (Op::Retry, 2)]));
}

#[test]
fn a_batch_of_changes_one_by_one() {
    run(every_split(Begin::Both, &[(Op::RetryBoth, 11)]));
}

#[test]
fn a_batch_of_inserts_one_by_one() {
    run(every_split(Begin::Both, &[(Op::InsertMany, 6)]));
}

#[test]
fn an_exchange_that_keeps_and_deletes() {
    run(every_split(Begin::Both, &[(Op::ExchangeBoth, 2)]));
}

#[test]
fn a_caller_who_looks_for_the_holder_of_a_key() {
    let paths = [(Mine::Acquire, false, 2), (Mine::Acquire, true, 2)];
    run(async {
        every_split_of_mine(Begin::Waiting, &paths).await;
        every_split_of_mine(Begin::Rivalled, &paths).await;
    });
}

#[test]
fn a_caller_who_creates_many() {
    let paths = [(Mine::CreateMany, false, 4), (Mine::CreateMany, true, 4)];
    run(async {
        every_split_of_mine(Begin::Waiting, &paths).await;
        every_split_of_mine(Begin::Both, &paths).await;
    });
}

#[test]
fn a_caller_who_completes_in_a_transaction() {
    run(every_split_of_mine(Begin::Running, &[(Mine::CompleteIn, false, 4), (Mine::Complete, true, 2)]));
}
