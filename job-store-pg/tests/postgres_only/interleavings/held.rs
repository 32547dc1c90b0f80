//! Both held up by a third session, seen in `pg_blocking_pids`, and let go together, in both orders of arrival.

use super::stage::{Answer, Begin, KEY, Op, Outcome, Stage, perform};
use crate::{run, server};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use std::collections::BTreeSet;
use tokio::task::{JoinHandle, yield_now};

/// What the third session holds.
#[derive(Clone, Copy, Debug)]
enum Block {
    Row,
    Key,
}

impl Stage {
    /// What is left when both met a third session.
    async fn together(&self, begin: Begin, block: Block, ops: [Op; 2], first: usize) -> Outcome {
        let job = self.set(begin).await;
        let mut third = self.block(block).await;
        let mut tasks: [Option<JoinHandle<Answer>>; 2] = [None, None];
        for (waiting, n) in [(1, first), (2, 1 - first)] {
            let (store, job, rival, op) = (self.stores[n].clone(), job.clone(), self.rival.clone(), ops[n]);
            let task = tokio::spawn(async move { perform(&store, op, &job, &rival, n).await });
            let done = |it: &Option<JoinHandle<Answer>>| it.as_ref().is_some_and(JoinHandle::is_finished);
            tasks[n] = Some(task);
            while self.schema.waiting().await + tasks.iter().filter(|it| done(it)).count() < waiting {
                yield_now().await;
            }
        }
        third.batch_execute("ROLLBACK").await.unwrap();
        let [one, two] = tasks.map(|it| it.unwrap());
        (Some(one.await.unwrap()), Some(two.await.unwrap()), self.rows().await)
    }

    async fn block(&self, block: Block) -> AsyncPgConnection {
        let mut conn = server::connect().await;
        let (schema, id) = (&self.schema.name, self.job.id);
        let take = match block {
            Block::Row => format!("SELECT FROM {schema}.job WHERE id = '{id}' FOR UPDATE"),
            // Of a job that holds the key already nobody else can take it; its row is as good.
            Block::Key => format!(
                "INSERT INTO {schema}.job (id, type, args, priority, unique_key, unique_scope, max_retries, date_created, \
                     status, queue, attempt_count, crash_count, scheduled_start, held_key, revision) \
                 VALUES (gen_random_uuid(), 'test', '1', 0, '{KEY}', 0, 0, now(), 4, 'default', 0, 0, now(), '{KEY}', 0)"
            ),
        };
        conn.batch_execute(&format!("BEGIN; {take}")).await.unwrap();
        conn
    }
}

/// What may come of it where one passed a held row by: the other alone.
pub(super) async fn passed_by(
    stage: &Stage,
    begin: Begin,
    [one, two]: [Op; 2],
    came: &Outcome,
) -> Vec<Outcome> {
    let mut possible = Vec::new();
    let passed = |it: &Option<Answer>| it.as_ref().filter(|it| it.passed_by).cloned();
    if let Some(answer) = passed(&came.0) {
        let (_, other, rows) = stage.in_turn(begin, [None, Some(two)], 1).await;
        possible.push((Some(answer), other, rows));
    }
    if let Some(answer) = passed(&came.1) {
        let (other, _, rows) = stage.in_turn(begin, [Some(one), None], 0).await;
        possible.push((other, Some(answer), rows));
    }
    if let (Some(a), Some(b)) = (passed(&came.0), passed(&came.1)) {
        stage.set(begin).await;
        possible.push((Some(a), Some(b), stage.rows().await));
    }
    possible
}

async fn every_pair(begin: Begin, block: Block) {
    let stage = Stage::new().await;
    let mut met = BTreeSet::new();
    for one in begin.ops() {
        for two in begin.ops() {
            let in_turn = |first| stage.in_turn(begin, [Some(*one), Some(*two)], first);
            let in_turn = [in_turn(0).await, in_turn(1).await];
            for first in [0, 1] {
                let came = stage.together(begin, block, [*one, *two], first).await;
                let name = format!("{one:?} and {two:?} from {begin:?}, behind a {block:?}, {first} first");
                met.insert(name.clone());
                if !in_turn.contains(&came) {
                    let alone = passed_by(&stage, begin, [*one, *two], &came).await;
                    assert!(alone.contains(&came), "{name}: {came:#?}\nis none of {in_turn:#?}, {alone:#?}");
                }
            }
        }
    }
    assert_eq!(met.len(), 2 * begin.ops().len().pow(2));
}

#[test]
fn pairs_on_a_waiting_job_behind_a_held_row() {
    run(every_pair(Begin::Waiting, Block::Row));
}

#[test]
fn pairs_on_a_running_job_behind_a_held_row() {
    run(every_pair(Begin::Running, Block::Row));
}

#[test]
fn pairs_on_a_running_job_behind_a_held_key() {
    run(every_pair(Begin::Running, Block::Key));
}
