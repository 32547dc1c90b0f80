-- What a waiting row of the queue must be besides, for a claim to start it, in `scattered.sql`.
(type = ANY((SELECT types FROM running)::text[]) AND (SELECT cardinality(types) > 0 FROM running)
AND (turn IS NULL OR $8::boolean
    AND (SELECT 1 FROM {schema}.job AS other WHERE other.running_key = job.turn LIMIT 1) IS NULL))
