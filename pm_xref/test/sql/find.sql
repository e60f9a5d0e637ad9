-- Orphans: what is one, how its row is named, in this database and through a server.
\set SHOW_CONTEXT never
-- a server that leads back to this database; other sessions see only what is committed
SELECT pm_xref.add_database('back', split_part(current_setting('unix_socket_directories'), ', ', 1), current_setting('port')::int, current_database());
CREATE TABLE parent (id uuid PRIMARY KEY);
INSERT INTO parent SELECT md5(i::text)::uuid FROM generate_series(1, 1000) AS i;
CREATE TABLE child (id int PRIMARY KEY, parent_id uuid);
INSERT INTO child SELECT i, CASE WHEN i % 10 <> 0 THEN md5(i::text)::uuid END FROM generate_series(1, 1003) AS i;
INSERT INTO child VALUES (2000, '00000000-0000-0000-0000-000000000000'), (2001, md5('1001')::uuid);
SELECT pm_xref.add_reference('here', 'child', 'parent_id', NULL, 'public.parent'), pm_xref.add_reference('there', 'child', 'parent_id', 'back', 'public.parent');
SELECT * FROM pm_xref.find_orphans('here') ORDER BY row_key;
SELECT * FROM pm_xref.find_orphans('there') ORDER BY row_key;
SELECT * FROM pm_xref.find_orphans('here', 'fdw') ORDER BY row_key;
SELECT * FROM pm_xref.find_orphans('there', 'fdw') ORDER BY row_key;
SELECT row_key IS NULL AS totals, rows_checked, nulls, used FROM pm_xref._scan('there', NULL, false) WHERE row_key IS NULL;
SELECT * FROM pm_xref.find_orphans('there', 'guess');
-- the key that is all zero counts like any other
INSERT INTO parent VALUES ('00000000-0000-0000-0000-000000000000');
SELECT count(*) FROM pm_xref.find_orphans('there');

-- what this transaction did, nobody else sees; its own rows are checked all the same
BEGIN;
INSERT INTO parent VALUES (md5('1001')::uuid);
INSERT INTO child VALUES (3000, md5('x')::uuid);
SELECT * FROM pm_xref.find_orphans('here') ORDER BY row_key;
SELECT count(*) FROM pm_xref.find_orphans('there');
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM pm_xref.find_orphans('there');
COMMIT;

-- many more parents than children, and none at all on either side
CREATE TABLE few (name text PRIMARY KEY, parent_id uuid NOT NULL);
INSERT INTO few VALUES ('a', md5('1')::uuid), ('b', md5('2')::uuid), ('c', md5('no')::uuid), ('d', '00000000-0000-0000-0000-000000000000'), ('e', md5('no')::uuid);
ANALYZE few;
ANALYZE parent;
SELECT pm_xref.add_reference('few', 'few', 'parent_id', 'back', 'public.parent'), pm_xref.add_reference('few here', 'few', 'parent_id', NULL, 'public.parent');
SELECT * FROM pm_xref.find_orphans('few') ORDER BY row_key;
SELECT * FROM pm_xref.find_orphans('few here') ORDER BY row_key;
TRUNCATE few;
SELECT count(*) FROM pm_xref.find_orphans('few');
INSERT INTO few VALUES ('a', md5('1')::uuid);
DELETE FROM parent;
SELECT * FROM pm_xref.find_orphans('few');
SELECT count(*) FROM pm_xref.find_orphans('there');

-- rows without a primary key are named by their place; partitions by their name too
CREATE TABLE bare (parent_id uuid);
INSERT INTO bare VALUES (NULL), (md5('1')::uuid);
CREATE TABLE parts (a int, parent_id uuid) PARTITION BY LIST (a);
CREATE TABLE part_1 PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE part_2 (parent_id uuid, gone int, a int);
ALTER TABLE part_2 DROP COLUMN gone;
ALTER TABLE parts ATTACH PARTITION part_2 FOR VALUES IN (2);
INSERT INTO parts VALUES (1, md5('1')::uuid), (2, md5('2')::uuid);
CREATE TABLE "Odd ""names" ("the ""id" int, "b" text, "parent'id" uuid, PRIMARY KEY ("the ""id", b));
INSERT INTO "Odd ""names" VALUES (1, 'x', md5('1')::uuid);
SELECT pm_xref.add_reference('bare', 'bare', 'parent_id', 'back', 'public.parent'), pm_xref.add_reference('parts', 'parts', 'parent_id', 'back', 'public.parent'),
       pm_xref.add_reference('odd', '"Odd ""names"', 'parent''id', 'back', 'public.parent');
SELECT * FROM pm_xref.find_orphans('bare');
SELECT * FROM pm_xref.find_orphans('parts') ORDER BY 2;
SELECT * FROM pm_xref.find_orphans('odd');
-- the parent can be partitioned, too, or a view; a column can be a domain
CREATE DOMAIN key AS uuid;
CREATE TABLE parent_parts (id key) PARTITION BY HASH (id);
CREATE TABLE parent_part PARTITION OF parent_parts FOR VALUES WITH (MODULUS 1, REMAINDER 0);
INSERT INTO parent_parts VALUES (md5('1')::uuid);
CREATE VIEW parent_view AS SELECT id AS "The id" FROM parent_parts;
SELECT pm_xref.add_reference('to parts', 'parts', 'parent_id', 'back', 'public.parent_parts'),
       pm_xref.add_reference('to view', 'parts', 'parent_id', 'back', 'public.parent_view', 'The id');
SELECT * FROM pm_xref.find_orphans('to parts');
SELECT * FROM pm_xref.find_orphans('to parts', 'fdw');
SELECT * FROM pm_xref.find_orphans('to view');
SELECT * FROM pm_xref.find_orphans('to view', 'fdw');

SELECT count(pm_xref.drop_reference(name)) FROM pm_xref._references;
DROP TABLE child, few, bare, parts, "Odd ""names", parent;
DROP VIEW parent_view;
DROP TABLE parent_parts;
DROP DOMAIN key;
SET client_min_messages = warning;
DROP SERVER back CASCADE;
