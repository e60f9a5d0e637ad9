-- Declaring references.

-- Refuses a value of on_orphan, or an action, that this column cannot take.
CREATE FUNCTION pm_xref._check_action(name text, what text, action text, of_table regclass, of_column name) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF (action IN ('report', 'quarantine', 'set_null', 'delete')) IS NOT TRUE THEN
    RAISE EXCEPTION 'invalid % of reference "%": %', what, name, coalesce('"' || left(action, 64) || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'It is report, quarantine, set_null or delete.';
  END IF;
  IF action = 'set_null' AND (SELECT a.attnotnull FROM pg_attribute AS a WHERE a.attrelid = of_table AND a.attname = of_column) THEN
    RAISE EXCEPTION 'reference "%": column "%" of table % cannot be set null', name, of_column, of_table
      USING ERRCODE = '22023', HINT = 'It is NOT NULL: use quarantine or delete.';
  END IF;
END
$$;

CREATE FUNCTION pm_xref.add_reference(name text, local_table regclass, local_column name, server name, remote_table text,
  remote_column name DEFAULT 'id', on_orphan text DEFAULT 'report') RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  parts text[];
BEGIN
  IF (name <> '' AND length(name) <= 63) IS NOT TRUE THEN
    RAISE EXCEPTION 'invalid name of a reference: %', coalesce('"' || left(name, 64) || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'It has 1 to 63 characters.';
  END IF;

  -- the child
  IF NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = local_table AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't') THEN
    RAISE EXCEPTION 'reference "%": % is no table', name, coalesce('"' || local_table::text || '"', 'NULL')
      USING ERRCODE = '42809', HINT = 'A reference goes from a column of a table, which may be partitioned, but not temporary.';
  END IF;
  IF NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = local_table AND a.attname = local_column AND a.attnum > 0 AND NOT a.attisdropped) THEN
    RAISE EXCEPTION 'reference "%": column % of table % does not exist', name, coalesce('"' || local_column || '"', 'NULL'), local_table
      USING ERRCODE = '42703';
  END IF;

  PERFORM pm_xref._check_action(name, 'on_orphan', on_orphan, local_table, local_column);

  -- the parent
  BEGIN
    parts := parse_ident(remote_table);
  EXCEPTION WHEN invalid_parameter_value THEN
    NULL;
  END;
  IF cardinality(parts) IS DISTINCT FROM 2 OR remote_column IS NULL THEN
    RAISE EXCEPTION 'reference "%": % does not name a table with its schema, or there is no column', name, coalesce('"' || left(remote_table, 64) || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'Write it like public.products; a search_path of the other database has no say.';
  END IF;
  IF server IS NULL THEN
    IF NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = to_regclass(remote_table) AND a.attname = remote_column AND a.attnum > 0
                   AND NOT a.attisdropped) THEN
      RAISE EXCEPTION 'reference "%": column "%" of table % does not exist in this database', name, remote_column, remote_table
        USING ERRCODE = CASE WHEN to_regclass(remote_table) IS NULL THEN '42P01' ELSE '42703' END;
    END IF;
  ELSIF NOT EXISTS (SELECT FROM pg_foreign_server AS s JOIN pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
                    WHERE s.srvname = server AND w.fdwname = 'postgres_fdw') THEN
    RAISE EXCEPTION 'reference "%": "%" is no foreign server of postgres_fdw', name, server
      USING ERRCODE = '42704', HINT = 'pm_xref.add_database() makes one.';
  END IF;

  INSERT INTO pm_xref._references VALUES (name, local_table, local_column, server,
    (SELECT string_agg(quote_ident(p), '.' ORDER BY n) FROM unnest(parts) WITH ORDINALITY AS u(p, n)), remote_column, on_orphan);
EXCEPTION WHEN unique_violation THEN
  RAISE EXCEPTION 'reference "%" already exists', name USING ERRCODE = '42710', HINT = 'pm_xref.drop_reference() removes it with its history.';
END
$$;
COMMENT ON FUNCTION pm_xref.add_reference(text, regclass, name, name, text, name, text) IS
'declares that each value of local_column must be one of remote_column of a table in another database. server: a foreign server of postgres_fdw, NULL: this database; remote_table: with its schema; on_orphan: what the nightly job does about orphans: report, quarantine, set_null or delete, as in repair(). The other database is not asked until the first check. 42710: there is such a reference; 42P01, 42703, 42809: a table or column is not there; 42704: no such server; 22023: another bad value';

CREATE FUNCTION pm_xref._no_reference(name text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'reference % does not exist', coalesce('"' || left(name, 64) || '"', 'NULL')
    USING ERRCODE = '42704', HINT = 'View pm_xref.coverage lists references; pm_xref.add_reference() declares one.';
END
$$;

CREATE FUNCTION pm_xref.drop_reference(name text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM FROM pm_xref._references AS f WHERE f.name = drop_reference.name FOR UPDATE;
  IF EXISTS (SELECT FROM pm_xref.quarantined AS q WHERE q.reference = drop_reference.name) THEN
    RAISE EXCEPTION 'reference "%" has copies of rows that were taken away', name
      USING ERRCODE = '2BP01', HINT = 'Bring them back with pm_xref.restore_quarantined(), or do without them with pm_xref.forget_quarantined().';
  END IF;
  DELETE FROM pm_xref._references AS f WHERE f.name = drop_reference.name;
  IF NOT FOUND THEN
    PERFORM pm_xref._no_reference(name);
  END IF;
  DELETE FROM pm_xref.orphans AS o WHERE o.reference = name;
END
$$;
COMMENT ON FUNCTION pm_xref.drop_reference(text) IS
'forgets a reference with its checks and orphans; waits for a check of it that runs. 42704: there is none of this name; 2BP01: there are copies of its rows in pm_xref.quarantined';

REVOKE ALL ON FUNCTION pm_xref.add_reference(text, regclass, name, name, text, name, text), pm_xref._no_reference(text),
  pm_xref.drop_reference(text), pm_xref._check_action(text, text, text, regclass, name) FROM PUBLIC;
