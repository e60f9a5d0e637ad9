-- Bringing back what repair took away.

-- Why copies of a table's rows cannot be put back now: a column that they have and the
-- table has not, or can no longer be written.
CREATE FUNCTION pm_xref._check_copies(name text, of_table regclass) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  missing text;
BEGIN
  SELECT c.k INTO missing
  FROM (SELECT DISTINCT jsonb_object_keys(q.copy) AS k FROM pm_xref.quarantined AS q WHERE q.reference = name) AS c
  WHERE NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = of_table AND a.attname = c.k AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '')
  ORDER BY c.k LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'reference "%": copied rows have column "%", which cannot be written in table %', name, missing, of_table
      USING ERRCODE = '42703', DETAIL = 'It has been dropped or renamed since, or is a generated one now.', HINT = 'Add the column again, or give it its old name, and restore; or rename it in pm_xref.quarantined: it is a member of column copy.';
  END IF;
END
$$;

-- Gives a row that was set null its key back; whether it is as repair left it.
CREATE FUNCTION pm_xref._give_back(f pm_xref._references, q pm_xref.quarantined) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  numbers bigint[];
  parts oid[];
  places tid[];
  given bigint;
BEGIN
  IF q.row_key ? 'ctid' THEN
    -- a place says nothing after the update; a row that is the same in all columns will do
    EXECUTE format('SELECT ARRAY[t.tableoid], ARRAY[t.ctid] FROM %s AS t WHERE t.%I IS NULL AND %s = $1 LIMIT 1 FOR UPDATE', f.local_table,
      f.local_column, pm_xref._copy(f.local_table)) INTO parts, places USING q.copy || jsonb_build_object(f.local_column, NULL);
  ELSE
    EXECUTE pm_xref._row_lock(f.name) INTO numbers, parts, places USING ARRAY[q.row_key], ARRAY[NULL::text];
  END IF;
  IF places IS NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('UPDATE %s AS t SET %I = %L WHERE t.tableoid = $1 AND t.ctid = $2', f.local_table, f.local_column, q.copy ->> f.local_column)
  USING parts[1], places[1];
  GET DIAGNOSTICS given = ROW_COUNT;
  RETURN given = 1;
END
$$;

-- Puts a row back; whether it is there now.  A constraint that forbids it is told.
CREATE FUNCTION pm_xref._put_back(f pm_xref._references, q pm_xref.quarantined) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  put bigint;
BEGIN
  -- literals without a type are read by the input function of the column's
  EXECUTE format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE VALUES (%s)', f.local_table, c.names, c.literals)
  FROM (SELECT string_agg(quote_ident(e.key), ', ' ORDER BY e.key), string_agg(quote_nullable(e.value), ', ' ORDER BY e.key)
        FROM jsonb_each_text(q.copy) AS e) AS c(names, literals);
  GET DIAGNOSTICS put = ROW_COUNT;
  RETURN put = 1;
EXCEPTION WHEN integrity_constraint_violation THEN
  RAISE NOTICE 'reference "%": row % is not put back: %', f.name, q.row_key, SQLERRM;
  RETURN false;
END
$$;

CREATE FUNCTION pm_xref._restore(f pm_xref._references, force boolean) RETURNS TABLE(row_key jsonb, key text, outcome text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET row_security = off SET datestyle = 'ISO, YMD'
SET intervalstyle = 'iso_8601' SET extra_float_digits = 1 SET bytea_output = 'hex' SET xmloption = 'content' SET lc_monetary = 'C'
AS $$
#variable_conflict use_column
DECLARE
  last uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  copies pm_xref.quarantined[];
  there bigint[];
  restored uuid[];
  q pm_xref.quarantined;
BEGIN
  LOOP
    -- the last that went comes first: it may be needed by those that went before it
    copies := ARRAY(SELECT s FROM pm_xref.quarantined AS s WHERE s.reference = f.name AND s.id < last ORDER BY s.id DESC LIMIT 200);
    EXIT WHEN copies = '{}';
    restored := '{}';
    IF NOT force THEN
      there := ARRAY(SELECT * FROM pm_xref._hold(f.name, ARRAY(SELECT c.key FROM unnest(copies) WITH ORDINALITY AS c ORDER BY c.ordinality)));
    END IF;
    FOR n IN 1 .. cardinality(copies) LOOP
      q := copies[n];
      last := q.id;
      outcome := CASE
        WHEN NOT force AND n <> ALL (there) THEN 'no parent'
        WHEN q.action = 'set_null' THEN CASE WHEN pm_xref._give_back(f, q) THEN 'restored' ELSE 'changed' END
        WHEN pm_xref._put_back(f, q) THEN 'restored'
        ELSE 'conflict' END;
      IF outcome = 'restored' THEN
        restored := restored || q.id;
      END IF;
      row_key := q.row_key;
      key := q.key;
      RETURN NEXT;
    END LOOP;
    WITH back AS (DELETE FROM pm_xref.quarantined AS d WHERE d.id = ANY (restored) RETURNING d.row_key, d.key)
    UPDATE pm_xref.orphans AS o SET state = 'resolved'
    FROM back AS b WHERE o.reference = f.name AND o.state <> 'orphan' AND o.id = md5(b.row_key::text || E'\n' || b.key)::uuid;
  END LOOP;
END
$$;

CREATE FUNCTION pm_xref.restore_quarantined(reference text, force boolean DEFAULT false) RETURNS TABLE(row_key jsonb, key text, outcome text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  f pm_xref._references := pm_xref._lock_reference(restore_quarantined.reference);
BEGIN
  PERFORM pm_xref._check_copies(f.name, f.local_table);
  RETURN QUERY SELECT r.* FROM pm_xref._restore(f, force IS TRUE) AS r;
END
$$;
COMMENT ON FUNCTION pm_xref.restore_quarantined(text, boolean) IS
'puts rows that repair took away back as they were, and keys that it set null: those whose parent is there again, which is held until commit; with force all, and without asking. Identity columns get their old values, generated ones are generated, columns added since get their default; triggers fire. outcome: restored; no parent; conflict: a row with that primary key or unique key is there, or another constraint (a NOTICE tells it) or a trigger keeps it out; changed: a row that was set null is gone, or has another key. All but restored ones stay in pm_xref.quarantined; nothing is overwritten. Errors: 42704 no such reference; 42703, 42P01 a column or the table is gone since; those of find_orphans. After an error nothing has been changed';

CREATE FUNCTION pm_xref.forget_quarantined(reference text, before timestamptz DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  forgotten bigint;
BEGIN
  PERFORM FROM pm_xref._references AS f WHERE f.name = forget_quarantined.reference FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM pm_xref._no_reference(reference);
  END IF;
  DELETE FROM pm_xref.quarantined AS q WHERE q.reference = forget_quarantined.reference AND (before IS NULL OR q.quarantined_at < before);
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  RETURN forgotten;
END
$$;
COMMENT ON FUNCTION pm_xref.forget_quarantined(text, timestamptz) IS
'deletes the copies of a reference''s rows for good, those older than a time or all, and returns how many; for those whose data must not be kept. 42704: there is no such reference';

REVOKE ALL ON FUNCTION pm_xref._check_copies(text, regclass), pm_xref._give_back(pm_xref._references, pm_xref.quarantined),
  pm_xref._put_back(pm_xref._references, pm_xref.quarantined), pm_xref._restore(pm_xref._references, boolean),
  pm_xref.restore_quarantined(text, boolean), pm_xref.forget_quarantined(text, timestamptz) FROM PUBLIC;
