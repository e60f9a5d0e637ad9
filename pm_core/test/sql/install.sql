-- What CREATE EXTENSION makes, and what it refuses.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION pm_core CASCADE;
RESET client_min_messages;
SELECT extname, extnamespace::regnamespace, extrelocatable FROM pg_extension WHERE extname ~ '^pm_' ORDER BY 1;
ALTER EXTENSION pm_core SET SCHEMA public;
-- PUBLIC may do nothing
SELECT p.oid::regprocedure AS for_everybody
FROM pg_proc AS p WHERE p.pronamespace = 'pm_core'::regnamespace AND has_function_privilege('pg_read_server_files', p.oid, 'EXECUTE');
SELECT c.oid::regclass AS for_everybody
FROM pg_class AS c WHERE c.relnamespace = 'pm_core'::regnamespace AND c.relkind IN ('r', 'v') AND has_table_privilege('pg_read_server_files', c.oid, 'SELECT');
SELECT has_schema_privilege('pg_read_server_files', 'pm_core', 'USAGE') AS schema_for_everybody;
-- every C function that switches to the owner has its inner function, granted to nobody, whose search_path is its own
SELECT count(*) FILTER (WHERE p.prosecdef) AS security_definer FROM pg_proc AS p WHERE p.pronamespace = 'pm_core'::regnamespace;
SELECT o.oid::regprocedure AS without_inner
FROM pg_proc AS o
WHERE o.pronamespace = 'pm_core'::regnamespace AND o.prosrc = 'pm_core_as_owner'
  AND NOT EXISTS (
    SELECT FROM pg_proc AS i
    WHERE i.pronamespace = o.pronamespace AND i.proname = '_' || o.proname AND i.proargtypes = o.proargtypes AND i.prorettype = o.prorettype
      AND i.proallargtypes IS NOT DISTINCT FROM o.proallargtypes AND i.provolatile = 'v' AND i.proacl::text = '{postgres=X/postgres}' AND i.proconfig = '{"search_path=pg_catalog, pg_temp"}');
-- what rights are read from tells of its changes, also under session_replication_role = replica
SELECT t.tgrelid::regclass, t.tgenabled, encode(t.tgargs, 'escape') AS tells FROM pg_trigger AS t
WHERE t.tgname = 'changed' AND t.tgrelid::regclass::text LIKE 'pm_core.%' ORDER BY 1::text COLLATE "C";
-- row-level security is forced for the owner, too
SELECT c.oid::regclass, c.relrowsecurity, c.relforcerowsecurity FROM pg_class AS c WHERE c.relnamespace = 'pm_core'::regnamespace AND c.relrowsecurity ORDER BY 1::text COLLATE "C";
-- no column would stop pg_upgrade
SELECT a.attrelid::regclass, a.attname, a.atttypid::regtype
FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
WHERE c.relnamespace = 'pm_core'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND a.atttypid::regtype::text LIKE 'reg%';
-- every foreign key has an index that begins with it
SELECT f.conrelid::regclass, f.conname
FROM pg_constraint AS f
WHERE f.connamespace = 'pm_core'::regnamespace AND f.contype = 'f'
  AND NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = f.conrelid AND i.indkey[0] = f.conkey[1] AND i.indpred IS NULL);
-- it goes without a trace
SELECT pm_core.has_permission(gen_random_uuid(), 'order', 'read') AS before;
DROP EXTENSION pm_core;
SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('pm_core');
CREATE EXTENSION pm_core;
-- what this session remembered of it is out of date, and it sees changes of the new one
BEGIN;
INSERT INTO pm_core.roles (name) VALUES ('user');
SELECT pm_core.create_user('anne@example.com') AS anne \gset
SELECT pm_core.has_permission(:'anne', 'order', 'read') AS before;
UPDATE pm_core.users SET is_admin = true WHERE id = :'anne';
SELECT pm_core.has_permission(:'anne', 'order', 'read') AS after;
ROLLBACK;
