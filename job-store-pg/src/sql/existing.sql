-- Who holds which of these keys, for a caller who relies on it: a holder that is not running stays locked until the
-- caller's transaction ends, and claims skip it. FOR SHARE is the weakest lock they skip. The row is looked at again once
-- it is locked. A running holder is never locked, for that would hold up its completion.
--
-- Callers whose transactions overlap would keep a row locked for ever, for shared locks of a row do not queue behind who
-- waits for it alone. So all pass a gate first, where a claim that has waited long enough stops them: `patient.sql`. There
-- are 64, which is what one transaction may lock at the least, whatever it enqueues.
WITH asked AS (SELECT * FROM unnest($1::text[], $2::text[]) AS asked (asked_type, asked_key)),
gate AS MATERIALIZED (
    SELECT pg_advisory_xact_lock_shared(hashtext('job-store-pg gate'), number)::text AS passed
    FROM (
        SELECT DISTINCT hashtext(id::text) & 63 AS number
        FROM asked JOIN {schema}.job ON type = asked_type AND held_key = asked_key
        WHERE status = 0
        ORDER BY number
    ) AS gates
),
locked AS MATERIALIZED (
    SELECT id, type, held_key
    FROM asked JOIN {schema}.job ON type = asked_type AND held_key = asked_key
    WHERE status IN (0, 4) AND (SELECT count(passed) FROM gate) >= 0
    ORDER BY type, held_key
    FOR SHARE OF job
)
SELECT id, type, held_key FROM locked
UNION ALL
SELECT id, type, held_key
FROM asked JOIN {schema}.job ON type = asked_type AND held_key = asked_key
WHERE status NOT IN (0, 4)
