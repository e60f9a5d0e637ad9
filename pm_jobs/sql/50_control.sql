-- Cancelling jobs and giving them another chance.

-- The error for a job that is not there, or not the caller's: who may not see it
-- does not learn that it exists.
CREATE FUNCTION pm_jobs._no_job(id bigint) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'job % does not exist', coalesce(id::text, 'NULL')
    USING ERRCODE = '42704', HINT = 'View pm_jobs.jobs lists the jobs you may see.';
END
$$;

-- Cancels a job that waits.  False if its row is locked; NULL if a worker has claimed
-- it: whoever claims a job looks at its row after that, and we at the claims after
-- the row, so that one of the two sees the other.
CREATE FUNCTION pm_jobs._cancel_waiting(id bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  j pm_jobs._job;
BEGIN
  SELECT s.* INTO j FROM pm_jobs._job AS s WHERE s.id = _cancel_waiting.id FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF pm_jobs._is_claimed(id) THEN
    RETURN NULL;
  END IF;
  DELETE FROM pm_jobs._job AS s WHERE s.id = _cancel_waiting.id;
  -- with this lock no partition is dropped
  LOCK TABLE ONLY pm_jobs._finished IN ROW EXCLUSIVE MODE;
  IF to_regclass('pm_jobs._finished_' || pm_jobs._block(id)) IS NULL THEN
    PERFORM pm_jobs._add_partitions(id);
  END IF;
  IF j.started_at IS NOT NULL THEN
    UPDATE pm_jobs._attempts AS a SET finished_at = clock_timestamp(), outcome = 'crashed', message = 'the process that ran this attempt ended'
    WHERE a.job_id = j.id AND a.attempt = j.earlier_attempts + j.attempts;
  END IF;
  INSERT INTO pm_jobs._finished AS f (id, queue, kind, payload, priority, run_at, dedup_key, dedup_running, limit_key, max_attempts, attempts,
    earlier_attempts, crashes, enqueued_by, enqueued_at, started_at, finished_at, status, last_error)
  VALUES (j.id, j.queue, j.kind, j.payload, j.priority, j.run_at, j.dedup_key, j.dedup_running, j.limit_key, j.max_attempts, j.attempts,
    j.earlier_attempts, j.crashes, j.enqueued_by, j.enqueued_at, j.started_at, clock_timestamp(), 'cancelled', j.last_error);
  IF j.limit_key IS NOT NULL THEN
    PERFORM pm_jobs._report_gone(j.queue, j.priority, j.seq);
  END IF;
  RETURN true;
END
$$;

CREATE FUNCTION pm_jobs._cancel(caller regrole, id bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  owner oid;
  done boolean;
BEGIN
  -- a worker may have the job between any two looks
  FOR look IN 1 .. 3 LOOP
    SELECT s.enqueued_by INTO owner FROM pm_jobs._job AS s WHERE s.id = _cancel.id;
    IF NOT FOUND THEN
      SELECT f.enqueued_by INTO owner FROM pm_jobs._finished AS f WHERE f.id = _cancel.id;
      IF NOT FOUND OR owner <> caller AND NOT pm_jobs._is_admin(caller) THEN
        PERFORM pm_jobs._no_job(id);
      END IF;
      RETURN false;
    END IF;
    IF owner <> caller AND NOT pm_jobs._is_admin(caller) THEN
      PERFORM pm_jobs._no_job(id);
    END IF;
    done := pm_jobs._cancel_running(id);
    IF done IS NULL AND NOT pm_jobs._is_under_way(id) THEN
      IF pm_jobs._has_workers() THEN
        BEGIN
          done := pm_jobs._cancel_waiting(id);
          IF done IS NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'PJ001', MESSAGE = 'a worker has claimed the job';
          END IF;
        EXCEPTION WHEN SQLSTATE 'PJ001' THEN
          NULL;  -- the lock on the row is given back
        END;
      ELSE
        done := pm_jobs._cancel_waiting(id);
      END IF;
      done := nullif(done, false);
    END IF;
    IF done IS NOT NULL THEN
      RETURN done;
    END IF;
  END LOOP;
  RAISE EXCEPTION 'job % is running', id
    USING ERRCODE = '55006', DETAIL = 'It, or a transaction that names it, holds its row.', HINT = 'wait() for it, or end the session that runs it.';
END
$$;

CREATE FUNCTION pm_jobs.cancel(id bigint) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs_as_owner';
COMMENT ON FUNCTION pm_jobs.cancel(bigint) IS
'cancels a job; false if it had finished already. One that waits is cancelled with the caller''s transaction. One that a worker runs, or is about to, is told at once, whatever becomes of the transaction: its handler is interrupted as by a query cancel, what it did is undone, and it is not tried again; wait() tells how it ended, for it may have succeeded before the cancel arrived. For who enqueued it and administrators. Errors: 42704 no such job, 55006 a session runs it by run() or run_pending()';

-- Puts a finished job back among the waiting ones under its own id; its attempts are
-- counted anew.  NULL if another job holds its dedup key.
CREATE FUNCTION pm_jobs._revive(id bigint) RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
  WITH back AS (
    INSERT INTO pm_jobs._job (id, queue, kind, payload, priority, dedup_key, dedup_running, limit_key, max_attempts, earlier_attempts,
      enqueued_by, enqueued_at, last_error, seq)
    SELECT f.id, f.queue, f.kind, f.payload, f.priority, f.dedup_key, f.dedup_running, f.limit_key, f.max_attempts,
           f.earlier_attempts + f.attempts, f.enqueued_by, f.enqueued_at, f.last_error, nextval('pm_jobs._job_id')
    FROM pm_jobs._finished AS f
    WHERE f.id = _revive.id
      AND NOT EXISTS (SELECT FROM pm_jobs._job AS j WHERE j.queue = f.queue AND j.dedup_key = f.dedup_key)
    ON CONFLICT DO NOTHING
    RETURNING id
  ), gone AS (
    DELETE FROM pm_jobs._finished AS f USING back WHERE f.id = back.id
  )
  SELECT back.id FROM back
$$;

CREATE FUNCTION pm_jobs._retry(caller regrole, id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  f pm_jobs._finished;
  owner oid;
  live boolean := false;
BEGIN
  SELECT s.* INTO f FROM pm_jobs._finished AS s WHERE s.id = _retry.id FOR UPDATE;
  owner := f.enqueued_by;
  IF NOT FOUND THEN
    SELECT true, s.enqueued_by INTO live, owner FROM pm_jobs._job AS s WHERE s.id = _retry.id;
  END IF;
  IF owner IS NULL OR owner <> caller AND NOT pm_jobs._is_admin(caller) THEN
    PERFORM pm_jobs._no_job(id);
  END IF;
  IF live OR f.status NOT IN ('dead', 'cancelled') THEN
    RAISE EXCEPTION 'job % is not dead or cancelled', id
      USING ERRCODE = '55000', DETAIL = CASE WHEN live THEN 'It has not finished.' ELSE format('It has %s.', f.status) END,
            HINT = CASE WHEN live THEN 'It will run without this.' ELSE 'enqueue() another one.' END;
  END IF;
  PERFORM pm_jobs._enter(f.enqueued_by, f.queue, f.kind);
  IF pm_jobs._revive(id) IS NULL THEN
    RAISE EXCEPTION 'another job holds dedup key "%" of job %', left(f.dedup_key, 64), id
      USING ERRCODE = '23505', HINT = 'It does the same work; cancel() it to run this one instead.';
  END IF;
END
$$;

CREATE FUNCTION pm_jobs.retry(id bigint) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs_as_owner';
COMMENT ON FUNCTION pm_jobs.retry(bigint) IS
'makes a dead or cancelled job ready again, under its id, with all its attempts ahead; earlier attempts stay in view attempts. For who enqueued it and administrators. Errors: 42704 no such job, queue or kind, 55000 not dead or cancelled, 23505 its dedup key is held, 42501 who enqueued it may not any more';

CREATE FUNCTION pm_jobs._redrive(caller regrole, queue text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  admin boolean := pm_jobs._is_admin(caller);
  f record;
  n bigint := 0;
BEGIN
  LOCK TABLE pm_jobs._job IN ROW EXCLUSIVE MODE;
  IF NOT EXISTS (SELECT FROM pm_jobs._queues AS q WHERE q.name = queue) THEN
    PERFORM pm_jobs._no_queue(queue);
  END IF;
  FOR f IN
    SELECT s.id FROM pm_jobs._finished AS s
    WHERE s.queue = _redrive.queue AND s.status = 'dead' AND (admin OR s.enqueued_by = caller)
      AND EXISTS (SELECT FROM pm_jobs._handlers AS h WHERE h.kind = s.kind)
      AND pm_jobs._may_enqueue(s.enqueued_by, s.queue)
    ORDER BY s.id
    FOR UPDATE OF s SKIP LOCKED
  LOOP
    IF pm_jobs._revive(f.id) IS NOT NULL THEN
      n := n + 1;
    END IF;
  END LOOP;
  RETURN n;
END
$$;

CREATE FUNCTION pm_jobs.redrive(queue text) RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs_as_owner';
COMMENT ON FUNCTION pm_jobs.redrive(text) IS
'does what retry() does with each dead job of the queue that the caller may retry; returns how many. One whose kind is not registered, whose dedup key is held or whose role may not enqueue any more stays dead. Errors: 42704 no such queue';

REVOKE ALL ON FUNCTION pm_jobs._no_job(bigint), pm_jobs._cancel_waiting(bigint), pm_jobs._cancel(regrole, bigint), pm_jobs._revive(bigint), pm_jobs._retry(regrole, bigint),
  pm_jobs._redrive(regrole, text) FROM PUBLIC;
