-- pm_core.sql - permissions and tokens, beside a query of the tables and HMAC alone; the
-- health of eight databases
--
-- One session, no parallel query.  psql variable: calls, how many.
\set ON_ERROR_STOP on
\pset footer off
SET client_min_messages = warning;
\ir harness.sql
\getenv host PGHOST
\getenv port PGPORT
CREATE DATABASE other1;
\connect other1
SET client_min_messages = warning;
CREATE EXTENSION pm_jobs;
CREATE EXTENSION pm_xref CASCADE;
\connect postgres
SET client_min_messages = warning;
SET jit = off;
SET max_parallel_workers_per_gather = 0;
SET pm_core.bcrypt_cost = 4;
CREATE EXTENSION pm_core CASCADE;
SELECT format('CREATE DATABASE other%s TEMPLATE other1', n) FROM generate_series(2, 7) AS n
\gexec
SELECT pm_xref.add_database('other' || n, :'host', :port, 'other' || n, current_user) FROM generate_series(1, 7) AS n \g /dev/null

SELECT FROM pm_core.create_default_roles() \g /dev/null
SELECT count(pm_core.create_user(n || '@example.com')) FROM generate_series(1, 1000) AS n \g /dev/null
CREATE TABLE asked AS
SELECT u.id, 'product'::text AS resource, 'read'::text AS action FROM generate_series(1, :calls / 1000) AS n, pm_core.users AS u;
-- tokens of 1 000 sessions, each as often as it takes
CREATE TABLE issued AS SELECT (pm_core.issue_token(u.id)).access_token AS token FROM pm_core.users AS u;
CREATE TABLE presented AS
SELECT i.token, convert_to(split_part(i.token, '.', 1) || '.' || split_part(i.token, '.', 2), 'UTF8') AS signed FROM generate_series(1, :calls / 1000) AS n, issued AS i;
CREATE TABLE key AS SELECT secret FROM pm_core._signing_keys;
VACUUM ANALYZE;

CALL bench.compare('permissions', ARRAY['empty', 'join of the tables', 'has_permission'],
  ARRAY['SELECT count(*) FROM asked WHERE id IS NOT NULL',
        'SELECT count(*) FROM asked AS a WHERE EXISTS (SELECT FROM pm_core.users AS u JOIN pm_core.roles AS r ON r.name = u.role JOIN pm_core.role_permissions AS rp ON rp.role_id = r.id
           JOIN pm_core.permissions AS p ON p.id = rp.permission_id WHERE u.id = a.id AND u.is_active AND r.is_active AND p.resource = a.resource AND p.action = a.action OFFSET 0)',
        'SELECT count(*) FROM asked WHERE pm_core.has_permission(id, resource, action)'],
  rounds => 5);
CALL bench.compare('tokens', ARRAY['empty', 'hmac of pgcrypto', 'verify_token'],
  ARRAY['SELECT count(length(token)) FROM presented',
        'SELECT count(public.hmac(signed, secret, ''sha256'')) FROM presented, key',
        'SELECT count(pm_core.verify_token(token)) FROM presented'],
  rounds => 5);
INSERT INTO bench.targets (test, variant, baseline, less) VALUES
  ('permissions', 'has_permission', 'join of the tables', 'empty'),
  ('tokens', 'verify_token', 'hmac of pgcrypto', 'empty');
INSERT INTO bench.figures (test, figure, value, at_most, at_least)
SELECT 'permissions', 'has_permission, us a call', percentile_cont(0.5) WITHIN GROUP (ORDER BY h.seconds - e.seconds) * 1e6 / :calls, 2, NULL
FROM bench.runs AS h JOIN bench.runs AS e USING (test, round) WHERE h.test = 'permissions' AND h.variant = 'has_permission' AND e.variant = 'empty'
UNION ALL
SELECT 'tokens', 'verifications a second', :calls / percentile_cont(0.5) WITHIN GROUP (ORDER BY v.seconds - e.seconds), NULL, 150000
FROM bench.runs AS v JOIN bench.runs AS e USING (test, round) WHERE v.test = 'tokens' AND v.variant = 'verify_token' AND e.variant = 'empty';

-- The slowest of some calls, and how many databases have answered each of them.
CREATE FUNCTION health(calls integer, OUT answered bigint, OUT ms float8) LANGUAGE plpgsql AS $$
DECLARE
  started timestamptz;
  n bigint;
BEGIN
  FOR i IN 1 .. calls LOOP
    started := clock_timestamp();
    SELECT count(*) FILTER (WHERE h.reachable) INTO n FROM pm_core.health() AS h;
    ms := greatest(ms, extract(epoch FROM clock_timestamp() - started) * 1000);
    answered := least(answered, n);
  END LOOP;
END $$;
INSERT INTO bench.figures (test, figure, value, at_most)
SELECT 'health', format('%s of 8 databases answer, ms', h.answered), h.ms, 1000 FROM health(10) AS h;
-- a database that is being renamed lets nobody in
BEGIN;
ALTER DATABASE other7 RENAME TO dead;
SELECT h.answered, h.ms FROM health(10) AS h
\gset
ROLLBACK;
INSERT INTO bench.figures (test, figure, value, at_most) VALUES ('health', format('%s of 8 databases answer, ms', :answered), :ms, 1000);
\echo 'Times: medians of five rounds of' :calls 'calls; ratio: median of the rounds'' ratios, the time of an empty scan taken off both. Health: the slowest of ten calls.'
SELECT test, variant, round(seconds::numeric, 3) AS seconds, baseline, round(baseline_seconds::numeric, 3) AS "its seconds", round(ratio::numeric, 2) AS ratio
FROM bench.ratios ORDER BY id;
SELECT test, figure, round(value::numeric, 2) AS value, at_most, at_least, CASE WHEN value > at_most OR value < at_least THEN 'missed' ELSE 'met' END AS target FROM bench.figures ORDER BY id;
