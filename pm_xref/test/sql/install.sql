-- What CREATE EXTENSION makes, and what it refuses.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION pm_xref CASCADE;
RESET client_min_messages;
SELECT extname, extnamespace::regnamespace, extrelocatable FROM pg_extension WHERE extname IN ('pm_xref', 'postgres_fdw') ORDER BY 1;
ALTER EXTENSION pm_xref SET SCHEMA public;
-- what PUBLIC may run and read
SELECT p.oid::regprocedure AS for_everybody
FROM pg_proc AS p WHERE p.pronamespace = 'pm_xref'::regnamespace AND has_function_privilege('pg_read_server_files', p.oid, 'EXECUTE');
SELECT c.oid::regclass AS for_everybody
FROM pg_class AS c WHERE c.relnamespace = 'pm_xref'::regnamespace AND c.relkind IN ('r', 'v') AND has_table_privilege('pg_read_server_files', c.oid, 'SELECT');
-- no function runs with rights that its caller has not
SELECT count(*) AS security_definer FROM pg_proc WHERE pronamespace = 'pm_xref'::regnamespace AND prosecdef;
-- no column would stop pg_upgrade
SELECT a.attrelid::regclass, a.attname, a.atttypid::regtype
FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
WHERE c.relnamespace = 'pm_xref'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND a.atttypid::regtype::text LIKE 'reg%'
  AND a.atttypid NOT IN ('regclass'::regtype, 'regtype'::regtype, 'regrole'::regtype);
-- settings
SHOW pm_xref.work_mem;
SET pm_xref.work_mem = '1kB';
SET pm_xref.nothing = 1;
-- it goes without a trace
DROP EXTENSION pm_xref;
SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('pm_xref');
CREATE EXTENSION pm_xref;
