//! The first inside a caller's open transaction, the second a call, and then a commit or a rollback.

use super::{
    mine::Mine,
    model::Model,
    operation::Op,
    stage::{Begin, Stage},
};
use crate::{run, server};
use diesel_async::{AnsiTransactionManager, TransactionManager};

/// Each of `mine` beside each operation.
async fn every_pair(begin: Begin, all_of_mine: &[Mine]) {
    let stage = Stage::new().await;
    for mine in all_of_mine {
        for theirs in begin.ops() {
            for kept in [true, false] {
                let scene = stage.set(begin).await;
                let mut conn = server::connect().await;
                AnsiTransactionManager::begin_transaction(&mut conn).await.unwrap();
                let answer = stage.mine(&mut conn, *mine, &scene).await;
                let task = stage.beside(*theirs, &scene).await;
                if kept {
                    AnsiTransactionManager::commit_transaction(&mut conn).await.unwrap();
                } else {
                    AnsiTransactionManager::rollback_transaction(&mut conn).await.unwrap();
                }
                let their_answer = task.await.unwrap();
                let came = stage.outcome([kept.then_some(answer), Some(their_answer)]).await;
                let ops = [kept.then_some(Op::Mine(*mine)), Some(*theirs)];
                let name = format!("{mine:?} in a transaction and {theirs:?} from {begin:?}, kept: {kept}");
                Model::new(&stage, begin, ops).explain(&came, &name).await;
            }
        }
    }
}

#[test]
fn a_waiting_job_in_an_open_transaction() {
    run(every_pair(Begin::Waiting, &[Mine::Acquire, Mine::CreateMany, Mine::Delete]));
}

#[test]
fn a_running_job_in_an_open_transaction() {
    run(every_pair(Begin::Running, &[Mine::Acquire, Mine::Complete, Mine::CompleteAndDelete, Mine::Delete]));
}

#[test]
fn a_job_that_is_over_in_an_open_transaction() {
    run(every_pair(Begin::Over, &[Mine::Acquire, Mine::Delete]));
}

#[test]
fn jobs_whose_keys_are_wanted_in_an_open_transaction() {
    run(every_pair(Begin::Both, &[Mine::CreateMany, Mine::Complete, Mine::Delete]));
}

#[test]
fn a_job_with_a_turn_in_an_open_transaction() {
    run(every_pair(Begin::Turned, &[Mine::Complete, Mine::CompleteAndDelete, Mine::Delete]));
}
