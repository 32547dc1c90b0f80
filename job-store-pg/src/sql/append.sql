-- Notes, numbered in this order; one about a job that is gone is dropped.
INSERT INTO {schema}.note (job, section, kind, at, body)
SELECT about_job, about_section, new.kind, new.at, new.body::json
FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::timestamptz[], $5::text[])
    WITH ORDINALITY AS new (about_job, about_section, kind, at, body, nth)
WHERE about_job IS NULL OR (SELECT 1 FROM {schema}.job WHERE job.id = about_job) IS NOT NULL
ORDER BY nth
