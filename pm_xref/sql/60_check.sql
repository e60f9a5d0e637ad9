-- Checks: orphans are recorded, failures too.

-- Checks one reference and records what it found; its row is locked, so that there is
-- one check of a reference at a time.  Throws what goes wrong.
CREATE FUNCTION pm_xref._check_one(name text, started timestamptz, INOUT result pm_xref.checks) RETURNS pm_xref.checks
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  WITH found AS MATERIALIZED (
    SELECT * FROM pm_xref._scan(name, NULL)
  ), noted AS (
    INSERT INTO pm_xref.orphans AS o (reference, row_key, key, first_seen, last_seen, state)
    SELECT name, f.row_key, f.key, started, started, 'orphan' FROM found AS f WHERE f.row_key IS NOT NULL
    ON CONFLICT (reference, id) DO UPDATE
    SET last_seen = excluded.last_seen, state = 'orphan',
        first_seen = CASE o.state WHEN 'orphan' THEN o.first_seen ELSE excluded.first_seen END
    RETURNING o.first_seen
  )
  SELECT f.rows_checked, f.nulls, f.used, (SELECT count(*) FROM noted), (SELECT count(*) FROM noted AS n WHERE n.first_seen = started)
  INTO STRICT result.rows_checked, result.nulls, result.engine, result.orphans, result.new_orphans
  FROM found AS f WHERE f.row_key IS NULL;

  UPDATE pm_xref.orphans AS o SET state = 'resolved'
  WHERE o.reference = name AND o.state = 'orphan' AND o.last_seen < started;
  GET DIAGNOSTICS result.resolved = ROW_COUNT;
  UPDATE pm_xref._references AS f SET checked_at = clock_timestamp() WHERE f.name = _check_one.name;
END
$$;

CREATE FUNCTION pm_xref._check(which text, mode text) RETURNS SETOF pm_xref.checks
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  this text;
  c pm_xref.checks;
BEGIN
  IF mode IS DISTINCT FROM 'full' THEN
    RAISE EXCEPTION 'invalid mode: %', coalesce('"' || left(mode, 64) || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'The only mode is full.';
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
'checks a reference, or all of them, and records the result in pm_xref.checks and pm_xref.orphans. mode full: every row. The engine is stream if it can compare the columns, else fdw. A check that fails changes no orphan: it gives a WARNING and a row whose counts are NULL, and its error is in pm_xref.checks. 42704: there is no such reference; 22023: another mode';

REVOKE ALL ON FUNCTION pm_xref._check_one(text, timestamptz, pm_xref.checks), pm_xref._check(text, text), pm_xref.check(text, text) FROM PUBLIC;
