-- Delivering.  The subscriber's position is the truth; what is kept here of it saves a
-- look.

-- Hands a batch to the subscriber.
CREATE FUNCTION pm_xref._send(s pm_xref._subscriptions, next jsonb, jobs jsonb, OUT accepted boolean, OUT "position" jsonb)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF s.server IS NULL THEN
    SELECT r.accepted, r.position INTO STRICT accepted, position FROM pm_xref._receive(s.id, s.confirmed, next, jobs) AS r;
  ELSE
    -- what it is told of must not be undone by a crash here
    PERFORM pm_xref._make_durable();
    SELECT r.answer[1]::boolean, r.answer[2]::jsonb INTO STRICT accepted, position
    FROM pm_xref._call(format('delivery of "%s"', s.topic), s.server, 'SELECT accepted, position FROM pm_xref._receive($1, $2, $3, $4)',
           s.id::text, s.confirmed::text, next::text, jobs::text) AS r(answer);
  END IF;
END
$$;

-- Tells the subscriber of the subscription; returns whether its queue is ordered.
CREATE FUNCTION pm_xref._open(s pm_xref._subscriptions) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  publisher text := format('%s of %s', current_database(), (SELECT c.system_identifier FROM pg_control_system() AS c));
BEGIN
  IF s.server IS NULL THEN
    RETURN pm_xref._open_inbox(s.id, publisher, s.queue, s.kind, s.start);
  END IF;
  RETURN (SELECT r.answer[1]::boolean
          FROM pm_xref._call(format('subscription to "%s"', s.topic), s.server, 'SELECT pm_xref._open_inbox($1, $2, $3, $4, $5)',
                 s.id::text, publisher, s.queue, s.kind, s.start::text) AS r(answer));
END
$$;

-- The position that a subscriber goes on from which was restored, or of which we were;
-- refused if events that it lacks may be gone.
CREATE FUNCTION pm_xref._go_on_from(pattern text, "position" jsonb) RETURNS pm_xref._position
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  p pm_xref._position := jsonb_populate_record(NULL::pm_xref._position, position);
BEGIN
  IF EXISTS (SELECT FROM pm_xref._purged AS g WHERE pm_xref._is_of(g.topic, pattern) AND g.epoch <> ALL (p.closed) AND (g.epoch <> p.epoch OR g.xid >= pg_snapshot_xmin(p.since))) THEN
    RAISE EXCEPTION 'the subscriber may lack events that are not kept any more'
      USING ERRCODE = '55000', DETAIL = 'It was restored to a state older than pm_xref.keep_events allows.',
            HINT = 'Bring its data up to date by other means, then unsubscribe() and subscribe() again.';
  END IF;
  RETURN p;
END
$$;

