-- As change.sql, for jobs whose states differ in their dates only. OR FAIL: the caller undoes all if one does not fit, so
-- SQLite need not keep what this statement alone has changed.
-- ?1 status, ?2 queue, ?3 attempts, ?4 crashes, ?5 who changes them
UPDATE OR FAIL job SET
    status = ?1,
    queue = ?2,
    attempt_count = ?3,
    crash_count = ?4,
    scheduled_start = new.column3,
    date_started = new.column4,
    date_finished = new.column5,
    changed_by = ?5,
    revision = new.column2 + 1
