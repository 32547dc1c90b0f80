-- Further, for jobs that have a unique key or a turn. Without these columns no index of keys is looked at.
    , held_key = CASE unique_scope WHEN 0 THEN NULL ELSE held_key END
    , running_key = turn
