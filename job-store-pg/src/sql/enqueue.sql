-- In a caller's transaction, with what rings for runners: sent by the commit, equal ones once, and only if anything was
-- written, because the condition is looked at for the first row. $17 the channels of the queues
)
SELECT id FROM written
WHERE (SELECT count(pg_notify(channel, '')) FROM unnest($17::text[]) AS channel) IS NOT NULL
