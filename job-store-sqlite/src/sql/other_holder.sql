-- Who holds the key ?2 that the job ?1 wants back. CROSS and INDEXED BY: from the one job to the one holder, whatever
-- old statistics say.
SELECT other.id FROM job AS mine CROSS JOIN job AS other INDEXED BY job_held
WHERE mine.id = ?1 AND other.type = mine.type AND other.held_key = ?2 AND other.id <> ?1
