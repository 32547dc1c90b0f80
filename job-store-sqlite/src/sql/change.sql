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
    changed_by = ?11,
    revision = ?12,
    lease_holder = ?13,
    lease_expires = ?14,
    progress = ?15,
    last_error = ?16,
    reason = ?17,
    held_key = ?18,
    running_key = ?19,
    superseded_by = ?20
WHERE id = ?1 AND revision = ?2 AND (?3 IS NULL OR lease_expires <= ?3)
