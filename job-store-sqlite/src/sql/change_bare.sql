-- As change_seldom.sql, for a state that has none of it.
    , lease_holder = NULL
    , lease_expires = NULL
    , progress = NULL
    , last_error = NULL
    , reason = NULL
    , held_key = NULL
    , running_key = NULL
    , superseded_by = NULL
