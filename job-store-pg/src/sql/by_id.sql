-- The jobs of these ids that are there.
FROM unnest($1::uuid[]) AS asked (asked_id) JOIN {schema}.job ON id = asked_id
