-- As insert.sql, for jobs that have none of the last seven parts.
INSERT INTO job (
    id, type, args, urgency, max_retries, date_created, queue, scheduled_start,
    status, attempt_count, crash_count, revision
) VALUES
