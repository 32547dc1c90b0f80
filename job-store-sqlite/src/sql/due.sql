-- Beside the columns of waiting.sql: whether a row has none of what few rows have, and where it is.
, coalesce(target, tags, unique_key, turn, requester, last_error, reason, superseded_by) IS NULL AS is_plain, job.rowid
