-- What a prune looks at that lets the newest final jobs of each type and target be: it reads all final rows to tell them.
-- $5 behind this id, $6 how many, $8 how many of each target stay
walked AS MATERIALIZED (
    SELECT id, type, status, date_finished FROM (
        SELECT id, type, target, status, date_finished,
            row_number() OVER (PARTITION BY type, target ORDER BY id DESC) AS nth
        FROM {schema}.job
        WHERE status IN (2, 3, 5)
    ) AS of_target
    WHERE id > $5::uuid AND (target IS NULL OR nth > $8::bigint)
    ORDER BY id
    LIMIT $6::bigint
),
