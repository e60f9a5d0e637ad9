-- The nightly job: what is too old is forgotten, every reference checked and repaired.

-- Forgets records of checks that are too old, but for the last good one of each
-- reference, and copies of deleted rows that have been kept long enough.
CREATE FUNCTION pm_xref._forget_old(OUT checks_forgotten bigint, OUT copies_forgotten bigint, OUT changes_forgotten bigint, OUT sagas_forgotten bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  DELETE FROM pm_xref.checks AS c
  WHERE c.started_at < now() - pm_xref._setting('keep_checks')::interval
    AND c.started_at IS DISTINCT FROM (SELECT max(g.started_at) FROM pm_xref.checks AS g
                                       WHERE g.reference = c.reference AND g.mode = 'full' AND g.rows_checked IS NOT NULL);
  GET DIAGNOSTICS checks_forgotten = ROW_COUNT;
  DELETE FROM pm_xref.quarantined AS q WHERE q.action = 'delete' AND q.quarantined_at < now() - pm_xref._setting('keep_deleted')::interval;
  GET DIAGNOSTICS copies_forgotten = ROW_COUNT;
  changes_forgotten := pm_xref.forget_changes();
  sagas_forgotten := pm_xref.purge_sagas();
END
$$;

-- Checks one reference, then repairs it as declared if that went well.  A repair that
-- fails or is refused is undone alone; its error is in the result.
CREATE FUNCTION pm_xref._check_and_repair(name text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  action text := (SELECT f.on_orphan FROM pm_xref._references AS f WHERE f.name = _check_and_repair.name);
  c pm_xref.checks;
  result jsonb;
  outcomes jsonb;
  e pm_xref.checks;
BEGIN
  IF action IS NULL THEN
    RETURN jsonb_build_object('reference', name, 'dropped', true);
  END IF;
  SELECT * INTO STRICT c FROM pm_xref._check(name, 'full');
  result := jsonb_strip_nulls(jsonb_build_object('reference', name, 'rows_checked', c.rows_checked, 'orphans', c.orphans, 'new_orphans', c.new_orphans,
    'resolved', c.resolved, 'sqlstate', c.sqlstate, 'message', c.message));
  IF action = 'report' OR c.sqlstate IS NOT NULL THEN
    RETURN result;
  END IF;
  BEGIN
    SELECT jsonb_object_agg(o.outcome, o.n) INTO outcomes
    FROM (SELECT r.outcome, count(*) AS n FROM pm_xref.repair(name, action, false) AS r GROUP BY r.outcome) AS o;
  EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS e.sqlstate = RETURNED_SQLSTATE, e.message = MESSAGE_TEXT, e.detail = PG_EXCEPTION_DETAIL, e.hint = PG_EXCEPTION_HINT;
    outcomes := jsonb_strip_nulls(jsonb_build_object('sqlstate', e.sqlstate, 'message', e.message, 'detail', nullif(e.detail, ''), 'hint', nullif(e.hint, '')));
    RAISE WARNING '%', e.message USING ERRCODE = e.sqlstate, DETAIL = e.detail, HINT = e.hint;
  END;
  RETURN result || jsonb_build_object('action', action, 'repair', coalesce(outcomes, '{}'));
END
$$;

-- The handler.  A job without a payload makes one for each reference, so that each has
-- a transaction of its own and holds nobody up longer than it must.
CREATE FUNCTION pm_xref._nightly(job pm_jobs.job) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  references_found bigint;
BEGIN
  IF job.payload ? 'reference' THEN
    RETURN pm_xref._check_and_repair(job.payload ->> 'reference');
  END IF;
  SELECT count(pm_jobs.enqueue(job.queue, job.kind, jsonb_build_object('reference', f.name), dedup_key => f.name)) INTO references_found
  FROM (SELECT r.name FROM pm_xref._references AS r ORDER BY r.name) AS f;
  RETURN jsonb_build_object('references', references_found) || (SELECT to_jsonb(o) FROM pm_xref._forget_old() AS o);
END
$$;

CREATE FUNCTION pm_xref.schedule_checks(spec text DEFAULT '30 2 * * *') RETURNS timestamptz
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT (pm_jobs.set_up_queue('pm_xref', ARRAY[('pm_xref.nightly', 'pm_xref._nightly(pm_jobs.job)', true, spec, 'once')]::pm_jobs.task[],
    max_attempts => 3, own_commit => true))[1];
END;
COMMENT ON FUNCTION pm_xref.schedule_checks(text) IS
'schedules the nightly job of pm_jobs: every reference is checked in full, then repaired as its on_orphan says, each in a transaction of its own; records of checks older than pm_xref.keep_checks, copies of deleted rows older than pm_xref.keep_deleted, noted keys older than a week and sagas that finished 30 days ago are forgotten. Returns the first time. spec: as for pm_jobs.schedule. It runs as role pm_worker if there is one that the caller is a member of, else as the caller. The first call, an administrator''s, makes queue pm_xref, which pm_worker may use, and registers kind pm_xref.nightly; a later one changes the time. pm_jobs.unschedule(''pm_xref.nightly'') ends it. Errors: 22023 bad spec; 42501 no administrator, or the schedule is another role''s';

REVOKE ALL ON FUNCTION pm_xref._forget_old(), pm_xref._check_and_repair(text), pm_xref._nightly(pm_jobs.job), pm_xref.schedule_checks(text) FROM PUBLIC;
