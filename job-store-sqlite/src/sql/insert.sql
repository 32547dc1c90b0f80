-- Jobs, Waiting. A row is left out, which the count tells, if its id is known or another job holds its key.
-- It takes the file's write lock all the same: nobody starts the holder before the transaction ends.
INSERT INTO job (
    id, type, args, urgency, target, tags, unique_key, unique_scope, turn, max_retries, requester, date_created,
    status, queue, attempt_count, crash_count, scheduled_start, held_key, revision
) VALUES
