-- What is due behind the last step, if there is so much, in the order of the index.
FROM job INDEXED BY job_due
WHERE status = 0 AND queue = ?1 AND scheduled_start <= ?2 AND urgency > (SELECT level FROM step WHERE nth = 63)
