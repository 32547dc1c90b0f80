-- Who holds which of these keys.
SELECT id, type, held_key
FROM unnest($1::text[], $2::text[]) AS asked (asked_type, asked_key)
JOIN {schema}.job ON type = asked_type AND held_key = asked_key
