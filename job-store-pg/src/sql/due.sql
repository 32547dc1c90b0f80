-- Which due jobs a claim starts, as steps of it.
--
-- The rows are limited and locked in a MATERIALIZED step: an IN (SELECT … LIMIT) may be run more than once and claims
-- too much. Rows that somebody has locked are skipped. A turn is looked up by a LIMIT 1, which stays an index probe where
-- EXISTS may become a join over all rows.
-- $1 limit, $2 types, $3 the time or NULL, $4 by, $5 lease in microseconds, $6 queue, $7 due by, $8 whether turns count,
-- $9 $10 $11 the place to begin at
clock AS MATERIALIZED (SELECT coalesce($3::timestamptz, clock_timestamp()) AS now),
running AS MATERIALIZED (
    SELECT CASE WHEN EXISTS (SELECT FROM {schema}.switch WHERE kind = 0 AND name = $6::text) THEN '{}'::text[]
        ELSE ARRAY(SELECT t FROM unnest($2::text[]) AS t
            WHERE t NOT IN (SELECT name FROM {schema}.switch WHERE kind = 1)) END AS types
),
due AS MATERIALIZED (
    SELECT job.ctid AS tid, -priority::integer AS urgency, scheduled_start, id, turn
    FROM {schema}.job
    WHERE status = 0 AND queue = $6::text AND type = ANY((SELECT types FROM running)::text[])
        AND (SELECT cardinality(types) > 0 FROM running)
        AND scheduled_start <= (SELECT least($7::timestamptz, now) FROM clock)
        AND (-priority::integer, scheduled_start, id) >= ($9::bigint::integer, $10::timestamptz, $11::uuid)
        AND (turn IS NULL OR $8::boolean
            AND (SELECT 1 FROM {schema}.job AS other WHERE other.running_key = job.turn LIMIT 1) IS NULL)
    ORDER BY -priority::integer, scheduled_start, id
    LIMIT $1::bigint
    FOR NO KEY UPDATE SKIP LOCKED
)