-- Delivers to one subscription until nothing is left or the time has come (more: there
-- is something left).  A failure is recorded, as is what was delivered before it.  Not
-- forced: a subscription that waits after a failure is left alone; forced: the
-- subscriber's position is looked at even if there is nothing to deliver.
CREATE FUNCTION pm_xref._deliver(which uuid, force boolean, until timestamptz, OUT sent bigint, OUT more boolean, OUT failure text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s pm_xref._subscriptions;
  before pm_xref._subscriptions;
  p pm_xref._position;
  batch record;
  answer record;
  looked boolean := NOT force;
  refused integer := 0;
BEGIN
  sent := 0;
  more := false;
  SELECT * INTO s FROM pm_xref._subscriptions AS u WHERE u.id = which FOR NO KEY UPDATE;
  IF NOT FOUND OR (NOT force AND s.next_try > clock_timestamp()) THEN
    RETURN;
  END IF;
  before := s;
  BEGIN
    p := jsonb_populate_record(NULL::pm_xref._position, s.position);
    LOOP
      batch := pm_xref._next_batch(s.topic, p);
      p := batch.p;
      EXIT WHEN batch.count = 0 AND looked;
      answer := pm_xref._send(s, to_jsonb(p), coalesce(batch.jobs, '[]'));
      IF answer.accepted THEN
        s.confirmed := to_jsonb(p);
        sent := sent + batch.count;
        looked := true;
        refused := 0;
      ELSE
        refused := refused + 1;
        IF refused > 3 THEN
          RAISE EXCEPTION 'the position of the subscriber does not stay' USING ERRCODE = '55000', HINT = 'Does another server deliver to it as well?';
        ELSIF answer.position IS NULL THEN
          PERFORM pm_xref._go_on_from(s.topic, s.start), pm_xref._open(s);
        END IF;
        s.confirmed := coalesce(answer.position, s.start);
        p := pm_xref._go_on_from(s.topic, s.confirmed);
      END IF;
      s.position := s.confirmed;
      more := clock_timestamp() >= until;
      EXIT WHEN more;
    END LOOP;
    s.position := to_jsonb(p);
    s.failures := 0;
    s.next_try := NULL;
  EXCEPTION WHEN OTHERS THEN
    -- what this database was given is undone with the failure
    IF s.server IS NULL THEN
      s := before;
      sent := 0;
    END IF;
    GET STACKED DIAGNOSTICS s.sqlstate = RETURNED_SQLSTATE, s.message = MESSAGE_TEXT, s.detail = PG_EXCEPTION_DETAIL, s.hint = PG_EXCEPTION_HINT;
    failure := s.message;
    s.detail := nullif(s.detail, '');
    s.hint := nullif(s.hint, '');
    s.failures := s.failures + 1;
    s.failed_at := clock_timestamp();
    s.next_try := s.failed_at + least(interval '1 s' * 2 ^ least(s.failures - 1, 10), interval '1 min');
    more := false;
  END;
  UPDATE pm_xref._subscriptions AS u
  SET confirmed = s.confirmed, position = s.position, delivered = u.delivered + sent,
      last_delivery = CASE WHEN sent > 0 THEN clock_timestamp() ELSE u.last_delivery END,
      failures = s.failures, failed_at = s.failed_at, sqlstate = s.sqlstate, message = s.message, detail = s.detail, hint = s.hint, next_try = s.next_try
  WHERE u.id = which;
END
$$;

-- Is there something to deliver, as far as is known here?
CREATE FUNCTION pm_xref._has_events(which uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s pm_xref._subscriptions;
  p pm_xref._position;
BEGIN
  SELECT * INTO s FROM pm_xref._subscriptions AS u WHERE u.id = which AND (u.next_try <= clock_timestamp()) IS NOT FALSE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  p := jsonb_populate_record(NULL::pm_xref._position, s.position);
  RETURN p.upto IS NOT NULL OR (pm_xref._open_window(s.topic, p)).upto IS NOT NULL;
END
$$;

CREATE FUNCTION pm_xref.purge_events() RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  most CONSTANT integer := 10000;
  before timestamptz := now() - pm_xref._setting('keep_events')::interval;
  until timestamptz := clock_timestamp() + interval '2 s';
  keep_from bigint;
  top bigint;
  gone integer;
  total bigint := 0;
BEGIN
  IF (SELECT e.published_at FROM pm_xref._events AS e ORDER BY e.id LIMIT 1) < before THEN
    SELECT min(u.first_id) INTO keep_from
    FROM pm_xref._subscriptions AS s
    CROSS JOIN LATERAL pm_xref._undelivered(s.topic, jsonb_populate_record(NULL::pm_xref._position, s.confirmed)) AS u;
    LOOP
      SELECT max(e.id) INTO top FROM (SELECT f.id FROM pm_xref._events AS f WHERE (f.id < keep_from) IS NOT FALSE ORDER BY f.id LIMIT most) AS e;
      WITH gone AS (
        DELETE FROM pm_xref._events AS e WHERE e.id <= top AND e.published_at < before RETURNING e.epoch, e.topic, e.xid
      ), noted AS (
        INSERT INTO pm_xref._purged AS g SELECT d.epoch, d.topic, max(d.xid::text::numeric)::text::xid8 FROM gone AS d GROUP BY d.epoch, d.topic
        ON CONFLICT (epoch, topic) DO UPDATE SET xid = greatest(g.xid, excluded.xid)
      )
      SELECT count(*) INTO gone FROM gone;
      total := total + gone;
      EXIT WHEN gone < most OR clock_timestamp() > until;
    END LOOP;
  END IF;
  RETURN total;
END
$$;
COMMENT ON FUNCTION pm_xref.purge_events() IS
'deletes the events older than setting pm_xref.keep_events (7 days) before the first that a subscription has not been sent; returns how many. An event that a subscription waits for is never deleted: unsubscribe() ends the wait. For 2 s at most; runs by itself every minute where there are subscriptions';

CREATE FUNCTION pm_xref.deliver(subscription uuid DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  one uuid;
  pass record;
  total bigint := 0;
BEGIN
  FOR one IN SELECT s.id FROM pm_xref._subscriptions AS s
             WHERE s.owner = quote_ident(current_user)::regrole AND (subscription = s.id OR subscription IS NULL) ORDER BY s.id LOOP
    pass := pm_xref._deliver(one, true, 'infinity');
    total := total + pass.sent;
    IF pass.failure IS NOT NULL THEN
      RAISE WARNING '%', pass.failure USING HINT = 'View pm_xref.outbox_lag keeps it; delivery goes on where it stopped.';
    END IF;
  END LOOP;
  RETURN total;
END
$$;
COMMENT ON FUNCTION pm_xref.deliver(uuid) IS
'delivers, in the calling session, what the caller''s subscriptions have not been sent, or one of them; returns the number of events. For servers without workers: these deliver by themselves. What fails is recorded in view outbox_lag, with a WARNING';

-- The handler of jobs 'pm_xref.deliver'.  {"subscription": ...}: there may be something
-- for it; {}: every minute, all subscriptions of the role, and what is old.
CREATE FUNCTION pm_xref._run_delivery(job pm_jobs.job) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  which uuid := (job.payload ->> 'subscription')::uuid;
  force boolean := job.payload ? 'force';
  pass record;
BEGIN
  IF which IS NULL THEN
    PERFORM pm_jobs.enqueue(job.queue, job.kind, jsonb_build_object('subscription', s.id, 'force', true), dedup_key => 'look at ' || s.id, limit_key => s.id::text)
    FROM pm_xref._subscriptions AS s WHERE s.owner = quote_ident(current_user)::regrole;
    RETURN jsonb_build_object('purged', pm_xref.purge_events());
  END IF;
  IF NOT force AND NOT pm_xref._has_events(which) THEN
    RETURN NULL;
  END IF;
  pass := pm_xref._deliver(which, force, clock_timestamp() + interval '2 s');
  IF pass.more THEN
    PERFORM pm_jobs.enqueue(job.queue, job.kind, jsonb_build_object('subscription', which), limit_key => which::text);
  ELSIF pass.failure IS NOT NULL THEN
    PERFORM pm_jobs.enqueue(job.queue, job.kind, jsonb_build_object('subscription', which), s.next_try, dedup_key => 'try again ' || which, limit_key => which::text)
    FROM pm_xref._subscriptions AS s WHERE s.id = which;
  END IF;
  RETURN jsonb_strip_nulls(jsonb_build_object('delivered', pass.sent, 'failure', pass.failure));
END
$$;

REVOKE ALL ON FUNCTION pm_xref._send(pm_xref._subscriptions, jsonb, jsonb), pm_xref._open(pm_xref._subscriptions), pm_xref._go_on_from(text, jsonb),
  pm_xref._deliver(uuid, boolean, timestamptz), pm_xref._has_events(uuid), pm_xref.purge_events(), pm_xref.deliver(uuid), pm_xref._run_delivery(pm_jobs.job) FROM PUBLIC;
