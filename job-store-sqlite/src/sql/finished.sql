-- Old final jobs, the oldest ids first.
-- ?1 only ids after this, ?2 ended before, ?3 statuses and ?4 types as JSON arrays (all types if NULL), ?5 limit
SELECT id FROM job
WHERE id > ?1 AND date_finished < ?2
  AND status IN (SELECT value FROM json_each(?3))
  AND (?4 IS NULL OR type IN (SELECT value FROM json_each(?4)))
ORDER BY id LIMIT ?5
