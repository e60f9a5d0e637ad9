-- Enqueuing.

-- May the role enqueue in the queue: its owner, one it is granted to, an administrator.
CREATE FUNCTION pm_jobs._may_enqueue(role oid, queue text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT pg_has_role(role, q.owner, 'USAGE')
    OR EXISTS (SELECT FROM pm_jobs._queue_grants AS g
               WHERE g.queue = q.name AND (g.role = 0 OR pg_has_role(_may_enqueue.role, g.role, 'USAGE')))
    OR pm_jobs._is_admin(role)
  FROM pm_jobs._queues AS q WHERE q.name = queue
$$;

-- The queue's row if the role may enqueue jobs of this kind in it, else an error.
-- Locks _job first, so that drop_queue() waits for the caller's transaction; an old
-- snapshot could show a queue that is gone, so there the row is locked.
CREATE FUNCTION pm_jobs._enter(caller oid, queue text, kind text) RETURNS pm_jobs._queues
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  q pm_jobs._queues;
BEGIN
  LOCK TABLE pm_jobs._job IN ROW EXCLUSIVE MODE;
  IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
    SELECT * INTO q FROM pm_jobs._queues AS s WHERE s.name = queue FOR KEY SHARE;
  ELSE
    SELECT * INTO q FROM pm_jobs._queues AS s WHERE s.name = queue;
  END IF;
  IF NOT FOUND THEN
    PERFORM pm_jobs._no_queue(queue);
  END IF;
  IF q.owner <> caller AND NOT pm_jobs._may_enqueue(caller, queue) THEN
    RAISE EXCEPTION 'role "%" may not enqueue in queue "%"', pg_get_userbyid(caller), queue
      USING ERRCODE = '42501', HINT = format('An administrator can run: SELECT pm_jobs.grant_queue(%L, %L);', queue, pg_get_userbyid(caller));
  END IF;
  IF NOT EXISTS (SELECT FROM pm_jobs._handlers AS h WHERE h.kind = _enter.kind) THEN
    RAISE EXCEPTION 'job kind % is not registered', coalesce('"' || left(kind, 64) || '"', 'NULL')
      USING ERRCODE = '42704', HINT = 'View pm_jobs.handlers lists the kinds; an administrator adds one with register_handler().';
  END IF;
  RETURN q;
END
$$;

-- Refuses what no job can have.
CREATE FUNCTION pm_jobs._check_job(priority integer, max_attempts integer) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF priority IS NULL OR max_attempts <= 0 THEN
    RAISE EXCEPTION 'invalid % for a job: %', CASE WHEN priority IS NULL THEN 'priority' ELSE 'max_attempts' END,
                    CASE WHEN priority IS NULL THEN 'NULL' ELSE '"' || max_attempts || '"' END
      USING ERRCODE = '22023', HINT = 'The priority is 0 unless another job is to go first; NULL as max_attempts is what the queue says.';
  END IF;
END
$$;

-- Refuses a payload that is not an object; which says where it stands in a list.
CREATE FUNCTION pm_jobs._refuse_payload(payload jsonb, place text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'payload% is not a JSON object: %', place, coalesce('"' || left(payload::text, 64) || '"', 'NULL')
    USING ERRCODE = '22023', HINT = 'Give the values names, such as {"id": 1}.';
END
$$;

-- Refuses a list of payloads of which one is not an object.
CREATE FUNCTION pm_jobs._check_payloads(payloads jsonb[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  wrong record;
BEGIN
  IF payloads IS NULL THEN
    PERFORM pm_jobs._refuse_payload(NULL, ' list');
  END IF;
  SELECT p.n, p.payload INTO wrong
  FROM unnest(payloads) WITH ORDINALITY AS p(payload, n)
  WHERE jsonb_typeof(p.payload) IS DISTINCT FROM 'object'
  LIMIT 1;
  IF FOUND THEN
    PERFORM pm_jobs._refuse_payload(wrong.payload, ' ' || wrong.n);
  END IF;
END
$$;

-- A job that holds the key and is not yet running keeps from starting until the
-- caller's transaction ends, so that it sees what the caller did.  A worker may have
-- claimed it before the lock: whoever is second of the two sees the first.
CREATE FUNCTION pm_jobs._dedup_holder(queue text, dedup_key text, OUT holder bigint, OUT free_slot smallint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  taken smallint[];
  place tid;
BEGIN
  SELECT j.id, j.ctid INTO holder, place
  FROM pm_jobs._job AS j
  WHERE j.queue = _dedup_holder.queue AND j.dedup_key = _dedup_holder.dedup_key AND NOT pm_jobs._is_running(j.ctid)
  ORDER BY j.dedup_slot
  LIMIT 1
  FOR SHARE SKIP LOCKED;
  IF FOUND AND NOT pm_jobs._is_running(place) THEN
    RETURN;
  END IF;
  SELECT min(j.id) FILTER (WHERE j.dedup_running), coalesce(array_agg(j.dedup_slot), '{}') INTO holder, taken
  FROM pm_jobs._job AS j
  WHERE j.queue = _dedup_holder.queue AND j.dedup_key = _dedup_holder.dedup_key;
  free_slot := (SELECT min(s) FROM generate_series(0, cardinality(taken)) AS s WHERE s <> ALL (taken));
END
$$;

CREATE FUNCTION pm_jobs._enqueue(caller regrole, queue text, kind text, payload jsonb, run_at timestamptz, priority integer,
  dedup_key text, limit_key text, max_attempts integer, dedup_running boolean) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  q pm_jobs._queues;
  job bigint;
  slot smallint := 0;
BEGIN
  IF jsonb_typeof(payload) IS DISTINCT FROM 'object' THEN
    PERFORM pm_jobs._refuse_payload(payload, '');
  END IF;
  IF priority IS NULL OR max_attempts <= 0 THEN
    PERFORM pm_jobs._check_job(priority, max_attempts);
  END IF;
  q := pm_jobs._enter(caller, queue, kind);
  IF q.ordered THEN
    limit_key := coalesce(limit_key, '');
    PERFORM pm_jobs._lock_order(queue, limit_key);
  END IF;
  LOOP
    IF dedup_key IS NOT NULL THEN
      SELECT d.holder, d.free_slot INTO job, slot FROM pm_jobs._dedup_holder(queue, dedup_key) AS d;
      EXIT WHEN job IS NOT NULL;
    END IF;
    INSERT INTO pm_jobs._job AS j
      (queue, kind, payload, priority, run_at, dedup_key, dedup_running, dedup_slot, limit_key, max_attempts, enqueued_by)
    VALUES (_enqueue.queue, _enqueue.kind, _enqueue.payload, _enqueue.priority,
            CASE WHEN _enqueue.run_at > clock_timestamp() THEN _enqueue.run_at END,
            _enqueue.dedup_key, coalesce(_enqueue.dedup_running, false), slot, _enqueue.limit_key,
            coalesce(_enqueue.max_attempts, q.max_attempts), caller)
    ON CONFLICT (queue, dedup_key, dedup_slot) WHERE dedup_key IS NOT NULL DO NOTHING
    RETURNING id INTO job;
    -- without a row another transaction has just taken the key
    EXIT WHEN job IS NOT NULL;
  END LOOP;
  IF to_regclass('pm_jobs._finished_' || (pm_jobs._block(job) + 1)) IS NULL THEN
    PERFORM pm_jobs._add_partitions(job);
  END IF;
  RETURN job;
END
$$;

CREATE FUNCTION pm_jobs.enqueue(queue text, kind text, payload jsonb DEFAULT '{}', run_at timestamptz DEFAULT NULL,
  priority integer DEFAULT 0, dedup_key text DEFAULT NULL, limit_key text DEFAULT NULL, max_attempts integer DEFAULT NULL,
  dedup_running boolean DEFAULT false) RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs_enqueue';
COMMENT ON FUNCTION pm_jobs.enqueue(text, text, jsonb, timestamptz, integer, text, text, integer, boolean) IS
'adds a job as part of the caller''s transaction, to run as the caller''s role; returns its id. run_at: not before (NULL: at once); priority: higher first; dedup_key: while a job of the queue with this key waits, its id is returned instead, and it starts only after the caller''s commit; dedup_running: the key also holds while the job runs; limit_key: what key_concurrency and ordered count by; max_attempts: the queue''s unless given. Errors: 42704 unknown queue or kind, 42501 queue not granted, 22023 payload is no object or a bad number';

CREATE FUNCTION pm_jobs._enqueue_as(caller regrole, role regrole, queue text, kind text, payload jsonb, run_at timestamptz, priority integer,
  dedup_key text, limit_key text, max_attempts integer, dedup_running boolean) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.oid = role) THEN
    RAISE EXCEPTION 'role % does not exist', coalesce('"' || role::text || '"', 'NULL')
      USING ERRCODE = '42704', HINT = 'It is the role that the job is to run as.';
  END IF;
  IF NOT pg_has_role(caller, role, 'MEMBER') THEN
    RAISE EXCEPTION 'role "%" may not enqueue jobs that run as role "%"', pg_get_userbyid(caller), pg_get_userbyid(role)
      USING ERRCODE = '42501', HINT = 'Its members and superusers may.';
  END IF;
  RETURN pm_jobs._enqueue(role, queue, kind, payload, run_at, priority, dedup_key, limit_key, max_attempts, dedup_running);
END
$$;

CREATE FUNCTION pm_jobs.enqueue_as(role regrole, queue text, kind text, payload jsonb DEFAULT '{}', run_at timestamptz DEFAULT NULL,
  priority integer DEFAULT 0, dedup_key text DEFAULT NULL, limit_key text DEFAULT NULL, max_attempts integer DEFAULT NULL,
  dedup_running boolean DEFAULT false) RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs_enqueue_as';
COMMENT ON FUNCTION pm_jobs.enqueue_as(regrole, text, text, jsonb, timestamptz, integer, text, text, integer, boolean) IS
'adds a job like enqueue(), to run as this role, which the caller could SET ROLE to: it is a member of it, or a superuser. The queue must be granted to the role. For functions that run with the rights of their owner and enqueue for others. Errors: 42501 not a member, or queue not granted to the role; 42704 unknown role, queue or kind; 22023';

CREATE FUNCTION pm_jobs._enqueue_keyed(caller regrole, queue text, kind text, payloads jsonb[], limit_keys text[], run_at timestamptz,
  priority integer, max_attempts integer) RETURNS SETOF bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  q pm_jobs._queues;
BEGIN
  PERFORM pm_jobs._check_payloads(payloads);
  IF cardinality(limit_keys) IS DISTINCT FROM cardinality(payloads) THEN
    RAISE EXCEPTION '% payloads, but % limit_keys', cardinality(payloads), coalesce(cardinality(limit_keys)::text, 'NULL')
      USING ERRCODE = '22023', HINT = 'Give each payload its limit_key, or NULL.';
  END IF;
  PERFORM pm_jobs._check_job(priority, max_attempts);
  q := pm_jobs._enter(caller, queue, kind);
  IF q.ordered THEN
    PERFORM pm_jobs._lock_order(queue, k.key)
    FROM (SELECT DISTINCT coalesce(u.key, '') COLLATE "C" AS key FROM unnest(limit_keys) AS u(key) ORDER BY 1) AS k;
  END IF;
  RETURN QUERY
    INSERT INTO pm_jobs._job AS j (queue, kind, payload, priority, run_at, limit_key, max_attempts, enqueued_by)
    SELECT _enqueue_keyed.queue, _enqueue_keyed.kind, p.payload, _enqueue_keyed.priority,
           CASE WHEN _enqueue_keyed.run_at > clock_timestamp() THEN _enqueue_keyed.run_at END,
           CASE WHEN q.ordered THEN coalesce(p.key, '') ELSE p.key END, coalesce(_enqueue_keyed.max_attempts, q.max_attempts), caller
    FROM unnest(payloads, limit_keys) WITH ORDINALITY AS p(payload, key, n)
    ORDER BY p.n
    RETURNING j.id;
  IF FOUND THEN
    PERFORM pm_jobs._add_partitions(currval('pm_jobs._job_id'));
  END IF;
END
$$;

CREATE FUNCTION pm_jobs._enqueue_many(caller regrole, queue text, kind text, payloads jsonb[], run_at timestamptz, priority integer,
  limit_key text, max_attempts integer) RETURNS SETOF bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT k FROM pm_jobs._enqueue_keyed($1, $2, $3, $4, pg_catalog.array_fill($7, ARRAY[coalesce(pg_catalog.cardinality($4), 0)]), $5, $6, $8) AS k;
END;

CREATE FUNCTION pm_jobs.enqueue_many(queue text, kind text, payloads jsonb[], run_at timestamptz DEFAULT NULL,
  priority integer DEFAULT 0, limit_key text DEFAULT NULL, max_attempts integer DEFAULT NULL) RETURNS SETOF bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs_enqueue_many';
COMMENT ON FUNCTION pm_jobs.enqueue_many(text, text, jsonb[], timestamptz, integer, text, integer) IS
'adds a job for each payload, like enqueue() in one statement; returns the ids in the order of the payloads. All or none: a payload that is not an object is named in the error (22023)';

CREATE FUNCTION pm_jobs.enqueue_keyed(queue text, kind text, payloads jsonb[], limit_keys text[], run_at timestamptz DEFAULT NULL,
  priority integer DEFAULT 0, max_attempts integer DEFAULT NULL) RETURNS SETOF bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs_enqueue_keyed';
COMMENT ON FUNCTION pm_jobs.enqueue_keyed(text, text, jsonb[], text[], timestamptz, integer, integer) IS
'like enqueue_many(), each job with the limit_key at its place in the list; NULL is none. In an ordered queue each different key takes a lock until the end of the transaction: mind max_locks_per_transaction with thousands of them. Errors: 22023 the lists differ in length, or a payload is not an object; 42704, 42501';

REVOKE ALL ON FUNCTION
  pm_jobs._may_enqueue(oid, text), pm_jobs._enter(oid, text, text), pm_jobs._check_job(integer, integer), pm_jobs._refuse_payload(jsonb, text),
  pm_jobs._check_payloads(jsonb[]),
  pm_jobs._dedup_holder(text, text),
  pm_jobs._enqueue(regrole, text, text, jsonb, timestamptz, integer, text, text, integer, boolean),
  pm_jobs._enqueue_as(regrole, regrole, text, text, jsonb, timestamptz, integer, text, text, integer, boolean),
  pm_jobs._enqueue_many(regrole, text, text, jsonb[], timestamptz, integer, text, integer),
  pm_jobs._enqueue_keyed(regrole, text, text, jsonb[], text[], timestamptz, integer, integer) FROM PUBLIC;
