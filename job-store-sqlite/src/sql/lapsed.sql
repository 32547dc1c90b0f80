-- Which jobs run past their lease, in no order: the index has them as they were inserted.
-- ?1 only ids after this, ?2 now
SELECT id, rowid FROM job INDEXED BY job_running WHERE status = 1 AND id > ?1 AND lease_expires <= ?2
