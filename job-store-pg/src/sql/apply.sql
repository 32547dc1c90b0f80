-- Compare and set, many jobs, each alone: the whole state, or away with the row, where the job is at the revision, and
-- past its lease if that is asked for. Answers with the ids that were changed.
--
-- The changes come in the order of their ids and each looks for its row, so that two batches that meet wait for one
-- another and never deadlock. Never by ctid: a renewal between snapshot and lock moves the row. Both guards, once false,
-- stay false, so a row that was waited for is judged rightly.
--
-- A column of {arrays} has a value for each change, and its name in {names}. {write} sets these and what is alike in all
-- changes, or deletes.
WITH change AS (SELECT * FROM unnest({arrays}) AS change ({names}) ORDER BY change_id),
applied AS (
    {write}
    WHERE job.id = change_id AND job.revision = expected
        AND ({lapsed_by} IS NULL OR job.lease_expires <= {lapsed_by})
    RETURNING job.id
)
