-- Compare and set: the whole state, if the job is at the revision, and past its lease if that is asked for.
-- ?1 id, ?2 expected revision, ?3 the time by which the lease must have ended
UPDATE job SET
    status = ?4,
    queue = ?5,
    attempt_count = ?6,
    crash_count = ?7,
    scheduled_start = ?8,
    date_started = ?9,
    date_finished = ?10,
    lease_holder = ?11,
    lease_expires = ?12,
    progress = ?13,
    last_error = ?14,
    reason = ?15,
    held_key = ?16,
    running_key = ?17,
    superseded_by = ?18,
    changed_by = ?19,
    revision = ?20
WHERE id = ?1 AND revision = ?2 AND (?3 IS NULL OR lease_expires <= ?3)
