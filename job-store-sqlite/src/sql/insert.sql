-- One job, Waiting. It changes nothing, and says so by its count, if the id is known or another job holds the key.
-- It takes the file's write lock all the same: nobody starts the holder before the transaction ends.
INSERT INTO job (
    id, type, args, priority, target, tags, unique_key, unique_scope, turn, max_retries, requester, date_created,
    status, queue, attempt_count, crash_count, scheduled_start, held_key, revision
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 0, ?13, 0, 0, ?14, ?15, 0)
ON CONFLICT DO NOTHING
