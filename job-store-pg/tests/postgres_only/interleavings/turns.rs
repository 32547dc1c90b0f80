//! Claims that meet another over a turn.

use super::{
    gate::Gate,
    model::{Model, Outcome},
    operation::Op,
    stage::{Begin, Scene, Stage},
};
use crate::{run, server};
use diesel_async::SimpleAsyncConnection;
use job_core::{
    Reply,
    store::{Claim, JobStore},
};
use job_store_pg::PgStore;
use job_testing::factory;
use std::{pin::pin, sync::Arc};
use tokio::{select, task::yield_now};

impl Stage {
    /// What is left when an exchange, which goes through the gate, meets somebody who is just beginning a turn, settles
    /// and claims apart, and the second comes behind so many of its statements.
    async fn split_over_a_turn(
        self: &Arc<Self>,
        gate: &Gate,
        store: &PgStore,
        two: Op,
        n: usize,
    ) -> Option<Outcome> {
        // As they will be read once that transaction has committed.
        let Scene { job, .. } = self.set(Begin::Turned).await;
        let scene = Scene { job, second: Some(self.set_turns().await) };
        let mut third = server::connect().await;
        third.batch_execute(&format!("BEGIN; {}", self.take_turn())).await.unwrap();
        let (reached, go_on) = gate.stop_after(n);
        let mut one = pin!(self.perform(store, Op::ExchangeSecond, &scene, 0));
        let waits = async {
            while self.schema.waiting().await == 0 {
                yield_now().await;
            }
        };
        select! {
            answer = &mut one => panic!("it meets nobody: {answer:?}"),
            () = waits => {}
        }
        third.batch_execute("COMMIT").await.unwrap();
        select! {
            _ = &mut one => return None,
            _ = reached => {}
        }
        let two = self.beside(two, &scene).await;
        drop(go_on);
        let one = one.await;
        Some(self.outcome([Some(one), Some(two.await.unwrap())]).await)
    }
}

#[test]
fn an_exchange_that_meets_a_claim_over_a_turn() {
    run(async {
        let (stage, gate) = (Stage::new().await, Gate::new().await);
        let options = stage.schema.options_at(gate.url()).notify(false).connections(1.try_into().unwrap());
        let store = PgStore::connect(&options).await.unwrap();
        // Once alone, so that what it says is prepared.
        let scene = stage.set(Begin::Turned).await;
        stage.perform(&store, Op::ExchangeSecond, &scene, 0).await;
        for two in Begin::Turned.ops() {
            let ops = [Some(Op::ExchangeSecond), Some(*two)];
            let mut model = Model::new(&stage, Begin::Turned, ops);
            let mut splits = 0;
            while let Some(came) = stage.split_over_a_turn(&gate, &store, *two, splits).await {
                splits += 1;
                let name = format!("an exchange that met a turn, with {two:?} after {splits} statements");
                model.explain(&came, &name).await;
            }
            assert!(splits >= 3, "{splits} statements");
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
