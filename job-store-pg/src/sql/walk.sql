-- What a prune looks at: the next rows by id. No index knows final jobs, so that jobs cost nothing when they end; what bounds
-- a prune is how many rows it looks at.
-- $5 behind this id, $6 how many
walked AS MATERIALIZED (
    SELECT id, type, status, date_finished FROM {schema}.job WHERE id > $5::uuid ORDER BY id LIMIT $6::bigint
),
