-- Declaring references.

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
  IF on_orphan IS DISTINCT FROM 'report' THEN
    RAISE EXCEPTION 'invalid on_orphan of reference "%": %', name, coalesce('"' || left(on_orphan, 64) || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'The only value is report.';
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
'declares that each value of local_column must be one of remote_column of a table in another database. server: a foreign server of postgres_fdw, NULL: this database; remote_table: with its schema; on_orphan: report. The other database is not asked until the first check. 42710: there is such a reference; 42P01, 42703, 42809: a table or column is not there; 42704: no such server; 22023: another bad value';

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
  DELETE FROM pm_xref._references AS f WHERE f.name = drop_reference.name;
  IF NOT FOUND THEN
    PERFORM pm_xref._no_reference(name);
  END IF;
END
$$;
COMMENT ON FUNCTION pm_xref.drop_reference(text) IS
'forgets a reference with its checks and orphans; waits for a check of it that runs. 42704: there is none of this name';

REVOKE ALL ON FUNCTION pm_xref.add_reference(text, regclass, name, name, text, name, text), pm_xref._no_reference(text),
  pm_xref.drop_reference(text) FROM PUBLIC;
