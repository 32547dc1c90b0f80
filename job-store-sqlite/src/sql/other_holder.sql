-- Who holds the key ?2 that the job ?1 wants back.
SELECT other.id FROM job AS mine JOIN job AS other ON other.type = mine.type AND other.held_key = ?2
WHERE mine.id = ?1 AND other.id <> ?1
