-- Whether a claim of the queue ?1 at ?2 may find something, by the first rows alone: a hint, so a bound is all right.
SELECT 1 FROM (
    SELECT turn FROM job INDEXED BY job_due
    WHERE status = 0 AND queue = ?1 AND scheduled_start <= ?2
    ORDER BY urgency, scheduled_start, id LIMIT 100
) AS head
WHERE (turn IS NULL OR NOT EXISTS (SELECT 1 FROM job AS other WHERE other.running_key = head.turn))
  AND NOT EXISTS (SELECT 1 FROM job_switch WHERE kind = 0 AND name = ?1)
LIMIT 1
