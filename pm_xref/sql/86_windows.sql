-- Which events a subscriber has not been sent, and in what order: ARCHITECTURE.md
-- says why these are all of them and none twice.

-- The epochs that there are events of, one look at the index for each.
CREATE FUNCTION pm_xref._epochs() RETURNS SETOF bigint
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  WITH RECURSIVE e(epoch) AS (
    SELECT min(v.epoch) FROM pm_xref._events AS v
    UNION ALL
    SELECT (SELECT min(v.epoch) FROM pm_xref._events AS v WHERE v.epoch > e.epoch) FROM e WHERE e.epoch IS NOT NULL
  )
  SELECT e.epoch FROM e WHERE e.epoch IS NOT NULL
$$;

-- The position of one that is to be sent what is published from now on.
CREATE FUNCTION pm_xref._now() RETURNS pm_xref._position
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT ARRAY(SELECT e FROM (SELECT pm_xref._epochs() UNION SELECT g.epoch FROM pm_xref._purged AS g) AS p(e) WHERE e <> pm_xref._epoch()),
         pm_xref._epoch(), pm_xref._snapshot(), NULL::pg_snapshot, NULL::bigint, NULL::bigint, NULL::bigint
$$;

-- Opens the next window that has events of the topic.  There is none if upto is still
-- NULL; the position has then moved on.  The transactions of an epoch that is not the
-- current one have all ended, so its last window is all that is left.
CREATE FUNCTION pm_xref._open_window(pattern text, INOUT p pm_xref._position)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  current bigint := pm_xref._epoch();
  t pg_snapshot;
BEGIN
  IF current = ANY (p.closed) THEN
    RAISE EXCEPTION 'another server has taken over from this one'
      USING ERRCODE = '55000', DETAIL = 'The subscriber has been sent events of a server that began where this one had been left.',
            HINT = 'unsubscribe() here; or stop the other one and start this one again: what it publishes from then on is delivered.';
  END IF;
  LOOP
    t := CASE WHEN p.epoch = current THEN pm_xref._snapshot() ELSE '9223372036854775807:9223372036854775807:' END;
    SELECT min(e.id), max(e.id) INTO p.low, p.high
    FROM pm_xref._events AS e
    WHERE e.epoch = p.epoch AND e.xid >= pg_snapshot_xmax(p.since) AND e.xid < pg_snapshot_xmax(t)
      AND pg_visible_in_snapshot(e.xid, t) AND pm_xref._is_of(e.topic, pattern);
    IF p.low IS NOT NULL OR EXISTS (
      SELECT FROM pm_xref._events AS e
      WHERE e.epoch = p.epoch AND e.xid = ANY (ARRAY(SELECT pg_snapshot_xip(p.since)))
        AND pg_visible_in_snapshot(e.xid, t) AND pm_xref._is_of(e.topic, pattern))
    THEN
      p.upto := t;
      p.last := 0;
      RETURN;
    END IF;
    IF p.epoch = current THEN
      p.since := t;
      RETURN;
    END IF;
    p.closed := (p.closed || p.epoch)[greatest(1, cardinality(p.closed) - 998):];
    p.epoch := coalesce((SELECT n.epoch FROM pm_xref._epochs() AS n(epoch)
                         WHERE n.epoch <> ALL (p.closed || current)
                         ORDER BY (SELECT e.id FROM pm_xref._events AS e WHERE e.epoch = n.epoch ORDER BY e.xid LIMIT 1) LIMIT 1), current);
    p.since := '3:3:';
  END LOOP;
END
$$;

