-- Deletes the old final jobs among those, the oldest ids first, but for those that a row of the application refers to; locked
-- ones are left. Answers with how many went, with the id behind which to go on, if that was not the end, and with whether
-- it got that far only because of the limit.
-- $1 before, $2 statuses, $3 types or NULL, $4 limit, $7 up to this id
old AS MATERIALIZED (
    SELECT id FROM walked
    WHERE status IN (2, 3, 5) AND status = ANY ($2::bigint[]) AND date_finished < $1::timestamptz
        AND ($3::text[] IS NULL OR type = ANY ($3::text[])) AND id <= $7::uuid
    ORDER BY id
    LIMIT $4::bigint
),
locked AS MATERIALIZED (
    SELECT job.id FROM old JOIN {schema}.job ON job.id = old.id
    WHERE job.status IN (2, 3, 5) AND job.date_finished < $1::timestamptz
    ORDER BY job.id
    FOR UPDATE OF job SKIP LOCKED
)
SELECT {schema}.delete_unless_referred_to(ARRAY(SELECT id FROM locked)), coalesce(
    (SELECT id FROM old ORDER BY id OFFSET $4::bigint - 1 LIMIT 1),
    (SELECT id FROM (SELECT id FROM walked ORDER BY id OFFSET $6::bigint - 1 LIMIT 1) AS last WHERE id < $7::uuid)
), (SELECT count(*) FROM old) = $4::bigint
