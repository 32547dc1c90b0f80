-- Compare and set: the whole state, if the job is at the revision, and past its lease if that is asked for.
-- ?1 id, ?2 expected revision, ?11 the time by which the lease must have ended
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
    lease_holder = ?12,
    lease_expires = ?13,
    progress = ?14,
    last_error = ?15,
    reason = ?16,
    held_key = ?17,
    running_key = ?18,
    superseded_by = ?19
WHERE id = ?1 AND revision = ?2 AND (?11 IS NULL OR lease_expires <= ?11)
