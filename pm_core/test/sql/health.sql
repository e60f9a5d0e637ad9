-- The health of this database and of others, and backups.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT database = current_database() AS mine, reachable, latency_ms BETWEEN 0 AND 60000 AS measured, split_part(version, ' ', 1) = split_part(current_setting('server_version'), ' ', 1) AS version,
  extensions = (SELECT jsonb_object_agg(e.extname, e.extversion) FROM pg_extension AS e WHERE e.extname LIKE 'pm\_%') AS extensions, connections >= 1 AS connected,
  connection_limit = current_setting('max_connections')::int AS of_the_server, last_check, orphans, last_backup
FROM pm_core.health();
-- connections against the database's own limit
SELECT format('ALTER DATABASE %I CONNECTION LIMIT 50', current_database()) \gexec
SELECT connection_limit FROM pm_core.health();
SELECT format('ALTER DATABASE %I CONNECTION LIMIT -1', current_database()) \gexec
-- jobs that wait
CREATE FUNCTION t_work(job pm_jobs.job) RETURNS jsonb LANGUAGE sql RETURN job.payload;
SELECT pm_jobs.create_queue('t_health'), pm_jobs.pause_queue('t_health'), pm_jobs.register_handler('t_work', 't_work(pm_jobs.job)');
SELECT queue_depth AS before FROM pm_core.health() \gset
BEGIN;
SELECT count(pm_jobs.enqueue('t_health', 't_work', run_at => w.run_at)) FROM (VALUES (NULL::timestamptz), (NULL), (now() + interval '1 hour')) AS w(run_at);
SELECT queue_depth - :before AS waiting, oldest_job >= '0' AS since FROM pm_core.health();
ROLLBACK;
-- references and what refers to nothing
CREATE TABLE t_parent (id uuid PRIMARY KEY);
CREATE TABLE t_child (id int PRIMARY KEY, parent uuid);
INSERT INTO t_child VALUES (1, gen_random_uuid()), (2, gen_random_uuid());
SELECT pm_xref.add_reference('t_one', 't_child', 'parent', NULL, 'public.t_parent'), pm_xref.add_reference('t_two', 't_child', 'parent', NULL, 'public.t_parent');
SELECT last_check, orphans FROM pm_core.health();
SELECT orphans FROM pm_xref.check('t_one');
SELECT last_check, orphans FROM pm_core.health();
SELECT orphans FROM pm_xref.check('t_two');
SELECT last_check = (SELECT checked_at FROM pm_xref._references WHERE name = 't_one') AS the_older, orphans FROM pm_core.health();
SELECT pm_xref.drop_reference('t_one'), pm_xref.drop_reference('t_two');
-- backups: the last good one counts, a restore does not
SELECT pm_core.record_backup(current_database(), 'dump', '2026-01-01 00:00+00', '2026-01-02 03:00+00', '/backup/1', 1000, true) IS NOT NULL AS noted,
  pm_core.record_backup(current_database(), 'dump', '2026-01-03 00:00+00', '2026-01-03 03:00+00', '/backup/2', 0, false) IS NOT NULL AS noted,
  pm_core.record_backup(current_database(), 'restore', '2026-01-04 00:00+00', '2026-01-04 03:00+00', '/backup/1', 1000, true) IS NOT NULL AS noted,
  pm_core.record_backup('another', 'dump', '2026-01-05 00:00+00', '2026-01-05 03:00+00', '/backup/1', 1000, true) IS NOT NULL AS noted;
SELECT last_backup AT TIME ZONE 'UTC' AS last_backup FROM pm_core.health();
SELECT pm_core.record_backup(current_database(), 'base', '2026-01-05 00:00+00', '2026-01-06 03:00+00', NULL, NULL, true) IS NOT NULL AS noted;
SELECT last_backup AT TIME ZONE 'UTC' AS last_backup FROM pm_core.health();
-- one that is to come does not count yet, nor does one that never ends
SELECT pm_core.record_backup(current_database(), 'base', now(), now() + interval '1 day', NULL, NULL, true) IS NOT NULL AS noted,
  pm_core.record_backup(current_database(), 'base', now(), 'infinity', NULL, NULL, true) IS NOT NULL AS noted;
SELECT last_backup AT TIME ZONE 'UTC' AS last_backup FROM pm_core.health();
DELETE FROM pm_core.backups WHERE finished_at > now();
SELECT kind, location, size, ok, finished_at - started_at AS took FROM pm_core.backups ORDER BY id;
\set VERBOSITY terse
SELECT pm_core.record_backup('x', 'copy', now(), now(), NULL, 0, true);
SELECT pm_core.record_backup('x', 'dump', now(), now() - interval '1 s', NULL, 0, true);
SELECT pm_core.record_backup('x', 'dump', now(), now(), NULL, -1, true);
SELECT pm_core.record_backup('x', 'dump', now(), NULL, NULL, 1, true);
SELECT pm_core.record_backup(NULL, 'dump', now(), now(), NULL, 1, true);
SELECT pm_core.record_backup('x', 'dump', now(), now(), NULL, 1, NULL);
\set VERBOSITY default
DELETE FROM pm_core.backups;
-- what cannot be asked is said, and what can be is answered; the resolver asks nobody about a
-- label of 64 bytes
CREATE SERVER t_unmapped FOREIGN DATA WRAPPER postgres_fdw OPTIONS (dbname 'x');
SELECT pm_xref.add_database('t_absent', '/nowhere', 5432, 'x'), pm_xref.add_database('t_name', repeat('x', 64), 5432, 'x');
SELECT database, reachable, latency_ms, version, extensions, connections, connection_limit, queue_depth, oldest_job, workers, last_check, orphans, last_backup FROM pm_core.health() WHERE database LIKE 't\_%';
SELECT database, error ~ CASE database WHEN 't_unmapped' THEN '^user mapping not found for "' WHEN 't_absent' THEN '^connection to server on socket "/nowhere/.s.PGSQL.5432" failed: No such file or directory'
  ELSE '^could not translate host name "x{64}" to address: ' END AS said FROM pm_core.health() WHERE database LIKE 't\_%';
SELECT reachable, queue_depth IS NOT NULL AS asked FROM pm_core.health() WHERE database = current_database();
-- a password is not repeated
ALTER USER MAPPING FOR CURRENT_USER SERVER t_absent OPTIONS (ADD password 'open sesame');
SELECT count(*) AS with_password FROM pm_core.health() AS h WHERE h::text LIKE '%sesame%';
DROP SERVER t_unmapped;
DROP SERVER t_absent CASCADE;
DROP SERVER t_name CASCADE;
-- the setting
SET pm_core.health_timeout = 9;
SHOW pm_core.health_timeout;
DROP TABLE t_child, t_parent;
SELECT pm_jobs.unregister_handler('t_work'), pm_jobs.drop_queue('t_health');
DROP FUNCTION t_work(pm_jobs.job);
