-- links.sql - the foreign servers by which this database reaches the others, and
-- pm_worker's user mappings, which hold no password
--
-- The servers bear the names of the databases.  Those on this server are reached by
-- its own socket, the others as databases.conf says.
SELECT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'pm_xref') AS linked
\gset
\if :linked
CREATE TEMPORARY VIEW links AS
SELECT d.name, s.oid AS server, o.options, s.srvoptions
FROM databases AS d
  JOIN databases AS me ON me.name = current_database() AND d.name <> me.name
  CROSS JOIN LATERAL (SELECT d.host = me.host AND d.port = me.port) AS near(here)
  CROSS JOIN LATERAL (VALUES (
    CASE WHEN near.here
      THEN coalesce(nullif(trim(split_part(current_setting('unix_socket_directories'), ',', 1)), ''), 'localhost') ELSE d.host END,
    CASE WHEN near.here THEN current_setting('port') ELSE d.port::text END)) AS address(host, port)
  CROSS JOIN LATERAL (VALUES (ARRAY['host', address.host, 'port', address.port, 'dbname', d.name])) AS o(options)
  LEFT JOIN pg_foreign_server AS s ON s.srvname = d.name;

SELECT format('ALTER SERVER %I OPTIONS (%s)', l.name, string_agg(format('%s %I %L',
         CASE WHEN old.name IS NULL THEN 'ADD' ELSE 'SET' END, l.options[n], l.options[n + 1]), ', ' ORDER BY n))
FROM links AS l CROSS JOIN generate_series(1, 5, 2) AS n
  LEFT JOIN LATERAL pg_options_to_table(l.srvoptions) AS old(name, value) ON old.name = l.options[n]
WHERE l.server IS NOT NULL AND old.value IS DISTINCT FROM l.options[n + 1]
GROUP BY l.name
\gexec
SELECT format('SELECT FROM pm_xref.add_database(%L, %L, %s, %L)', l.name, l.options[2], l.options[4], l.options[6])
FROM links AS l WHERE l.server IS NULL
\gexec
SELECT format('CREATE USER MAPPING FOR pm_worker SERVER %I OPTIONS ("user" ''pm_worker'', password_required ''false'')', l.name)
FROM links AS l WHERE NOT EXISTS (SELECT FROM pg_user_mappings AS m WHERE m.srvid = l.server AND m.usename = 'pm_worker')
\gexec
SELECT format('GRANT USAGE ON FOREIGN SERVER %I TO pm_worker', l.name) FROM links AS l
\gexec
\endif
