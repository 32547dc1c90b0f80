-- Compare and set: what every state has, then change_seldom.sql or change_bare.sql.
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
    revision = ?2 + 1
