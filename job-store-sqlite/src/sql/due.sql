-- What a claim may start, in the order of claims: read row by row until there is enough, for of each turn only the
-- first may start, and no count of rows says how far that is.
-- ?1 queue, ?2 the latest scheduled start, ?3 types as a JSON array
, coalesce(target, tags, unique_key, turn, requester, last_error, reason, superseded_by) IS NULL AS is_plain, rowid
FROM job INDEXED BY job_due
WHERE status = 0 AND queue = ?1 AND scheduled_start <= ?2
  AND NOT EXISTS (SELECT 1 FROM job_switch WHERE kind = 0 AND name = ?1)
  AND type IN (
    SELECT value FROM json_each(?3) WHERE value NOT IN (SELECT name FROM job_switch WHERE kind = 1)
  )
  AND (turn IS NULL OR NOT EXISTS (SELECT 1 FROM job AS other WHERE other.running_key = job.turn))
ORDER BY urgency, scheduled_start, id
