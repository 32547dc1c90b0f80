-- Jobs, Waiting. A row is left out, which the count tells, if its id is known or another job holds its key.
-- It takes the file's write lock all the same: nobody starts the holder before the transaction ends.
INSERT INTO job (
    id, type, args, urgency, max_retries, date_created, queue, scheduled_start,
    status, attempt_count, crash_count, revision,
    target, tags, unique_key, unique_scope, turn, requester, held_key
) VALUES
