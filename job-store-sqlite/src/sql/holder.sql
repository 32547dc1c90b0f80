SELECT id FROM job INDEXED BY job_held WHERE type = ?1 AND held_key = ?2
