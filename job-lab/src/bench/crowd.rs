//! What else is in the table: jobs that ended long ago, and older ones of types that no runner here knows.

use super::server::Room;
use job_core::BoxError;

/// How many final jobs there are for each that the largest rounds drain, and how many of foreign types.
const FINAL: u32 = 10;
const FOREIGN: u32 = 2;

/// Older than all that is drained, of the same priority, and in the order of their ids, as years of work leave them.
const FILL: &str = "
    INSERT INTO {schema}.job (
        id, type, args, priority, max_retries, date_created, status, queue, attempt_count, crash_count,
        scheduled_start, date_started, date_finished, revision
    )
    SELECT
        (lpad(to_hex(1700000000000 + n), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid,
        CASE WHEN ends THEN 'ended' ELSE 'foreign' END, '{\"number\":1}', 0, 3, born,
        CASE WHEN ends THEN 2 ELSE 0 END, '{queue}', ends::integer, 0, born,
        CASE WHEN ends THEN born END, CASE WHEN ends THEN born END, 2 * ends::integer
    FROM generate_series(1, {all}) AS n,
        LATERAL (SELECT n % {each} <> 0 AS ends, to_timestamp(1700000000 + n / 1000.0) AS born) AS row";

/// Where a crowd stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Crowd {
    /// In the queue that is drained.
    Here,
    /// In another one.
    Elsewhere,
}

impl Crowd {
    /// Fills `room`, whose tables are there, with a crowd to `most` jobs.
    ///
    /// # Errors
    ///
    /// If the server refuses.
    pub(super) async fn fill(self, room: &Room, most: u32) -> Result<(), BoxError> {
        let queue = match self {
            Self::Here => "default",
            Self::Elsewhere => "elsewhere",
        };
        let all = u64::from(most) * u64::from(FINAL + FOREIGN);
        let fill = FILL
            .replace("{schema}", &room.schema)
            .replace("{queue}", queue)
            .replace("{all}", &all.to_string())
            .replace("{each}", &((FINAL + FOREIGN) / FOREIGN).to_string());
        let client = room.connect().await?;
        client.batch_execute(&fill).await?;
        // As it is after so long.
        Ok(client.batch_execute(&format!("VACUUM (ANALYZE) {}.job", room.schema)).await?)
    }
}
