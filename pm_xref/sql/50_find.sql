-- Finding orphans: see src/scan.c.

-- Orphans as (row_key, key), then one row with the totals, and with up to where the
-- notes of both sides were known before (with_positions; NULL: it is not watched);
-- touched NULL: everything was looked at.  A policy that would hide rows is an error:
-- what is hidden would not be checked.  Keys are asked for by their text, so that must
-- mean the same in the other database.
CREATE FUNCTION pm_xref._scan(reference text, engine text, with_positions boolean)
RETURNS TABLE(row_key jsonb, key text, rows_checked bigint, nulls bigint, used text,
  child_seen text, child_shape text, parent_seen text, parent_shape text, touched uuid[])
LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET row_security = off SET datestyle = 'ISO, YMD' SET intervalstyle = 'iso_8601'
AS 'MODULE_PATHNAME', 'pm_xref__scan';

-- The same for keys that either side has noted since the last check: see src/changed.c.
-- touched: the known orphans that were looked at again; used NULL: a full scan is needed.
CREATE FUNCTION pm_xref._scan_changed(reference text)
RETURNS TABLE(row_key jsonb, key text, rows_checked bigint, nulls bigint, used text,
  child_seen text, child_shape text, parent_seen text, parent_shape text, touched uuid[])
LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET row_security = off SET datestyle = 'ISO, YMD' SET intervalstyle = 'iso_8601'
AS 'MODULE_PATHNAME', 'pm_xref__scan_changed';

CREATE FUNCTION pm_xref.find_orphans(reference text, engine text DEFAULT 'stream') RETURNS TABLE(reference text, row_key jsonb, key text)
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT $1, s.row_key, s.key FROM pm_xref._scan($1, coalesce($2, 'stream'), false) AS s WHERE s.row_key IS NOT NULL;
END;
COMMENT ON FUNCTION pm_xref.find_orphans(text, text) IS
'rows whose key is not there, each confirmed by newer snapshots of both databases; records nothing. row_key: the primary key as an object, {"ctid": ...} if there is none. engine stream: keys are copied from the other server and matched in memory up to pm_xref.work_mem, beyond that in temporary files; fdw: a query through postgres_fdw, for any type. 0A000: stream cannot compare these columns; 08001, 08006: no connection, or lost; 42704, 42P01, 42703: reference, table or column is not there; 42804: the types do not match; 42501: permission denied here or there';

REVOKE ALL ON FUNCTION pm_xref._scan(text, text, boolean), pm_xref._scan_changed(text), pm_xref.find_orphans(text, text) FROM PUBLIC;
