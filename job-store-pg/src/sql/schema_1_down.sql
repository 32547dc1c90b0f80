-- Back to no tables: everything in them is gone.
DROP TABLE {schema}.note, {schema}.switch, {schema}.lock, {schema}.job;
DROP FUNCTION {schema}.forget_notes(), {schema}.delete_unless_referred_to(uuid[]);
