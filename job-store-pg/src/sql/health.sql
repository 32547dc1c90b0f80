-- What an operator should know of the server. A transaction that stays open keeps dead rows from being removed, and every
-- claim walks over them.
-- $1 the schema
SELECT current_setting('lc_messages'),
    (SELECT extract(epoch FROM max(clock_timestamp() - xact_start))::bigint FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()),
    (SELECT n_dead_tup FROM pg_stat_user_tables WHERE schemaname = $1::text AND relname = 'job'),
    (SELECT n_live_tup FROM pg_stat_user_tables WHERE schemaname = $1::text AND relname = 'job'),
    current_setting('lock_timeout')
