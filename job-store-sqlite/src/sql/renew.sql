-- Never shortens a lease; keeps the progress that is there unless there is news.
-- ?1 id, ?2 revision, ?3 end of the lease, ?4 progress
UPDATE job SET lease_expires = max(lease_expires, ?3), progress = coalesce(?4, progress)
WHERE id = ?1 AND revision = ?2 AND status = 1
RETURNING lease_expires
