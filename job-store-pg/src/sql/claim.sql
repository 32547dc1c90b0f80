-- Starts due jobs: the one status rule in SQL, the core's `Job::start`.
--
-- The rows are limited and locked in a MATERIALIZED step: an IN (SELECT … LIMIT) may be run more than once and claims
-- too much. Rows that somebody has locked are skipped. A turn is looked up as ORDER-less LIMIT 1, which stays an index
-- probe where EXISTS may become a join over all rows. Of jobs that share a turn only the first is started; $8 tells
-- that the limit was met all the same, so that the caller asks again. By ctid, because the rows are locked: one that
-- moved before it was locked is missed, and the next claim sees it.
-- $1 limit, $2 types, $3 the time or NULL, $4 by, $5 lease in microseconds, $6 queue, $7 due by, $8 whether turns count
WITH clock AS MATERIALIZED (SELECT coalesce($3::timestamptz, clock_timestamp()) AS now),
running AS MATERIALIZED (
    SELECT CASE WHEN EXISTS (SELECT FROM {schema}.switch WHERE kind = 0 AND name = $6) THEN '{}'::text[]
        ELSE ARRAY(SELECT t FROM unnest($2::text[]) AS t
            WHERE t NOT IN (SELECT name FROM {schema}.switch WHERE kind = 1)) END AS types
),
due AS MATERIALIZED (
    SELECT job.ctid AS tid, -priority::integer AS urgency, scheduled_start, id, turn
    FROM {schema}.job
    WHERE status = 0 AND queue = $6 AND type = ANY((SELECT types FROM running)::text[])
        AND (SELECT cardinality(types) > 0 FROM running)
        AND scheduled_start <= (SELECT least($7::timestamptz, now) FROM clock)
        AND (turn IS NULL OR $8::boolean
            AND (SELECT 1 FROM {schema}.job AS other WHERE other.running_key = job.turn LIMIT 1) IS NULL)
    ORDER BY -priority::integer, scheduled_start, id
    LIMIT $1::bigint
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE {schema}.job SET
    status = 1,
    attempt_count = attempt_count + (attempt_count < 2147483647)::integer,
    date_started = (SELECT now FROM clock),
    lease_holder = $4::uuid,
    lease_expires = (SELECT least('9999-12-30 22:00:00+00', now
        + $5::bigint / 3600000000 * interval '1 hour' + $5::bigint % 3600000000 * interval '1 microsecond') FROM clock),
    held_key = CASE WHEN unique_scope = 0 THEN NULL ELSE held_key END,
    running_key = turn,
    changed_by = $4::uuid,
    revision = revision + 1
WHERE ctid = ANY(ARRAY(
    SELECT tid FROM (
        SELECT tid, turn, row_number() OVER (PARTITION BY turn ORDER BY urgency, scheduled_start, id) AS nth FROM due
    ) AS of_turn
    WHERE turn IS NULL OR nth = 1
))
RETURNING
