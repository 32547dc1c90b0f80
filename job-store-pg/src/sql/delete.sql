-- Jobs by id, with their notes, locked in the order of ids.
WITH locked AS MATERIALIZED (
    SELECT id FROM unnest($1::uuid[]) AS asked (asked_id) JOIN {schema}.job ON id = asked_id
    ORDER BY id
    FOR UPDATE OF job
)
DELETE FROM {schema}.job USING locked WHERE job.id = locked.id
