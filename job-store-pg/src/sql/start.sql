-- Starts the jobs that are due: the one status rule in SQL, the core's `Job::start`.
--
-- Of jobs that share a turn only the first is started; the count behind the columns tells that the limit was met all the
-- same, so that the caller asks again. By ctid, because the rows are locked: one that moved before it was locked is missed,
-- and the next claim sees it.
UPDATE {schema}.job SET
    status = 1,
    attempt_count = attempt_count + (attempt_count < 2147483647)::integer,
    date_started = (SELECT now FROM clock),
    lease_holder = $4::uuid,
    lease_expires = (SELECT least('9999-12-30 22:00:00+00', now
        + $5::bigint / 3600000000 * interval '1 hour' + $5::bigint % 3600000000 * interval '1 microsecond') FROM clock),
    held_key = CASE WHEN unique_scope = 0 THEN NULL ELSE held_key END,
    running_key = turn,
    changed_by = $4::uuid,
    revision = revision + 1
WHERE ctid = ANY(ARRAY(
    SELECT tid FROM (
        SELECT tid, turn, row_number() OVER (PARTITION BY turn ORDER BY urgency, scheduled_start, id) AS nth FROM due
    ) AS of_turn
    WHERE turn IS NULL OR nth = 1
))
RETURNING
