-- server.sql - the roles of a deployment, and the databases that stand on this server
--
-- Variables: host, port, as databases.conf names the server.  Nothing is ever
-- dropped; what is there is brought to what the table says.
--
--   pm_reader   reads; pm_writer writes and reads; pm_admin administers and does both
--   pm_worker   as whom jobs reach other databases; may log in, has no password; sees
--               each row of what it may read, or references could not be checked
--   pm_pooler   as whom pgbouncer asks for the secrets of those who connect by it
\ir config.sql

CREATE TEMPORARY VIEW here AS SELECT * FROM databases AS d WHERE d.host = :'host' AND d.port = :port;

SELECT format('CREATE ROLE %I', r.name) FROM unnest('{pm_reader,pm_writer,pm_admin,pm_worker,pm_pooler}'::text[]) AS r(name)
WHERE to_regrole(r.name) IS NULL
\gexec
GRANT pm_reader TO pm_writer, pm_worker;
GRANT pm_writer TO pm_admin;

SELECT format('ALTER ROLE %I LOGIN CONNECTION LIMIT %s', w.name, w.sessions)
FROM (SELECT 'pm_worker', greatest(1, sum(h.links)) FROM here AS h
      UNION ALL SELECT 'pm_pooler', 2 * count(*) FROM here) AS w(name, sessions)
  JOIN pg_roles AS r ON r.rolname = w.name
WHERE NOT r.rolcanlogin OR r.rolconnlimit <> w.sessions
\gexec

SELECT 'ALTER ROLE pm_worker BYPASSRLS' FROM pg_roles AS r WHERE r.rolname = 'pm_worker' AND NOT r.rolbypassrls
\gexec

SELECT format('CREATE DATABASE %I TEMPLATE template0 ENCODING ''UTF8''', h.name) FROM here AS h
WHERE NOT EXISTS (SELECT FROM pg_database AS d WHERE d.datname = h.name)
\gexec
SELECT format('ALTER DATABASE %I CONNECTION LIMIT %s', h.name, h.session_limit) FROM here AS h JOIN pg_database AS d ON d.datname = h.name
WHERE d.datconnlimit <> h.session_limit
\gexec
SELECT format('ALTER DATABASE %I SET search_path = "$user", public, %s', h.name,
         (SELECT string_agg(quote_ident(s.name), ', ' ORDER BY s.n) FROM unnest(h.schemas) WITH ORDINALITY AS s(name, n)))
FROM here AS h
\gexec
-- secrets, passwords and tokens come as parameters
SELECT format('ALTER DATABASE %I SET %s = 0', h.name, s.name)
FROM here AS h, unnest('{log_parameter_max_length,log_parameter_max_length_on_error}'::text[]) AS s(name)
WHERE 'pm_core' = ANY (h.extensions)
\gexec
