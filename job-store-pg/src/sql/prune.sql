-- Old final jobs, the oldest ids first, but for the newest of each type and target; locked ones are left.
-- $1 before, $2 statuses, $3 types or NULL, $4 limit, $5 how many of each target stay or NULL
WITH kept AS MATERIALIZED (
    SELECT id FROM (
        SELECT id, row_number() OVER (PARTITION BY type, target ORDER BY id DESC) AS nth
        FROM {schema}.job
        WHERE status IN (2, 3, 5) AND target IS NOT NULL AND $5::bigint IS NOT NULL
    ) AS of_target
    WHERE nth <= $5::bigint
),
old AS MATERIALIZED (
    SELECT id FROM {schema}.job
    WHERE status IN (2, 3, 5) AND status = ANY($2::bigint[]) AND date_finished < $1::timestamptz
        AND ($3::text[] IS NULL OR type = ANY($3::text[]))
        AND NOT EXISTS (SELECT FROM kept WHERE kept.id = job.id)
    ORDER BY id
    LIMIT $4::bigint
    FOR UPDATE OF job SKIP LOCKED
)
DELETE FROM {schema}.job USING old WHERE job.id = old.id
