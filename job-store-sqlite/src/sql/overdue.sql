-- What has been due since before ?1, and is neither paused nor kept waiting by its turn.
SELECT queue, type, count(*), min(scheduled_start) FROM job INDEXED BY job_due
WHERE status = 0 AND scheduled_start < ?1
  AND NOT EXISTS (SELECT 1 FROM job_switch WHERE kind = 0 AND name = queue)
  AND NOT EXISTS (SELECT 1 FROM job_switch WHERE kind = 1 AND name = type)
  AND (turn IS NULL OR NOT EXISTS (SELECT 1 FROM job AS other WHERE other.running_key = job.turn))
GROUP BY queue, type ORDER BY min(scheduled_start) LIMIT 10
