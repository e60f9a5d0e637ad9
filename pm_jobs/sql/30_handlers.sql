-- Kinds of jobs and the functions that run them.

CREATE TYPE pm_jobs.job AS (
  id bigint,
  queue text,
  kind text,
  payload jsonb,
  attempt integer,
  max_attempts integer,
  enqueued_at timestamptz
);
COMMENT ON TYPE pm_jobs.job IS 'what a handler is given: id, queue, kind, payload, attempt, max_attempts, enqueued_at; attempt is which execution this is, from 1 to max_attempts; id is the idempotency key for effects outside';

CREATE FUNCTION pm_jobs._register_handler(caller regrole, kind text, handler regprocedure, transactional boolean) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  p record;
  why text;
BEGIN
  PERFORM pm_jobs._require_admin(caller, 'register handlers');
  IF kind IS NULL OR kind = '' OR length(kind) > 63 OR transactional IS NULL THEN
    RAISE EXCEPTION 'invalid % for a handler: %', CASE WHEN transactional IS NULL THEN 'transactional' ELSE 'kind' END,
                    CASE WHEN kind IS NULL OR transactional IS NULL THEN 'NULL' ELSE '"' || left(kind, 64) || '"' END
      USING ERRCODE = '22023', HINT = 'A kind has 1 to 63 characters; transactional is true or false.';
  END IF;
  SELECT f.prokind, f.prorettype, f.proretset, f.pronargs, f.proargtypes, f.proargmodes, f.pronamespace,
         format('%I.%I(pm_jobs.job)', n.nspname, f.proname) AS signature
  INTO p FROM pg_proc AS f JOIN pg_namespace AS n ON n.oid = f.pronamespace WHERE f.oid = handler;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'handler % does not exist', coalesce('"' || handler::text || '"', 'NULL')
      USING ERRCODE = '42883', HINT = 'Write its signature, such as ''app.send(pm_jobs.job)''.';
  END IF;
  why := CASE
    WHEN p.pronamespace = pg_my_temp_schema() OR pg_is_other_temp_schema(p.pronamespace) THEN 'It is temporary.'
    WHEN p.prokind NOT IN ('f', 'p') THEN 'It is no plain function and no procedure.'
    WHEN p.pronargs <> 1 OR p.proargtypes[0] <> 'pm_jobs.job'::regtype OR 'o' = ANY (p.proargmodes) OR 'b' = ANY (p.proargmodes)
      OR 't' = ANY (p.proargmodes) OR 'v' = ANY (p.proargmodes) THEN 'Its only argument must be of type pm_jobs.job.'
    WHEN p.prokind = 'f' AND (p.prorettype <> 'jsonb'::regtype OR p.proretset) THEN 'It must return jsonb; NULL will do.'
  END;
  IF why IS NOT NULL THEN
    RAISE EXCEPTION 'function % cannot be a handler', handler
      USING ERRCODE = '42P13', DETAIL = why,
            HINT = 'A handler is a function f(job pm_jobs.job) RETURNS jsonb or a procedure p(job pm_jobs.job).';
  END IF;
  INSERT INTO pm_jobs._handlers AS h VALUES (kind, p.signature, transactional, caller)
  ON CONFLICT ON CONSTRAINT _handlers_pkey DO UPDATE
    SET handler = EXCLUDED.handler, transactional = EXCLUDED.transactional, owner = EXCLUDED.owner;
END
$$;

CREATE FUNCTION pm_jobs.register_handler(kind text, handler regprocedure, transactional boolean DEFAULT true) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs_as_owner';
COMMENT ON FUNCTION pm_jobs.register_handler(text, regprocedure, boolean) IS
'says which function f(job pm_jobs.job) RETURNS jsonb, or procedure, runs the jobs of a kind; a kind that is registered gets the new one. It runs as the role that enqueued, which needs EXECUTE on it, with search_path pg_catalog, pg_temp unless it sets its own. transactional: its work and the job''s completion commit together, exactly once; false: for effects outside the database, at least once, run by workers and CALL pm_jobs.run() only; if it is a procedure without SET clauses, workers call it outside of a transaction: it may COMMIT, ROLLBACK and CALL pm_jobs.sleep. Administrators only. Errors: 42883 no such function, 42P13 wrong shape, 22023, 42501';

CREATE FUNCTION pm_jobs._unregister_handler(caller regrole, kind text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pm_jobs._require_admin(caller, 'unregister handlers');
  DELETE FROM pm_jobs._handlers AS h WHERE h.kind = _unregister_handler.kind;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'job kind "%" is not registered', left(kind, 64)
      USING ERRCODE = '42704', HINT = 'View pm_jobs.handlers lists the kinds.';
  END IF;
END
$$;

CREATE FUNCTION pm_jobs.unregister_handler(kind text) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs_as_owner';
COMMENT ON FUNCTION pm_jobs.unregister_handler(text) IS
'forgets the handler of a kind: nothing more of it can be enqueued, and attempts of jobs that wait will fail until the kind is registered again. Administrators only. Errors: 42704, 42501';

REVOKE ALL ON FUNCTION
  pm_jobs._register_handler(regrole, text, regprocedure, boolean), pm_jobs.register_handler(text, regprocedure, boolean),
  pm_jobs._unregister_handler(regrole, text), pm_jobs.unregister_handler(text) FROM PUBLIC;
