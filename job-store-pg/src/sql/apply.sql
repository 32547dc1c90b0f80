-- Compare and set, many jobs, each alone: the whole state, where the job is at the revision, and past its lease if
-- that is asked for. Answers with the ids that were changed.
--
-- The rows are locked in the order of their ids, so that two batches that meet wait for one another and never
-- deadlock; the changes travel through that step, because joining them again would compare each with each. Never by
-- ctid: a renewal between snapshot and lock moves the row. Both guards, once false, stay false, so a row that was
-- waited for is judged rightly. A row is deleted with its notes, so no note about it is kept.
WITH change AS (
    SELECT * FROM unnest(
        $1::uuid[], $2::bigint[], $3::timestamptz[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[],
        $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::uuid[], $12::timestamptz[], $13::text[],
        $14::text[], $15::text[], $16::text[], $17::text[], $18::uuid[], $19::uuid[], $20::bigint[], $21::boolean[]
    ) AS change (
        change_id, expected, lapsed_by, status, queue, attempt_count, crash_count,
        scheduled_start, date_started, date_finished, lease_holder, lease_expires, progress,
        last_error, reason, held_key, running_key, superseded_by, changed_by, revision, deletes
    )
),
locked AS MATERIALIZED (
    SELECT change.*
    FROM change JOIN {schema}.job ON job.id = change_id
    WHERE job.revision = expected AND (lapsed_by IS NULL OR job.lease_expires <= lapsed_by)
    ORDER BY job.id
    FOR NO KEY UPDATE OF job
),
deleted AS (
    DELETE FROM {schema}.job USING locked
    WHERE job.id = change_id AND deletes
        AND job.revision = expected AND (lapsed_by IS NULL OR job.lease_expires <= lapsed_by)
    RETURNING job.id
),
changed AS (
    UPDATE {schema}.job SET
        status = locked.status,
        queue = locked.queue,
        attempt_count = locked.attempt_count,
        crash_count = locked.crash_count,
        scheduled_start = locked.scheduled_start,
        date_started = locked.date_started,
        date_finished = locked.date_finished,
        lease_holder = locked.lease_holder,
        lease_expires = locked.lease_expires,
        progress = locked.progress::json,
        last_error = locked.last_error,
        reason = locked.reason,
        held_key = locked.held_key,
        running_key = locked.running_key,
        superseded_by = locked.superseded_by,
        changed_by = locked.changed_by,
        revision = locked.revision
    FROM locked
    WHERE job.id = change_id AND NOT deletes
        AND job.revision = expected AND (lapsed_by IS NULL OR job.lease_expires <= lapsed_by)
    RETURNING job.id
),
applied AS (SELECT id FROM changed UNION ALL SELECT id FROM deleted)
