id, type, args, urgency, target, tags, unique_key, unique_scope, turn, max_retries, requester, date_created,
status, queue, attempt_count, crash_count, scheduled_start, date_started, date_finished,
lease_holder, lease_expires, progress, last_error, reason, held_key, running_key, superseded_by, changed_by, revision
