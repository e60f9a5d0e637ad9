-- One step of a saga: its function, called here or asked for on another server.

-- The signature of f(saga uuid, payload jsonb), from its name with a schema; NULL if the
-- text is none.
CREATE FUNCTION pm_xref._saga_signature(function text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  parts text[];
BEGIN
  parts := parse_ident(regexp_replace(function, '\s*\(\s*uuid\s*,\s*jsonb\s*\)\s*$', ''));
  RETURN CASE WHEN cardinality(parts) = 2 THEN format('%I.%I(uuid,jsonb)', parts[1], parts[2]) END;
EXCEPTION WHEN invalid_parameter_value THEN
  RETURN NULL;
END
$$;

-- The function of a signature that _saga_signature() made; NULL: there is none.  Whoever
-- only looks needs no right on its schema.
CREATE FUNCTION pm_xref._saga_function(signature text) RETURNS oid
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT p.oid
  FROM (SELECT parse_ident(left(signature, -length('(uuid,jsonb)')))) AS f(parts)
  JOIN pg_namespace AS n ON n.nspname = f.parts[1]
  JOIN pg_proc AS p ON p.pronamespace = n.oid AND p.proname = f.parts[2]
    AND p.proargtypes = format('%s %s', 'uuid'::regtype::oid, 'jsonb'::regtype::oid)::oidvector
$$;

-- Why functions of these signatures cannot be steps here; no row for one that can.
CREATE FUNCTION pm_xref._saga_refusals(signatures text[]) RETURNS TABLE(signature text, code text, reason text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT s.signature, CASE WHEN p.oid IS NULL THEN '42883' ELSE '42P13' END, w.reason
  FROM unnest(signatures) AS s(signature)
  LEFT JOIN pg_proc AS p ON p.oid = pm_xref._saga_function(s.signature)
  CROSS JOIN LATERAL (SELECT CASE
    WHEN p.oid IS NULL THEN 'It does not exist.'
    WHEN p.prokind <> 'f' OR p.prorettype <> 'jsonb'::regtype OR p.proretset THEN 'It is no plain function that returns jsonb.'
    WHEN p.pronamespace = pg_my_temp_schema() OR pg_is_other_temp_schema(p.pronamespace) THEN 'It is temporary.'
  END) AS w(reason)
  WHERE w.reason IS NOT NULL
$$;

-- Is it an error of the surroundings, which time may heal, rather than of the work?
CREATE FUNCTION pm_xref._is_passing(code text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN code ~ '^(08|40|53|57|58)' OR code IN ('25006', '55P03');

-- Calls the function in a subtransaction: done with its result; failed; or undecided
-- after an error that may pass.  Either of these has no effect left.
CREATE FUNCTION pm_xref._call_step(signature text, saga uuid, payload jsonb,
  OUT outcome text, OUT result jsonb, OUT code text, OUT message text, OUT detail text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  refusal record;
  call text;
BEGIN
  SELECT * INTO refusal FROM pm_xref._saga_refusals(ARRAY[_call_step.signature]);
  IF FOUND THEN
    RAISE EXCEPTION 'function % cannot be a step', signature USING ERRCODE = refusal.code, DETAIL = refusal.reason;
  END IF;
  SELECT format('SELECT %I.%I($1, $2)', n.nspname, p.proname) INTO call
  FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE p.oid = pm_xref._saga_function(signature);
  EXECUTE call INTO result USING saga, payload;
  -- what it deferred belongs to it
  SET CONSTRAINTS ALL IMMEDIATE;
  outcome := 'done';
EXCEPTION WHEN OTHERS OR assert_failure THEN
  GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
  outcome := CASE WHEN pm_xref._is_passing(code) THEN 'undecided' ELSE 'failed' END;
  result := NULL;
  detail := nullif(detail, '');
END
$$;

-- A step of a saga of another database, called from there: what is recorded about it, or
-- else its function is called and recorded, in one transaction.  Two callers of one step
-- wait for each other at the key.  Without a function nothing is called: an action that
-- has not been decided is cancelled, and will never be called.  An action that failed is
-- recorded, so that no call that is still on its way does it later; a compensation that
-- failed is not, so that it can be tried again.
CREATE FUNCTION pm_xref._saga_step(saga uuid, step integer, direction text, signature text, payload jsonb,
  OUT outcome text, OUT result jsonb, OUT code text, OUT message text, OUT detail text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  -- who called goes on from what is answered: a crash here must not undo it
  IF current_setting('synchronous_commit') = 'off' THEN
    PERFORM set_config('synchronous_commit', 'local', true);
  END IF;
  INSERT INTO pm_xref._saga_steps (saga, step, direction) VALUES (_saga_step.saga, _saga_step.step, _saga_step.direction)
  ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    SELECT s.outcome, s.result, s.code, s.message, s.detail INTO STRICT outcome, result, code, message, detail
    FROM pm_xref._saga_steps AS s WHERE (s.saga, s.step, s.direction) = (_saga_step.saga, _saga_step.step, _saga_step.direction);
    RETURN;
  END IF;
  IF signature IS NULL THEN
    outcome := 'cancelled';
  ELSE
    SELECT c.* INTO outcome, result, code, message, detail FROM pm_xref._call_step(signature, _saga_step.saga, payload) AS c;
  END IF;
  IF outcome = 'done' OR direction = 'action' AND outcome <> 'undecided' THEN
    UPDATE pm_xref._saga_steps AS s
    SET outcome = _saga_step.outcome, result = _saga_step.result, code = _saga_step.code, message = _saga_step.message, detail = _saga_step.detail,
        decided_at = clock_timestamp()
    WHERE (s.saga, s.step, s.direction) = (_saga_step.saga, _saga_step.step, _saga_step.direction);
  ELSE
    DELETE FROM pm_xref._saga_steps AS s
    WHERE (s.saga, s.step, s.direction) = (_saga_step.saga, _saga_step.step, _saga_step.direction);
  END IF;
END
$$;

-- Asks the server of a step for it.  An error that is thrown, not answered, says nothing
-- about the step, which may have been done before it or will be after it: undecided.
CREATE FUNCTION pm_xref._ask_step(server name, step_name text, saga uuid, step integer, direction text, signature text, payload jsonb,
  OUT outcome text, OUT result jsonb, OUT code text, OUT message text, OUT detail text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  SELECT c.answer[1], c.answer[2]::jsonb, c.answer[3], c.answer[4], c.answer[5] INTO STRICT outcome, result, code, message, detail
  FROM pm_xref._call(format('step "%s" of saga %s', step_name, saga), server,
    'SELECT outcome, result, code, message, detail FROM pm_xref._saga_step($1::uuid, $2::integer, $3, $4, $5::jsonb)',
    saga::text, step::text, direction, signature, payload::text) AS c(answer);
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
  outcome := 'undecided';
  detail := nullif(detail, '');
END
$$;

REVOKE ALL ON FUNCTION pm_xref._saga_signature(text), pm_xref._saga_function(text), pm_xref._saga_refusals(text[]), pm_xref._is_passing(text),
  pm_xref._call_step(text, uuid, jsonb), pm_xref._saga_step(uuid, integer, text, text, jsonb),
  pm_xref._ask_step(name, text, uuid, integer, text, text, jsonb) FROM PUBLIC;
