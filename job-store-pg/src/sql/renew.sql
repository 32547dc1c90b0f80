-- Extends leases, never shortening one, of jobs that run at just these revisions, and keeps their progress. Rows that
-- somebody has locked are left, and said to be there. No index has a column that this changes. The status is compared so
-- that the planner does not see the index of running jobs in it: on a table that was empty when the plan was made it would
-- compare each running job with each lease.
-- $1 ids, $2 revisions, $3 progress, $4 lease in microseconds, $5 the time or NULL
WITH clock AS MATERIALIZED (SELECT coalesce($5::timestamptz, clock_timestamp()) AS now),
held AS (SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS held (held_id, held_revision, report)),
mine AS MATERIALIZED (
    SELECT held.*
    FROM held JOIN {schema}.job ON id = held_id
    WHERE status + 0 = 1 AND revision = held_revision
    ORDER BY id
    FOR NO KEY UPDATE OF job SKIP LOCKED
),
renewed AS (
    UPDATE {schema}.job SET
        lease_expires = greatest(lease_expires, least('9999-12-30 22:00:00+00', (SELECT now FROM clock)
            + $4::bigint / 3600000000 * interval '1 hour' + $4::bigint % 3600000000 * interval '1 microsecond')),
        progress = coalesce(report::json, progress)
    FROM mine
    WHERE id = held_id AND status + 0 = 1 AND revision = held_revision
    RETURNING id, revision, lease_expires
)
SELECT held_id, held_revision, lease_expires
FROM held JOIN renewed ON id = held_id AND revision = held_revision
UNION ALL
SELECT held_id, held_revision, NULL
FROM held JOIN {schema}.job ON id = held_id AND status + 0 = 1 AND revision = held_revision
WHERE NOT EXISTS (SELECT FROM renewed WHERE renewed.id = held_id AND renewed.revision = held_revision)
