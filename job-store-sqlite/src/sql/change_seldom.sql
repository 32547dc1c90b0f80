-- What few states have; and if that is asked for, the lease must have ended by the time ?11.
    , lease_holder = ?12
    , lease_expires = ?13
    , progress = ?14
    , last_error = ?15
    , reason = ?16
    , held_key = ?17
    , running_key = ?18
    , superseded_by = ?19
WHERE id = ?1 AND revision = ?2 AND (?11 IS NULL OR lease_expires <= ?11)
