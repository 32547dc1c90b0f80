-- Jobs that run past their lease, by id, but for rows that somebody has locked: their owner may just be renewing.
-- Walks the running rows; an index on the lease would cost every renewal an entry.
-- $1 behind this id or NULL, $2 limit, $3 the time or NULL
FROM {schema}.job
WHERE status = 1 AND id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')
    AND lease_expires <= coalesce($3::timestamptz, (SELECT clock_timestamp()))
ORDER BY id
LIMIT $2::bigint
FOR SHARE SKIP LOCKED
