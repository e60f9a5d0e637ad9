-- Queues and who may use them.

CREATE FUNCTION pm_jobs._no_queue(name text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'queue % does not exist', coalesce('"' || left(name, 64) || '"', 'NULL')
    USING ERRCODE = '42704', HINT = 'View pm_jobs.queues lists the queues; an administrator makes one with create_queue().';
END
$$;

-- The queue's row, locked against other changes; an error if there is none.
CREATE FUNCTION pm_jobs._queue(name text) RETURNS pm_jobs._queues
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  q pm_jobs._queues;
BEGIN
  SELECT * INTO q FROM pm_jobs._queues AS s WHERE s.name = _queue.name FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM pm_jobs._no_queue(name);
  END IF;
  RETURN q;
END
$$;

-- Refuses settings that make no sense, naming the first.
CREATE FUNCTION pm_jobs._check_queue(q pm_jobs._queues) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  wrong record;
BEGIN
  SELECT c.what, c.value, c.hint INTO wrong
  FROM (VALUES
    ('name', q.name, q.name <> '' AND length(q.name) <= 63, 'It has 1 to 63 characters.'),
    ('concurrency', q.concurrency::text, q.concurrency > 0, 'At least one job must be able to run; pause_queue() stops a queue.'),
    ('max_attempts', q.max_attempts::text, q.max_attempts > 0, 'At least one attempt is made.'),
    ('backoff', q.backoff::text,
     cardinality(q.backoff) > 0 AND array_position(q.backoff, NULL) IS NULL AND interval '0' <= ALL (q.backoff),
     'It is a list of waiting times after the first, second ... failure, such as ''{1 min,5 min}''; the last one serves all later failures.'),
    ('rate_per_second', coalesce(q.rate_per_second, 1)::text, coalesce(q.rate_per_second > 0 AND q.rate_per_second <= 1000000, true),
     'It is a number of jobs up to a million, such as 0.5; without it there is no limit.'),
    ('rate_burst', coalesce(q.rate_burst, 1)::text, coalesce(q.rate_burst > 0, true), 'It is how many jobs may start at once after a rest.'),
    ('key_concurrency', coalesce(q.key_concurrency, 1)::text, coalesce(q.key_concurrency > 0, true),
     'It is how many jobs with the same limit_key may run; without it there is no limit.'),
    ('retention', q.retention::text, q.retention >= interval '0', 'It is how long finished jobs are kept, such as ''7 days''.'),
    ('events', q.events::text, true, 'true or false.'),
    ('ordered', q.ordered::text, true, 'true or false.'),
    ('own_commit', q.own_commit::text, true, 'true or false.')
  ) AS c(what, value, good, hint)
  WHERE c.good IS NOT TRUE OR c.value IS NULL
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'invalid %: %', concat_ws(' for queue ', wrong.what, '"' || left(nullif(q.name, wrong.value), 64) || '"'),
                    coalesce('"' || left(wrong.value, 64) || '"', 'NULL')
      USING ERRCODE = '22023', HINT = wrong.hint;
  END IF;
END
$$;

-- Gives a queue with a rate a full bucket if it has none, takes it from one without.
CREATE FUNCTION pm_jobs._fit_bucket(q pm_jobs._queues) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
  DELETE FROM pm_jobs._buckets AS b WHERE b.queue = q.name AND q.rate_per_second IS NULL;
  INSERT INTO pm_jobs._buckets SELECT q.name, q.rate_burst, clock_timestamp() WHERE q.rate_per_second IS NOT NULL ON CONFLICT DO NOTHING
$$;

CREATE FUNCTION pm_jobs._create_queue(caller regrole, name text, concurrency integer, max_attempts integer, backoff interval[],
  rate_per_second numeric, rate_burst integer, key_concurrency integer, retention interval, events boolean, ordered boolean, own_commit boolean) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  q pm_jobs._queues;
BEGIN
  PERFORM pm_jobs._require_admin(caller, 'create queues');
  IF rate_burst IS NOT NULL AND rate_per_second IS NULL THEN
    RAISE EXCEPTION 'rate_burst of queue "%" needs rate_per_second', left(name, 64)
      USING ERRCODE = '22023', HINT = 'Give both, or neither.';
  END IF;
  q := ROW(name, concurrency, max_attempts, backoff, rate_per_second,
    CASE WHEN rate_per_second BETWEEN 0 AND 1000000 THEN coalesce(rate_burst, greatest(1, ceil(rate_per_second))::integer) ELSE rate_burst END,
    key_concurrency, retention, events, ordered, own_commit, false, caller, now());
  PERFORM pm_jobs._check_queue(q);
  BEGIN
    INSERT INTO pm_jobs._queues SELECT (q).*;
  EXCEPTION WHEN unique_violation THEN
    RAISE EXCEPTION 'queue "%" already exists', name USING ERRCODE = '42710', HINT = 'alter_queue() changes it.';
  END;
  PERFORM pm_jobs._fit_bucket(q);
END
$$;

CREATE FUNCTION pm_jobs.create_queue(name text, concurrency integer DEFAULT 2, max_attempts integer DEFAULT 5,
  backoff interval[] DEFAULT '{1 min,5 min,15 min,1 h,4 h}', rate_per_second numeric DEFAULT NULL, rate_burst integer DEFAULT NULL,
  key_concurrency integer DEFAULT NULL, retention interval DEFAULT '7 days', events boolean DEFAULT false,
  ordered boolean DEFAULT false, own_commit boolean DEFAULT false) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs_as_owner';
COMMENT ON FUNCTION pm_jobs.create_queue(text, integer, integer, interval[], numeric, integer, integer, interval, boolean, boolean, boolean) IS
'makes a queue. concurrency: jobs that may run at once; max_attempts: executions before a job is dead; backoff: wait after the first, second ... failure, +-10 %, the last one repeated; rate_per_second, rate_burst: at most rate*t + burst starts in t seconds (burst: the rate rounded up); key_concurrency: jobs of one limit_key at once; retention: how long finished jobs are kept; events: NOTIFY pm_jobs_events; ordered: per limit_key one at a time, in order, a failed job holding its key until it succeeds or is dead; own_commit: workers commit each job by itself instead of several quick ones together; what a crash of the server undoes, of the last 10 ms, runs again. Administrators only. Errors: 22023 bad setting, 42710 exists, 42501';

CREATE FUNCTION pm_jobs._alter_queue(caller regrole, name text, concurrency integer, max_attempts integer, backoff interval[],
  rate_per_second numeric, rate_burst integer, key_concurrency integer, retention interval, events boolean, ordered boolean, own_commit boolean) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s'
AS $$
DECLARE
  q pm_jobs._queues;
  new_rate boolean := rate_per_second IS NOT NULL;
BEGIN
  PERFORM pm_jobs._require_admin(caller, 'alter queues');
  q := pm_jobs._queue(name);
  q.concurrency := coalesce(concurrency, q.concurrency);
  q.max_attempts := coalesce(max_attempts, q.max_attempts);
  q.backoff := coalesce(backoff, q.backoff);
  q.key_concurrency := nullif(coalesce(key_concurrency, q.key_concurrency), 0);
  q.retention := coalesce(retention, q.retention);
  q.events := coalesce(events, q.events);
  q.ordered := coalesce(ordered, q.ordered);
  q.own_commit := coalesce(own_commit, q.own_commit);
  q.rate_per_second := nullif(coalesce(rate_per_second, q.rate_per_second), 0);
  q.rate_burst := CASE
    WHEN rate_burst IS NOT NULL THEN rate_burst
    WHEN q.rate_per_second IS NULL THEN NULL
    WHEN new_rate AND q.rate_per_second BETWEEN 0 AND 1000000 THEN greatest(1, ceil(q.rate_per_second))::integer
    ELSE q.rate_burst END;
  IF q.rate_burst IS NOT NULL AND q.rate_per_second IS NULL THEN
    RAISE EXCEPTION 'rate_burst of queue "%" needs rate_per_second', left(name, 64)
      USING ERRCODE = '22023', HINT = 'Give both, or neither.';
  END IF;
  PERFORM pm_jobs._check_queue(q);
  IF _alter_queue.ordered AND NOT (SELECT s.ordered FROM pm_jobs._queues AS s WHERE s.name = q.name) THEN
    -- whoever is enqueuing has this table locked until commit
    LOCK TABLE pm_jobs._job IN SHARE MODE;
    IF EXISTS (SELECT FROM pm_jobs._job AS j WHERE j.queue = q.name AND j.limit_key IS NULL) THEN
      RAISE EXCEPTION 'queue "%" has unfinished jobs without a limit_key', left(name, 64)
        USING ERRCODE = '55006', HINT = 'An ordered queue has none: let them run or cancel them first.';
    END IF;
  END IF;
  UPDATE pm_jobs._queues AS s
  SET concurrency = q.concurrency, max_attempts = q.max_attempts, backoff = q.backoff, rate_per_second = q.rate_per_second,
      rate_burst = q.rate_burst, key_concurrency = q.key_concurrency, retention = q.retention, events = q.events, ordered = q.ordered,
      own_commit = q.own_commit
  WHERE s.name = q.name;
  PERFORM pm_jobs._fit_bucket(q);
END
$$;

CREATE FUNCTION pm_jobs.alter_queue(name text, concurrency integer DEFAULT NULL, max_attempts integer DEFAULT NULL,
  backoff interval[] DEFAULT NULL, rate_per_second numeric DEFAULT NULL, rate_burst integer DEFAULT NULL,
  key_concurrency integer DEFAULT NULL, retention interval DEFAULT NULL, events boolean DEFAULT NULL,
  ordered boolean DEFAULT NULL, own_commit boolean DEFAULT NULL) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs_as_owner';
COMMENT ON FUNCTION pm_jobs.alter_queue(text, integer, integer, interval[], numeric, integer, integer, interval, boolean, boolean, boolean) IS
'changes the settings of a queue that are given; NULL leaves one as it is; 0 takes rate_per_second or key_concurrency away. A new rate without rate_burst sets the burst too. max_attempts holds for jobs enqueued from now on. Making it ordered waits up to a second for transactions that are enqueuing. Administrators only. Errors: 42704 no such queue, 22023, 55006 ordered while jobs without a limit_key wait, 55P03 lock not available, 42501';

CREATE FUNCTION pm_jobs._drop_queue(caller regrole, name text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s'
AS $$
DECLARE
  jobs bigint;
  plans text;
BEGIN
  PERFORM pm_jobs._require_admin(caller, 'drop queues');
  PERFORM pm_jobs._queue(name);
  -- whoever is enqueuing has this table locked until commit
  LOCK TABLE pm_jobs._job IN SHARE MODE;
  SELECT count(*) INTO jobs FROM pm_jobs._job AS j WHERE j.queue = name;
  SELECT string_agg(quote_ident(s.name), ', ' ORDER BY s.name) INTO plans FROM pm_jobs._schedules AS s WHERE s.queue = _drop_queue.name;
  IF jobs > 0 OR plans IS NOT NULL THEN
    RAISE EXCEPTION 'queue "%" is in use', left(name, 64)
      USING ERRCODE = '2BP01',
            DETAIL = concat_ws(' ', 'Unfinished jobs: ' || nullif(jobs, 0) || '.', 'Schedules: ' || plans || '.'),
            HINT = 'cancel() the jobs, unschedule() the schedules; pause_queue() stops it without dropping.';
  END IF;
  DELETE FROM pm_jobs._queues AS q WHERE q.name = _drop_queue.name;
END
$$;

CREATE FUNCTION pm_jobs.drop_queue(name text) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs_as_owner';
COMMENT ON FUNCTION pm_jobs.drop_queue(text) IS
'drops a queue that has no unfinished jobs and no schedules; its finished jobs stay until their partition is dropped. Waits up to a second for transactions that are enqueuing, and keeps others from enqueuing until commit. Administrators only. Errors: 42704, 2BP01 in use, 55P03 lock not available, 42501';

CREATE FUNCTION pm_jobs._pause_queue(caller regrole, name text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pm_jobs._require_admin(caller, 'pause queues');
  PERFORM pm_jobs._queue(name);
  UPDATE pm_jobs._queues AS q SET paused = true WHERE q.name = _pause_queue.name AND NOT q.paused;
END
$$;

CREATE FUNCTION pm_jobs.pause_queue(name text) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs_as_owner';
COMMENT ON FUNCTION pm_jobs.pause_queue(text) IS
'starts no more jobs of the queue; running ones end, enqueuing goes on. Administrators only. Errors: 42704, 42501';

CREATE FUNCTION pm_jobs._resume_queue(caller regrole, name text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pm_jobs._require_admin(caller, 'resume queues');
  PERFORM pm_jobs._queue(name);
  UPDATE pm_jobs._queues AS q SET paused = false WHERE q.name = _resume_queue.name AND q.paused;
END
$$;

CREATE FUNCTION pm_jobs.resume_queue(name text) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs_as_owner';
COMMENT ON FUNCTION pm_jobs.resume_queue(text) IS 'starts jobs of a paused queue again. Administrators only. Errors: 42704, 42501';

CREATE FUNCTION pm_jobs._grant_queue(caller regrole, queue text, role regrole) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pm_jobs._require_admin(caller, 'grant queues');
  PERFORM pm_jobs._queue(queue);
  IF role IS NULL OR role <> 0 AND NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.oid = role) THEN
    RAISE EXCEPTION 'role % does not exist', coalesce('"' || role::text || '"', 'NULL')
      USING ERRCODE = '42704', HINT = 'Role ''-'' stands for everybody.';
  END IF;
  INSERT INTO pm_jobs._queue_grants VALUES (queue, role) ON CONFLICT DO NOTHING;
END
$$;

CREATE FUNCTION pm_jobs.grant_queue(queue text, role regrole) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs_as_owner';
COMMENT ON FUNCTION pm_jobs.grant_queue(text, regrole) IS
'lets a role and its members enqueue in the queue; ''-'' is everybody. Administrators only. Errors: 42704 no such queue or role, 42501';

CREATE FUNCTION pm_jobs._revoke_queue(caller regrole, queue text, role regrole) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pm_jobs._require_admin(caller, 'revoke queues');
  PERFORM pm_jobs._queue(queue);
  DELETE FROM pm_jobs._queue_grants AS g WHERE g.queue = _revoke_queue.queue AND g.role = _revoke_queue.role;
END
$$;

CREATE FUNCTION pm_jobs.revoke_queue(queue text, role regrole) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs_as_owner';
COMMENT ON FUNCTION pm_jobs.revoke_queue(text, regrole) IS
'takes back what grant_queue() gave; jobs already enqueued still run. Administrators only. Errors: 42704, 42501';

REVOKE ALL ON FUNCTION
  pm_jobs._no_queue(text), pm_jobs._queue(text), pm_jobs._check_queue(pm_jobs._queues), pm_jobs._fit_bucket(pm_jobs._queues),
  pm_jobs._create_queue(regrole, text, integer, integer, interval[], numeric, integer, integer, interval, boolean, boolean, boolean),
  pm_jobs.create_queue(text, integer, integer, interval[], numeric, integer, integer, interval, boolean, boolean, boolean),
  pm_jobs._alter_queue(regrole, text, integer, integer, interval[], numeric, integer, integer, interval, boolean, boolean, boolean),
  pm_jobs.alter_queue(text, integer, integer, interval[], numeric, integer, integer, interval, boolean, boolean, boolean),
  pm_jobs._drop_queue(regrole, text), pm_jobs.drop_queue(text),
  pm_jobs._pause_queue(regrole, text), pm_jobs.pause_queue(text),
  pm_jobs._resume_queue(regrole, text), pm_jobs.resume_queue(text),
  pm_jobs._grant_queue(regrole, text, regrole), pm_jobs.grant_queue(text, regrole),
  pm_jobs._revoke_queue(regrole, text, regrole), pm_jobs.revoke_queue(text, regrole) FROM PUBLIC;
