, noted AS (
    INSERT INTO {schema}.note (job, section, kind, at, body)
    SELECT about_job, about_section, note.kind, note.at, note.body::json
    FROM unnest($22::uuid[], $23::uuid[], $24::text[], $25::bigint[], $26::timestamptz[], $27::text[])
        WITH ORDINALITY AS note (change_id, about_job, about_section, kind, at, body, nth)
    JOIN applied ON applied.id = change_id
    WHERE about_job IS NULL OR about_job NOT IN (SELECT id FROM deleted)
        AND (SELECT 1 FROM {schema}.job WHERE job.id = about_job) IS NOT NULL
    ORDER BY nth
)
