-- What is there for workers, on a server that has none: nothing to see, and nothing fails.
\set SHOW_CONTEXT never
SELECT count(*) AS workers FROM pm_jobs.workers WHERE job_id IS NOT NULL;
SELECT pm_jobs._has_workers(), pm_jobs._is_claimed(1), pm_jobs._cancel_running(1) AS cancelled, pm_jobs._progress(1) AS progress,
       pm_jobs._progress_message(1) AS message, pm_jobs._eta(1) AS eta, pm_jobs._running_since(1) AS since;

-- what everybody may call takes anything
SELECT pm_jobs._status(NULL, '1', 1, NULL, NULL) AS no_row, pm_jobs._status('(0,1)', NULL, 1, NULL, NULL) AS no_xmax,
       pm_jobs._status('(0,1)', '1', NULL, NULL, NULL) AS no_id, pm_jobs._status('(0,0)', '1', 1, NULL, NULL) AS bad_row,
       pm_jobs._status('(4294967295,65535)', '1', 1, NULL, NULL) AS far_row, pm_jobs._status('(0,0)', '4294967295', -1, 'infinity', NULL) AS future,
       pm_jobs._status('(0,0)', '4294967295', -1, '-infinity', 'infinity') AS started;
SELECT pm_jobs._progress(NULL), pm_jobs._progress_message(NULL), pm_jobs._eta(NULL), pm_jobs._running_since(-1);

-- progress is for handlers; in a session's run it is checked and not shown
SELECT pm_jobs.set_progress(0.5);
CREATE FUNCTION tell(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pm_jobs.set_progress((job.payload ->> 'f')::float8, job.payload ->> 'm');
  RETURN (SELECT to_jsonb(s) FROM (SELECT j.status, j.progress, j.progress_message, j.eta FROM pm_jobs.jobs AS j WHERE j.id = job.id) AS s);
END $$;
SELECT pm_jobs.create_queue('w', max_attempts => 1, backoff => '{0}');
SELECT pm_jobs.register_handler('tell', 'tell(pm_jobs.job)');
SELECT count(pm_jobs.enqueue('w', 'tell', p)) FROM unnest(ARRAY['{"f": 0.25, "m": "a quarter"}', '{"f": 0}', '{"f": 1}', '{}', '{"f": "NaN"}',
  '{"f": -0.1}', '{"f": 1.0000001}', '{"f": "Infinity"}', jsonb_build_object('f', 0.5, 'm', repeat('long ', 1000))]) AS p;
SELECT pm_jobs.run_pending('w');
SELECT CASE WHEN length(payload::text) < 100 THEN payload END AS payload, status, progress, progress_message, eta, result, last_error
FROM pm_jobs.jobs WHERE queue = 'w' ORDER BY id;
SELECT DISTINCT sqlstate, hint FROM pm_jobs.attempts AS a JOIN pm_jobs.jobs AS j ON j.id = a.job_id WHERE j.queue = 'w';

-- a crash: no attempt, but a number among them; scheduled again
CREATE FUNCTION fail(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN RAISE 'attempt %', job.attempt; END $$;
SELECT pm_jobs.register_handler('fail', 'fail(pm_jobs.job)');
SELECT pm_jobs.alter_queue('w', max_attempts => 4);
SELECT pm_jobs.enqueue('w', 'fail') AS job \gset
SELECT pm_jobs._charge_crash(:job, 3);
SELECT status, attempts, crashes, run_at <= clock_timestamp() AS due, last_error FROM pm_jobs.jobs WHERE id = :job;
SELECT pm_jobs.run_pending('w', 1), pm_jobs.run_pending('w', 1);
SELECT pm_jobs._charge_crash(:job, 3);
SELECT pm_jobs.run_pending('w', 1);
SELECT status, attempts, crashes FROM pm_jobs.jobs WHERE id = :job;
SELECT attempt, outcome, message FROM pm_jobs.attempts WHERE job_id = :job ORDER BY attempt;
-- one too many: dead, and the dead letter says of what
SELECT pm_jobs._charge_crash(:job, 3);
SELECT status, attempts, max_attempts, crashes, progress, last_error FROM pm_jobs.jobs WHERE id = :job;
SELECT attempts, last_error, context FROM pm_jobs.dead WHERE id = :job;
SELECT pm_jobs._charge_crash(:job, 3);
-- retried, it has all its chances, and its numbers go on
SELECT pm_jobs.retry(:job);
SELECT status, attempts, crashes FROM pm_jobs.jobs WHERE id = :job;
SELECT pm_jobs._charge_crash(:job, 1);
SELECT status, crashes, last_error FROM pm_jobs.jobs WHERE id = :job;
SELECT attempt, outcome FROM pm_jobs.attempts WHERE job_id = :job ORDER BY attempt;
-- an attempt with effects outside is on record: whoever claims the job next closes it
SELECT pm_jobs.register_handler('fail', 'fail(pm_jobs.job)', transactional => false);
SELECT pm_jobs.enqueue('w', 'fail') AS job \gset
UPDATE pm_jobs._job SET attempts = 1, started_at = now() WHERE id = :job;
INSERT INTO pm_jobs._attempts (job_id, attempt, started_at, pid) VALUES (:job, 1, now(), 1);
SELECT pm_jobs._charge_crash(:job, 2);
SELECT status, attempts, crashes, last_error FROM pm_jobs.jobs WHERE id = :job;
SELECT attempt, outcome, message FROM pm_jobs.attempts WHERE job_id = :job ORDER BY attempt;
-- and so does who cancels it; or the crash that was one too many
BEGIN;
SELECT pm_jobs.cancel(:job);
SELECT status, attempts, crashes, started_at IS NOT NULL AS started FROM pm_jobs.jobs WHERE id = :job;
SELECT attempt, outcome, message FROM pm_jobs.attempts WHERE job_id = :job ORDER BY attempt;
ROLLBACK;
SELECT pm_jobs._charge_crash(:job, 2);
SELECT status, attempts, crashes, last_error FROM pm_jobs.jobs WHERE id = :job;
SELECT attempt, outcome, message FROM pm_jobs.attempts WHERE job_id = :job ORDER BY attempt;

-- in an ordered queue a job that crashed keeps its key
SELECT pm_jobs.register_handler('fail', 'fail(pm_jobs.job)');
SELECT pm_jobs.create_queue('o', ordered => true, backoff => '{1 h}');
SELECT pm_jobs.enqueue('o', 'tell', '{"f": 0}', limit_key => 'k') AS head, pm_jobs.enqueue('o', 'tell', '{"f": 0}', limit_key => 'k') AS next \gset
SELECT pm_jobs._charge_crash(:head, 3);
SELECT pm_jobs.run_pending('o');
SELECT status FROM pm_jobs.jobs WHERE id IN (:head, :next) ORDER BY id;
SELECT pm_jobs.cancel(:head);
SELECT pm_jobs.run_pending('o');
SELECT status FROM pm_jobs.jobs WHERE id IN (:head, :next) ORDER BY id;

SELECT pm_jobs.drop_queue('w'), pm_jobs.drop_queue('o');
SELECT pm_jobs.unregister_handler('tell'), pm_jobs.unregister_handler('fail');
DROP FUNCTION tell, fail;
