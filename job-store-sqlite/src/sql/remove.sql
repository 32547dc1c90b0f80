-- A change whose row does not stay: compare and delete.
-- ?1 id, ?2 expected revision, ?3 the time by which the lease must have ended
DELETE FROM job WHERE id = ?1 AND revision = ?2 AND (?3 IS NULL OR lease_expires <= ?3)
