-- Whether a claim of the queue ?1 at ?2 may find something, by the first due rows alone: a hint, so a bound is all right.
LIMIT 100) AS front
WHERE (turn IS NULL OR NOT EXISTS (SELECT 1 FROM job AS other WHERE other.running_key = front.turn))
  AND NOT EXISTS (SELECT 1 FROM job_switch WHERE kind = 0 AND name = ?1)
LIMIT 1
