-- As change.sql, for a change that asks for no end of a lease, and whose state has none of the last eight parts.
-- ?1 id, ?2 expected revision
UPDATE job SET
    status = ?3,
    queue = ?4,
    attempt_count = ?5,
    crash_count = ?6,
    scheduled_start = ?7,
    date_started = ?8,
    date_finished = ?9,
    changed_by = ?10,
    revision = ?2 + 1,
    lease_holder = NULL,
    lease_expires = NULL,
    progress = NULL,
    last_error = NULL,
    reason = NULL,
    held_key = NULL,
    running_key = NULL,
    superseded_by = NULL
WHERE id = ?1 AND revision = ?2
