id, type, args, priority, target, tags, unique_key, unique_scope, turn, max_retries, requester, date_created,
attempt_count, crash_count, scheduled_start, date_started, last_error, reason, held_key, superseded_by, revision
