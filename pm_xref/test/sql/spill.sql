-- Keys that do not fit in pm_xref.work_mem: the same orphans, whatever the sizes.
SELECT pm_xref.add_database('back', split_part(current_setting('unix_socket_directories'), ', ', 1), current_setting('port')::int, current_database());
CREATE TABLE big (id bigint PRIMARY KEY, u uuid, t text);
INSERT INTO big SELECT i, md5(i::text)::uuid, 'key number ' || i FROM generate_series(0, 199999) AS i;
CREATE TABLE child (id bigint PRIMARY KEY, i bigint, u uuid, t text);
INSERT INTO child SELECT i, i, md5(i::text)::uuid, 'key number ' || i FROM generate_series(1, 220000) AS i WHERE i < 100000 OR i >= 150000;
-- its sizes are not known: none of these tables was analyzed
SELECT count(pm_xref.add_reference(format('%s %s %s', which, v.col, coalesce(v.server, 'here')),
  CASE which WHEN 'down' THEN 'child' ELSE 'big' END, CASE WHEN which = 'up' AND v.col = 'i' THEN 'id' ELSE v.col END, v.server,
  CASE which WHEN 'down' THEN 'public.big' ELSE 'public.child' END, CASE WHEN v.col = 'i' AND which = 'down' THEN 'id' ELSE v.col END))
FROM (VALUES ('i', 'back'), ('i', NULL), ('u', 'back'), ('t', 'back'), ('t', NULL)) AS v(col, server), unnest(ARRAY['down', 'up']) AS which;
CREATE TABLE found (reference text, work_mem text, orphans bigint, checksum bigint);
-- twice: sizes unknown, then known; children in the set where they are much fewer
CREATE PROCEDURE find(memory text) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('pm_xref.work_mem', memory, true);
  INSERT INTO found
  SELECT f.name, memory, count(*), sum((o.row_key ->> 'id')::bigint)
  FROM pm_xref._references AS f CROSS JOIN LATERAL pm_xref.find_orphans(f.name) AS o GROUP BY f.name;
END $$;
CALL find('256MB');
CALL find('2MB');
CALL find('1MB');
ANALYZE big, child;
CALL find('1MB');
SELECT reference, count(*) AS ways, max(orphans) AS orphans, count(DISTINCT (orphans, checksum)) AS results FROM found GROUP BY reference ORDER BY reference;
TRUNCATE found;
DELETE FROM child WHERE id % 100 <> 0 OR id > 210000;
ANALYZE child;
CALL find('256MB');
CALL find('1MB');
SELECT reference, count(*) AS ways, max(orphans) AS orphans, count(DISTINCT (orphans, checksum)) AS results FROM found GROUP BY reference ORDER BY reference;
-- estimates that are wrong by far
UPDATE pg_class SET reltuples = 10, relpages = 1000 WHERE oid IN ('big'::regclass, 'child'::regclass);
TRUNCATE found;
INSERT INTO child SELECT -i, -i, md5((-i)::text)::uuid, 'key number ' || -i FROM generate_series(1, 200000) AS i;
CALL find('1MB');
SELECT reference, orphans FROM found ORDER BY reference;
SELECT count(pm_xref.drop_reference(name)) FROM pm_xref._references;
DROP PROCEDURE find;
DROP TABLE big, child, found;
SET client_min_messages = warning;
DROP SERVER back CASCADE;
