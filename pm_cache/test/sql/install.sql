-- What CREATE EXTENSION makes, and what it refuses.
\set VERBOSITY terse
CREATE EXTENSION pm_cache;
SELECT extname, extnamespace::regnamespace, extrelocatable FROM pg_extension WHERE extname ~ '^pm_' ORDER BY 1;
ALTER EXTENSION pm_cache SET SCHEMA public;
-- PUBLIC may do nothing
SELECT p.oid::regprocedure AS for_everybody
FROM pg_proc AS p WHERE p.pronamespace = 'pm_cache'::regnamespace AND has_function_privilege('pg_read_server_files', p.oid, 'EXECUTE');
SELECT c.oid::regclass AS for_everybody
FROM pg_class AS c WHERE c.relnamespace = 'pm_cache'::regnamespace AND c.relkind IN ('r', 'v') AND has_table_privilege('pg_read_server_files', c.oid, 'SELECT');
SELECT has_schema_privilege('pg_read_server_files', 'pm_cache', 'USAGE') AS schema_for_everybody;
-- no function runs with rights that its caller has not, unless it says so itself
SELECT count(*) FILTER (WHERE p.prosecdef) AS security_definer FROM pg_proc AS p WHERE p.pronamespace = 'pm_cache'::regnamespace;
-- what is dumped, and that the cache itself takes no WAL
SELECT c.oid::regclass FROM pg_extension AS e JOIN pg_class AS c ON c.oid = ANY (e.extconfig) WHERE e.extname = 'pm_cache' ORDER BY 1;
SELECT c.relname, c.relpersistence FROM pg_class AS c WHERE c.relnamespace = 'pm_cache'::regnamespace AND c.relkind = 'r' ORDER BY 1;
-- it goes without a trace, and what comes after it finds nothing of before
SELECT pm_cache.cache_get('k') IS NULL AS missed, pm_cache.cache_set('k', '1', 'products') AS stored, pm_cache.cache_get('k');
DROP EXTENSION pm_cache;
SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('pm_cache');
CREATE EXTENSION pm_cache;
SELECT pm_cache.cache_get('k') IS NULL AS missed;
-- of what a rolled back DROP leaves, nothing is lost
SELECT pm_cache.cache_set('k', '2', 'products');
BEGIN;
DROP EXTENSION pm_cache;
ROLLBACK;
SELECT pm_cache.cache_get('k');
