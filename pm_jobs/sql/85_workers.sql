-- What is running: progress, the workers, cancelling, and jobs that crash their
-- process.  Without preload there are no workers: then these show and do nothing.

CREATE FUNCTION pm_jobs.set_progress(fraction double precision, message text DEFAULT NULL) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs_set_progress';
COMMENT ON FUNCTION pm_jobs.set_progress(double precision, text) IS
'tells, in a handler, how far its job is: a fraction from 0 to 1, and a message of up to 255 bytes, a longer one being cut; without a message the last one stays. Everybody who may see the job sees it at once in view jobs, which also shows the time at which it should end. Writes nothing and takes under a microsecond, so call it as often as you like. A job that is run by run() or run_pending() has no progress to be seen. Errors: 55000 not in a handler, 22023 no fraction';

-- Behind the columns of view jobs.  They ask shared memory once per query.
CREATE FUNCTION pm_jobs._status(job_row tid, job_xmax xid, id bigint, run_at timestamptz, started_at timestamptz) RETURNS text
LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'pm_jobs__status';
CREATE FUNCTION pm_jobs._running_since(id bigint) RETURNS timestamptz
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'pm_jobs__running_since';
CREATE FUNCTION pm_jobs._progress(id bigint) RETURNS double precision
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'pm_jobs__progress';
CREATE FUNCTION pm_jobs._progress_message(id bigint) RETURNS text
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'pm_jobs__progress_message';
CREATE FUNCTION pm_jobs._eta(id bigint) RETURNS timestamptz
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'pm_jobs__eta';

-- The launcher and the workers.
CREATE FUNCTION pm_jobs._workers(OUT process text, OUT pid integer, OUT database text, OUT state text, OUT since timestamptz, OUT queue text,
  OUT kind text, OUT job_id bigint, OUT attempt integer, OUT role regrole, OUT started_at timestamptz, OUT progress double precision,
  OUT message text, OUT trouble text) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 10 AS 'MODULE_PATHNAME', 'pm_jobs__workers';

CREATE VIEW pm_jobs.workers WITH (security_invoker) AS
SELECT w.process, w.pid, w.database, w.state, w.since, w.queue, w.kind, w.job_id, w.attempt, w.role, w.started_at, w.progress, w.message,
       w.trouble
FROM pm_jobs._workers() AS w
ORDER BY w.process, w.database, w.pid;
COMMENT ON VIEW pm_jobs.workers IS 'The launcher and the workers of this server; empty without preload. For everybody; what is running is shown to who may see the job, in its database.';
COMMENT ON COLUMN pm_jobs.workers.process IS 'launcher or worker';
COMMENT ON COLUMN pm_jobs.workers.pid IS 'its process id, as in pg_stat_activity; NULL: it has not started';
COMMENT ON COLUMN pm_jobs.workers.database IS 'database of a worker';
COMMENT ON COLUMN pm_jobs.workers.state IS 'of a worker: starting, idle, busy (looks for jobs or commits), running (a handler), leaving; of the launcher: up, down';
COMMENT ON COLUMN pm_jobs.workers.since IS 'since when it is starting, idle, or at work, for workers of this database';
COMMENT ON COLUMN pm_jobs.workers.queue IS 'queue of the job that runs';
COMMENT ON COLUMN pm_jobs.workers.kind IS 'kind of the job that runs';
COMMENT ON COLUMN pm_jobs.workers.job_id IS 'id of the job that runs';
COMMENT ON COLUMN pm_jobs.workers.attempt IS 'which execution of the job it is';
COMMENT ON COLUMN pm_jobs.workers.role IS 'role it runs as';
COMMENT ON COLUMN pm_jobs.workers.started_at IS 'when its handler was called';
COMMENT ON COLUMN pm_jobs.workers.progress IS 'how far it is, 0 to 1, if its handler tells';
COMMENT ON COLUMN pm_jobs.workers.message IS 'what its handler said last';
COMMENT ON COLUMN pm_jobs.workers.trouble IS 'what keeps the launcher from starting workers; NULL: nothing';
GRANT SELECT ON pm_jobs.workers TO PUBLIC;

-- Is there a worker in this database; has one, other than this process, claimed the
-- job; asks it to cancel the job: see src/cancel.c.  And: is this session running the
-- job, or does one have it under way as a job with effects outside?
CREATE FUNCTION pm_jobs._is_under_way(id bigint) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs__is_under_way';
CREATE FUNCTION pm_jobs._has_workers() RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs__has_workers';
CREATE FUNCTION pm_jobs._is_claimed(id bigint) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs__is_claimed';
CREATE FUNCTION pm_jobs._cancel_running(id bigint) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs__cancel_running';

