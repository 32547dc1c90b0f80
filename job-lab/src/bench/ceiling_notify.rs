//! The ceiling of latency: a bare insert that notifies, until a bare listener hears it.

use super::{no_op::args, server::Room};
use job_core::BoxError;
use std::{future::poll_fn, time::Instant};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_postgres::{AsyncMessage, Client, Config, NoTls, Statement};

const INSERT: &str = "
    WITH written AS (
        INSERT INTO job (queue, args, rank, due, status, attempt) VALUES ('default', $1, 0, now(), 0, 0) RETURNING id
    )
    SELECT pg_notify('ceiling', '') FROM written";

/// Inserts one row at a time, and notifies.
#[derive(Debug)]
pub(super) struct Inserter {
    client: Client,
    insert: Statement,
    _listener: Client,
}

impl Inserter {
    /// Inserts; it is durable and notified when this returns.
    ///
    /// # Errors
    ///
    /// If the server fails.
    pub(super) async fn insert(&self, number: u32) -> Result<(), BoxError> {
        self.client.query_one(&self.insert, &[&args(number)]).await?;
        Ok(())
    }
}

/// Who inserts into the ceiling's table in `room`, and when the listener heard of each.
///
/// # Errors
///
/// If the server fails.
pub(super) async fn listen(room: &Room) -> Result<(Inserter, UnboundedReceiver<Instant>), BoxError> {
    let client = room.connect().await?;
    let insert = client.prepare(INSERT).await?;
    let (listener, mut connection) = room.url.parse::<Config>()?.connect(NoTls).await?;
    let (hears, heard) = unbounded_channel();
    // Ends when the listener is dropped.
    tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if matches!(message, AsyncMessage::Notification(_)) {
                let _ = hears.send(Instant::now());
            }
        }
    });
    listener.batch_execute("LISTEN ceiling").await?;
    Ok((Inserter { client, insert, _listener: listener }, heard))
}
