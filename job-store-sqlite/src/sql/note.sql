-- A note about a job that is gone is dropped.
-- ?1 job, ?2 section, ?3 kind, ?4 at, ?5 body
INSERT INTO job_note (job, section, kind, at, body)
SELECT ?1, ?2, ?3, ?4, ?5 WHERE ?1 IS NULL OR EXISTS (SELECT 1 FROM job WHERE id = ?1)
