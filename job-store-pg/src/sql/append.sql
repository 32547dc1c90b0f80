-- Notes, numbered in this order; one about a job that is gone is dropped. The jobs are held, in the order of their ids, so
-- that none goes between look and write.
WITH held AS MATERIALIZED (
    SELECT id FROM unnest($1::uuid[]) AS asked (asked_id) JOIN {schema}.job ON id = asked_id
    ORDER BY id
    FOR KEY SHARE OF job
)
INSERT INTO {schema}.note (job, section, kind, at, body)
SELECT about_job, about_section, new.kind, new.at, new.body::json
FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::timestamptz[], $5::text[])
    WITH ORDINALITY AS new (about_job, about_section, kind, at, body, nth)
WHERE about_job IS NULL OR about_job IN (SELECT id FROM held)
ORDER BY nth
