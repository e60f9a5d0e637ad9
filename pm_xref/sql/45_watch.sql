-- Watching: triggers note keys that come and go, for checks of mode incremental.

CREATE FUNCTION pm_xref._note_changes() RETURNS trigger
LANGUAGE c VOLATILE SECURITY DEFINER PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
  SET datestyle = 'ISO, YMD' SET intervalstyle = 'iso_8601'
AS 'MODULE_PATHNAME', 'pm_xref__note_changes';

-- A table with all that inherits from it, partitions too: each is written by statements
-- that name it.
CREATE FUNCTION pm_xref._members(watched regclass) RETURNS SETOF oid
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH RECURSIVE m(id) AS (
    SELECT watched::oid
    UNION
    SELECT i.inhrelid FROM m JOIN pg_catalog.pg_inherits AS i ON i.inhparent = m.id
  )
  SELECT m.id FROM m;
END;

-- The events after which keys are noted.
CREATE FUNCTION pm_xref._noted_events() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT '{INSERT,UPDATE,DELETE,TRUNCATE}'::text[];
END;

-- The triggers on a table that note keys of a column.
CREATE FUNCTION pm_xref._note_triggers(watched oid, column_name text)
RETURNS TABLE(oid oid, xmin xid, tgname name, tgrelid oid, tgenabled "char")
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT t.oid, t.xmin, t.tgname, t.tgrelid, t.tgenabled FROM pg_trigger AS t
  WHERE t.tgrelid = watched AND NOT t.tgisinternal AND t.tgfoid = 'pm_xref._note_changes()'::regprocedure
    AND t.tgargs = convert_to(column_name, getdatabaseencoding()) || '\x00'
$$;

-- What stands for the column as it is watched now, see src/shape.c; NULL: some of it is
-- not watched.
CREATE FUNCTION pm_xref._watch_shape(watched regclass, column_name text) RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_xref__watch_shape';

-- The snapshot of the calling statement.  What its own transaction does later counts as
-- not seen, as it does for everybody else's.
CREATE FUNCTION pm_xref._snapshot() RETURNS pg_snapshot
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('%s:%s:%s', pg_snapshot_xmin(s), pg_snapshot_xmax(s), (
    SELECT string_agg(u.x::text, ',' ORDER BY u.x) FROM (
      SELECT pg_snapshot_xip(s)
      UNION
      SELECT pg_current_xact_id_if_assigned() WHERE pg_current_xact_id_if_assigned() < pg_snapshot_xmax(s)
    ) AS u(x)))::pg_snapshot
  FROM pg_current_snapshot() AS s
$$;

-- The keys noted since a snapshot, and the snapshot of now.  shape_now NULL: the column is
-- not watched; not usable: not everything since then has been noted.
CREATE FUNCTION pm_xref._changes_since(table_name text, column_name text, seen text, shape text,
  OUT seen_now text, OUT shape_now text, OUT usable boolean, OUT keys text[])
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  since pg_snapshot := seen;
  members oid[];
BEGIN
  shape_now := pm_xref._watch_shape(to_regclass(table_name), column_name);
  IF shape_now IS NULL THEN
    RETURN;
  END IF;
  seen_now := pm_xref._snapshot();
  usable := since IS NOT NULL AND shape = shape_now AND pg_snapshot_xmax(since) <= pg_snapshot_xmax(seen_now::pg_snapshot)
    AND NOT EXISTS (SELECT FROM pm_xref._forgotten AS f WHERE f.xid >= pg_snapshot_xmin(since));
  IF usable THEN
    members := ARRAY(SELECT pm_xref._members(to_regclass(table_name)));
    -- two ranges of the index: however much older notes there are, they are not read
    SELECT coalesce(array_agg(DISTINCT n.key), '{}'), coalesce(bool_and(n.key IS NOT NULL), true)
    INTO keys, usable
    FROM (
      SELECT c.key FROM pm_xref._changes AS c
      WHERE c.table_id = ANY (members) AND c.column_name = _changes_since.column_name AND c.xid >= pg_snapshot_xmax(since)
      UNION ALL
      SELECT c.key FROM pm_xref._changes AS c
      WHERE c.table_id = ANY (members) AND c.column_name = _changes_since.column_name AND c.xid = ANY (ARRAY(SELECT pg_snapshot_xip(since)))
    ) AS n;
  END IF;
  IF NOT usable THEN
    keys := NULL;
  END IF;
END
$$;

