-- pooler.sql - the query by which pgbouncer learns the secret (SCRAM) of who connects
--
-- Superusers and roles for replication do not connect through a pooler.
SELECT to_regprocedure('pm_pooler.secret(text)') IS NULL AS new
\gset
\if :new
BEGIN;
CREATE SCHEMA IF NOT EXISTS pm_pooler;
COMMENT ON SCHEMA pm_pooler IS 'what pgbouncer asks for; made by deploy/';
CREATE FUNCTION pm_pooler.secret(role text) RETURNS TABLE(name name, secret text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE SECURITY DEFINER
BEGIN ATOMIC
  SELECT a.rolname, a.rolpassword FROM pg_catalog.pg_authid AS a
  WHERE a.rolname = $1 AND a.rolcanlogin AND NOT a.rolsuper AND NOT a.rolreplication
    AND (a.rolvaliduntil IS NULL OR a.rolvaliduntil > pg_catalog.now());
END;
COMMENT ON FUNCTION pm_pooler.secret(text) IS
'name and SCRAM secret of a role that may log in, for pgbouncer''s auth_query; no row for superusers, roles for replication and roles whose password has expired';
REVOKE ALL ON FUNCTION pm_pooler.secret(text) FROM PUBLIC;
GRANT USAGE ON SCHEMA pm_pooler TO pm_pooler;
GRANT EXECUTE ON FUNCTION pm_pooler.secret(text) TO pm_pooler;
COMMIT;
\endif
