-- What CREATE EXTENSION makes, and what it refuses.
CREATE EXTENSION pm_jobs;
\set SHOW_CONTEXT never
SELECT extname, extnamespace::regnamespace, extrelocatable FROM pg_extension WHERE extname = 'pm_jobs';
ALTER EXTENSION pm_jobs SET SCHEMA public;
-- it makes no roles, and no function of its runs with rights that its caller cannot see
SELECT (SELECT count(*) FROM pg_roles WHERE rolname LIKE 'pm\_%') AS roles,
       (SELECT count(*) FROM pg_proc WHERE pronamespace = 'pm_jobs'::regnamespace AND prosecdef) AS security_definer;
-- every C function that switches to the owner has its inner function, with the caller in front; nobody may call that
SELECT o.oid::regprocedure AS without_inner
FROM pg_proc AS o
WHERE o.pronamespace = 'pm_jobs'::regnamespace AND o.prosrc = 'pm_jobs_as_owner'
  AND NOT EXISTS (
    SELECT FROM pg_proc AS i
    WHERE i.pronamespace = o.pronamespace AND i.proname = '_' || o.proname
      AND i.proargtypes::text = concat_ws(' ', 'regrole'::regtype::oid::text, nullif(o.proargtypes::text, ''))
      AND i.prorettype = o.prorettype AND i.proretset = o.proretset
      AND NOT has_function_privilege('pg_read_all_data', i.oid, 'EXECUTE'));
-- what PUBLIC may run, and the tables it may write
SELECT p.oid::regprocedure AS for_everybody
FROM pg_proc AS p
WHERE p.pronamespace = 'pm_jobs'::regnamespace AND has_function_privilege('pg_read_all_data', p.oid, 'EXECUTE')
ORDER BY p.proname COLLATE "C", p.proargtypes::text;
SELECT count(*) AS writable
FROM pg_class AS c CROSS JOIN unnest('{INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS privilege
WHERE c.relnamespace = 'pm_jobs'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND has_table_privilege('pg_read_all_data', c.oid, privilege);
-- no column would stop pg_upgrade
SELECT a.attrelid::regclass, a.attname, a.atttypid::regtype
FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
WHERE c.relnamespace = 'pm_jobs'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0
  AND a.atttypid IN ('regproc'::regtype, 'regprocedure'::regtype, 'regoper'::regtype, 'regoperator'::regtype, 'regconfig'::regtype,
                     'regdictionary'::regtype, 'regnamespace'::regtype, 'regcollation'::regtype);
-- it goes without a trace, with what needs it only by CASCADE
CREATE FUNCTION handler(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
\set VERBOSITY terse
DROP EXTENSION pm_jobs;
DROP EXTENSION pm_jobs CASCADE;
SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('pm_jobs');
CREATE EXTENSION pm_jobs;
