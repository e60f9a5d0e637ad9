-- The life of a job by the API: ready, running, succeeded, scheduled again, dead, redriven.
\set SHOW_CONTEXT never
CREATE TABLE trace (n serial, job bigint, said text);
CREATE FUNCTION work(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.trace (job, said) SELECT job.id, j.status FROM pm_jobs.jobs AS j WHERE j.id = job.id;
  IF job.payload ? 'fail' AND job.attempt <= (job.payload ->> 'fail')::integer THEN
    RAISE EXCEPTION 'attempt % of % failed', job.attempt, job.max_attempts USING ERRCODE = 'PM001', DETAIL = 'a detail', HINT = 'a hint';
  END IF;
  RETURN jsonb_build_object('attempt', job.attempt, 'queue', job.queue, 'kind', job.kind, 'payload', job.payload);
END $$;
SELECT pm_jobs.create_queue('q', backoff => '{0}', max_attempts => 3);
SELECT pm_jobs.register_handler('work', 'work(pm_jobs.job)');

-- the first job
SELECT pm_jobs.enqueue('q', 'work', '{"for": "me"}') AS job \gset
SELECT pm_jobs.run_pending();
SELECT status, attempts, result, started_at <= finished_at AS ended FROM pm_jobs.jobs WHERE id = :job;
SELECT said FROM trace WHERE job = :job;
SELECT pm_jobs.wait(:job);
SELECT pm_jobs.run_pending();
\set VERBOSITY terse
SELECT pm_jobs.cancel(:job);
SELECT pm_jobs.cancel(9000000000000);

-- two failures, then success: what the failed attempts did is undone, what they said is kept
SELECT pm_jobs.enqueue('q', 'work', '{"fail": 2}') AS job \gset
SELECT pm_jobs.run_pending(max_jobs => 1);
SELECT status, attempts, last_error FROM pm_jobs.jobs WHERE id = :job;
SELECT pm_jobs.run_pending(max_jobs => 1), pm_jobs.run_pending(max_jobs => 1);
SELECT status, attempts, last_error, result ->> 'attempt' AS attempt FROM pm_jobs.jobs WHERE id = :job;
SELECT attempt, outcome, sqlstate, message, detail, hint, context, pid = pg_backend_pid() AS here FROM pm_jobs.attempts WHERE job_id = :job ORDER BY attempt;
SELECT count(*) FROM trace WHERE job = :job;

-- no success: dead, redriven with all attempts ahead, which are numbered on
SELECT pm_jobs.enqueue('q', 'work', '{"fail": 9}', max_attempts => 2) AS job \gset
SELECT pm_jobs.run_pending(max_jobs => 1), pm_jobs.run_pending(max_jobs => 1);
SELECT queue, kind, payload, attempts, sqlstate, last_error, detail, hint FROM pm_jobs.dead WHERE id = :job;
SELECT pm_jobs.run_pending();
SELECT pm_jobs.redrive('q');
SELECT pm_jobs.run_pending(max_jobs => 1), pm_jobs.run_pending(max_jobs => 1);
SELECT status, attempts FROM pm_jobs.jobs WHERE id = :job;
SELECT attempt, message FROM pm_jobs.attempts WHERE job_id = :job ORDER BY attempt;
SELECT pm_jobs.retry(:job);
SELECT pm_jobs.cancel(:job);

-- a handler or a kind that went is a failure like others
CREATE FUNCTION gone(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT pm_jobs.register_handler('gone', 'gone(pm_jobs.job)');
SELECT pm_jobs.register_handler('unknown', 'gone(pm_jobs.job)');
SELECT pm_jobs.enqueue('q', 'gone', max_attempts => 1) AS gone, pm_jobs.enqueue('q', 'unknown', max_attempts => 1) AS unknown \gset
DROP FUNCTION gone;
SELECT pm_jobs.unregister_handler('unknown');
CALL pm_jobs.run();
SELECT kind, status, last_error FROM pm_jobs.jobs WHERE id IN (:gone, :unknown) ORDER BY id;

-- by priority, then in order; not before its time; not while the queue is paused
TRUNCATE trace;
SELECT pm_jobs.enqueue('q', 'work', priority => 1) AS one, pm_jobs.enqueue('q', 'work', priority => -1) AS two,
       pm_jobs.enqueue('q', 'work', priority => 1) AS three, pm_jobs.enqueue('q', 'work', run_at => now() + interval '1 hour', priority => 9) AS later \gset
SELECT pm_jobs.pause_queue('q');
SELECT pm_jobs.run_pending();
SELECT pm_jobs.resume_queue('q');
SELECT pm_jobs.run_pending('q', 2);
SELECT pm_jobs.run_pending('q');
SELECT array_agg(job ORDER BY n) = ARRAY[:one, :three, :two]::bigint[] AS in_order FROM trace;
SELECT status FROM pm_jobs.jobs WHERE id = :later;
SELECT pm_jobs.run_pending('none');
SELECT pm_jobs.cancel(:later);

-- a key is free while its job runs, unless it says otherwise; nobody cancels what runs
CREATE TABLE again (held boolean, cancelled text);
CREATE FUNCTION self(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  IF NOT job.payload ? 'again' THEN
    INSERT INTO public.again (held) SELECT pm_jobs.enqueue(job.queue, job.kind, '{"again": true}', dedup_key => 'self') = job.id;
    BEGIN
      PERFORM pm_jobs.cancel(job.id);
    EXCEPTION WHEN object_in_use THEN
      UPDATE public.again SET cancelled = replace(SQLERRM, job.id::text, 'N');
    END;
  END IF;
  RETURN NULL;
END $$;
SELECT pm_jobs.register_handler('self', 'self(pm_jobs.job)');
SELECT pm_jobs.enqueue('q', 'self', dedup_key => 'self') > 0 AS id;
SELECT pm_jobs.run_pending(max_jobs => 1);
TABLE again;
SELECT status, payload FROM pm_jobs.jobs WHERE kind = 'self' ORDER BY id;
SELECT pm_jobs.run_pending();
TRUNCATE again;
SELECT pm_jobs.enqueue('q', 'self', dedup_key => 'self', dedup_running => true) > 0 AS id;
SELECT pm_jobs.run_pending();
TABLE again;
SELECT status, count(*) FROM pm_jobs.jobs WHERE kind = 'self' GROUP BY status;

-- effects outside: only run() runs them
SELECT pm_jobs.register_handler('post', 'work(pm_jobs.job)', transactional => false);
SELECT pm_jobs.enqueue('q', 'post') AS job \gset
SELECT pm_jobs.run_pending();
CALL pm_jobs.run();
SELECT status, attempts FROM pm_jobs.jobs WHERE id = :job;
SELECT attempt, outcome, finished_at >= started_at AS ended FROM pm_jobs.attempts WHERE job_id = :job;

-- a schedule runs by itself
SELECT pm_jobs.schedule('tick', '1 hour', 'q', 'work', '{"tick": true}') > now() AS scheduled;
UPDATE pm_jobs._schedules SET next_run = now();
SELECT pm_jobs.run_pending();
SELECT status FROM pm_jobs.jobs WHERE payload ? 'tick';

-- the dashboard
SELECT queue, paused, scheduled, ready, running, dead, oldest_ready, succeeded_hour, failed_hour, per_minute,
       run_p50 <= run_p95 AS run_times, wait_p50 <= wait_p95 AS wait_times
FROM pm_jobs.stats;

SELECT pm_jobs.unschedule('tick');
SELECT pm_jobs.drop_queue('q');
SELECT pm_jobs.unregister_handler(kind) FROM pm_jobs.handlers;
DROP TABLE trace, again;
DROP FUNCTION work, self;
