-- The example's own tables, in the schema `public` of the database that also holds the jobs. Safe to run again.

-- IF NOT EXISTS alone is not safe when two processes start at once. Held until the transaction ends.
SELECT pg_advisory_xact_lock(7310577366862853);

CREATE TABLE IF NOT EXISTS proposal (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    repository text NOT NULL,      -- the git folder
    source text NOT NULL,          -- the commit that is proposed
    target text,                   -- the commit it is compared with; NULL is the empty tree
    subject text NOT NULL,
    author text NOT NULL,
    committed bigint NOT NULL,     -- seconds since 1970
    heat double precision,         -- NULL until it was taken
    UNIQUE (repository, source)
);

CREATE TABLE IF NOT EXISTS proposal_diff (
    proposal bigint PRIMARY KEY REFERENCES proposal (id) ON DELETE CASCADE,
    files bigint NOT NULL,
    insertions bigint NOT NULL,
    deletions bigint NOT NULL,
    patch text NOT NULL,
    cut boolean NOT NULL           -- whether the patch is longer than what is kept of it
);

-- A job that is pruned takes its row here along. Deleting a proposal must delete its jobs first: see proposals.rs.
CREATE TABLE IF NOT EXISTS proposal_job (
    job uuid PRIMARY KEY REFERENCES jobs.job (id) ON DELETE CASCADE,
    proposal bigint NOT NULL REFERENCES proposal (id)
);

CREATE INDEX IF NOT EXISTS proposal_job_proposal ON proposal_job (proposal);
