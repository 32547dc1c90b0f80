-- Who holds which of these keys, for a caller who relies on it: a holder that is not running stays locked until the
-- caller's transaction ends, and claims skip it. FOR SHARE is the weakest lock they skip. The row is looked at again once
-- it is locked. A running holder is never locked, for that would hold up its completion.
WITH asked AS (SELECT * FROM unnest($1::text[], $2::text[]) AS asked (asked_type, asked_key)),
locked AS MATERIALIZED (
    SELECT id, type, held_key
    FROM asked JOIN {schema}.job ON type = asked_type AND held_key = asked_key
    WHERE status IN (0, 4)
    ORDER BY type, held_key
    FOR SHARE OF job
)
SELECT id, type, held_key FROM locked
UNION ALL
SELECT id, type, held_key
FROM asked JOIN {schema}.job ON type = asked_type AND held_key = asked_key
WHERE status NOT IN (0, 4)
