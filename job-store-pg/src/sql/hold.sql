-- Whether the job is at this revision still; if so, and if the transaction keeps the snapshot that this statement takes, its
-- row is locked. Else the next renewal would change the row, and a transaction with an older snapshot can never change it.
-- $1 id, $2 revision
WITH locked AS MATERIALIZED (
    SELECT id FROM {schema}.job
    WHERE id = $1::uuid AND revision = $2::bigint
        AND current_setting('transaction_isolation') IN ('repeatable read', 'serializable')
    FOR NO KEY UPDATE
)
SELECT id FROM {schema}.job
WHERE id = $1::uuid AND revision = $2::bigint AND (SELECT count(*) FROM locked) IS NOT NULL
