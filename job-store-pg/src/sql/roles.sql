-- What each group role may do, and nothing else. A producer can insert jobs, find and lock the holder of a key, and delete
-- by id; it cannot read args. A viewer reads all, an operator also changes and deletes jobs and sets switches, a worker
-- runs jobs.
GRANT USAGE ON SCHEMA {schema} TO {producer}, {worker}, {operator}, {viewer};
GRANT SELECT ON {schema}.version TO {producer}, {worker}, {operator}, {viewer};

GRANT INSERT, DELETE, SELECT (id, type, held_key, status), UPDATE (touched) ON {schema}.job TO {producer};

GRANT SELECT ON {schema}.job, {schema}.note, {schema}.switch, {schema}.lock TO {worker}, {operator}, {viewer};
GRANT INSERT, UPDATE, DELETE ON {schema}.job TO {worker}, {operator};
GRANT INSERT ON {schema}.note TO {worker}, {operator};
GRANT INSERT, UPDATE, DELETE ON {schema}.lock TO {worker}, {operator};
GRANT INSERT, DELETE ON {schema}.switch TO {operator};
