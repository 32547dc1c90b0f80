-- The urgencies of the jobs that wait in the queue ?1, the least first, by a look into the index for each. Of each only what
-- is due is walked then, so that what is scheduled for later is not passed by row by row: within an urgency the index has it
-- in the order of starts. At most 63: what is behind is walked as a whole, for an application may use priorities as scores.
-- They are looked for as they are asked for: a claim that has enough leaves the others alone.
WITH RECURSIVE step (level, nth) AS NOT MATERIALIZED (
    SELECT min(urgency), 1 FROM job INDEXED BY job_due WHERE status = 0 AND queue = ?1
    UNION ALL
    SELECT (SELECT min(urgency) FROM job INDEXED BY job_due WHERE status = 0 AND queue = ?1 AND urgency > level), nth + 1
    FROM step WHERE level IS NOT NULL AND nth < 63
)
