//! Both held up by a third session, seen in `pg_blocking_pids`, and let go together, in both orders of arrival.

use super::{
    model::{Answer, Model, Outcome},
    operation::Op,
    stage::{Begin, KEY, Stage},
};
use crate::{run, server};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use std::sync::Arc;
use tokio::task::{JoinHandle, yield_now};

/// What the third session holds.
#[derive(Clone, Copy, Debug)]
enum Block {
    Row,
    Key,
}

impl Stage {
    /// What is left when both met a third session.
    async fn together(self: &Arc<Self>, begin: Begin, block: Block, ops: [Op; 2], first: usize) -> Outcome {
        let scene = self.set(begin).await;
        let mut third = self.block(block).await;
        let mut tasks: [Option<JoinHandle<Answer>>; 2] = [None, None];
        for (waiting, n) in [(1, first), (2, 1 - first)] {
            tasks[n] = Some(self.begin(ops[n], &scene, n));
            let done = |it: &&Option<JoinHandle<Answer>>| it.as_ref().is_some_and(JoinHandle::is_finished);
            while self.schema.waiting().await + tasks.iter().filter(done).count() < waiting {
                yield_now().await;
            }
        }
        third.batch_execute("ROLLBACK").await.unwrap();
        let [one, two] = tasks.map(|it| it.unwrap());
        self.outcome([Some(one.await.unwrap()), Some(two.await.unwrap())]).await
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

async fn every_pair(begin: Begin, block: Block) {
    let stage = Stage::new().await;
    let ops = begin.ops();
    for (n, one) in ops.iter().enumerate() {
        for two in &ops[n..] {
            let mut model = Model::new(&stage, begin, [Some(*one), Some(*two)]);
            for first in [0, 1] {
                let came = stage.together(begin, block, [*one, *two], first).await;
                let name = format!("{one:?} and {two:?} from {begin:?}, behind a {block:?}, {first} first");
                model.explain(&came, &name).await;
            }
        }
    }
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

#[test]
fn pairs_on_a_job_that_is_over_behind_a_held_row() {
    run(every_pair(Begin::Over, Block::Row));
}

#[test]
fn pairs_on_a_job_that_is_over_behind_a_held_key() {
    run(every_pair(Begin::Over, Block::Key));
}

#[test]
fn pairs_on_a_job_with_a_turn_behind_a_held_row() {
    run(every_pair(Begin::Turned, Block::Row));
}
