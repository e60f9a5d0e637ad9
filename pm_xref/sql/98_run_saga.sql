-- The handler of the jobs of sagas: one step each, and the job for the next.

-- What becomes of a saga after the outcome of the step that was due; returns it changed.
CREATE FUNCTION pm_xref._after_step(s pm_xref._sagas, outcome text, result jsonb) RETURNS pm_xref._sagas
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  forward boolean := s.direction = 'action';
  name text := s.steps -> s.step - 1 ->> 'name';
BEGIN
  s.event := outcome;
  IF outcome = 'undecided' OR outcome = 'failed' AND NOT forward THEN
    s.attempts := s.attempts + 1;
    s.failures := s.failures + (NOT pm_xref._is_passing(s.code))::integer;
    IF s.failures >= (SELECT q.max_attempts FROM pm_jobs.queues AS q WHERE q.name = 'pm_xref.sagas') THEN
      s.event := 'stuck';
      s.state := 'stuck';
    END IF;
    RETURN s;
  END IF;
  s.attempts := 0;
  s.failures := 0;
  IF forward AND outcome = 'done' THEN
    s.results := s.results || jsonb_build_object(name, result);
  END IF;
  IF forward AND outcome = 'done' AND NOT s.cancelled THEN
    s.step := s.step + 1;
  ELSE
    -- what has been done is undone, the last first
    s.step := s.step - (NOT forward OR outcome <> 'done')::integer;
    s.direction := 'compensation';
  END IF;
  s.state := CASE
    WHEN s.direction = 'action' THEN CASE WHEN s.step > jsonb_array_length(s.steps) THEN 'completed' ELSE 'running' END
    ELSE CASE WHEN s.step = 0 THEN 'compensated' ELSE 'compensating' END END;
  RETURN s;
END
$$;

-- The time of the next attempt, by the backoff of the queue.
CREATE FUNCTION pm_xref._saga_backoff(attempts integer) RETURNS timestamptz
LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT clock_timestamp() + q.backoff[least(attempts, cardinality(q.backoff))] FROM pm_jobs.queues AS q WHERE q.name = 'pm_xref.sagas'
$$;

-- The saga's row is locked first: of two jobs of one saga, the second finds that it is
-- not the saga's any more.  An error that is not caught (a cancel) fails the attempt,
-- and pm_jobs tries it again.
CREATE FUNCTION pm_xref._run_saga(job pm_jobs.job) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s pm_xref._sagas;
  step jsonb;
  signature text;
  given jsonb;
  outcome text;
  result jsonb;
  code text;
  message text;
  detail text;
BEGIN
  SELECT * INTO s FROM pm_xref._sagas AS g WHERE g.id = (job.payload ->> 'saga')::uuid FOR NO KEY UPDATE;
  IF NOT FOUND OR s.job IS DISTINCT FROM job.id OR s.state NOT IN ('running', 'compensating') THEN
    RETURN NULL;
  END IF;
  step := s.steps -> s.step - 1;
  -- a cancelled saga asks for its action without naming it
  signature := CASE WHEN s.direction = 'compensation' OR NOT s.cancelled THEN step ->> s.direction END;
  given := s.payload || jsonb_build_object('results', s.results);
  IF s.direction = 'compensation' AND signature IS NULL THEN
    outcome := 'skipped';
  ELSIF step ? 'server' THEN
    SELECT a.* INTO outcome, result, code, message, detail
    FROM pm_xref._ask_step(step ->> 'server', step ->> 'name', s.id, s.step, s.direction, signature, given) AS a;
  ELSIF signature IS NULL THEN
    outcome := 'cancelled';
  ELSE
    SELECT c.* INTO outcome, result, code, message, detail FROM pm_xref._call_step(signature, s.id, given) AS c;
  END IF;
  -- why it is being undone stays to be seen while it is
  IF code IS NOT NULL OR s.direction = 'action' THEN
    s.code := code;
    s.message := message;
    s.detail := detail;
  END IF;
  s := pm_xref._after_step(s, outcome, result);
  s.finished_at := CASE WHEN s.state IN ('completed', 'compensated') THEN clock_timestamp() END;
  s.job := CASE
    WHEN s.finished_at IS NULL THEN
      pm_xref._enqueue_step(s, CASE WHEN s.state = 'stuck' THEN 'infinity' WHEN s.attempts > 0 THEN pm_xref._saga_backoff(s.attempts) END) END;
  UPDATE pm_xref._sagas AS g
  SET results = s.results, state = s.state, direction = s.direction, step = s.step, attempts = s.attempts, failures = s.failures, event = s.event,
      code = s.code, message = s.message, detail = s.detail, job = s.job, finished_at = s.finished_at
  WHERE g.id = s.id;
  RETURN jsonb_build_object('step', step -> 'name', 'event', s.event, 'state', s.state);
END
$$;

REVOKE ALL ON FUNCTION pm_xref._after_step(pm_xref._sagas, text, jsonb), pm_xref._saga_backoff(integer), pm_xref._run_saga(pm_jobs.job) FROM PUBLIC;
