-- And may start now. Read row by row until there is enough, for of each turn only the first may start, and no count of rows
-- says how far that is.
-- ?1 queue, ?3 types as a JSON array
  AND NOT EXISTS (SELECT 1 FROM job_switch WHERE kind = 0 AND name = ?1)
  AND type IN (
    SELECT value FROM json_each(?3) WHERE value NOT IN (SELECT name FROM job_switch WHERE kind = 1)
  )
  AND (turn IS NULL OR NOT EXISTS (SELECT 1 FROM job AS other WHERE other.running_key = job.turn))
