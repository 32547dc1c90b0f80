-- Jobs that a claim should have started long ago, had nobody locked them: the first ten that are due for a second.
-- $1 to $8 as in `due.sql`
SELECT id FROM {schema}.job
WHERE status = 0 AND queue = $6::text AND type = ANY($2::text[])
    AND type NOT IN (SELECT name FROM {schema}.switch WHERE kind = 1)
    AND NOT EXISTS (SELECT FROM {schema}.switch WHERE kind = 0 AND name = $6::text)
    AND scheduled_start <= (SELECT least($7::timestamptz, coalesce($3::timestamptz, clock_timestamp()) - interval '1 s'))
    AND (turn IS NULL OR $8::boolean
        AND (SELECT 1 FROM {schema}.job AS other WHERE other.running_key = job.turn LIMIT 1) IS NULL)
ORDER BY -priority::integer, scheduled_start, id
LIMIT 10
