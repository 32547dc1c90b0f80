-- Notes, numbered in this order; one about a job that is gone is dropped, and one that is there already is not written
-- again. The jobs are held, in the order of their ids, so that none goes between look and write.
WITH held AS MATERIALIZED (
    SELECT id FROM unnest($1::uuid[]) AS asked (asked_id) JOIN {schema}.job ON id = asked_id
    ORDER BY id
    FOR KEY SHARE OF job
)
INSERT INTO {schema}.note (job, section, kind, at, body, id)
SELECT about_job, about_section, new.kind, new.at, new.body::json, new.id
FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::timestamptz[], $5::text[], $6::uuid[])
    WITH ORDINALITY AS new (about_job, about_section, kind, at, body, id, nth)
WHERE about_job IS NULL OR about_job IN (SELECT id FROM held)
ORDER BY nth
ON CONFLICT DO NOTHING
