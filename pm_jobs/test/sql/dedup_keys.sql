-- Dedup keys: one waiting job a key and queue.  With jobs that run: run and the isolation tests.
\set SHOW_CONTEXT never
CREATE FUNCTION noop(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT pm_jobs.register_handler('noop', 'noop(pm_jobs.job)');
SELECT pm_jobs.create_queue('a');
SELECT pm_jobs.create_queue('b');

SELECT pm_jobs.enqueue('a', 'noop', '{"n": 1}', dedup_key => 'x') AS first \gset
-- the holder's id, whatever else is said; the holder stays as it is
SELECT pm_jobs.enqueue('a', 'noop', '{"n": 2}', priority => 9, run_at => now() + interval '1 day', dedup_key => 'x') = :first AS same;
SELECT payload, priority, run_at FROM pm_jobs.jobs WHERE id = :first;
-- keys belong to a queue; no key is no key; an empty one is
SELECT pm_jobs.enqueue('b', 'noop', dedup_key => 'x') = :first AS same;
SELECT pm_jobs.enqueue('a', 'noop', dedup_key => 'X') = :first AS same;
SELECT pm_jobs.enqueue('a', 'noop') = pm_jobs.enqueue('a', 'noop') AS same;
SELECT pm_jobs.enqueue('a', 'noop', dedup_key => '') = pm_jobs.enqueue('a', 'noop', dedup_key => '') AS same;
-- held while scheduled
SELECT pm_jobs.enqueue('a', 'noop', run_at => now() + interval '1 day', dedup_key => 'later') = pm_jobs.enqueue('a', 'noop', dedup_key => 'later') AS same;
-- free after the end
SELECT pm_jobs.cancel(:first);
SELECT pm_jobs.enqueue('a', 'noop', '{"n": 3}', dedup_key => 'x') AS second \gset
SELECT :second > :first AS another;
-- the cancelled one cannot come back beside it
\set VERBOSITY sqlstate
SELECT pm_jobs.retry(:first);
\set VERBOSITY default
SELECT pm_jobs.cancel(:second);
SELECT pm_jobs.retry(:first);
SELECT pm_jobs.enqueue('a', 'noop', dedup_key => 'x') = :first AS same;
-- rolled back, the key is free
BEGIN;
SELECT pm_jobs.enqueue('a', 'noop', dedup_key => 'undone') IS NOT NULL AS id;
ROLLBACK;
SELECT count(*) FROM pm_jobs.jobs WHERE dedup_key = 'undone';
-- many at once
SELECT count(DISTINCT pm_jobs.enqueue('a', 'noop', dedup_key => 'k' || n % 10)) FROM generate_series(1, 100) AS n;
SELECT status, count(*) FROM pm_jobs.jobs WHERE dedup_key ~ '^k\d$' GROUP BY status;

SELECT count(pm_jobs.cancel(id)) AS cancelled FROM pm_jobs.jobs WHERE status IN ('ready', 'scheduled');
SELECT count(pm_jobs.drop_queue(name)) AS dropped FROM pm_jobs.queues;
SELECT pm_jobs.unregister_handler('noop');
DROP FUNCTION noop;
