-- One wide table. No index has an entry for a completed job, but for a key of the scope Kept. Half of each page stays free,
-- so that a claim finds room on the row's own page and a renewal moves no index entry.
CREATE TABLE {schema}.job (
    id              uuid        PRIMARY KEY,
    -- What was asked. Never changes.
    type            text        NOT NULL COLLATE "C",
    args            json        NOT NULL,           -- not jsonb, which turns 1e16 into an integer and folds keys
    priority        smallint    NOT NULL,
    target          text        COLLATE "C",
    tags            text[]      COLLATE "C",        -- NULL for none
    unique_key      text        COLLATE "C",
    unique_scope    smallint,                       -- 0 waiting, 1 pending, 2 kept
    turn            text        COLLATE "C",
    max_retries     integer     NOT NULL,
    requester       text        COLLATE "C",
    date_created    timestamptz NOT NULL,
    -- Where it is.
    status          smallint    NOT NULL,
                                -- 0 waiting, 1 running, 2 completed, 3 failed, 4 suspended, 5 cancelled
    queue           text        NOT NULL COLLATE "C",
    attempt_count   integer     NOT NULL,
    crash_count     integer     NOT NULL,
    scheduled_start timestamptz NOT NULL,
    date_started    timestamptz,
    date_finished   timestamptz,
    lease_holder    uuid,
    lease_expires   timestamptz,
    progress        json,
    last_error      text,
    reason          text,
    held_key        text        COLLATE "C",        -- unique_key, while it is held
    running_key     text        COLLATE "C",        -- turn, while it runs
    superseded_by   uuid,
    changed_by      uuid,
    revision        bigint      NOT NULL,
    -- Means nothing. Who may update it may lock a row, and that is all a producer needs of other rows.
    touched         boolean,

    -- What a hand that edits a row would forget first; the rest of what the core's `Phase` asks is looked at where a row is
    -- read. More is dear: every statement that writes rows parses the whole expression anew.
    CONSTRAINT consistent CHECK (
        (status = 1) = (lease_holder IS NOT NULL) AND (lease_holder IS NULL) = (lease_expires IS NULL)
        AND (status = ANY ('{2,3,5}'::smallint[])) = (date_finished IS NOT NULL)
    )
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_limit = 2000);

-- The order of claims. The priority is widened first: the lowest smallint has no negative.
CREATE INDEX job_due ON {schema}.job (queue, (-priority::integer), scheduled_start, id) WHERE status = 0;
-- On the id and not on the end of the lease, so that a renewal moves no entry.
CREATE INDEX job_running ON {schema}.job (id) WHERE status = 1;
-- These two are what holds under races. Neither names a status, and both are partial: an application's row that
-- refers to a job then never stands in the way of a claim.
CREATE UNIQUE INDEX job_held ON {schema}.job (type, held_key) WHERE held_key IS NOT NULL;
CREATE UNIQUE INDEX job_turn ON {schema}.job (running_key) WHERE running_key IS NOT NULL;
-- What operators look for; empty while all goes well.
CREATE INDEX job_trouble ON {schema}.job (id) WHERE status IN (3, 4);

CREATE TABLE {schema}.note (
    number  bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job     uuid,                                   -- whose notes go with it: forget_notes
    section text        COLLATE "C",                -- about the store as a whole if both are NULL
    kind    smallint    NOT NULL,                   -- 0 attempt, 1 log, 2 run, 3 action
    at      timestamptz NOT NULL,
    body    json        NOT NULL,
    id      uuid,                                   -- of one that is written by itself: it may be sent again
    CONSTRAINT about_one_thing CHECK (job IS NULL OR section IS NULL)
);
CREATE INDEX note_job ON {schema}.note (job, number) WHERE job IS NOT NULL;
CREATE INDEX note_section ON {schema}.note (section, number) WHERE section IS NOT NULL;
CREATE INDEX note_store ON {schema}.note (number) WHERE job IS NULL AND section IS NULL;
CREATE UNIQUE INDEX note_id ON {schema}.note (id) WHERE id IS NOT NULL;

-- Deleted jobs take their notes with them: a foreign key would do so by a statement for each row. Of a trigger because its
-- statement sees what was committed while the rows were waited for. Who writes a note holds its job FOR KEY SHARE, and so
-- never writes one about a job that is gone.
CREATE FUNCTION {schema}.forget_notes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $forget_notes$
BEGIN
    DELETE FROM note USING gone WHERE note.job = gone.id;
    RETURN NULL;
END
$forget_notes$;
CREATE TRIGGER forget_notes AFTER DELETE ON {schema}.job REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.forget_notes();
-- Else whoever may use the schema could hang it on a table of their own, and delete any note. That is asked when a trigger
-- is made, not when it fires.
REVOKE ALL ON FUNCTION {schema}.forget_notes() FROM PUBLIC;

-- Deletes the jobs of these ids but for those that a row of the application refers to, and says how many. By a function,
-- because it goes on after an error: in one call, and without a line in the server's log for each job that stays. It may do
-- what its caller may.
CREATE FUNCTION {schema}.delete_unless_referred_to(ids uuid[]) RETURNS bigint
LANGUAGE plpgsql AS $delete_unless_referred_to$
DECLARE
    one     uuid;
    deleted bigint := 0;
BEGIN
    -- What is referred to by a deferred key is to be known now, while the job can still stay.
    SET CONSTRAINTS ALL IMMEDIATE;
    BEGIN
        DELETE FROM {schema}.job WHERE id = ANY (ids);
        GET DIAGNOSTICS deleted = ROW_COUNT;
        RETURN deleted;
    EXCEPTION WHEN foreign_key_violation OR restrict_violation THEN
        NULL;                                       -- at least one of them
    END;
    FOREACH one IN ARRAY ids LOOP
        BEGIN
            DELETE FROM {schema}.job WHERE id = one;
            IF FOUND THEN
                deleted := deleted + 1;
            END IF;
        EXCEPTION WHEN foreign_key_violation OR restrict_violation THEN
            NULL;                                   -- this one
        END;
    END LOOP;
    RETURN deleted;
END
$delete_unless_referred_to$;

-- What is switched off: kind 0 a queue, 1 a type, 2 a section.
CREATE TABLE {schema}.switch (
    kind smallint NOT NULL,
    name text     NOT NULL COLLATE "C",
    PRIMARY KEY (kind, name)
);

CREATE TABLE {schema}.lock (
    name    text        PRIMARY KEY COLLATE "C",
    holder  uuid        NOT NULL,
    words   text        NOT NULL,                   -- the holder, for people
    expires timestamptz NOT NULL
);
