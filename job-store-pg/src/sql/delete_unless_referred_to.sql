-- Jobs by id, with their notes, locked in the order of ids; but not those that a row of the application refers to.
WITH locked AS MATERIALIZED (
    SELECT id FROM unnest($1::uuid[]) AS asked (asked_id) JOIN {schema}.job ON id = asked_id
    ORDER BY id
    FOR UPDATE OF job
)
SELECT {schema}.delete_unless_referred_to(ARRAY(SELECT id FROM locked))