-- The next events of an open window, in order of id.  Those of transactions that began
-- after since lie together in the table: they are read in its order; a plan that sorts
-- would read the rest of the window for each batch.
CREATE FUNCTION pm_xref._window_events(pattern text, p pm_xref._position, most integer) RETURNS SETOF pm_xref._events
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
BEGIN
  RETURN QUERY
    SELECT w.* FROM (
      (SELECT e.* FROM pm_xref._events AS e
       WHERE e.id > greatest(p.last, p.low - 1) AND e.id <= p.high AND e.epoch + 0 = p.epoch AND e.xid >= pg_snapshot_xmax(p.since)
         AND pg_visible_in_snapshot(e.xid, p.upto) AND pm_xref._is_of(e.topic, pattern)
       ORDER BY e.id LIMIT most)
      UNION ALL
      (SELECT e.* FROM pm_xref._events AS e
       WHERE e.epoch = p.epoch AND e.xid = ANY (ARRAY(SELECT pg_snapshot_xip(p.since))) AND e.id + 0 > p.last
         AND pg_visible_in_snapshot(e.xid, p.upto) AND pm_xref._is_of(e.topic, pattern)
       ORDER BY e.id LIMIT most)
    ) AS w
    ORDER BY w.id LIMIT most;
END
$$;

-- The next jobs for the subscriber, up to 500 and about 1 MB, and where it will be then.
CREATE FUNCTION pm_xref._next_batch(pattern text, INOUT p pm_xref._position, OUT jobs jsonb, OUT count integer)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  most CONSTANT integer := 500;
  next_last bigint;
  whole boolean;
BEGIN
  LOOP
    IF p.upto IS NULL THEN
      p := pm_xref._open_window(pattern, p);
      IF p.upto IS NULL THEN
        count := 0;
        RETURN;
      END IF;
    END IF;
    SELECT count(*) FILTER (WHERE w.before < 1048576), max(w.id) FILTER (WHERE w.before < 1048576), count(*) < most AND max(w.before) < 1048576,
           jsonb_agg(jsonb_build_object('event', w.id, 'topic', w.topic, 'key', w.key, 'payload', w.payload, 'published_at', w.published_at) ORDER BY w.id)
             FILTER (WHERE w.before < 1048576)
    INTO count, next_last, whole, jobs
    FROM (SELECT e.*, sum(pg_column_size(e.payload)) OVER (ORDER BY e.id) - pg_column_size(e.payload) AS before
          FROM pm_xref._window_events(pattern, p, most) AS e) AS w;
    p.last := coalesce(next_last, p.last);
    IF whole IS NOT FALSE THEN
      p.since := p.upto;
      p.upto := NULL;
      p.low := NULL;
      p.high := NULL;
      p.last := NULL;
    END IF;
    EXIT WHEN count > 0;
  END LOOP;
END
$$;

-- What a subscriber at a position has not been sent.
CREATE FUNCTION pm_xref._undelivered(pattern text, p pm_xref._position, OUT events bigint, OUT oldest timestamptz, OUT first_id bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  later bigint[] := ARRAY(SELECT e FROM pm_xref._epochs() AS e WHERE e <> ALL (p.closed || p.epoch));
  open_xids xid8[] := ARRAY(SELECT pg_snapshot_xip(p.since));
BEGIN
  SELECT count(*), min(u.published_at), min(u.id) INTO events, oldest, first_id
  FROM (SELECT e.* FROM pm_xref._events AS e WHERE e.epoch = p.epoch AND e.xid >= pg_snapshot_xmax(p.since)
        UNION ALL
        SELECT e.* FROM pm_xref._events AS e WHERE e.epoch = p.epoch AND e.xid = ANY (open_xids)
        UNION ALL
        SELECT e.* FROM pm_xref._events AS e WHERE e.epoch = ANY (later)) AS u
  WHERE pm_xref._is_of(u.topic, pattern)
    AND NOT coalesce(u.epoch = p.epoch AND u.id <= p.last AND pg_visible_in_snapshot(u.xid, p.upto), false);
END
$$;

REVOKE ALL ON FUNCTION pm_xref._epochs(), pm_xref._now(), pm_xref._open_window(text, pm_xref._position),
  pm_xref._window_events(text, pm_xref._position, integer), pm_xref._next_batch(text, pm_xref._position), pm_xref._undelivered(text, pm_xref._position) FROM PUBLIC;
