-- One wide table; its constraints say again what the core's `Phase` says. No index has an entry for a completed job,
-- but for a key of the scope Kept. Checks are written with OR: IN builds a table for each row it looks at. What each
-- row costs at every change is measured: a generated column 6 %, a further check 1 %.
CREATE TABLE job (
    id              BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    revision        INTEGER NOT NULL,       -- here, for a row is read from its head as far as it is needed
    -- What was asked. Never changes.
    type            TEXT    NOT NULL,
    args            TEXT    NOT NULL,
    urgency         INTEGER NOT NULL,       -- the priority, negated: less is started first, as the index is sorted
    target          TEXT,
    tags            TEXT,                   -- a JSON array; NULL for none
    unique_key      TEXT,
    unique_scope    INTEGER,                -- 0 waiting, 1 pending, 2 kept
    turn            TEXT,
    max_retries     INTEGER NOT NULL,
    requester       TEXT,
    date_created    INTEGER NOT NULL,       -- all times: microseconds since 1970
    -- Where it is.
    -- 0 waiting, 1 running, 2 completed, 3 failed, 4 suspended, 5 cancelled
    status          INTEGER NOT NULL,
    queue           TEXT    NOT NULL,
    attempt_count   INTEGER NOT NULL,
    crash_count     INTEGER NOT NULL,
    scheduled_start INTEGER NOT NULL,
    date_started    INTEGER,
    date_finished   INTEGER,
    lease_holder    BLOB,
    lease_expires   INTEGER,
    progress        TEXT,                   -- JSON
    last_error      TEXT,
    reason          TEXT,
    held_key        TEXT,                   -- unique_key, while it is held
    running_key     TEXT,                   -- turn, while it runs
    superseded_by   BLOB,
    changed_by      BLOB,

    CONSTRAINT key_with_scope CHECK ((unique_key IS NULL) = (unique_scope IS NULL)),
    CONSTRAINT leased_iff_running CHECK (
        status <> 1 AND lease_holder IS NULL AND lease_expires IS NULL AND progress IS NULL AND running_key IS NULL
        OR status = 1 AND lease_holder IS NOT NULL AND lease_expires IS NOT NULL
    ),
    CONSTRAINT dated_iff_final CHECK (
        date_finished IS NULL AND (status = 0 OR status = 1 OR status = 4)
        OR date_finished IS NOT NULL AND (status = 2 OR status = 3 OR status = 5)
    ),
    CONSTRAINT holds_its_own_key CHECK (held_key IS NULL OR held_key = unique_key),
    CONSTRAINT runs_in_its_own_turn CHECK (running_key IS NULL OR running_key = turn)
) STRICT;

-- The order of claims.
CREATE INDEX job_due ON job (queue, urgency, scheduled_start, id) WHERE status = 0;
-- Not on the end of the lease, so that a renewal moves no entry; nor on the id: a number is found faster.
CREATE INDEX job_running ON job (status) WHERE status = 1;
-- These two are what holds under races. Neither names a status.
CREATE UNIQUE INDEX job_held ON job (type, held_key) WHERE held_key IS NOT NULL;
CREATE UNIQUE INDEX job_turn ON job (running_key) WHERE running_key IS NOT NULL;
-- What operators look for; empty while all goes well.
CREATE INDEX job_trouble ON job (id) WHERE status = 3 OR status = 4;

CREATE TABLE job_note (
    -- AUTOINCREMENT: the number of a deleted note is not given again.
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    job     BLOB,
    section TEXT,                           -- about the store as a whole if both are NULL
    kind    INTEGER NOT NULL,               -- 0 attempt, 1 log, 2 run, 3 action
    at      INTEGER NOT NULL,
    body    TEXT    NOT NULL,               -- JSON
    CONSTRAINT about_one_thing CHECK (job IS NULL OR section IS NULL)
) STRICT;
CREATE INDEX job_note_job ON job_note (job, number) WHERE job IS NOT NULL;
-- Notes go with their job. A foreign key would cost each deletion a tenth more, also of jobs without notes, and do
-- nothing on a connection that has foreign keys off, as SQLite's shell.
CREATE TRIGGER job_deleted AFTER DELETE ON job WHEN EXISTS (SELECT 1 FROM job_note WHERE job = old.id)
BEGIN
    DELETE FROM job_note WHERE job = old.id;
END;
CREATE INDEX job_note_section ON job_note (section, number) WHERE section IS NOT NULL;
CREATE INDEX job_note_store ON job_note (number) WHERE job IS NULL AND section IS NULL;

-- What is switched off: kind 0 a queue, 1 a type, 2 a section.
CREATE TABLE job_switch (
    kind INTEGER NOT NULL,
    name TEXT    NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE job_lock (
    name    TEXT    NOT NULL PRIMARY KEY,
    holder  BLOB    NOT NULL,
    words   TEXT    NOT NULL,               -- the holder, for people
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
