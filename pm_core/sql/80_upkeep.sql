-- Upkeep: what jobs do again and again.

CREATE FUNCTION pm_core._forget_expired() RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  moment timestamptz := clock_timestamp();
  counts jsonb := '{}';
  gone bigint;
BEGIN
  DELETE FROM pm_core.notifications AS n WHERE n.expires_at <= moment;
  GET DIAGNOSTICS gone = ROW_COUNT;
  counts := counts || jsonb_build_object('notifications', gone);
  IF EXISTS (SELECT FROM pm_core._sessions AS s WHERE s.expires_at <= moment) THEN
    DELETE FROM pm_core._sessions AS s WHERE s.expires_at <= moment;
    GET DIAGNOSTICS gone = ROW_COUNT;
    counts := counts || jsonb_build_object('sessions', gone);
  END IF;
  IF EXISTS (SELECT FROM pm_core._signing_keys AS k WHERE k.expires_at <= moment) THEN
    DELETE FROM pm_core._signing_keys AS k WHERE k.expires_at <= moment;
  END IF;
  DELETE FROM pm_core._user_tokens AS t WHERE t.expires_at <= moment;
  DELETE FROM pm_core._login_failures AS f WHERE f.last <= moment - interval '1 day';
  RETURN counts;
END
$$;

-- What shared memory counts, for the time after a restart.
CREATE FUNCTION pm_core._save_login_failures() RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  saved integer;
BEGIN
  DELETE FROM pm_core._login_failures AS f USING pm_core._attempts() AS a WHERE f.key = a.key AND a.failures = 0;
  INSERT INTO pm_core._login_failures AS f (key, failures, last)
  SELECT a.key, a.failures, a.last FROM pm_core._attempts() AS a
  WHERE a.failures > 0 AND a.last > clock_timestamp() - interval '1 day' ORDER BY a.key
  ON CONFLICT (key) DO UPDATE SET failures = EXCLUDED.failures, last = EXCLUDED.last WHERE f.last < EXCLUDED.last;
  GET DIAGNOSTICS saved = ROW_COUNT;
  RETURN saved;
END
$$;

-- What shared memory knows of sessions.  A row that is locked is of a token in use: what
-- becomes of that, the next call sees.
CREATE FUNCTION pm_core._save_token_uses() RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  saved integer := 0;
BEGIN
  PERFORM pm_core._forget_use(u.session, u.generation, u.ended)
  FROM pm_core._uses() AS u LEFT JOIN pm_core._sessions AS s ON s.id = u.session
  WHERE s.id IS NULL OR (s.generation >= u.generation AND (s.revoked_at IS NOT NULL OR NOT u.ended));
  IF EXISTS (SELECT FROM pm_core._uses()) THEN
    WITH known AS MATERIALIZED (
      SELECT s.id, u.generation, u.ended FROM pm_core._uses() AS u JOIN pm_core._sessions AS s ON s.id = u.session
      WHERE s.generation < u.generation OR (s.revoked_at IS NULL AND u.ended) ORDER BY s.id FOR NO KEY UPDATE OF s SKIP LOCKED)
    UPDATE pm_core._sessions AS s
    SET generation = greatest(s.generation, k.generation), revoked_at = coalesce(s.revoked_at, CASE WHEN k.ended THEN now() END)
    FROM known AS k WHERE s.id = k.id;
    GET DIAGNOSTICS saved = ROW_COUNT;
  END IF;
  RETURN saved;
END
$$;

CREATE FUNCTION pm_core.forget_expired() RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.forget_expired() IS 'deletes notifications, sessions, keys, tokens and counts of failed logins whose time is over; returns how many notifications and sessions';
CREATE FUNCTION pm_core.save_login_failures() RETURNS integer
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.save_login_failures() IS 'writes the failed logins that shared memory has counted to a table, from which they count on after a restart; returns how many names had new ones';
CREATE FUNCTION pm_core.save_token_uses() RETURNS integer
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.save_token_uses() IS 'writes to the sessions what shared memory knows of refresh tokens whose use was rolled back, for the time after a restart, and forgets there what the sessions say; returns how many sessions were changed';

CREATE FUNCTION pm_core._run_announce(job pm_jobs.job) RETURNS jsonb
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT jsonb_build_object('users', pm_core.announce_notifications());
END;
CREATE FUNCTION pm_core._run_expire(job pm_jobs.job) RETURNS jsonb
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT pm_core.forget_expired();
END;
CREATE FUNCTION pm_core._run_failures(job pm_jobs.job) RETURNS jsonb
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT jsonb_build_object('names', pm_core.save_login_failures(), 'sessions', pm_core.save_token_uses());
END;

CREATE FUNCTION pm_core.schedule_upkeep(queue text DEFAULT 'core') RETURNS integer
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT cardinality(pm_jobs.set_up_queue(queue, ARRAY[
    ('pm_core.announce', 'pm_core._run_announce(pm_jobs.job)', true, '5 s', 'skip'),
    ('pm_core.expire', 'pm_core._run_expire(pm_jobs.job)', true, '10 min', 'skip'),
    ('pm_core.failures', 'pm_core._run_failures(pm_jobs.job)', true, '1 min', 'skip')]::pm_jobs.task[], max_attempts => 3));
END;
COMMENT ON FUNCTION pm_core.schedule_upkeep(text) IS
'schedules the jobs that announce notifications (every 5 s), delete what has expired (10 min) and save the counts of failed logins and the uses of refresh tokens (1 min), in a queue that is made if there is none and that pm_worker may use; returns how many. They run as role pm_worker if there is one that the caller is a member of, else as the caller. To be called once. Administrators only. Errors: 42501 no administrator, or the schedules are another role''s; 22023 invalid name of a queue';

REVOKE ALL ON FUNCTION pm_core._forget_expired(), pm_core._save_login_failures(), pm_core._save_token_uses(), pm_core.forget_expired(), pm_core.save_login_failures(), pm_core.save_token_uses(), pm_core._run_announce(pm_jobs.job),
  pm_core._run_expire(pm_jobs.job), pm_core._run_failures(pm_jobs.job), pm_core.schedule_upkeep(text) FROM PUBLIC;
