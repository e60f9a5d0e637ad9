-- What CREATE EXTENSION makes, and what it refuses.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION pm_imports CASCADE;
RESET client_min_messages;
SELECT extname, extnamespace::regnamespace, extrelocatable FROM pg_extension WHERE extname ~ '^pm_' ORDER BY 1;
ALTER EXTENSION pm_imports SET SCHEMA public;
-- PUBLIC may do nothing
SELECT p.oid::regprocedure AS for_everybody
FROM pg_proc AS p WHERE p.pronamespace = 'pm_imports'::regnamespace AND has_function_privilege('pg_read_server_files', p.oid, 'EXECUTE');
SELECT c.oid::regclass AS for_everybody
FROM pg_class AS c WHERE c.relnamespace = 'pm_imports'::regnamespace AND c.relkind IN ('r', 'v') AND has_table_privilege('pg_read_server_files', c.oid, 'SELECT');
SELECT has_schema_privilege('pg_read_server_files', 'pm_imports', 'USAGE') AS schema_for_everybody;
-- functions that run with rights that their caller has not
SELECT p.oid::regprocedure AS security_definer FROM pg_proc AS p WHERE p.pronamespace = 'pm_imports'::regnamespace AND p.prosecdef ORDER BY 1;
-- no column would stop pg_upgrade: regrole does not
SELECT a.attrelid::regclass, a.attname, a.atttypid::regtype
FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
WHERE c.relnamespace = 'pm_imports'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND a.atttypid::regtype::text LIKE 'reg%' AND a.atttypid <> 'regrole'::regtype;
-- every foreign key has an index that begins with it
SELECT f.conrelid::regclass, f.conname
FROM pg_constraint AS f
WHERE f.connamespace = 'pm_imports'::regnamespace AND f.contype = 'f'
  AND NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = f.conrelid AND i.indkey[0] = f.conkey[1] AND i.indpred IS NULL);
-- partitions of logs are made with the first line, and are none of the extension's
SELECT pm_imports._log(NULL, 'info', 'a line');
SELECT count(*) AS partitions, count(d.objid) AS of_the_extension
FROM pg_inherits AS i LEFT JOIN pg_depend AS d ON d.objid = i.inhrelid AND d.deptype = 'e' WHERE i.inhparent = 'pm_imports.import_logs'::regclass;
-- it goes without a trace
DROP EXTENSION pm_imports;
SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('pm_imports');
CREATE EXTENSION pm_imports;
