-- Defining sagas, starting them, and what administrators may do with one.

-- The queue and the kinds of jobs of sagas, made when the first saga is defined: rows
-- that the script made would be dumped as the user's, and meet themselves at a restore.
CREATE FUNCTION pm_xref._saga_queue() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pm_jobs.set_up_queue('pm_xref.sagas', ARRAY[
    ('pm_xref.saga', 'pm_xref._run_saga(pm_jobs.job)', true, NULL, NULL),
    ('pm_xref.saga_remote', 'pm_xref._run_saga(pm_jobs.job)', false, NULL, NULL)]::pm_jobs.task[],
    concurrency => 4, backoff => '{1 s,5 s,30 s,1 min,5 min}');
  IF to_regrole('pm_worker') IS NOT NULL THEN
    PERFORM pm_jobs.grant_queue('pm_xref.sagas', 'pm_worker');
  END IF;
END
$$;

-- Refuses what is no step, naming step and field; returns it with signatures and without
-- NULLs.  place is where it stands in the list.
CREATE FUNCTION pm_xref._check_step(saga text, place text, step jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  wrong record;
  result jsonb;
BEGIN
  IF jsonb_typeof(step) <> 'object' THEN
    RAISE EXCEPTION 'saga "%": step % is not a JSON object: "%"', saga, place, left(step::text, 64)
      USING ERRCODE = '22023', HINT = 'A step is {"name": ..., "server": ..., "action": ..., "compensation": ...}.';
  END IF;
  SELECT f.field, f.value, f.hint INTO wrong
  FROM (
    SELECT k.key AS field, step -> k.key AS value, 'The fields of a step are name, server, action and compensation.' AS hint
    FROM jsonb_object_keys(step) AS k(key) WHERE k.key NOT IN ('name', 'server', 'action', 'compensation')
    UNION ALL
    SELECT n.field, step -> n.field, n.hint
    FROM (VALUES
      ('name', 'It has 1 to 63 characters.', length(step ->> 'name') BETWEEN 1 AND 63),
      ('server', 'It is a foreign server of postgres_fdw; without it the step is in this database.',
       step ->> 'server' IS NULL OR EXISTS (
         SELECT FROM pg_foreign_server AS s JOIN pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
         WHERE s.srvname = step ->> 'server' AND w.fdwname = 'postgres_fdw')),
      ('action', 'It is a function (saga uuid, payload jsonb) RETURNS jsonb, with its schema, such as "shop.rename".',
       pm_xref._saga_signature(step ->> 'action') IS NOT NULL),
      ('compensation', 'It is a function (saga uuid, payload jsonb) RETURNS jsonb, with its schema, or NULL if there is nothing to undo.',
       step ->> 'compensation' IS NULL OR pm_xref._saga_signature(step ->> 'compensation') IS NOT NULL)
    ) AS n(field, hint, good)
    WHERE n.good IS NOT TRUE OR jsonb_typeof(step -> n.field) NOT IN ('string', 'null')
  ) AS f
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'saga "%", step %: invalid %: %', saga, place, left(wrong.field, 64), coalesce('"' || left(wrong.value #>> '{}', 64) || '"', 'NULL')
      USING ERRCODE = CASE WHEN wrong.field = 'server' AND jsonb_typeof(wrong.value) = 'string' THEN '42704' ELSE '22023' END, HINT = wrong.hint;
  END IF;
  result := jsonb_strip_nulls(jsonb_build_object('name', step -> 'name', 'server', step -> 'server',
    'action', pm_xref._saga_signature(step ->> 'action'), 'compensation', pm_xref._saga_signature(step ->> 'compensation')));
  RETURN result;
END
$$;

-- Refuses functions of a checked step that are not there, or not of the right shape.  A
-- server that cannot be asked by the caller and now is no reason to refuse.
CREATE FUNCTION pm_xref._check_step_functions(saga text, step jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  functions text[] := array_remove(ARRAY[step ->> 'action', step ->> 'compensation'], NULL);
  refusal record;
  message text;
BEGIN
  IF step ->> 'server' IS NULL THEN
    SELECT * INTO refusal FROM pm_xref._saga_refusals(functions) LIMIT 1;
  ELSE
    BEGIN
      SELECT c.answer[1] AS signature, c.answer[2] AS code, c.answer[3] AS reason INTO refusal
      FROM pm_xref._call(format('saga "%s", step "%s"', saga, step ->> 'name'), step ->> 'server',
        'SELECT signature, code, reason FROM pm_xref._saga_refusals($1::text[])', functions::text) AS c(answer)
      LIMIT 1;
    EXCEPTION WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
      RAISE WARNING 'saga "%", step "%": its functions are not checked', saga, step ->> 'name'
        USING DETAIL = message, HINT = 'They must be there when the step is due.';
      RETURN;
    END;
  END IF;
  IF refusal.signature IS NOT NULL THEN
    RAISE EXCEPTION 'saga "%", step "%": function % cannot be its %', saga, step ->> 'name', refusal.signature,
        CASE WHEN refusal.signature = step ->> 'action' THEN 'action' ELSE 'compensation' END
      USING ERRCODE = refusal.code, DETAIL = concat_ws(' ', refusal.reason, 'That is what server ' || quote_ident(step ->> 'server') || ' says.'),
            HINT = 'It is a function (saga uuid, payload jsonb) RETURNS jsonb.';
  END IF;
END
$$;

CREATE FUNCTION pm_xref.define_saga(name text, steps jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  checked jsonb := '[]';
  step jsonb;
BEGIN
  IF (define_saga.name <> '' AND length(define_saga.name) <= 63) IS NOT TRUE THEN
    RAISE EXCEPTION 'invalid name of a saga: %', coalesce('"' || left(define_saga.name, 64) || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'It has 1 to 63 characters.';
  END IF;
  IF jsonb_typeof(define_saga.steps) IS DISTINCT FROM 'array' OR define_saga.steps = '[]' THEN
    RAISE EXCEPTION 'saga "%": steps are not a list of JSON objects: %', define_saga.name, coalesce('"' || left(define_saga.steps::text, 64) || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'A step is {"name": ..., "server": ..., "action": ..., "compensation": ...}; there is at least one.';
  END IF;
  FOR n IN 1 .. jsonb_array_length(define_saga.steps) LOOP
    step := pm_xref._check_step(define_saga.name, n::text, define_saga.steps -> n - 1);
    IF checked @> jsonb_build_array(jsonb_build_object('name', step -> 'name')) THEN
      RAISE EXCEPTION 'saga "%": more than one step is named "%"', define_saga.name, step ->> 'name'
        USING ERRCODE = '22023', HINT = 'Results are kept under the names of steps.';
    END IF;
    checked := checked || step;
  END LOOP;
  FOR step IN SELECT jsonb_array_elements(checked) LOOP
    PERFORM pm_xref._check_step_functions(define_saga.name, step);
  END LOOP;
  PERFORM pm_xref._saga_queue();
  INSERT INTO pm_xref._saga_definitions VALUES (define_saga.name, checked)
  ON CONFLICT (name) DO UPDATE SET steps = EXCLUDED.steps;
END
$$;
COMMENT ON FUNCTION pm_xref.define_saga(text, jsonb) IS
'defines a saga, or defines it anew: those that run keep the steps they began with. steps: a list of {name, server, action, compensation}, done in this order; server: a foreign server of postgres_fdw, without it this database; action, compensation: functions (saga uuid, payload jsonb) RETURNS jsonb there, with their schema; without a compensation there is nothing to undo. Functions are looked for, on other servers if the caller can ask them now (else a WARNING). Makes queue pm_xref.sagas and its kinds of jobs if they are not there, and grants the queue to pm_worker. Administrators of pm_jobs only. Errors: 22023 a bad name, step or field; 42704 no such server; 42883 no such function; 42P13 it has another shape; 42501';

CREATE FUNCTION pm_xref._no_definition(name text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'no saga is defined as %', coalesce('"' || left(name, 64) || '"', 'NULL')
    USING ERRCODE = '42704', HINT = 'pm_xref.define_saga() defines one.';
END
$$;

CREATE FUNCTION pm_xref.drop_saga(name text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  DELETE FROM pm_xref._saga_definitions AS d WHERE d.name = drop_saga.name;
  IF NOT FOUND THEN
    PERFORM pm_xref._no_definition(name);
  END IF;
END
$$;
COMMENT ON FUNCTION pm_xref.drop_saga(text) IS
'forgets a definition; sagas that were started go on by the steps they began with. Errors: 42704 there is none of this name, 42501';

-- Enqueues a job for the step that is due.  Its attempts do not run out: what is to be
-- tried again is for the saga to say.  A step on another server is an effect outside.
CREATE FUNCTION pm_xref._enqueue_step(s pm_xref._sagas, run_at timestamptz) RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT pm_jobs.enqueue('pm_xref.sagas',
    CASE WHEN d.step ? 'server' AND d.step ? s.direction THEN 'pm_xref.saga_remote' ELSE 'pm_xref.saga' END,
    jsonb_build_object('saga', s.id), run_at => run_at, limit_key => s.id::text, max_attempts => 2147483647)
  FROM (SELECT s.steps -> s.step - 1) AS d(step)
$$;

CREATE FUNCTION pm_xref.start_saga(name text, payload jsonb) RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s pm_xref._sagas;
BEGIN
  IF jsonb_typeof(payload) IS DISTINCT FROM 'object' OR payload ? 'results' THEN
    RAISE EXCEPTION 'saga "%": payload is not a JSON object without "results": %', left(name, 64), coalesce('"' || left(payload::text, 64) || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'Give the values names, such as {"id": 1}; "results" will be the results of the steps.';
  END IF;
  s.id := pm_xref.uuid7();
  s.name := name;
  s.steps := (SELECT d.steps FROM pm_xref._saga_definitions AS d WHERE d.name = start_saga.name);
  IF s.steps IS NULL THEN
    PERFORM pm_xref._no_definition(name);
  END IF;
  s.direction := 'action';
  s.step := 1;
  INSERT INTO pm_xref._sagas (id, name, steps, payload, job, started_by, started_at)
  VALUES (s.id, s.name, s.steps, payload, pm_xref._enqueue_step(s, NULL), quote_ident(current_user)::regrole, now());
  INSERT INTO pm_xref._saga_transitions VALUES (s.id, 1, clock_timestamp(), 'started', 'running', s.steps -> 0 ->> 'name', 'action');
  RETURN s.id;
END
$$;
COMMENT ON FUNCTION pm_xref.start_saga(text, jsonb) IS
'starts a saga as part of the caller''s transaction and returns its id; its steps run after the commit, as the caller''s role, by a job of queue pm_xref.sagas for each. A step''s function is given the id and the payload with one more key, results: an object with what the action of each earlier step returned, under the step''s name; a compensation also that of its own step. Errors: 42704 no such definition, 22023 payload is no object or has a key "results", 42501';

-- The saga, locked: a step that runs holds it, and is waited for.
CREATE FUNCTION pm_xref._lock_saga(id uuid) RETURNS pm_xref._sagas
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s pm_xref._sagas;
BEGIN
  SELECT * INTO s FROM pm_xref._sagas AS g WHERE g.id = _lock_saga.id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'saga % does not exist', coalesce(id::text, 'NULL')
      USING ERRCODE = '42704', HINT = 'View pm_xref.sagas lists the sagas you may see.';
  END IF;
  RETURN s;
END
$$;

-- Will a job go on with it by itself?  That of a stuck saga waits for ever.
CREATE FUNCTION pm_xref._goes_on(s pm_xref._sagas) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT s.state IN ('running', 'compensating') AND EXISTS (SELECT FROM pm_jobs._job AS j WHERE j.id = s.job)
$$;

-- Has the job of a saga that does not go on run now, as the role that started it: the
-- one that waits or has died, if it is still there.  Returns its id.
CREATE FUNCTION pm_xref._wake_saga(s pm_xref._sagas) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  status text := (SELECT j.status FROM pm_jobs.jobs AS j WHERE j.id = s.job);
BEGIN
  IF status IN ('scheduled', 'ready') THEN
    PERFORM pm_jobs.cancel(s.job);
    status := 'cancelled';
  END IF;
  IF status IN ('cancelled', 'dead') THEN
    PERFORM pm_jobs.retry(s.job);
    RETURN s.job;
  END IF;
  IF s.started_by <> quote_ident(current_user)::regrole THEN
    RAISE EXCEPTION 'the job of saga % is gone', s.id
      USING ERRCODE = '55000', HINT = format('Only role %s can give it a new one.', s.started_by);
  END IF;
  RETURN pm_xref._enqueue_step(s, NULL);
END
$$;

CREATE FUNCTION pm_xref.retry_saga(id uuid) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s pm_xref._sagas := pm_xref._lock_saga(id);
BEGIN
  IF s.finished_at IS NOT NULL OR pm_xref._goes_on(s) THEN
    RAISE EXCEPTION 'saga % is not stuck', s.id
      USING ERRCODE = '55000', DETAIL = format('It is %s.', s.state),
            HINT = CASE WHEN s.finished_at IS NULL THEN 'It goes on without this.' ELSE 'start_saga() starts another one.' END;
  END IF;
  UPDATE pm_xref._sagas AS g
  SET event = 'retried', state = CASE s.direction WHEN 'action' THEN 'running' ELSE 'compensating' END, attempts = 0, failures = 0,
      job = pm_xref._wake_saga(s)
  WHERE g.id = s.id;
END
$$;
COMMENT ON FUNCTION pm_xref.retry_saga(uuid) IS
'lets a stuck saga go on with the step it is stuck in, at once. For who started it and administrators. Errors: 42704 no such saga, 55000 it is not stuck, or its job is gone and the caller is another role than started it, 42501';

CREATE FUNCTION pm_xref.cancel_saga(id uuid) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s pm_xref._sagas := pm_xref._lock_saga(id);
BEGIN
  IF s.direction <> 'action' OR s.finished_at IS NOT NULL THEN
    RAISE EXCEPTION 'saga % cannot be cancelled', s.id
      USING ERRCODE = '55000', DETAIL = format('It is %s.', s.state),
            HINT = CASE WHEN s.state = 'completed' THEN 'Start one that does the contrary.' ELSE 'Its steps are compensated as it is.' END;
  END IF;
  IF s.cancelled AND pm_xref._goes_on(s) THEN
    RETURN;
  END IF;
  UPDATE pm_xref._sagas AS g
  SET event = 'cancel', state = 'running', cancelled = true, attempts = 0, failures = 0,
      job = CASE WHEN pm_xref._goes_on(s) THEN s.job ELSE pm_xref._wake_saga(s) END
  WHERE g.id = s.id;
END
$$;
COMMENT ON FUNCTION pm_xref.cancel_saga(uuid) IS
'has the steps of a saga compensated that is running, or stuck in an action. Waits for a step that runs; the next one is not begun. A step on another server that may have been done there is asked for first, when its next attempt is due, and compensated if it was. For who started it and administrators. Errors: 42704 no such saga, 55000 it has completed, or is compensated already, 42501';

-- Forgets the steps that were done here for sagas that have finished long ago elsewhere.
CREATE FUNCTION pm_xref._forget_steps(sagas uuid[]) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
  DELETE FROM pm_xref._saga_steps AS s WHERE s.saga = ANY (sagas)
$$;

CREATE FUNCTION pm_xref.purge_sagas(older_than interval DEFAULT '30 days') RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  old uuid[];
  there record;
  kept uuid[] := '{}';
  gone bigint;
  message text;
BEGIN
  IF (older_than >= interval '0') IS NOT TRUE THEN
    RAISE EXCEPTION 'invalid older_than: %', coalesce('"' || older_than || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'It is how long finished sagas are kept, such as ''30 days''.';
  END IF;
  SELECT array_agg(g.id) INTO old FROM (
    SELECT s.id FROM pm_xref._sagas AS s WHERE s.finished_at < clock_timestamp() - older_than ORDER BY s.id FOR UPDATE SKIP LOCKED
  ) AS g;
  FOR there IN
    SELECT f.srvname AS server, array_agg(DISTINCT s.id) AS sagas
    FROM pm_xref._sagas AS s
    CROSS JOIN LATERAL jsonb_array_elements(s.steps) AS e(step)
    JOIN pg_foreign_server AS f ON f.srvname = e.step ->> 'server'
    WHERE s.id = ANY (old)
    GROUP BY f.srvname ORDER BY f.srvname
  LOOP
    BEGIN
      PERFORM pm_xref._call('purge_sagas', there.server, 'SELECT pm_xref._forget_steps($1::uuid[])', there.sagas::text);
    EXCEPTION WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
      kept := kept || there.sagas;
      RAISE WARNING 'sagas with steps on server "%" are kept', there.server
        USING DETAIL = message, HINT = 'They are forgotten when it can be told.';
    END;
  END LOOP;
  DELETE FROM pm_xref._sagas AS s WHERE s.id = ANY (old) AND s.id <> ALL (kept);
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END
$$;
COMMENT ON FUNCTION pm_xref.purge_sagas(interval) IS
'forgets sagas that finished longer than this ago, with their transitions, and what the servers of their steps recorded about them; returns how many. Those with a step on a server that cannot be told are kept, with a WARNING. A role forgets its own, administrators those whose servers they can ask. Errors: 22023 it is negative or NULL, 42501';

REVOKE ALL ON FUNCTION pm_xref._saga_queue(), pm_xref._check_step(text, text, jsonb), pm_xref._check_step_functions(text, jsonb),
  pm_xref.define_saga(text, jsonb), pm_xref._no_definition(text), pm_xref.drop_saga(text), pm_xref._enqueue_step(pm_xref._sagas, timestamptz),
  pm_xref.start_saga(text, jsonb), pm_xref._lock_saga(uuid), pm_xref._goes_on(pm_xref._sagas), pm_xref._wake_saga(pm_xref._sagas),
  pm_xref.retry_saga(uuid), pm_xref.cancel_saga(uuid), pm_xref._forget_steps(uuid[]), pm_xref.purge_sagas(interval) FROM PUBLIC;
