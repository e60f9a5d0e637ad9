-- cancel, retry, redrive of jobs that do not run.  A dead job is made by hand here; run.sql lets one die.
\set SHOW_CONTEXT never
CREATE FUNCTION noop(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
CREATE FUNCTION pg_temp.kill(job bigint) RETURNS void LANGUAGE sql AS $$
  SELECT pm_jobs.cancel(job);
  UPDATE pm_jobs._finished SET status = 'dead', attempts = max_attempts, last_error = 'it hurt' WHERE id = job;
$$;
SELECT pm_jobs.register_handler('noop', 'noop(pm_jobs.job)');
SELECT pm_jobs.create_queue('a');
SELECT pm_jobs.create_queue('b');

SELECT pm_jobs.enqueue('a', 'noop', '{"n": 1}', priority => 3, run_at => now() + interval '1 day', dedup_key => 'k', limit_key => 'l', max_attempts => 2) AS job \gset
SELECT pm_jobs.cancel(:job);
SELECT status, payload, priority, run_at > now() AS to_come, attempts, max_attempts, dedup_key, limit_key, started_at, finished_at IS NOT NULL AS finished
FROM pm_jobs.jobs WHERE id = :job;
SELECT pm_jobs.cancel(:job);
SELECT pm_jobs.cancel(0);
SELECT pm_jobs.cancel(-1);
SELECT pm_jobs.cancel(NULL);
SELECT pm_jobs.cancel(9223372036854775807);

-- again: at once, under its id, as it was
SELECT pm_jobs.retry(:job);
SELECT status, payload, priority, run_at, attempts, max_attempts, dedup_key, limit_key, finished_at FROM pm_jobs.jobs WHERE id = :job;
\set VERBOSITY terse
SELECT pm_jobs.retry(0);
SELECT pm_jobs.retry(NULL);
\set VERBOSITY default
SELECT pm_jobs.retry(:job);
SELECT pg_temp.kill(:job);
SELECT id = :job AS it, queue, kind, attempts, last_error FROM pm_jobs.dead;
SELECT pm_jobs.retry(:job);
SELECT status, attempts, max_attempts, last_error FROM pm_jobs.jobs WHERE id = :job;
SELECT earlier_attempts FROM pm_jobs._job WHERE id = :job;
UPDATE pm_jobs._finished SET status = 'succeeded' WHERE id = :job AND pm_jobs.cancel(:job);
SELECT pm_jobs.cancel(:job);
UPDATE pm_jobs._finished SET status = 'succeeded' WHERE id = :job;
SELECT pm_jobs.retry(:job);
-- undone with the transaction
SELECT pm_jobs.enqueue('a', 'noop') AS job \gset
BEGIN;
SELECT pm_jobs.cancel(:job);
SELECT status FROM pm_jobs.jobs WHERE id = :job;
ROLLBACK;
SELECT status FROM pm_jobs.jobs WHERE id = :job;
SELECT pm_jobs.cancel(:job);

-- the dead of a queue, all at once; whose key is held stays dead
SELECT count(*) FROM pm_jobs.enqueue_many('a', 'noop', ARRAY(SELECT jsonb_build_object('n', n) FROM generate_series(1, 5) AS n)) AS id,
  LATERAL (SELECT pg_temp.kill(id)) AS k;
SELECT pm_jobs.enqueue('b', 'noop') AS job \gset
SELECT pg_temp.kill(:job);
SELECT pm_jobs.enqueue('a', 'noop', dedup_key => 'held') AS held \gset
SELECT pg_temp.kill(:held);
SELECT pm_jobs.enqueue('a', 'noop', dedup_key => 'held') AS holder \gset
SELECT queue, count(*) FROM pm_jobs.dead GROUP BY queue ORDER BY queue;
SELECT pm_jobs.redrive('a');
SELECT pm_jobs.redrive('a');
SELECT queue, id = :held AS held FROM pm_jobs.dead ORDER BY queue;
SELECT status, count(*) FROM pm_jobs.jobs WHERE payload ? 'n' AND queue = 'a' GROUP BY status ORDER BY status;
SELECT pm_jobs.cancel(:holder);
SELECT pm_jobs.redrive('a');
SELECT pm_jobs.redrive('none');
SELECT pm_jobs.redrive(NULL);
-- two dead ones with one key: one comes back
SELECT pg_temp.kill(pm_jobs.enqueue('b', 'noop', dedup_key => 'twin')) FROM generate_series(1, 2);
SELECT pm_jobs.redrive('b');
SELECT pm_jobs.redrive('b');
-- a kind that nobody knows any more, a queue that is gone
SELECT pm_jobs.unregister_handler('noop');
SELECT id AS job FROM pm_jobs.dead WHERE queue = 'b' \gset
SELECT pm_jobs.retry(:job);
SELECT pm_jobs.redrive('b');
SELECT pm_jobs.register_handler('noop', 'noop(pm_jobs.job)');
SELECT count(pm_jobs.cancel(id)) AS cancelled FROM pm_jobs.jobs WHERE status IN ('ready', 'scheduled');
SELECT count(pm_jobs.drop_queue(name)) AS dropped FROM pm_jobs.queues;
SELECT pm_jobs.retry(:job);
SELECT pm_jobs.unregister_handler('noop');
DROP FUNCTION noop;
