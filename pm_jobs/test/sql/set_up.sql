-- set_up_queue(): makes what is missing, leaves what is there, schedules as pm_worker or as its caller.
\set SHOW_CONTEXT never
CREATE FUNCTION one(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
CREATE FUNCTION two(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
CREATE VIEW is_there AS
  SELECT 'queue' AS what, name, format('%s %s %s', concurrency, max_attempts, own_commit) AS how, granted_to::text AS whose FROM pm_jobs.queues
  UNION ALL SELECT 'kind', kind, handler || CASE WHEN transactional THEN '' ELSE ' outside' END, NULL FROM pm_jobs.handlers
  UNION ALL SELECT 'schedule', name, format('%s %s %s %s %s', spec, queue, kind, payload, missed), CASE WHEN owner::text = current_user THEN 'mine' ELSE owner::text END FROM pm_jobs.schedules;

-- nothing is there
SELECT r[1] BETWEEN now() + interval '59 min' AND now() + interval '61 min' AS hourly, r[2] > now() + interval '1 day' AS rare, cardinality(r)
FROM pm_jobs.set_up_queue('q', ARRAY[('plain', 'one(pm_jobs.job)', true, NULL, NULL), ('hourly', 'one(pm_jobs.job)', true, '1 hour', 'skip'),
  ('rare', 'two(pm_jobs.job)', false, '2 days', 'once')]::pm_jobs.task[], max_attempts => 3, own_commit => true) AS r;
SELECT * FROM is_there ORDER BY 1, 2;
-- all is there: handlers and settings stay, schedules become what is asked for
SELECT cardinality(pm_jobs.set_up_queue('q', ARRAY[('plain', 'two(pm_jobs.job)', false, '1 min', 'all'), ('hourly', 'two(pm_jobs.job)', true, '2 hours', 'skip')]::pm_jobs.task[], concurrency => 7));
SELECT * FROM is_there ORDER BY 1, 2;
-- a queue alone, with every setting
SELECT pm_jobs.set_up_queue('alone', '{}', 3, 4, '{1 s}', 5, 6, 7, '8 days', true, false, true);
SELECT concurrency, max_attempts, backoff, rate_per_second, rate_burst, key_concurrency, retention, events, ordered, own_commit FROM pm_jobs.queues WHERE name = 'alone';
SELECT pm_jobs.set_up_queue('plain one', '{}');
-- the defaults are those of create_queue()
SELECT pg_get_function_arguments('pm_jobs.create_queue'::regproc) = replace(pg_get_function_arguments('pm_jobs.set_up_queue'::regproc), ' tasks pm_jobs.task[],', '') AS same;

-- refused, and then nothing is made
SELECT pm_jobs.set_up_queue('bad', NULL);
SELECT pm_jobs.set_up_queue('bad', ARRAY[NULL::pm_jobs.task]);
SELECT pm_jobs.set_up_queue('bad', ARRAY[('bad', NULL, true, NULL, NULL)::pm_jobs.task]);
SELECT pm_jobs.set_up_queue('bad', ARRAY[('bad', 'now()', true, NULL, NULL)::pm_jobs.task]);
SELECT pm_jobs.set_up_queue('bad', ARRAY[('bad', 'one(pm_jobs.job)', NULL, NULL, NULL)::pm_jobs.task]);
SELECT pm_jobs.set_up_queue('bad', ARRAY[('bad', 'one(pm_jobs.job)', true, 'never', 'once')::pm_jobs.task]);
SELECT pm_jobs.set_up_queue('bad', ARRAY[('bad', 'one(pm_jobs.job)', true, NULL, 'once')::pm_jobs.task]);
SELECT pm_jobs.set_up_queue('bad', ARRAY[('bad', 'one(pm_jobs.job)', true, '1 min', NULL)::pm_jobs.task]);
SELECT pm_jobs.set_up_queue('', '{}');
SELECT pm_jobs.set_up_queue(NULL, '{}');
SELECT pm_jobs.set_up_queue('bad', '{}', concurrency => 0);
SELECT count(*) FROM is_there WHERE name = 'bad';
SELECT count(pm_jobs.unschedule(name)) FROM pm_jobs.schedules;
SELECT count(pm_jobs.drop_queue(name)) FROM pm_jobs.queues;
SELECT count(pm_jobs.unregister_handler(kind)) FROM pm_jobs.handlers;

-- with pm_worker: a new queue is granted to it, schedules are its own, whoever of its members calls
CREATE ROLE pm_worker NOINHERIT;
CREATE ROLE jobs_member NOINHERIT IN ROLE pm_worker;
CREATE ROLE jobs_other;
SELECT pm_jobs.create_queue('old'), pm_jobs.register_handler('two', 'two(pm_jobs.job)');
SELECT cardinality(pm_jobs.set_up_queue('new', ARRAY[('one', 'one(pm_jobs.job)', true, '1 hour', 'once')]::pm_jobs.task[]));
SELECT pm_jobs.set_up_queue('old', ARRAY[('two', 'two(pm_jobs.job)', true, '1 hour', 'once')]::pm_jobs.task[]);
SELECT current_user = session_user AS as_before;
SELECT * FROM is_there ORDER BY 1, 2;
-- who is no administrator makes nothing, but may schedule where all is there
SET ROLE jobs_member;
SELECT cardinality(pm_jobs.set_up_queue('new', ARRAY[('one', 'one(pm_jobs.job)', true, '1 min', 'all')]::pm_jobs.task[]));
SELECT current_user;
\set VERBOSITY terse
SELECT pm_jobs.set_up_queue('new', ARRAY[('three', 'two(pm_jobs.job)', true, NULL, NULL)]::pm_jobs.task[]);
SELECT pm_jobs.set_up_queue('third', ARRAY[('one', 'one(pm_jobs.job)', true, NULL, NULL)]::pm_jobs.task[]);
SELECT pm_jobs.set_up_queue('old', ARRAY[('one', 'one(pm_jobs.job)', true, '1 min', 'all')]::pm_jobs.task[]);
-- who is no member of it schedules for itself, where it may
SET ROLE jobs_other;
SELECT pm_jobs.set_up_queue('new', ARRAY[('one', 'one(pm_jobs.job)', true, '1 min', 'all')]::pm_jobs.task[]);
RESET ROLE;
SELECT pm_jobs.grant_queue('new', 'jobs_other');
SET ROLE jobs_other;
SELECT pm_jobs.set_up_queue('new', ARRAY[('one', 'one(pm_jobs.job)', true, '1 min', 'all')]::pm_jobs.task[]);
SELECT cardinality(pm_jobs.set_up_queue('new', ARRAY[('two', 'one(pm_jobs.job)', true, '1 min', 'all')]::pm_jobs.task[]));
SELECT pm_jobs._set_up_queue('pg_database_owner', 'new', '{}', 1, 1, '{0}', NULL, NULL, NULL, '1 day', false, false, false);
RESET ROLE;
SELECT * FROM is_there WHERE what = 'schedule' ORDER BY 2;

SELECT count(pm_jobs.unschedule(name)) FROM pm_jobs.schedules;
SELECT count(pm_jobs.drop_queue(name)) FROM pm_jobs.queues;
SELECT count(pm_jobs.unregister_handler(kind)) FROM pm_jobs.handlers;
DROP VIEW is_there;
DROP FUNCTION one, two;
DROP ROLE jobs_other, jobs_member, pm_worker;
