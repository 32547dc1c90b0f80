-- ?1 only ids after this, ?2 now. Without a limit: rows that are not readable are passed over.
FROM job INDEXED BY job_running WHERE status = 1 AND id > ?1 AND lease_expires <= ?2 ORDER BY id
