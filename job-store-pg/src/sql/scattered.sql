-- Which due jobs a claim starts, as steps of it, where few are between many that wait for later, for a turn or for others.
-- It gives what `due.sql` gives. That one is cheaper, but where it walks far.
--
-- Of each urgency only what is due is walked, for the index has it in the order of starts. There are few urgencies; what is
-- behind the first 63 is walked as a whole. $9 says how long ago all was looked at: then only what fell due since then is
-- walked, and the front of the queue, where the next job of a turn that has ended is most likely to be.
-- IS TRUE keeps the last of these from the index of waiting jobs, which has all of them in order: it is to go by its ids.
-- $1 to $8 as in `due.sql`, $9 microseconds or NULL; what else a row must be is `startable.sql`
clock AS MATERIALIZED (
    SELECT now, least($7::timestamptz, now) AS till,
        coalesce(now - $9::bigint * interval '1 microsecond', '-infinity') AS since
    FROM (SELECT coalesce($3::timestamptz, clock_timestamp()) AS now) AS read
),
running AS MATERIALIZED (
    SELECT CASE WHEN EXISTS (SELECT FROM {schema}.switch WHERE kind = 0 AND name = $6::text) THEN '{}'::text[]
        ELSE ARRAY(SELECT t FROM unnest($2::text[]) AS t
            WHERE t NOT IN (SELECT name FROM {schema}.switch WHERE kind = 1)) END AS types
),
step AS MATERIALIZED (
    WITH RECURSIVE step (urgency, nth) AS (
        SELECT (SELECT -priority::integer FROM {schema}.job WHERE status = 0 AND queue = $6::text
            ORDER BY -priority::integer, scheduled_start, id LIMIT 1), 1
        UNION ALL
        SELECT (SELECT -priority::integer FROM {schema}.job
            WHERE status = 0 AND queue = $6::text AND -priority::integer > step.urgency
            ORDER BY -priority::integer, scheduled_start, id LIMIT 1), nth + 1
        FROM step WHERE urgency IS NOT NULL AND nth < 63
    )
    SELECT urgency, nth FROM step WHERE urgency IS NOT NULL
),
fallen_due AS MATERIALIZED (
    SELECT fallen_due.* FROM step, LATERAL (
        SELECT job.ctid AS tid, step.urgency, scheduled_start, id, turn FROM {schema}.job
        WHERE status = 0 AND queue = $6::text AND -priority::integer = step.urgency
            AND scheduled_start BETWEEN (SELECT since FROM clock) AND (SELECT till FROM clock) AND {startable}
        ORDER BY scheduled_start, id
        LIMIT $1::bigint
        FOR NO KEY UPDATE SKIP LOCKED
    ) AS fallen_due
    LIMIT $1::bigint
),
behind AS MATERIALIZED (
    SELECT job.ctid AS tid, -priority::integer AS urgency, scheduled_start, id, turn FROM {schema}.job
    WHERE status = 0 AND queue = $6::text AND -priority::integer > (SELECT urgency FROM step WHERE nth = 63)
        AND scheduled_start BETWEEN (SELECT since FROM clock) AND (SELECT till FROM clock) AND {startable}
    ORDER BY -priority::integer, scheduled_start, id
    LIMIT $1::bigint - (SELECT count(*) FROM fallen_due)
    FOR NO KEY UPDATE SKIP LOCKED
),
front AS MATERIALIZED (
    SELECT job.ctid AS tid, -priority::integer AS urgency, scheduled_start, id, turn FROM {schema}.job
    WHERE (status = 0 AND queue = $6::text) IS TRUE AND scheduled_start <= (SELECT till FROM clock) AND {startable}
        AND id = ANY(ARRAY(
            SELECT id FROM (
                SELECT id, type, scheduled_start, turn FROM {schema}.job
                WHERE status = 0 AND queue = $6::text AND $9::bigint IS NOT NULL
                ORDER BY -priority::integer, scheduled_start, id
                LIMIT 200
            ) AS job
            WHERE scheduled_start < (SELECT since FROM clock) AND {startable}
        ))
    ORDER BY -priority::integer, scheduled_start, id
    LIMIT $1::bigint
    FOR NO KEY UPDATE SKIP LOCKED
),
due AS MATERIALIZED (
    SELECT * FROM (
        SELECT * FROM front UNION ALL SELECT * FROM fallen_due UNION ALL SELECT * FROM behind
    ) AS found
    ORDER BY urgency, scheduled_start, id
    LIMIT $1::bigint
)
