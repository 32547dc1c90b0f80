-- As finished.sql, but of each type and target the newest ?6 final jobs stay, whatever their age. That looks at every
-- final job with a target, so it is done by a reader, which nobody waits for.
SELECT id FROM (
    SELECT id, type, status, date_finished, target IS NULL AS free,
        row_number() OVER (PARTITION BY type, target ORDER BY id DESC) AS newer
    FROM job WHERE date_finished IS NOT NULL
)
WHERE id > ?1 AND date_finished < ?2
  AND status IN (SELECT value FROM json_each(?3))
  AND (?4 IS NULL OR type IN (SELECT value FROM json_each(?4)))
  AND (free OR newer > ?6)
ORDER BY id LIMIT ?5
