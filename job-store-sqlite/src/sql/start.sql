-- The one verb that a store knows: `Job::start`. The claim answers with the core's own, and the model test compares
-- the two. Counting stops at COUNT_MAX.
-- ?1 rowids as a JSON array, ?2 runner, ?3 now, ?4 end of the leases
UPDATE job SET
    status = 1,
    attempt_count = attempt_count + (attempt_count < 2147483647),
    date_started = ?3,
    date_finished = NULL,
    lease_holder = ?2,
    lease_expires = ?4,
    progress = NULL,
    held_key = CASE unique_scope WHEN 0 THEN NULL ELSE held_key END,
    running_key = turn,
    changed_by = ?2,
    revision = revision + 1
WHERE rowid IN (SELECT value FROM json_each(?1))
