-- extensions.sql - the extensions of this database, of the installed versions
--
-- Prints "absent: NAME" for one that is not installed on this server, and
-- "here: NAME" for the others.
\ir config.sql

CREATE TEMPORARY VIEW wanted AS
SELECT e.name, e.n, a.default_version, a.installed_version
FROM databases AS d CROSS JOIN LATERAL unnest(d.extensions) WITH ORDINALITY AS e(name, n)
  LEFT JOIN pg_available_extensions AS a ON a.name = e.name
WHERE d.name = current_database();

SELECT 'SET search_path = public', format('CREATE EXTENSION IF NOT EXISTS %I CASCADE', w.name), 'RESET search_path' FROM wanted AS w
WHERE w.default_version IS NOT NULL AND w.installed_version IS NULL ORDER BY w.n
\gexec
SELECT format('ALTER EXTENSION %I UPDATE', w.name) FROM wanted AS w WHERE w.installed_version <> w.default_version ORDER BY w.n
\gexec
SELECT CASE WHEN w.default_version IS NULL THEN 'absent: ' ELSE 'here: ' END || w.name FROM wanted AS w ORDER BY w.n;
