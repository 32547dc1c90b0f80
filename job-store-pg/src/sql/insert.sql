-- New jobs, Waiting, and those that were written. With {conflict}, those whose id is known or whose key is held are left out.
--
-- Many come as arrays, in the order of keys, so that two inserts of the same keys wait for one another and never deadlock.
-- The time is read once, and not by now(), which stands still in a caller's transaction. A delay is added as hours and
-- the rest: an interval is multiplied as a float, which is exact for these.
-- The first revision is the time in microseconds, looked up once.
-- $1 the time, or NULL for the store's; $2… {columns}; starts are at a point or after microseconds
written AS (
INSERT INTO {schema}.job (
    id, type, args, priority, target, tags, unique_key, unique_scope, turn, max_retries, requester, date_created,
    status, queue, attempt_count, crash_count, scheduled_start, held_key, revision
)
SELECT id, type, args::json, priority, target,
    CASE WHEN tags IS NOT NULL THEN ARRAY(SELECT json_array_elements_text(tags::json)) END,
    unique_key, unique_scope, turn, max_retries, requester, clock.now,
    0, queue, 0, 0,
    coalesce(start_at, least('9999-12-30 22:00:00+00', clock.now
        + start_in / 3600000000 * interval '1 hour' + start_in % 3600000000 * interval '1 microsecond')),
    held_key, (SELECT (extract(epoch FROM now) * 1000000)::bigint FROM clock)
FROM clock, {source} AS new ({columns})
{order}
{conflict}
RETURNING id
