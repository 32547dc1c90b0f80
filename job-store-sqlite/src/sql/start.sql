-- The one verb that a store knows: `Job::start`. The claim answers with the core's own, and the model test compares
-- the two. Counting stops at COUNT_MAX.
-- OR FAIL: a claim that fails is rolled back whole, so SQLite need not keep what this statement alone has changed.
-- ?1 which rows, ?2 runner, ?3 now, ?4 end of the leases
UPDATE OR FAIL job SET
    status = 1,
    attempt_count = attempt_count + (attempt_count < 2147483647),
    date_started = ?3,
    date_finished = NULL,
    lease_holder = ?2,
    lease_expires = ?4,
    progress = NULL,
    changed_by = ?2,
    revision = revision + 1
