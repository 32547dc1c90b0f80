//! The ceiling of PostgreSQL: tokio-postgres, prepared statements, a narrow table.

use super::{ceiling::Ceiling, enqueue::Enqueue, no_op::args, server::Room};
use async_trait::async_trait;
use job_core::{BoxError, Then};
use tokio::task::JoinSet;
use tokio_postgres::{Client, Statement};
use uuid::Uuid;

/// Without a due date, an order in a queue, who has a job until when, and when it ended, less would be kept than a job
/// queue has to keep.
const TABLE: &str = "
    CREATE TABLE job (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, queue text NOT NULL, args text NOT NULL,
        rank integer NOT NULL, due timestamptz NOT NULL, status smallint NOT NULL, attempt integer NOT NULL,
        holder uuid, lease timestamptz, finished timestamptz, key text
    );
    CREATE INDEX job_due ON job (queue, rank, due, id) WHERE status = 0;";
const KEYS: &str = "CREATE UNIQUE INDEX job_key ON job (key)";
const INSERT: &str = "
    INSERT INTO job (queue, args, rank, due, status, attempt, key) VALUES ('default', $1, 0, now(), 0, 0, $2)";
const BULK: &str = "
    INSERT INTO job (queue, args, rank, due, status, attempt)
    SELECT 'default', args, 0, now(), 0, 0 FROM unnest($1::text[]) AS args";
const FETCH: &str = "
    UPDATE job SET status = 1, attempt = attempt + 1, holder = $2::text::uuid, lease = now() + interval '30 s'
    WHERE id = ANY(ARRAY(
        SELECT id FROM job WHERE status = 0 AND queue = 'default' AND due <= now()
        ORDER BY rank, due, id LIMIT $1 FOR UPDATE SKIP LOCKED
    ))
    RETURNING id, args";
const COMPLETE: &str = "
    UPDATE job SET status = 2, holder = NULL, lease = NULL, finished = now() WHERE id = ANY($1::bigint[])";
const DELETE: &str = "DELETE FROM job WHERE id = ANY($1::bigint[])";

/// How many connections drain; more reach no more on a small machine.
pub(super) const DRAINERS: u32 = 2;
/// How many connections insert at most. As many as a pool may well have; callers beyond that share them.
const INSERTERS: u32 = 10;

/// A schema of its own.
#[derive(Debug)]
pub(super) struct PostgresCeiling {
    room: Room,
}

impl PostgresCeiling {
    /// A new table in `room`.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub(super) async fn new(room: &Room) -> Result<Self, BoxError> {
        let client = room.connect().await?;
        client.batch_execute(&format!("CREATE SCHEMA {}; {TABLE}", room.schema)).await?;
        Ok(Self { room: room.clone() })
    }
}

#[async_trait]
impl Ceiling for PostgresCeiling {
    async fn insert(&mut self, jobs: u32, how: Enqueue) -> Result<(), BoxError> {
        let connections = match how {
            Enqueue::Callers(callers) => callers.min(INSERTERS),
            Enqueue::Bulk(_) | Enqueue::Unique | Enqueue::InTransaction => 1,
        };
        let mut inserting = JoinSet::new();
        for nth in 0..connections {
            let client = self.room.connect().await?;
            if how == Enqueue::Unique {
                client.batch_execute(KEYS).await?;
            }
            let numbers: Vec<u32> = (nth..jobs).step_by(connections as usize).collect();
            inserting.spawn(async move { insert(&client, &numbers, how).await });
        }
        while let Some(ended) = inserting.join_next().await {
            ended??;
        }
        Ok(())
    }

    async fn drain(&mut self, batch: u32, then: Then) -> Result<u32, BoxError> {
        let mut draining = JoinSet::new();
        for _ in 0..DRAINERS {
            let client = self.room.connect().await?;
            draining.spawn(async move { drain(&client, batch, then).await });
        }
        let mut completed = 0;
        while let Some(ended) = draining.join_next().await {
            completed += ended??;
        }
        Ok(completed)
    }
}

async fn insert(client: &Client, numbers: &[u32], how: Enqueue) -> Result<(), BoxError> {
    if let Enqueue::Bulk(batch) = how {
        let bulk = client.prepare(BULK).await?;
        for numbers in numbers.chunks(batch as usize) {
            let args: Vec<String> = numbers.iter().copied().map(args).collect();
            client.execute(&bulk, &[&args]).await?;
        }
        return Ok(());
    }
    let insert = client.prepare(INSERT).await?;
    for number in numbers {
        let (args, key) = (args(*number), (how == Enqueue::Unique).then(|| number.to_string()));
        if how == Enqueue::InTransaction {
            client.batch_execute("BEGIN").await?;
        }
        client.execute(&insert, &[&args, &key]).await?;
        if how == Enqueue::InTransaction {
            client.batch_execute("COMMIT").await?;
        }
    }
    Ok(())
}

async fn drain(client: &Client, batch: u32, then: Then) -> Result<u32, BoxError> {
    let fetch: Statement = client.prepare(FETCH).await?;
    let end = client.prepare(if then == Then::Delete { DELETE } else { COMPLETE }).await?;
    let holder = Uuid::now_v7().to_string();
    let mut completed = 0;
    loop {
        let fetched = client.query(&fetch, &[&i64::from(batch), &holder]).await?;
        if fetched.is_empty() {
            return Ok(completed);
        }
        let fetched: Vec<(i64, String)> = fetched.iter().map(|row| (row.get(0), row.get(1))).collect();
        let ids: Vec<i64> = fetched.iter().map(|it| it.0).collect();
        completed += u32::try_from(client.execute(&end, &[&ids]).await?)?;
    }
}
