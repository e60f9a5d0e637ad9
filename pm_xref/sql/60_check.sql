-- Checks: orphans are recorded, failures too.

-- Checks one reference and records what it found; its row is locked, so that there is
-- one check of a reference at a time.  Throws what goes wrong.
CREATE FUNCTION pm_xref._check_one(name text, started timestamptz, INOUT result pm_xref.checks) RETURNS pm_xref.checks
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  f pm_xref._references;
  child record;
  keys text[];  -- NULL: every row is looked at
  since pg_snapshot;
  parent record;
BEGIN
  SELECT * INTO f FROM pm_xref._references AS r WHERE r.name = _check_one.name;
  SELECT * INTO child FROM pm_xref._changes_since(f.local_table::text, f.local_column, f.child_seen::text, f.child_shape);
  IF result.mode = 'incremental' THEN
    IF child.shape_now IS NULL THEN
      RAISE EXCEPTION 'reference "%": column "%" of table % is not watched', name, f.local_column, f.local_table
        USING ERRCODE = '55000', DETAIL = 'Mode incremental looks only at keys that were noted when they came or went.',
              HINT = format('SELECT pm_xref.watch_key(%L, %L);', f.local_table::text, f.local_column);
    END IF;
    -- without a start the other side only says whether it is watched
    keys := coalesce(child.keys, '{}');
    since := CASE WHEN child.usable THEN f.parent_seen END;
  END IF;

  LOOP
    WITH found AS MATERIALIZED (
      SELECT * FROM pm_xref._scan(name, NULL, true) WHERE keys IS NULL
      UNION ALL
      SELECT * FROM pm_xref._scan_changed(name, keys, since::text, f.parent_shape) WHERE keys IS NOT NULL
    ), noted AS (
      INSERT INTO pm_xref.orphans AS o (reference, row_key, key, first_seen, last_seen, state)
      SELECT name, n.row_key, n.key, started, started, 'orphan' FROM found AS n WHERE n.row_key IS NOT NULL
      ON CONFLICT (reference, id) DO UPDATE
      SET last_seen = excluded.last_seen, state = 'orphan',
          first_seen = CASE o.state WHEN 'orphan' THEN o.first_seen ELSE excluded.first_seen END
      RETURNING o.first_seen
    )
    SELECT n.*, (SELECT count(*) FROM noted AS o WHERE o.first_seen = started) AS new_orphans
    INTO STRICT parent
    FROM found AS n WHERE n.row_key IS NULL;
    result.mode := CASE WHEN keys IS NULL THEN 'full' ELSE 'incremental' END;
    EXIT WHEN parent.used IS NOT NULL;
    keys := NULL;
  END LOOP;
  result.rows_checked := parent.rows_checked;
  result.nulls := parent.nulls;
  result.engine := parent.used;
  result.new_orphans := parent.new_orphans;

  -- those that were looked at and not found again; by their ids, so that it does not
  -- matter how many others there are
  IF parent.touched IS NULL THEN
    UPDATE pm_xref.orphans AS o SET state = 'resolved' WHERE o.reference = name AND o.state = 'orphan' AND o.last_seen < started;
  ELSE
    UPDATE pm_xref.orphans AS o SET state = 'resolved' WHERE o.reference = name AND o.id = ANY (parent.touched) AND o.last_seen < started;
  END IF;
  GET DIAGNOSTICS result.resolved = ROW_COUNT;
  result.orphans := (SELECT count(*) FROM pm_xref.orphans AS o WHERE o.reference = name AND o.state = 'orphan');
  UPDATE pm_xref._references AS r
  SET checked_at = clock_timestamp(), child_seen = child.seen_now::pg_snapshot, child_shape = child.shape_now,
      parent_seen = parent.seen::pg_snapshot, parent_shape = parent.shape
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

REVOKE ALL ON FUNCTION pm_xref._check_one(text, timestamptz, pm_xref.checks), pm_xref._check(text, text), pm_xref.check(text, text) FROM PUBLIC;
