-- One job that is to be started, as steps of a claim that waits for its row. Who holds the row lets go; nobody new comes,
-- for the gate before it is closed.
-- $1 to $8 as in `due.sql`, $9 the job
clock AS MATERIALIZED (SELECT coalesce($3::timestamptz, clock_timestamp()) AS now),
due AS MATERIALIZED (
    SELECT job.ctid AS tid, -priority::integer AS urgency, scheduled_start, id, turn
    FROM {schema}.job
    WHERE id = $9::uuid AND (status = 0 AND queue = $6::text) IS TRUE AND type = ANY($2::text[])
        AND type NOT IN (SELECT name FROM {schema}.switch WHERE kind = 1)
        AND NOT EXISTS (SELECT FROM {schema}.switch WHERE kind = 0 AND name = $6::text)
        AND scheduled_start <= (SELECT least($7::timestamptz, now) FROM clock)
        AND (turn IS NULL OR $8::boolean
            AND (SELECT 1 FROM {schema}.job AS other WHERE other.running_key = job.turn LIMIT 1) IS NULL)
    LIMIT $1::bigint
    FOR NO KEY UPDATE
)
