-- The cache without shared memory: see src/table.c.
--
-- Rows are only inserted, by whoever stores or invalidates, and deleted by _trim(): nobody
-- waits for anybody.  What is true is decided by who reads, from the snapshots.

CREATE UNLOGGED TABLE pm_cache._entries (
  id bigint GENERATED ALWAYS AS IDENTITY,
  key text COLLATE "C" NOT NULL,
  value jsonb NOT NULL,
  kind text NOT NULL,
  bytes bigint NOT NULL,
  expires_at timestamptz NOT NULL,
  seen pg_snapshot NOT NULL,                                   -- of the miss that led to it
  server timestamptz NOT NULL DEFAULT pg_postmaster_start_time() -- which run of it stored it
);
CREATE INDEX ON pm_cache._entries (key, id);
COMMENT ON SEQUENCE pm_cache._entries_id_seq IS 'Not dumped: numbers of what is not dumped';

CREATE UNLOGGED TABLE pm_cache._invalidations (
  id bigint GENERATED ALWAYS AS IDENTITY,
  prefix text COLLATE "C" NOT NULL,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX ON pm_cache._invalidations (prefix, xid);
COMMENT ON SEQUENCE pm_cache._invalidations_id_seq IS 'Not dumped: numbers of what is not dumped';

-- Up to this transaction id, invalidations have been deleted.
CREATE UNLOGGED TABLE pm_cache._horizon (xid xid8 NOT NULL);

-- Is the entry of this key with this snapshot true, for who asks?
CREATE FUNCTION pm_cache._is_true(key text, seen pg_snapshot) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN NOT EXISTS (SELECT FROM pm_cache._horizon AS h WHERE h.xid >= pg_snapshot_xmin(seen))
    AND NOT EXISTS (SELECT FROM pm_cache._invalidations AS i
                    WHERE i.prefix = ANY (ARRAY(SELECT left(key, n) FROM generate_series(0, length(key)) AS n))
                      AND NOT pg_visible_in_snapshot(i.xid, seen));
END
$$;

CREATE FUNCTION pm_cache._entry(key text) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (SELECT e.value FROM pm_cache._entries AS e
          WHERE e.key = _entry.key AND e.expires_at > clock_timestamp() AND e.server = pg_postmaster_start_time()
            AND pm_cache._is_true(e.key, e.seen)
          ORDER BY e.id DESC LIMIT 1);
END
$$;

-- Deletes what is of no use, and the oldest of what is too much.  One transaction at a
-- time; not in one that could fail by what others delete.
CREATE FUNCTION pm_cache._trim() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  last xid8;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' OR NOT pg_try_advisory_xact_lock(hashtextextended('pm_cache._trim', 0)) THEN
    RETURN;
  END IF;
  -- every later snapshot sees these
  SELECT i.xid INTO last FROM pm_cache._invalidations AS i WHERE i.xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY i.xid DESC LIMIT 1;
  DELETE FROM pm_cache._entries AS e
  WHERE e.server <> pg_postmaster_start_time() OR e.expires_at <= clock_timestamp() OR pg_snapshot_xmin(e.seen) <= last OR NOT pm_cache._is_true(e.key, e.seen);
  IF last IS NOT NULL THEN
    DELETE FROM pm_cache._invalidations AS i WHERE i.xid <= last;
    DELETE FROM pm_cache._horizon;
    INSERT INTO pm_cache._horizon VALUES (last);
  END IF;
  DELETE FROM pm_cache._entries AS e
  USING (SELECT a.id, sum(a.bytes) OVER (ORDER BY a.id DESC) AS up_to, row_number() OVER (PARTITION BY a.key ORDER BY a.id DESC) AS nth FROM pm_cache._entries AS a) AS t
  WHERE e.id = t.id AND (t.nth > 1 OR t.up_to > pg_size_bytes(current_setting('pm_cache.size')));
END
$$;

CREATE FUNCTION pm_cache._store(key text, value jsonb, kind text, expires_at timestamptz, seen pg_snapshot) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  n bigint;
BEGIN
  IF NOT pm_cache._is_true(key, seen) THEN
    RETURN false;
  END IF;
  INSERT INTO pm_cache._entries (key, value, kind, bytes, expires_at, seen)
  VALUES (key, value, kind, octet_length(key) + pg_column_size(value) + 100, expires_at, seen)
  RETURNING id INTO n;
  IF n % 128 = 0 THEN
    PERFORM pm_cache._trim();
  END IF;
  RETURN true;
END
$$;

CREATE FUNCTION pm_cache._invalidate(prefix text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  n bigint;
BEGIN
  INSERT INTO pm_cache._invalidations (prefix) VALUES (prefix) RETURNING id INTO n;
  IF n % 128 = 0 THEN
    PERFORM pm_cache._trim();
  END IF;
END
$$;

REVOKE ALL ON FUNCTION pm_cache._is_true(text, pg_snapshot), pm_cache._entry(text), pm_cache._trim(),
  pm_cache._store(text, jsonb, text, timestamptz, pg_snapshot), pm_cache._invalidate(text) FROM PUBLIC;
