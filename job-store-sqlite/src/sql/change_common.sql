-- As change.sql, for a state that has none of the last eight parts.
-- ?1 id, ?2 expected revision, ?3 the time by which the lease must have ended
UPDATE job SET
    status = ?4,
    queue = ?5,
    attempt_count = ?6,
    crash_count = ?7,
    scheduled_start = ?8,
    date_started = ?9,
    date_finished = ?10,
    changed_by = ?11,
    revision = ?12,
    lease_holder = NULL,
    lease_expires = NULL,
    progress = NULL,
    last_error = NULL,
    reason = NULL,
    held_key = NULL,
    running_key = NULL,
    superseded_by = NULL
WHERE id = ?1 AND revision = ?2 AND (?3 IS NULL OR lease_expires <= ?3)
