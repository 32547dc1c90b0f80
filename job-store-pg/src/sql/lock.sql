-- Takes a lock that is free or the caller's own, or says who holds it. No row: it changed hands meanwhile, and what the
-- statement's snapshot shows is not the row that it was refused for.
-- $1 name, $2 by, $3 the holder for people, $4 lease in microseconds, $5 the time or NULL
WITH clock AS MATERIALIZED (SELECT coalesce($5::timestamptz, clock_timestamp()) AS now),
taken AS (
    INSERT INTO {schema}.lock AS held (name, holder, words, expires)
    SELECT $1::text, $2::uuid, $3::text, least('9999-12-30 22:00:00+00', now
        + $4::bigint / 3600000000 * interval '1 hour' + $4::bigint % 3600000000 * interval '1 microsecond') FROM clock
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, words = excluded.words, expires = excluded.expires
        WHERE held.holder = excluded.holder OR held.expires <= (SELECT now FROM clock)
    RETURNING words, expires
)
SELECT TRUE, words, expires FROM taken
UNION ALL
SELECT FALSE, words, expires FROM {schema}.lock
WHERE name = $1::text AND expires > (SELECT now FROM clock) AND NOT EXISTS (SELECT FROM taken)
