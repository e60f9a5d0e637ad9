-- A queue of one's own with its handlers and schedules, in one call that does no harm again.

CREATE TYPE pm_jobs.task AS (
  kind text,
  handler regprocedure,
  transactional boolean,
  spec text,
  missed text
);
COMMENT ON TYPE pm_jobs.task IS 'a kind of jobs for set_up_queue(): kind, handler, transactional as for register_handler(); spec, missed as for schedule(), both NULL: jobs of the kind are not scheduled';

CREATE FUNCTION pm_jobs._set_up_queue(caller regrole, name text, tasks pm_jobs.task[], concurrency integer, max_attempts integer, backoff interval[],
  rate_per_second numeric, rate_burst integer, key_concurrency integer, retention interval, events boolean, ordered boolean, own_commit boolean) RETURNS timestamptz[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  worker regrole := to_regrole('pm_worker');
  owner regrole := CASE WHEN pg_has_role(caller, worker, 'MEMBER') THEN worker ELSE caller END;
  task pm_jobs.task;
  first_runs timestamptz[] := '{}';
BEGIN
  IF tasks IS NULL THEN
    RAISE EXCEPTION 'invalid tasks for queue %: NULL', coalesce('"' || left(name, 64) || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'It is a list of pm_jobs.task; an empty one makes the queue alone.';
  END IF;
  FOREACH task IN ARRAY tasks LOOP
    IF NOT EXISTS (SELECT FROM pm_jobs._handlers AS h WHERE h.kind = task.kind) THEN
      PERFORM pm_jobs._register_handler(caller, task.kind, task.handler, task.transactional);
    END IF;
  END LOOP;
  IF NOT EXISTS (SELECT FROM pm_jobs._queues AS q WHERE q.name = _set_up_queue.name) THEN
    BEGIN
      PERFORM pm_jobs._create_queue(caller, name, concurrency, max_attempts, backoff, rate_per_second, rate_burst, key_concurrency, retention, events, ordered, own_commit);
      IF worker IS NOT NULL THEN
        PERFORM pm_jobs._grant_queue(caller, name, worker);
      END IF;
    EXCEPTION WHEN duplicate_object THEN
      NULL;  -- another session was faster
    END;
  END IF;
  FOREACH task IN ARRAY tasks LOOP
    IF task.spec IS NOT NULL OR task.missed IS NOT NULL THEN
      first_runs := first_runs || pm_jobs._schedule(owner, task.kind, task.spec, name, task.kind, '{}', task.missed);
    END IF;
  END LOOP;
  RETURN first_runs;
END
$$;

CREATE FUNCTION pm_jobs.set_up_queue(name text, tasks pm_jobs.task[], concurrency integer DEFAULT 2, max_attempts integer DEFAULT 5,
  backoff interval[] DEFAULT '{1 min,5 min,15 min,1 h,4 h}', rate_per_second numeric DEFAULT NULL, rate_burst integer DEFAULT NULL,
  key_concurrency integer DEFAULT NULL, retention interval DEFAULT '7 days', events boolean DEFAULT false,
  ordered boolean DEFAULT false, own_commit boolean DEFAULT false) RETURNS timestamptz[]
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs_as_owner';
COMMENT ON FUNCTION pm_jobs.set_up_queue(text, pm_jobs.task[], integer, integer, interval[], numeric, integer, integer, interval, boolean, boolean, boolean) IS
'makes what is missing of a queue and its kinds of jobs, and schedules them; returns the first times of the schedules, in the order of tasks. A kind that is registered keeps its handler; a queue of the name keeps its settings, a new one gets these, as for create_queue(), and role pm_worker, if there is one, may use it. A schedule has the name of its kind; it is pm_worker''s if there is such a role and the caller could SET ROLE to it, else the caller''s, and is replaced if it was that before. Where all is there, who may schedule() in the queue; administrators otherwise. Errors: 42501 no administrator, or a schedule is another role''s; 22023, 42883, 42P13 and 42704 as create_queue(), register_handler() and schedule()';

REVOKE ALL ON FUNCTION pm_jobs._set_up_queue(regrole, text, pm_jobs.task[], integer, integer, interval[], numeric, integer, integer, interval, boolean, boolean, boolean) FROM PUBLIC;
