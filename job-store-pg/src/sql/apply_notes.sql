, noted AS (
    INSERT INTO {schema}.note (job, section, kind, at, body)
    SELECT about_job, about_section, note.kind, note.at, note.body::json
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::timestamptz[], $6::text[])
        WITH ORDINALITY AS note (change_id, about_job, about_section, kind, at, body, nth)
    JOIN applied ON applied.id = change_id
    WHERE about_job IS NULL OR about_job IN (SELECT id FROM applied)
        OR (SELECT 1 FROM {schema}.job WHERE job.id = about_job FOR KEY SHARE) IS NOT NULL
    ORDER BY nth
)
