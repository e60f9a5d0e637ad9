-- Tables of sagas.  ARCHITECTURE.md says who writes which, and which transitions there are.

CREATE TABLE pm_xref._saga_definitions (
  name text PRIMARY KEY CHECK (name <> '' AND length(name) <= 63),
  steps jsonb NOT NULL  -- each with name, server, action, compensation; functions as signatures
);

CREATE TABLE pm_xref._sagas (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  steps jsonb NOT NULL,  -- of the definition, as they were at the start
  payload jsonb NOT NULL CHECK (jsonb_typeof(payload) = 'object'),
  results jsonb NOT NULL DEFAULT '{}',  -- of the actions, by name of the step
  state text NOT NULL DEFAULT 'running',
  direction text NOT NULL DEFAULT 'action',
  step integer NOT NULL DEFAULT 1,  -- what is to be done next; 0: all is undone, last + 1: all is done
  cancelled boolean NOT NULL DEFAULT false,  -- somebody wants it undone
  attempts integer NOT NULL DEFAULT 0,  -- of this step in this direction, that decided nothing
  failures integer NOT NULL DEFAULT 0,  -- those among them that time alone does not heal
  event text NOT NULL DEFAULT 'started',  -- what the last transition was
  code text,  -- SQLSTATE, message and detail of the last error
  message text,
  detail text,
  transitions integer NOT NULL DEFAULT 1,  -- how many there were
  job bigint,  -- the one that goes on with it; NULL: it has finished
  started_by regrole NOT NULL,
  started_at timestamptz NOT NULL,
  finished_at timestamptz,
  CONSTRAINT _sagas_state CHECK (CASE state
    WHEN 'running' THEN direction = 'action' AND step BETWEEN 1 AND jsonb_array_length(steps)
    WHEN 'completed' THEN direction = 'action' AND step = jsonb_array_length(steps) + 1
    WHEN 'compensating' THEN direction = 'compensation' AND step BETWEEN 1 AND jsonb_array_length(steps)
    WHEN 'compensated' THEN direction = 'compensation' AND step = 0
    WHEN 'stuck' THEN direction IN ('action', 'compensation') AND step BETWEEN 1 AND jsonb_array_length(steps)
    ELSE false END),
  CONSTRAINT _sagas_finished CHECK ((finished_at IS NOT NULL) = (state IN ('completed', 'compensated'))),
  CONSTRAINT _sagas_job CHECK ((job IS NULL) = (state IN ('completed', 'compensated')))
);
CREATE INDEX ON pm_xref._sagas (finished_at);  -- NULLs: those that have not finished

CREATE TABLE pm_xref._saga_transitions (
  saga uuid NOT NULL REFERENCES pm_xref._sagas ON DELETE CASCADE,
  n integer NOT NULL,
  at timestamptz NOT NULL,
  event text NOT NULL,
  state text NOT NULL,  -- after it
  step text NOT NULL,  -- the one it is about
  direction text NOT NULL,
  code text,
  message text,
  detail text,
  PRIMARY KEY (saga, n)
);

-- Steps that sagas of other databases have had done here.  A row is the last word about
-- its step: whoever asks again gets it.
CREATE TABLE pm_xref._saga_steps (
  saga uuid NOT NULL,
  step integer NOT NULL,
  direction text NOT NULL,
  outcome text CHECK (outcome IN ('done', 'failed', 'cancelled')),  -- NULL while its transaction lasts
  result jsonb,
  code text,
  message text,
  detail text,
  decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (saga, step, direction)
);

SELECT pg_extension_config_dump('pm_xref._saga_definitions', '');
SELECT pg_extension_config_dump('pm_xref._sagas', '');
SELECT pg_extension_config_dump('pm_xref._saga_transitions', '');
SELECT pg_extension_config_dump('pm_xref._saga_steps', '');

-- Lets only legal transitions through, and records each.  There is no such trigger on
-- INSERT: a restored saga may be in any state.
CREATE FUNCTION pm_xref._saga_moves() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  wrong boolean := NEW.event IN ('failed', 'undecided', 'stuck');
BEGIN
  IF NOT EXISTS (
      SELECT FROM (VALUES
        ('running', 'done', 'running', 1),
        ('running', 'done', 'completed', 1),
        ('running', 'done', 'compensating', 0),  -- it was cancelled too late for this step
        ('running', 'failed', 'compensating', -1),
        ('running', 'failed', 'compensated', -1),
        ('running', 'cancelled', 'compensating', -1),
        ('running', 'cancelled', 'compensated', -1),
        ('running', 'undecided', 'running', 0),
        ('running', 'stuck', 'stuck', 0),
        ('running', 'cancel', 'running', 0),
        ('running', 'retried', 'running', 0),
        ('compensating', 'done', 'compensating', -1),
        ('compensating', 'done', 'compensated', -1),
        ('compensating', 'skipped', 'compensating', -1),
        ('compensating', 'skipped', 'compensated', -1),
        ('compensating', 'undecided', 'compensating', 0),
        ('compensating', 'failed', 'compensating', 0),
        ('compensating', 'stuck', 'stuck', 0),
        ('compensating', 'retried', 'compensating', 0),
        ('stuck', 'retried', 'running', 0),
        ('stuck', 'retried', 'compensating', 0),
        ('stuck', 'cancel', 'running', 0)
      ) AS legal(was, event, state, way)
      WHERE (legal.was, legal.event, legal.state, legal.way) = (OLD.state, NEW.event, NEW.state, NEW.step - OLD.step))
    -- which way it goes changes once
    OR NEW.direction <> OLD.direction AND OLD.state <> 'running'
    OR (NEW.id, NEW.name, NEW.steps, NEW.payload, NEW.started_by, NEW.started_at)
      IS DISTINCT FROM (OLD.id, OLD.name, OLD.steps, OLD.payload, OLD.started_by, OLD.started_at)
  THEN
    RAISE EXCEPTION 'saga % cannot become % by "%": it is %', OLD.id, NEW.state, NEW.event, OLD.state
      USING ERRCODE = '55000', DETAIL = format('From step %s to step %s.', OLD.step, NEW.step),
            HINT = 'pm_xref.retry_saga() and pm_xref.cancel_saga() change a saga.';
  END IF;
  NEW.transitions := OLD.transitions + 1;
  INSERT INTO pm_xref._saga_transitions
  VALUES (NEW.id, NEW.transitions, clock_timestamp(), NEW.event, NEW.state, OLD.steps -> OLD.step - 1 ->> 'name', OLD.direction,
    CASE WHEN wrong THEN NEW.code END, CASE WHEN wrong THEN NEW.message END, CASE WHEN wrong THEN NEW.detail END);
  RETURN NEW;
END
$$;
CREATE TRIGGER moves BEFORE UPDATE ON pm_xref._sagas FOR EACH ROW EXECUTE FUNCTION pm_xref._saga_moves();

-- A role sees and moves its own sagas; administrators all.
ALTER TABLE pm_xref._sagas ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON pm_xref._sagas
USING ((SELECT pm_jobs._is_admin()) OR started_by = (SELECT quote_ident(current_user)::regrole));

ALTER TABLE pm_xref._saga_transitions ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON pm_xref._saga_transitions
USING ((SELECT pm_jobs._is_admin()) OR EXISTS (SELECT FROM pm_xref._sagas AS s WHERE s.id = saga));

REVOKE ALL ON FUNCTION pm_xref._saga_moves() FROM PUBLIC;
