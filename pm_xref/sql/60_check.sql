-- Checks: orphans are recorded, failures too.

-- Notes that orphans with these ids are none any more; returns how many were.  Each is
-- looked up: the planner would read them all, since it expects pages to come from disk.
CREATE FUNCTION pm_xref._resolve(name text, ids uuid[], started timestamptz) RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
  WITH resolved AS (
    UPDATE pm_xref.orphans AS o SET state = 'resolved' WHERE o.reference = name AND o.id = ANY (ids) AND o.last_seen < started RETURNING 1
  )
  SELECT count(*) FROM resolved
$$;

-- Checks one reference and records what it found; its row is locked, so that there is
-- one check of a reference at a time.  Throws what goes wrong.
CREATE FUNCTION pm_xref._check_one(name text, started timestamptz, INOUT result pm_xref.checks) RETURNS pm_xref.checks
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  known bigint := (SELECT r.known_orphans FROM pm_xref._references AS r WHERE r.name = _check_one.name);
  totals record;
BEGIN
  LOOP
    WITH found AS MATERIALIZED (
      SELECT * FROM pm_xref._scan(name, NULL, true) WHERE result.mode = 'full'
      UNION ALL
      SELECT * FROM pm_xref._scan_changed(name) WHERE result.mode = 'incremental'
    ), noted AS (
      INSERT INTO pm_xref.orphans AS o (reference, row_key, key, first_seen, last_seen, state)
      SELECT name, n.row_key, n.key, started, started, 'orphan' FROM found AS n WHERE n.row_key IS NOT NULL
      ON CONFLICT (reference, id) DO UPDATE
      SET last_seen = excluded.last_seen, state = 'orphan',
          first_seen = CASE o.state WHEN 'orphan' THEN o.first_seen ELSE excluded.first_seen END
      RETURNING o.first_seen
    )
    SELECT n.*, (SELECT count(*) FROM noted AS o WHERE o.first_seen = started) AS new_orphans
    INTO STRICT totals
    FROM found AS n WHERE n.row_key IS NULL;
    EXIT WHEN totals.used IS NOT NULL;
    result.mode := 'full';
  END LOOP;
  result.rows_checked := totals.rows_checked;
  result.nulls := totals.nulls;
  result.engine := totals.used;
  result.new_orphans := totals.new_orphans;

  -- those that were looked at and not found again; in mode incremental by their ids,
  -- and the others are not counted, so that it does not matter how many there are
  IF result.mode = 'full' THEN
    UPDATE pm_xref.orphans AS o SET state = 'resolved' WHERE o.reference = name AND o.state = 'orphan' AND o.last_seen < started;
    GET DIAGNOSTICS result.resolved = ROW_COUNT;
    result.orphans := (SELECT count(*) FROM pm_xref.orphans AS o WHERE o.reference = name AND o.state = 'orphan');
  ELSE
    result.resolved := pm_xref._resolve(name, totals.touched, started);
    result.orphans := known + result.new_orphans - result.resolved;
  END IF;
  UPDATE pm_xref._references AS r
  SET checked_at = clock_timestamp(), known_orphans = result.orphans, child_seen = totals.child_seen::pg_snapshot, child_shape = totals.child_shape,
      parent_seen = totals.parent_seen::pg_snapshot, parent_shape = totals.parent_shape
  WHERE r.name = _check_one.name;
END
$$;

CREATE FUNCTION pm_xref._check(which text, mode text) RETURNS SETOF pm_xref.checks
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  this text;
  c pm_xref.checks;
BEGIN
  IF mode IS NULL OR mode NOT IN ('full', 'incremental') THEN
    RAISE EXCEPTION 'invalid mode: %', coalesce('"' || left(mode, 64) || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'The modes are full and incremental.';
  END IF;
  IF which IS NOT NULL AND NOT EXISTS (SELECT FROM pm_xref._references AS f WHERE f.name = which) THEN
    PERFORM pm_xref._no_reference(which);
  END IF;
  FOR this IN SELECT f.name FROM pm_xref._references AS f WHERE which IS NULL OR f.name = which ORDER BY f.name LOOP
    PERFORM FROM pm_xref._references AS f WHERE f.name = this FOR NO KEY UPDATE;
    CONTINUE WHEN NOT FOUND;
    c := NULL;
    c.reference := this;
    c.mode := mode;
    c.started_at := clock_timestamp();
    BEGIN
      c := pm_xref._check_one(this, c.started_at, c);
    EXCEPTION WHEN OTHERS THEN
      -- asked for by name, but not prepared for it: that is the caller's mistake
      IF which IS NOT NULL AND sqlstate = '55000' THEN
        RAISE;
      END IF;
      GET STACKED DIAGNOSTICS c.sqlstate = RETURNED_SQLSTATE, c.message = MESSAGE_TEXT, c.detail = PG_EXCEPTION_DETAIL, c.hint = PG_EXCEPTION_HINT;
      c.detail := nullif(c.detail, '');
      c.hint := nullif(c.hint, '');
      RAISE WARNING '%', c.message
        USING DETAIL = coalesce(c.detail, 'SQLSTATE ' || c.sqlstate || '.'), HINT = 'View pm_xref.checks keeps it; the orphans known before are kept as they were.';
    END;
    c.elapsed := clock_timestamp() - c.started_at;
    INSERT INTO pm_xref.checks SELECT (c).*;
    RETURN NEXT c;
  END LOOP;
END
$$;

CREATE FUNCTION pm_xref.check(reference text DEFAULT NULL, mode text DEFAULT 'full')
RETURNS TABLE(reference text, rows_checked bigint, nulls bigint, orphans bigint, new_orphans bigint, resolved bigint, elapsed interval,
  engine text, mode text)
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT c.reference, c.rows_checked, c.nulls, c.orphans, c.new_orphans, c.resolved, c.elapsed, c.engine, c.mode FROM pm_xref._check($1, $2) AS c;
END;
COMMENT ON FUNCTION pm_xref.check(text, text) IS
'checks a reference, or all of them, and records the result in pm_xref.checks and pm_xref.orphans. mode full: every row; incremental: only keys that came or went since the last check, which both sides must have noted (watch_key()), and every row if that is not enough, as after a restore: the result says which it was. The engine is stream if it can compare the columns, else fdw. A check that fails changes no orphan: it gives a WARNING and a row whose counts are NULL, and its error is in pm_xref.checks. 42704: there is no such reference; 22023: another mode; 55000: this one reference is not watched';

REVOKE ALL ON FUNCTION pm_xref._resolve(text, uuid[], timestamptz), pm_xref._check_one(text, timestamptz, pm_xref.checks), pm_xref._check(text, text), pm_xref.check(text, text) FROM PUBLIC;
