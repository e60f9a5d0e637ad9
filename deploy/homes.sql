-- homes.sql - tells pm_core which other database has which extension, of those that one
-- database alone has: route() goes by it
--
-- Variable: absent, lines "DATABASE EXTENSION" of what was not installed.
\ir config.sql
SELECT to_regprocedure('pm_core.set_home(name,name)') IS NOT NULL AS told
\gset
\if :told
SELECT format('SELECT FROM pm_core.set_home(%L, %L)', e.name, min(d.name))
FROM databases AS d CROSS JOIN LATERAL unnest(d.extensions) AS e(name)
WHERE e.name LIKE 'pm\_%' AND d.name || ' ' || e.name <> ALL (string_to_array(:'absent', E'\n'))
GROUP BY e.name HAVING count(*) = 1 AND min(d.name) <> current_database()
\gexec
\endif
