-- Gives a lock up that is free or the caller's own, or says who holds it.
-- $1 name, $2 by, $3 the time or NULL
WITH clock AS MATERIALIZED (SELECT coalesce($3::timestamptz, clock_timestamp()) AS now),
given_up AS (
    DELETE FROM {schema}.lock
    WHERE name = $1::text AND (holder = $2::uuid OR expires <= (SELECT now FROM clock))
)
SELECT FALSE, words, expires FROM {schema}.lock
WHERE name = $1::text AND holder <> $2::uuid AND expires > (SELECT now FROM clock)
