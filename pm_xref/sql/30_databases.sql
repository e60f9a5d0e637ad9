-- Databases are foreign servers of postgres_fdw.

CREATE FUNCTION pm_xref.add_database(name text, host text, port integer, dbname text, remote_role text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  role text := coalesce(to_regrole('pm_worker')::text, quote_ident(current_user));
  is_super boolean := (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user);
BEGIN
  IF (name <> '' AND octet_length(name) <= 63) IS NOT TRUE THEN
    RAISE EXCEPTION 'invalid name of a database: %', coalesce('"' || left(name, 64) || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'It has 1 to 63 bytes.';
  END IF;
  IF (dbname <> '') IS NOT TRUE THEN
    RAISE EXCEPTION 'invalid dbname of database "%": %', name, coalesce('"' || dbname || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'It is the name of a database on that server.';
  END IF;
  IF port NOT BETWEEN 1 AND 65535 THEN
    RAISE EXCEPTION 'invalid port of database "%": "%"', name, port
      USING ERRCODE = '22023', HINT = 'It is a number from 1 to 65535; NULL is the usual one.';
  END IF;
  EXECUTE format('CREATE SERVER %I FOREIGN DATA WRAPPER postgres_fdw OPTIONS (%s)', name,
    concat_ws(', ', 'host ' || quote_literal(nullif(host, '')), 'port ' || quote_literal(port::text), 'dbname ' || quote_literal(dbname)));
  EXECUTE format('CREATE USER MAPPING FOR %s SERVER %I OPTIONS (%s)', role, name,
    concat_ws(', ', format('"user" %L', coalesce(remote_role, (SELECT r.rolname FROM pg_roles AS r WHERE r.oid = role::regrole))),
      CASE WHEN is_super THEN 'password_required ''false''' END));
END
$$;
COMMENT ON FUNCTION pm_xref.add_database(text, text, integer, text, text) IS
'makes a foreign server of postgres_fdw for another database, and a user mapping for role pm_worker, or for the current role if there is no pm_worker. host NULL: the local socket; port NULL: the usual one; remote_role NULL: a role of the same name. No password is stored: the server''s operating system user needs a passfile, a certificate or trust; therefore the mapping has password_required ''false'' if a superuser makes it. 42710: there is such a server; 22023: a bad name or port; 42501: no USAGE on postgres_fdw. DROP SERVER ... CASCADE undoes it';

REVOKE ALL ON FUNCTION pm_xref.add_database(text, text, integer, text, text) FROM PUBLIC;
