-- The example's own tables, in the file that also holds the jobs. Safe to run again.

CREATE TABLE IF NOT EXISTS proposal (
    id INTEGER PRIMARY KEY,
    repository TEXT NOT NULL,      -- the git folder
    source TEXT NOT NULL,          -- the commit that is proposed
    target TEXT,                   -- the commit it is compared with; NULL is the empty tree
    subject TEXT NOT NULL,
    author TEXT NOT NULL,
    committed INTEGER NOT NULL,    -- seconds since 1970
    heat REAL,                     -- NULL until it was taken
    UNIQUE (repository, source)
) STRICT;

CREATE TABLE IF NOT EXISTS proposal_diff (
    proposal INTEGER PRIMARY KEY REFERENCES proposal (id) ON DELETE CASCADE,
    files INTEGER NOT NULL,
    insertions INTEGER NOT NULL,
    deletions INTEGER NOT NULL,
    patch TEXT NOT NULL,
    cut INTEGER NOT NULL           -- 1 if the patch is longer than what is kept of it
) STRICT;

-- A job that is pruned takes its row here along. Deleting a proposal must delete its jobs first: see proposals.rs.
CREATE TABLE IF NOT EXISTS proposal_job (
    job BLOB PRIMARY KEY REFERENCES job (id) ON DELETE CASCADE,
    proposal INTEGER NOT NULL REFERENCES proposal (id)
) STRICT;

CREATE INDEX IF NOT EXISTS proposal_job_proposal ON proposal_job (proposal);
