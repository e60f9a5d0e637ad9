-- Mode incremental: what is noted, when that is enough, and when it is not.
\set SHOW_CONTEXT never
SELECT pm_xref.add_database('back', split_part(current_setting('unix_socket_directories'), ', ', 1), current_setting('port')::int, current_database());
CREATE TABLE parent (id uuid PRIMARY KEY, name text);
INSERT INTO parent SELECT md5(i::text)::uuid, i FROM generate_series(1, 1000) AS i;
CREATE TABLE child (id int PRIMARY KEY, parent_id uuid);
CREATE INDEX ON child (parent_id);
INSERT INTO child SELECT i, CASE WHEN i % 10 <> 0 THEN md5(i::text)::uuid END FROM generate_series(1, 1000) AS i;
SELECT pm_xref.add_reference('c', 'child', 'parent_id', 'back', 'public.parent');
CREATE VIEW result AS SELECT rows_checked AS checked, orphans, new_orphans AS new, resolved, engine, mode FROM pm_xref.checks ORDER BY started_at DESC LIMIT 1;
CREATE FUNCTION changed() RETURNS TABLE(column_name text, keys bigint) LANGUAGE sql
AS 'SELECT column_name, count(key) FROM pm_xref._changes GROUP BY 1 ORDER BY 1';

-- refused until both sides are watched
SELECT * FROM pm_xref.check('c', 'incremental');
SELECT pm_xref.watch_key('child', 'parent_id');
SELECT * FROM pm_xref.check('c', 'incremental');
SELECT pm_xref.watch_key('parent', 'id');
SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgname LIKE 'pm\_xref%' ORDER BY 1, 2;
SELECT pm_xref.watch_key('parent', 'id');  -- again: nothing to do
-- the first one has nothing to start from
SELECT count(*) FROM pm_xref.check('c', 'incremental');
SELECT * FROM result;
SELECT count(*) FROM pm_xref.check('c', 'incremental');
SELECT * FROM result;

-- every way in which an orphan comes: a new row, a changed row, a parent that goes or gets another key
INSERT INTO child VALUES (2001, md5('2001')::uuid), (2002, NULL), (2003, md5('5')::uuid);
INSERT INTO child VALUES (2003, md5('2003')::uuid) ON CONFLICT (id) DO UPDATE SET parent_id = excluded.parent_id;
UPDATE child SET parent_id = md5('2004')::uuid WHERE id = 1;
UPDATE child SET parent_id = parent_id;
DELETE FROM parent WHERE id IN (md5('2')::uuid, md5('10')::uuid);
UPDATE parent SET id = md5('2005')::uuid WHERE id = md5('3')::uuid;
UPDATE parent SET name = 'x';
SELECT * FROM changed();
SELECT count(*) FROM pm_xref.check('c', 'incremental');
SELECT * FROM result;
SELECT row_key, key::uuid = md5(k)::uuid AS "right" FROM pm_xref.orphans JOIN (VALUES (1, '2004'), (2, '2'), (3, '3'), (2001, '2001'), (2003, '2003')) AS v(n, k)
ON n = (row_key ->> 'id')::int WHERE state = 'orphan' ORDER BY n;
-- and every way in which one goes
INSERT INTO parent VALUES (md5('2')::uuid);
DELETE FROM child WHERE id = 2001;
UPDATE child SET parent_id = NULL WHERE id = 2003;
UPDATE child SET parent_id = md5('2005')::uuid WHERE id = 3;
SELECT count(*) FROM pm_xref.check('c', 'incremental');
SELECT * FROM result;
-- the two modes agree
SELECT count(*) FROM pm_xref.check('c', 'full');
SELECT orphans, new, resolved, mode FROM result;

-- what is rolled back is not noted; what the checking transaction does after the check, the next one sees
BEGIN;
INSERT INTO child VALUES (3001, md5('3001')::uuid);
SAVEPOINT s;
INSERT INTO child VALUES (3002, md5('3002')::uuid);
ROLLBACK TO s;
SELECT count(*) FROM pm_xref.check('c', 'incremental');
SELECT * FROM result;
INSERT INTO child VALUES (3003, md5('3003')::uuid);
COMMIT;
SELECT count(*) FROM pm_xref.check('c', 'incremental');
SELECT new FROM result;

