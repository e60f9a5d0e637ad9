-- Repair: what a check found is looked at again, locked, and taken away with a copy.

-- See src/statement.c and src/hold.c.  Texts of keys must mean here what they meant to
-- the check, so whoever calls these pins the same settings as pm_xref._scan().
CREATE FUNCTION pm_xref._row_lock(reference text) RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_xref__row_lock';

CREATE FUNCTION pm_xref._hold(reference text, keys text[]) RETURNS SETOF bigint
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_xref__hold';

CREATE FUNCTION pm_xref._setting(name text) RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_xref__setting';

-- The reference's row, locked: one check, repair or restore of it at a time.
CREATE FUNCTION pm_xref._lock_reference(name text) RETURNS pm_xref._references
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  f pm_xref._references;
BEGIN
  SELECT * INTO f FROM pm_xref._references AS s WHERE s.name = _lock_reference.name FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM pm_xref._no_reference(name);
  END IF;
  IF NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = f.local_table) THEN
    RAISE EXCEPTION 'the table of reference "%" does not exist any more', name
      USING ERRCODE = '42P01', HINT = format('Rows that were taken away are in column copy of pm_xref.quarantined. SELECT pm_xref.forget_quarantined(%1$L), pm_xref.drop_reference(%1$L);', name);
  END IF;
  IF NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = f.local_table AND a.attname = f.local_column AND a.attnum > 0 AND NOT a.attisdropped) THEN
    RAISE EXCEPTION 'reference "%": column "%" of table % does not exist', name, f.local_column, f.local_table
      USING ERRCODE = '42703', HINT = 'If it was renamed or dropped, drop the reference and add it anew.';
  END IF;
  IF EXISTS (SELECT FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhparent WHERE c.oid = f.local_table AND c.relkind <> 'p') THEN
    RAISE EXCEPTION 'reference "%": tables inherit from %', name, f.local_table
      USING ERRCODE = '0A000', HINT = 'Their rows can have more columns than it. Declare a reference for each table.';
  END IF;
  RETURN f;
END
$$;

-- The expression that copies row t of a table: an object of its columns, each as the
-- text that its type's output gives and its input reads.  Without the generated ones.
CREATE FUNCTION pm_xref._copy(of_table regclass) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('pg_catalog.jsonb_object(%L::pg_catalog.text[], ARRAY[%s]::pg_catalog.text[])', array_agg(a.attname ORDER BY a.attnum),
    string_agg(format('CASE WHEN t.%1$I IS DISTINCT FROM NULL THEN pg_catalog.format(''%%s'', t.%1$I) END', a.attname), ', ' ORDER BY a.attnum))
  FROM pg_attribute AS a WHERE a.attrelid = of_table AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
$$;

-- The condition that other rows refer to row t of a table by a foreign key; changed:
-- only by one that has this column.  Partitions have their own entries for each key.
CREATE FUNCTION pm_xref._referred(of_table oid, changed name) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(string_agg(format('EXISTS (SELECT FROM %s%s AS r WHERE (r.tableoid, r.ctid) IS DISTINCT FROM (t.tableoid, t.ctid)%s)',
      CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END, k.conrelid::regclass, p.pairs), ' OR '), 'false')
  FROM pg_constraint AS k
  JOIN pg_class AS c ON c.oid = k.conrelid
  CROSS JOIN LATERAL (
    SELECT string_agg(format(' AND t.%I OPERATOR(%I.%s) r.%I', b.attname, n.nspname, o.oprname, a.attname), '') AS pairs,
           bool_or(b.attname = changed) AS has_changed
    FROM unnest(k.confkey, k.conkey, k.conpfeqop) AS u(confkey, conkey, operator)
    JOIN pg_attribute AS b ON b.attrelid = k.confrelid AND b.attnum = u.confkey
    JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = u.conkey
    JOIN pg_operator AS o ON o.oid = u.operator
    JOIN pg_namespace AS n ON n.oid = o.oprnamespace
  ) AS p
  WHERE k.contype = 'f' AND k.confrelid = of_table AND (changed IS NULL OR p.has_changed)
$$;

