-- What CREATE EXTENSION makes, and what it refuses.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION pm_catalog CASCADE;
RESET client_min_messages;
SELECT extname, extnamespace::regnamespace, extrelocatable FROM pg_extension WHERE extname = 'pm_catalog';
ALTER EXTENSION pm_catalog SET SCHEMA public;
-- what PUBLIC may run and read
SELECT p.oid::regprocedure AS for_everybody
FROM pg_proc AS p WHERE p.pronamespace = 'pm_catalog'::regnamespace AND has_function_privilege('pg_read_server_files', p.oid, 'EXECUTE') ORDER BY 1;
SELECT c.oid::regclass AS for_everybody
FROM pg_class AS c WHERE c.relnamespace = 'pm_catalog'::regnamespace AND c.relkind IN ('r', 'v') AND has_table_privilege('pg_read_server_files', c.oid, 'SELECT');
-- no function runs with rights that its caller has not
SELECT count(*) AS security_definer FROM pg_proc WHERE pronamespace = 'pm_catalog'::regnamespace AND prosecdef;
-- every foreign key has an index
SELECT k.conrelid::regclass AS without_index, k.conname
FROM pg_constraint AS k
WHERE k.contype = 'f' AND k.connamespace = 'pm_catalog'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = k.conrelid AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey);
-- settings
SHOW pm_catalog.user_id;
SET pm_catalog.user_id = 'somebody';
SET pm_catalog.user_id = '01a21d28-7d45-7936-84e2-06bc7f30a5bb';
SET pm_catalog.nothing = 1;
-- it goes without a trace
DROP EXTENSION pm_catalog;
SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('pm_catalog');
CREATE EXTENSION pm_catalog;