-- everything has changed: TRUNCATE, a rewritten table, too many keys, forgotten notes
BEGIN; TRUNCATE parent; ROLLBACK;
SELECT count(*) FROM pm_xref.check('c', 'incremental');
SELECT orphans, new, mode FROM result;
CREATE TABLE kept AS SELECT * FROM parent;
TRUNCATE parent;
SELECT count(*) FROM pm_xref.check('c', 'incremental');
SELECT orphans, new, mode FROM result;
INSERT INTO parent SELECT * FROM kept;
SELECT count(*) FROM pm_xref.check('c', 'incremental');
SELECT orphans, resolved, mode FROM result;
VACUUM FULL child;
SELECT count(*) FROM pm_xref.check('c', 'incremental');
SELECT mode FROM result;
INSERT INTO child SELECT i, md5('5')::uuid FROM generate_series(10001, 110001) AS i;
SELECT count(*) FROM pm_xref.check('c', 'incremental');
SELECT mode, checked FROM result;
DELETE FROM child WHERE id > 10000;
UPDATE child SET parent_id = md5('7')::uuid WHERE id = 8;
SELECT pm_xref.forget_changes(), pm_xref.forget_changes('infinity') > 0 AS forgotten, pm_xref.forget_changes('infinity');
SELECT count(*) FROM pm_xref.check('c', 'incremental');
SELECT mode FROM result;
SELECT count(*) FROM pm_xref.check('c', 'incremental');
SELECT mode FROM result;
-- a trigger that does not fire, and one that is gone
ALTER TABLE child DISABLE TRIGGER USER;
SELECT count(*) FROM pm_xref.check('c', 'incremental');
ALTER TABLE child ENABLE TRIGGER USER;
SELECT count(*) FROM pm_xref.check('c', 'incremental');
SELECT mode FROM result;
-- another name: writers are not disturbed
ALTER TABLE parent RENAME COLUMN id TO key;
DELETE FROM parent WHERE key = md5('4')::uuid;
SELECT column_name, key FROM pm_xref._changes WHERE key IS NULL;
ALTER TABLE parent RENAME COLUMN key TO id;
SELECT count(*) FROM pm_xref.check('c', 'incremental');
SELECT new, mode FROM result;
-- orphans are added up, not counted: repair counts, and so do rows that come back
CREATE VIEW added_up AS SELECT mode, orphans, orphans = (SELECT count(*) FROM pm_xref.orphans AS o WHERE o.reference = 'c' AND o.state = 'orphan') AS "right" FROM result;
SET pm_xref.max_repair_ratio = 1;
SELECT outcome, count(*) > 2 AS many FROM pm_xref.repair('c', 'quarantine', false) GROUP BY 1;
INSERT INTO child VALUES (4001, md5('4001')::uuid), (4002, md5('4002')::uuid);
SELECT count(*) FROM pm_xref.check('c', 'incremental');
SELECT * FROM added_up;
SELECT outcome, count(*) > 2 AS many FROM pm_xref.restore_quarantined('c', true) GROUP BY 1;
DELETE FROM child WHERE id = 4001;
SELECT count(*) FROM pm_xref.check('c', 'incremental');
SELECT mode, orphans > 2 AS many, "right" FROM added_up;
RESET pm_xref.max_repair_ratio;
DROP VIEW added_up;
-- all of them: what is not watched is recorded
SELECT pm_xref.add_reference('d', 'child', 'parent_id', NULL, 'public.kept');
SELECT count(*) FROM pm_xref.check(mode => 'incremental');
SELECT reference, mode, sqlstate, hint FROM pm_xref.checks ORDER BY started_at DESC LIMIT 2;
SELECT pm_xref.unwatch_key('parent', 'id');
SELECT * FROM pm_xref.check('c', 'incremental');
SELECT pm_xref.unwatch_key('child', 'parent_id');
SELECT pm_xref.drop_reference('c'), pm_xref.drop_reference('d');
SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'pm\_xref%';

-- partitions, in this database: written through the table and by themselves, moved between
CREATE TABLE p (id int, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (1000);
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (1000) TO (2000);
INSERT INTO p SELECT generate_series(1, 1999);
CREATE TABLE c (p_id int, n int) PARTITION BY LIST (n);
CREATE TABLE c1 PARTITION OF c FOR VALUES IN (1);
CREATE TABLE c2 PARTITION OF c FOR VALUES IN (2);
INSERT INTO c SELECT i, i % 2 + 1 FROM generate_series(1, 1999) AS i;
SELECT pm_xref.add_reference('p', 'c', 'p_id', NULL, 'public.p'), pm_xref.watch_key('p', 'id'), pm_xref.watch_key('c', 'p_id');
SELECT mode, orphans FROM pm_xref.check('p');
DELETE FROM p1 WHERE id = 1;
DELETE FROM p WHERE id = 1001;
UPDATE p SET id = 0 WHERE id = 1002;
INSERT INTO c2 VALUES (5000, 2);
INSERT INTO c VALUES (5001, 1);
UPDATE c SET p_id = 5002, n = 2 WHERE p_id = 500;
SELECT mode, rows_checked, orphans FROM pm_xref.check('p', 'incremental');
SELECT key FROM pm_xref.orphans ORDER BY key::int;
CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (5000) TO (6000);
SELECT pm_xref.check('p', 'incremental');
SELECT pm_xref.watch_key('p', 'id');
INSERT INTO p3 SELECT generate_series(5000, 5999);
SELECT mode, orphans FROM pm_xref.check('p', 'incremental');
SELECT mode, orphans FROM pm_xref.check('p', 'incremental');
TRUNCATE p3;
SELECT mode, orphans FROM pm_xref.check('p', 'incremental');
ALTER TABLE p DETACH PARTITION p2;
SELECT mode, orphans FROM pm_xref.check('p', 'incremental');

-- what cannot be watched
SELECT pm_xref.watch_key('p1', 'id');
SELECT pm_xref.watch_key('result', 'checked');
SELECT pm_xref.watch_key('p', 'none');
SELECT pm_xref.watch_key(NULL, 'id');
SELECT pm_xref.unwatch_key('p', 'none');
CREATE TRIGGER mine AFTER INSERT ON c FOR EACH ROW EXECUTE FUNCTION pm_xref._note_changes();
INSERT INTO c VALUES (1, 1);
DROP TRIGGER mine ON c;
-- keys that do not compare by their bytes
CREATE TABLE np (k numeric PRIMARY KEY);
CREATE TABLE nc (k numeric);
SELECT pm_xref.add_reference('n', 'nc', 'k', NULL, 'public.np', 'k'), pm_xref.watch_key('nc', 'k'), pm_xref.watch_key('np', 'k');
SELECT mode FROM pm_xref.check('n');
SELECT orphans IS NULL AS failed FROM pm_xref.check('n', 'incremental');
SELECT message, detail, hint FROM pm_xref.checks WHERE reference = 'n' AND message IS NOT NULL;
SELECT pm_xref.drop_reference('p'), pm_xref.drop_reference('n');
DROP VIEW result;
DROP FUNCTION changed();
DROP TABLE nc, np, c, p, p2, child, parent, kept;
DROP SERVER back CASCADE;