CREATE FUNCTION pm_xref.watch_key("table" regclass, "column" name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  watched ALIAS FOR "table";
  column_name ALIAS FOR "column";
  member regclass;
  event text;
  trigger_name text;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = watched AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND NOT c.relispartition)
    OR EXISTS (SELECT FROM pm_xref._members(watched) AS m(id) JOIN pg_class AS c ON c.oid = m.id WHERE c.relkind NOT IN ('r', 'p')) THEN
    RAISE EXCEPTION 'table % cannot be watched', coalesce('"' || watched::text || '"', 'NULL')
      USING ERRCODE = '42809', HINT = 'Name a table that is not temporary and no partition; a partitioned one may have no foreign table as partition.';
  END IF;
  IF NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = watched AND a.attname = column_name AND a.attnum > 0 AND NOT a.attisdropped) THEN
    RAISE EXCEPTION 'column % of table % does not exist', coalesce('"' || column_name || '"', 'NULL'), watched
      USING ERRCODE = '42703';
  END IF;
  FOR member IN SELECT m FROM pm_xref._members(watched) AS m ORDER BY m LOOP
    FOREACH event IN ARRAY pm_xref._noted_events() LOOP
      trigger_name := format('pm_xref_%s_%s', lower(event), left(md5(column_name), 8));
      CONTINUE WHEN EXISTS (SELECT FROM pm_xref._note_triggers(member, column_name) AS t
                            WHERE t.tgname = trigger_name AND t.tgenabled IN ('O', 'A'));
      IF EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = member AND t.tgname = trigger_name) THEN
        EXECUTE format('DROP TRIGGER %I ON %s', trigger_name, member);
      END IF;
      EXECUTE format('CREATE TRIGGER %I AFTER %s ON %s %s FOR EACH STATEMENT EXECUTE FUNCTION pm_xref._note_changes(%L)',
        trigger_name, event, member,
        CASE event
          WHEN 'INSERT' THEN 'REFERENCING NEW TABLE AS new_rows'
          WHEN 'DELETE' THEN 'REFERENCING OLD TABLE AS old_rows'
          WHEN 'UPDATE' THEN 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'
        END, column_name);
    END LOOP;
  END LOOP;
END
$$;

COMMENT ON FUNCTION pm_xref.watch_key(regclass, name) IS
'lets references from or to this column be checked in mode incremental, which both columns must be prepared for, each in its database: triggers on the table and its partitions note keys that come or go, with their transaction. To be called again when partitions have been added; needs the right to make triggers on the table. A statement that writes more than a hundred thousand keys, and TRUNCATE, are noted as one change of everything. 42809: the table cannot be watched; 42703: no such column';

CREATE FUNCTION pm_xref.unwatch_key("table" regclass, "column" name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  watched ALIAS FOR "table";
  column_name ALIAS FOR "column";
  t record;
BEGIN
  FOR t IN SELECT n.tgname, n.tgrelid::regclass AS member FROM pm_xref._members(watched) AS m(id), pm_xref._note_triggers(m.id, column_name) AS n LOOP
    EXECUTE format('DROP TRIGGER %I ON %s', t.tgname, t.member);
  END LOOP;
END
$$;
COMMENT ON FUNCTION pm_xref.unwatch_key(regclass, name) IS 'undoes watch_key(); does nothing if the column is not watched';

CREATE FUNCTION pm_xref.forget_changes(before timestamptz DEFAULT now() - interval '7 days') RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  last xid8 := (SELECT max(c.xid) FROM pm_xref._changes AS c WHERE c.noted_at < before);
  n bigint;
BEGIN
  IF last IS NULL THEN
    RETURN 0;
  END IF;
  DELETE FROM pm_xref._forgotten AS f WHERE f.xid < last;
  INSERT INTO pm_xref._forgotten SELECT last WHERE NOT EXISTS (SELECT FROM pm_xref._forgotten);
  DELETE FROM pm_xref._changes AS c WHERE c.xid <= last;
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN n;
END
$$;
COMMENT ON FUNCTION pm_xref.forget_changes(timestamptz) IS
'forgets keys that watched columns noted before a time; returns how many. A reference that was not checked since then is checked in full next time';

REVOKE ALL ON FUNCTION pm_xref._note_changes(), pm_xref._members(regclass), pm_xref._noted_events(), pm_xref._note_triggers(oid, text),
  pm_xref._watch_shape(regclass, text), pm_xref._snapshot(), pm_xref._changes_since(text, text, text, text),
  pm_xref.watch_key(regclass, name), pm_xref.unwatch_key(regclass, name), pm_xref.forget_changes(timestamptz) FROM PUBLIC;
