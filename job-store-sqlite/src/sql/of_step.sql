-- What is due of each step, in the order of claims without a sort: CROSS JOIN keeps the loops as they are written, each step
-- comes of the one before it, and the index has the rest in order. An ORDER BY would collect all rows and sort them.
-- ?1 queue, ?2 the latest scheduled start
FROM step CROSS JOIN job INDEXED BY job_due ON urgency = level
WHERE status = 0 AND queue = ?1 AND scheduled_start <= ?2
