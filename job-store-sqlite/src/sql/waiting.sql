-- As columns.sql, without those that every job has alike that waits in the queue of a claim.
id, type, args, urgency, target, tags, unique_key, unique_scope, turn, max_retries, requester, date_created,
attempt_count, crash_count, scheduled_start, date_started, last_error, reason, held_key, superseded_by, changed_by,
revision