-- The process that crashed with the job and when it had begun, while this process
-- charges it.
CREATE FUNCTION pm_jobs._crash(job bigint, OUT pid integer, OUT started_at timestamptz)
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs__crash';

-- Charges a job with the crash of the process that ran it: it is tried again after
-- the queue's first wait, or dead.  False if somebody is running it meanwhile: it is
-- to be charged later.
CREATE FUNCTION pm_jobs._charge_crash(job bigint, max_crashes integer) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  j pm_jobs._job;
  crashed_pid integer;
  began timestamptz;
  today timestamptz := clock_timestamp();
  why text := 'the process that ran it crashed';
BEGIN
  SELECT s.* INTO j FROM pm_jobs._job AS s WHERE s.id = job FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN NOT EXISTS (SELECT FROM pm_jobs._job AS s WHERE s.id = job);
  END IF;
  -- who claims a job looks at its row after that, and we at the claims after the row
  IF pm_jobs._is_claimed(job) THEN
    RETURN false;
  END IF;
  j.crashes := j.crashes + 1;
  IF j.started_at IS NOT NULL AND j.crashes < max_crashes THEN
    -- the attempt is on record and counted; whoever claims the job next closes it
    UPDATE pm_jobs._job AS s SET crashes = j.crashes WHERE s.id = job;
    RETURN true;
  END IF;

  -- with this lock no partition is dropped
  LOCK TABLE ONLY pm_jobs._finished, ONLY pm_jobs._attempts IN ROW EXCLUSIVE MODE;
  IF to_regclass('pm_jobs._finished_' || pm_jobs._block(job)) IS NULL OR to_regclass('pm_jobs._attempts_' || pm_jobs._block(job)) IS NULL THEN
    PERFORM pm_jobs._add_partitions(job);
  END IF;
  began := j.started_at;
  IF began IS NOT NULL THEN
    UPDATE pm_jobs._attempts AS a SET finished_at = today, outcome = 'crashed', message = why
    WHERE a.job_id = job AND a.attempt = j.earlier_attempts + j.attempts;
  ELSE
    -- not one of its attempts, but it has a number among them
    SELECT c.pid, c.started_at INTO crashed_pid, began FROM pm_jobs._crash(job) AS c;
    j.earlier_attempts := j.earlier_attempts + 1;
    INSERT INTO pm_jobs._attempts (job_id, attempt, started_at, finished_at, outcome, message, pid)
    VALUES (job, j.earlier_attempts + j.attempts, coalesce(began, today), today, 'crashed', why, coalesce(crashed_pid, 0));
  END IF;

  IF j.crashes < max_crashes THEN
    UPDATE pm_jobs._job AS s
    SET crashes = j.crashes, earlier_attempts = j.earlier_attempts, last_error = why,
        run_at = today + coalesce((SELECT q.backoff[1] FROM pm_jobs._queues AS q WHERE q.name = j.queue), '0') * (0.9 + random() / 5)
    WHERE s.id = job;
  ELSE
    DELETE FROM pm_jobs._job AS s WHERE s.id = job;
    INSERT INTO pm_jobs._finished AS f (id, queue, kind, payload, priority, run_at, dedup_key, dedup_running, limit_key, max_attempts, attempts,
      earlier_attempts, crashes, enqueued_by, enqueued_at, started_at, finished_at, status, last_error)
    VALUES (j.id, j.queue, j.kind, j.payload, j.priority, j.run_at, j.dedup_key, j.dedup_running, j.limit_key, j.max_attempts, j.attempts,
      j.earlier_attempts, j.crashes, j.enqueued_by, j.enqueued_at, began, today, 'dead',
      format('the process that ran it crashed (crashes: %s)', j.crashes));
    IF j.limit_key IS NOT NULL THEN
      PERFORM pm_jobs._report_gone(j.queue, j.priority, j.seq);
    END IF;
  END IF;
  RETURN true;
END
$$;

REVOKE ALL ON FUNCTION pm_jobs._is_under_way(bigint), pm_jobs._has_workers(), pm_jobs._is_claimed(bigint), pm_jobs._cancel_running(bigint), pm_jobs._crash(bigint),
  pm_jobs._charge_crash(bigint, integer) FROM PUBLIC;