-- The statement that takes the action on rows at places $2 of table $1 (a partition, if
-- it has some), whose names are $6 and keys $7, and keeps copies; $3 is the reference,
-- $4 its table, $5 the action.  It gives the places where something was done: a trigger
-- can have prevented it.
CREATE FUNCTION pm_xref._act(f pm_xref._references, action text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format(CASE action WHEN 'set_null' THEN
    'WITH before AS MATERIALIZED (SELECT t.ctid AS place, %2$s AS copy FROM %1$s AS t WHERE t.tableoid = $1 AND t.ctid = ANY ($2)),
     gone AS (UPDATE %1$s AS t SET %3$I = NULL FROM before AS b WHERE t.tableoid = $1 AND t.ctid = b.place RETURNING b.place, b.copy),'
  ELSE
    'WITH gone AS (DELETE FROM %1$s AS t WHERE t.tableoid = $1 AND t.ctid = ANY ($2) RETURNING t.ctid AS place, %2$s AS copy),'
  END || '
     kept AS (INSERT INTO pm_xref.quarantined (reference, local_table, row_key, key, action, copy)
       SELECT $3, $4, s.row_key, s.key, $5, g.copy
       FROM ROWS FROM (unnest($2), unnest($6), unnest($7)) AS s(place, row_key, key) JOIN gone AS g ON g.place = s.place)
     SELECT array_agg(g.place) FROM gone AS g', f.local_table, pm_xref._copy(f.local_table), f.local_column)
$$;

-- Looks at every orphan again; does what the action says if act.  What it finds stays
-- as it is until the transaction ends, so a second pass finds the same.
CREATE FUNCTION pm_xref._repair_pass(f pm_xref._references, action text, act boolean) RETURNS TABLE(row_key jsonb, key text, outcome text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET row_security = off SET datestyle = 'ISO, YMD'
SET intervalstyle = 'iso_8601' SET extra_float_digits = 1 SET bytea_output = 'hex' SET xmloption = 'content' SET lc_monetary = 'C'
AS $$
#variable_conflict use_column
DECLARE
  lock_rows text := pm_xref._row_lock(f.name);
  going text := CASE action WHEN 'report' THEN 'orphan' WHEN 'quarantine' THEN 'quarantined' WHEN 'delete' THEN 'deleted' ELSE action END;
  last uuid := '00000000-0000-0000-0000-000000000000';
  ids uuid[];
  row_keys jsonb[];
  keys text[];
  outcomes text[];
  numbers bigint[];
  parts oid[];
  places tid[];
  there bigint[];
  this_part oid;
  mine bigint[];
  mine_places tid[];
  free tid[];
  settled bigint;
BEGIN
  LOOP
    SELECT array_agg(o.id ORDER BY o.id), array_agg(o.row_key ORDER BY o.id), array_agg(o.key ORDER BY o.id) INTO ids, row_keys, keys
    FROM (SELECT * FROM pm_xref.orphans AS s WHERE s.reference = f.name AND s.state = 'orphan' AND s.id > last ORDER BY s.id LIMIT 1000) AS o;
    EXIT WHEN ids IS NULL;
    last := ids[cardinality(ids)];
    outcomes := array_fill('gone'::text, ARRAY[cardinality(ids)]);

    -- the row first: from then on its key does not change any more
    EXECUTE lock_rows INTO numbers, parts, places USING row_keys, keys;
    there := ARRAY(SELECT numbers[h] FROM pm_xref._hold(f.name, ARRAY(SELECT keys[n] FROM unnest(numbers) WITH ORDINALITY AS u(n, i) ORDER BY i)) AS h);
    FOREACH this_part IN ARRAY ARRAY(SELECT DISTINCT unnest(parts)) LOOP
      SELECT array_agg(l.n), array_agg(l.place) INTO mine, mine_places
      FROM unnest(numbers, parts, places) AS l(n, part, place) WHERE l.part = this_part AND l.n <> ALL (there);
      CONTINUE WHEN mine IS NULL;
      free := mine_places;
      IF action <> 'report' THEN
        EXECUTE format('SELECT array_agg(t.ctid) FROM %s AS t WHERE t.tableoid = $1 AND t.ctid = ANY ($2) AND NOT (%s)', f.local_table,
          pm_xref._referred(this_part, CASE action WHEN 'set_null' THEN f.local_column END)) INTO free USING this_part, mine_places;
        IF act AND free IS NOT NULL THEN
          EXECUTE pm_xref._act(f, action) INTO free USING this_part, free, f.name, f.local_table, action,
            ARRAY(SELECT row_keys[m.n] FROM unnest(free) WITH ORDINALITY AS u(place, i) JOIN unnest(mine, mine_places) AS m(n, place) USING (place) ORDER BY i),
            ARRAY(SELECT keys[m.n] FROM unnest(free) WITH ORDINALITY AS u(place, i) JOIN unnest(mine, mine_places) AS m(n, place) USING (place) ORDER BY i);
        END IF;
      END IF;
      FOR i IN 1 .. cardinality(mine) LOOP
        outcomes[mine[i]] := CASE WHEN mine_places[i] = ANY (free) THEN going ELSE 'blocked' END;
      END LOOP;
    END LOOP;
    outcomes := ARRAY(SELECT CASE WHEN n = ANY (there) THEN 'resolved' ELSE o END FROM unnest(outcomes) WITH ORDINALITY AS u(o, n) ORDER BY n);
    IF act THEN
      UPDATE pm_xref.orphans AS o SET state = CASE u.outcome WHEN 'gone' THEN 'resolved' ELSE u.outcome END
      FROM unnest(ids, outcomes) AS u(id, outcome)
      WHERE o.reference = f.name AND o.id = u.id AND u.outcome NOT IN ('orphan', 'blocked');
      GET DIAGNOSTICS settled = ROW_COUNT;
      UPDATE pm_xref._references AS r SET known_orphans = r.known_orphans - settled WHERE r.name = f.name;
    END IF;
    RETURN QUERY SELECT * FROM unnest(row_keys, keys, outcomes);
  END LOOP;
END
$$;

-- Refuses a repair that takes too much, or warns that it will be refused.
CREATE FUNCTION pm_xref._guard(name text, act boolean, going bigint, keyed bigint, ratio real) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  why text := format('repair of reference "%s" %s: %s of %s rows would go', name, CASE WHEN act THEN 'refused' ELSE 'would be refused' END, going, keyed);
  explanation text := format('That is more than pm_xref.max_repair_ratio (%s) allows. So many orphans at once rather mean that the parent lost rows, as after restoring an old backup of it.', ratio);
  advice text := format('If they are to go all the same: SET pm_xref.max_repair_ratio = %s;', trim_scale(least(1, ceil(going / greatest(keyed, 1)::numeric * 1000) / 1000)));
BEGIN
  IF act THEN
    RAISE EXCEPTION '%', why USING ERRCODE = '55000', DETAIL = explanation, HINT = advice;
  END IF;
  RAISE WARNING '%', why USING ERRCODE = '55000', DETAIL = explanation, HINT = advice;
END
$$;

CREATE FUNCTION pm_xref._repair(name text, action text, act boolean) RETURNS TABLE(row_key jsonb, key text, outcome text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  f pm_xref._references := pm_xref._lock_reference(name);
  ratio real := pm_xref._setting('max_repair_ratio');
  keyed bigint;
  at_most double precision;
  going bigint;
  left_alone CONSTANT text[] := '{orphan,resolved,gone,blocked}';
BEGIN
  PERFORM pm_xref._check_action(name, 'action', action, f.local_table, f.local_column);
  SELECT c.rows_checked - c.nulls INTO keyed
  FROM pm_xref.checks AS c WHERE c.reference = name AND c.mode = 'full' AND c.rows_checked IS NOT NULL ORDER BY c.started_at DESC LIMIT 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'reference "%" has had no good check', name
      USING ERRCODE = '55000', HINT = format('Repair takes what a check found: SELECT * FROM pm_xref.check(%L);', name);
  END IF;
  at_most := CASE WHEN ratio < 1 THEN ratio * keyed ELSE 'infinity' END;

  -- perhaps too many: look first at how many are left, then do something
  IF action <> 'report' AND (SELECT count(*) FROM pm_xref.orphans AS o WHERE o.reference = name AND o.state = 'orphan') > at_most THEN
    going := (SELECT count(*) FROM pm_xref._repair_pass(f, action, false) AS p WHERE p.outcome <> ALL (left_alone));
    IF going > at_most THEN
      PERFORM pm_xref._guard(name, act, going, keyed, ratio);
    END IF;
  END IF;
  going := 0;
  FOR row_key, key, outcome IN SELECT * FROM pm_xref._repair_pass(f, action, act) LOOP
    going := going + (outcome <> ALL (left_alone))::integer;
    RETURN NEXT;
  END LOOP;
  -- rows that were blocked by others of them have gone after those
  IF act AND going > at_most THEN
    PERFORM pm_xref._guard(name, act, going, keyed, ratio);
  END IF;
END
$$;

CREATE FUNCTION pm_xref.repair(reference text, action text, dry_run boolean DEFAULT true)
RETURNS TABLE(reference text, row_key jsonb, key text, outcome text)
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT $1, r.row_key, r.key, r.outcome FROM pm_xref._repair($1, $2, $3 IS FALSE) AS r;
END;
COMMENT ON FUNCTION pm_xref.repair(text, text, boolean) IS
'looks again at each orphan that the last good check of a reference recorded, and does something about those that still are. action report: nothing; quarantine, delete: takes the row away; set_null: its key. A copy goes to pm_xref.quarantined, from which restore_quarantined() brings it back; those of delete are kept for pm_xref.keep_deleted only. outcome: quarantined, deleted, set_null, or orphan (report); resolved: the key is there again, and is held until commit; gone: the row is gone, or has another key; blocked: rows refer to it by a foreign key, or a trigger kept it. dry_run, the default: takes the same locks and tells what would happen. Errors: 42704 no such reference; 22023 bad action, or set_null of a NOT NULL column; 55000 never checked, or more than pm_xref.max_repair_ratio would go; 0A000 tables inherit from it; those of find_orphans. After an error nothing has been changed';

REVOKE ALL ON FUNCTION pm_xref._row_lock(text), pm_xref._hold(text, text[]), pm_xref._setting(text), pm_xref._lock_reference(text), pm_xref._copy(regclass),
  pm_xref._referred(oid, name), pm_xref._act(pm_xref._references, text), pm_xref._repair_pass(pm_xref._references, text, boolean),
  pm_xref._guard(text, boolean, bigint, bigint, real), pm_xref._repair(text, text, boolean), pm_xref.repair(text, text, boolean) FROM PUBLIC;
