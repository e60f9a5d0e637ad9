-- Schedules: jobs that enqueue themselves.

CREATE FUNCTION pm_jobs._schedule(caller regrole, name text, spec text, queue text, kind text, payload jsonb, missed text) RETURNS timestamptz
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  first_run timestamptz;
BEGIN
  IF name IS NULL OR name = '' OR length(name) > 63 THEN
    RAISE EXCEPTION 'invalid name for a schedule: %', coalesce('"' || left(name, 64) || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'It has 1 to 63 characters.';
  END IF;
  IF missed IS NULL OR missed NOT IN ('skip', 'once', 'all') THEN
    RAISE EXCEPTION 'invalid missed for schedule "%": %', name, coalesce('"' || left(missed, 64) || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'Use skip, once or all.';
  END IF;
  IF jsonb_typeof(payload) IS DISTINCT FROM 'object' THEN
    PERFORM pm_jobs._refuse_payload(payload, '');
  END IF;
  IF spec IS NULL THEN
    RAISE EXCEPTION 'schedule "%" has no spec', name
      USING ERRCODE = '22023', HINT = 'Write a cron line such as ''0 2 * * * Europe/Paris'', or an interval such as ''15 min''.';
  END IF;
  PERFORM pm_jobs._enter(caller, queue, kind);
  first_run := pm_jobs._next_run(spec, clock_timestamp());
  IF first_run IS NULL THEN
    RAISE EXCEPTION 'schedule "%" would never run: "%"', name, left(spec, 64)
      USING ERRCODE = '22023', HINT = 'No date matches all fields.';
  END IF;
  INSERT INTO pm_jobs._schedules AS s (name, spec, queue, kind, payload, missed, owner, next_run)
  VALUES (_schedule.name, _schedule.spec, _schedule.queue, _schedule.kind, _schedule.payload, _schedule.missed, caller, first_run)
  ON CONFLICT (name) DO UPDATE
    SET spec = EXCLUDED.spec, queue = EXCLUDED.queue, kind = EXCLUDED.kind, payload = EXCLUDED.payload, missed = EXCLUDED.missed,
        next_run = CASE WHEN s.spec = EXCLUDED.spec THEN s.next_run ELSE EXCLUDED.next_run END, last_error = NULL
    WHERE s.owner = caller
  RETURNING s.next_run INTO first_run;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'schedule "%" belongs to another role', name
      USING ERRCODE = '42501', HINT = 'Its owner or an administrator can unschedule() it; or use another name.';
  END IF;
  RETURN first_run;
END
$$;

CREATE FUNCTION pm_jobs.schedule(name text, spec text, queue text, kind text, payload jsonb DEFAULT '{}', missed text DEFAULT 'once')
RETURNS timestamptz
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs_as_owner';
COMMENT ON FUNCTION pm_jobs.schedule(text, text, text, text, jsonb, text) IS
'enqueues such a job, as the caller''s role, again and again; returns the first time. spec: minute hour day month weekday as in cron with an optional time zone (else UTC), or an interval of at least a second. missed, for times at which nobody looked: once (one job for all of them), all (one each), skip (none for times more than a minute ago). A schedule of the caller''s with that name is replaced. Errors: 22023 bad spec or missed, 42704 unknown queue or kind, 42501';

CREATE FUNCTION pm_jobs._unschedule(caller regrole, name text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  DELETE FROM pm_jobs._schedules AS s WHERE s.name = _unschedule.name AND (s.owner = caller OR pm_jobs._is_admin(caller));
  IF NOT FOUND THEN
    RAISE EXCEPTION 'schedule % does not exist', coalesce('"' || left(name, 64) || '"', 'NULL')
      USING ERRCODE = '42704', HINT = 'View pm_jobs.schedules lists the schedules you may see.';
  END IF;
END
$$;

CREATE FUNCTION pm_jobs.unschedule(name text) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs_as_owner';
COMMENT ON FUNCTION pm_jobs.unschedule(text) IS
'ends a schedule; what it has enqueued stays. For its owner and administrators. Errors: 42704 no such schedule';

-- Enqueues what is due, in one queue or in all; returns how many jobs.  A schedule
-- that another session is looking at is left to it.  At most 1000 missed times of one
-- schedule at a time: the rest follows with the next call.
CREATE FUNCTION pm_jobs._fire_schedules(only_queue text DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s pm_jobs._schedules;
  today timestamptz := clock_timestamp();
  due timestamptz;
  following timestamptz;
  last boolean;
  seen integer;
  fired integer;
  total integer := 0;
  failure text;
BEGIN
  FOR s IN
    SELECT * FROM pm_jobs._schedules AS d
    WHERE d.next_run <= today AND (only_queue IS NULL OR d.queue = only_queue)
    ORDER BY d.next_run
    FOR UPDATE SKIP LOCKED
  LOOP
    fired := 0;
    failure := NULL;
    BEGIN
      following := s.next_run;
      seen := 0;
      LOOP
        due := following;
        following := pm_jobs._next_run(s.spec, due);
        seen := seen + 1;
        IF s.missed <> 'all' AND following <= today AND seen > 100 THEN
          -- nobody asks for all the times in between: on to the last minute, then to now
          following := pm_jobs._next_run(s.spec, today - interval '1 min');
          due := CASE WHEN following <= today THEN following ELSE due END;
          following := pm_jobs._next_run(s.spec, today);
        END IF;
        last := following IS NULL OR following > today;
        IF s.missed = 'all' OR last AND (s.missed = 'once' OR due >= today - interval '1 min') THEN
          PERFORM pm_jobs._enqueue(s.owner, s.queue, s.kind, s.payload, NULL, 0, NULL, NULL, NULL, false);
          fired := fired + 1;
        END IF;
        EXIT WHEN last OR fired >= 1000;
      END LOOP;
    EXCEPTION WHEN OTHERS THEN
      failure := SQLERRM;
      fired := 0;
      following := NULL;
    END;
    IF failure IS NOT NULL THEN
      BEGIN
        following := pm_jobs._next_run(s.spec, today);
      EXCEPTION WHEN OTHERS THEN
        following := today + interval '1 hour';  -- its time zone is gone, perhaps for good
      END;
    END IF;
    UPDATE pm_jobs._schedules AS d
    SET next_run = coalesce(following, 'infinity'), last_error = failure,
        last_run = CASE WHEN fired > 0 THEN due ELSE d.last_run END
    WHERE d.name = s.name;
    total := total + fired;
  END LOOP;
  RETURN total;
END
$$;

-- What a runner does before it looks for jobs.
CREATE FUNCTION pm_jobs._before_run(only_queue text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF EXISTS (SELECT FROM pm_jobs._schedules AS s WHERE s.next_run <= clock_timestamp()) THEN
    PERFORM pm_jobs._fire_schedules(only_queue);
  END IF;
END
$$;

REVOKE ALL ON FUNCTION pm_jobs._schedule(regrole, text, text, text, text, jsonb, text), pm_jobs._unschedule(regrole, text),
  pm_jobs._fire_schedules(text), pm_jobs._before_run(text) FROM PUBLIC;
