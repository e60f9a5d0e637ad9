-- repair() and restore_quarantined(): actions, outcomes, and rows that come back as they were.
\set SHOW_CONTEXT never
SELECT pm_xref.add_database('back', split_part(current_setting('unix_socket_directories'), ', ', 1), current_setting('port')::int, current_database());
CREATE TABLE parent (id int PRIMARY KEY);
INSERT INTO parent SELECT generate_series(1, 94);
CREATE TABLE child (id int PRIMARY KEY, parent_id int, note text);
INSERT INTO child SELECT i, i, 'note ' || i FROM generate_series(1, 100) AS i;
INSERT INTO child VALUES (200, NULL);
SELECT pm_xref.add_reference('far', 'child', 'parent_id', 'back', 'public.parent', on_orphan => 'set_null');

-- what a check found, or nothing
SELECT * FROM pm_xref.repair('far', 'quarantine');
SELECT orphans FROM pm_xref.check('far');

-- a dry run, which is the default, tells and warns
SELECT * FROM pm_xref.repair('far', 'report') ORDER BY row_key;
SELECT outcome, count(*) FROM pm_xref.repair('far', 'quarantine') GROUP BY 1;
SELECT outcome, count(*) FROM pm_xref.repair('far', 'set_null', NULL) GROUP BY 1;
SELECT state, count(*) FROM pm_xref.orphans GROUP BY 1;
-- the guard: 6 of 100 rows with a key are more than 5 %
SELECT * FROM pm_xref.repair('far', 'quarantine', false);
SELECT count(*) FROM child WHERE parent_id IS NOT NULL;
SELECT outcome, count(*) FROM pm_xref.repair('far', 'report', false) GROUP BY 1;
-- it counts what would go, not what was found: one parent is there again
INSERT INTO parent VALUES (95);
SELECT * FROM pm_xref.repair('far', 'quarantine', false) ORDER BY row_key;
SELECT row_key, key, state FROM pm_xref.orphans ORDER BY key;
SELECT reference, local_table, row_key, key, action, copy, quarantined_at <= now() AS before FROM pm_xref.quarantined ORDER BY row_key;
SELECT id FROM child WHERE id > 93;
SELECT * FROM pm_xref.repair('far', 'quarantine', false);

-- those whose parent is there come back, then all
SELECT * FROM pm_xref.restore_quarantined('far');
INSERT INTO parent VALUES (96), (97);
SELECT * FROM pm_xref.restore_quarantined('far') ORDER BY row_key;
INSERT INTO child VALUES (100, NULL, 'in the way');
SELECT * FROM pm_xref.restore_quarantined('far', true) ORDER BY row_key;
SELECT * FROM child WHERE id > 93 AND id < 200 ORDER BY id;
SELECT row_key, state FROM pm_xref.orphans ORDER BY row_key;
SELECT orphans, new_orphans FROM pm_xref.check('far');
SELECT pm_xref.drop_reference('far');
SELECT pm_xref.forget_quarantined('far', now() - interval '1 day'), pm_xref.forget_quarantined('far', NULL), pm_xref.forget_quarantined('far');

-- set null; rows that are gone, or have another key, or changed since
INSERT INTO child SELECT i, i FROM generate_series(101, 110) AS i;
SET pm_xref.max_repair_ratio = 1;
SELECT orphans FROM pm_xref.check('far');
DELETE FROM child WHERE id = 101;
UPDATE child SET parent_id = 7 WHERE id = 102;
UPDATE child SET parent_id = NULL WHERE id = 103;
SELECT row_key, outcome FROM pm_xref.repair('far', 'set_null', false) ORDER BY row_key;
SELECT id FROM child WHERE parent_id IS NULL ORDER BY id;
SELECT row_key, state FROM pm_xref.orphans WHERE key > '100' ORDER BY row_key;
DELETE FROM child WHERE id = 104;
UPDATE child SET parent_id = 5 WHERE id = 105;
UPDATE child SET note = 'changed elsewhere' WHERE id = 106;
INSERT INTO parent VALUES (104), (105), (106), (107);
SELECT * FROM pm_xref.restore_quarantined('far') ORDER BY row_key;
SELECT * FROM child WHERE id BETWEEN 105 AND 108 ORDER BY id;
-- a row that is found again is an orphan again
UPDATE child SET parent_id = 108 WHERE id = 108;
SELECT orphans, new_orphans FROM pm_xref.check('far');
SELECT state, first_seen = last_seen AS anew FROM pm_xref.orphans WHERE key = '108';
SELECT pm_xref.forget_quarantined('far');

-- rows that others refer to stay, whatever the foreign key would do
CREATE TABLE on_cascade (a int REFERENCES child ON DELETE CASCADE);
CREATE TABLE on_null (a int REFERENCES child ON DELETE SET NULL);
CREATE TABLE on_restrict (a int REFERENCES child);
CREATE TABLE on_two (a int, b int) PARTITION BY LIST (b);
CREATE TABLE on_two_1 PARTITION OF on_two DEFAULT;
ALTER TABLE child ADD UNIQUE (id, parent_id), ADD mother int REFERENCES child ON DELETE CASCADE;
ALTER TABLE on_two ADD FOREIGN KEY (a, b) REFERENCES child (id, parent_id) ON UPDATE CASCADE;
DELETE FROM child WHERE id > 108;
INSERT INTO child SELECT i, i FROM generate_series(200, 207) AS i ON CONFLICT (id) DO UPDATE SET parent_id = 200;
INSERT INTO on_cascade VALUES (200);
INSERT INTO on_null VALUES (201);
INSERT INTO on_restrict VALUES (202);
INSERT INTO on_two VALUES (203, 203);
UPDATE child SET mother = 204 WHERE id IN (204, 205);
UPDATE child SET mother = 206 WHERE id = 206;
SELECT orphans FROM pm_xref.check('far');
SELECT row_key, outcome FROM pm_xref.repair('far', 'delete') ORDER BY row_key;
SELECT row_key, outcome FROM pm_xref.repair('far', 'set_null') ORDER BY row_key;
SELECT row_key, outcome FROM pm_xref.repair('far', 'delete', false) ORDER BY row_key;
SELECT * FROM on_cascade, on_null, on_restrict, on_two;
-- what was blocked is found again by the next repair
SELECT row_key, outcome FROM pm_xref.repair('far', 'delete', false) ORDER BY row_key;
SELECT row_key, outcome FROM pm_xref.restore_quarantined('far', true) ORDER BY row_key;
DROP TABLE on_cascade, on_null, on_restrict, on_two;
ALTER TABLE child DROP CONSTRAINT child_id_parent_id_key, DROP mother;

-- triggers fire as usual, and can keep a row
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '% of %', TG_OP, coalesce(NEW.id, OLD.id); RETURN CASE WHEN OLD.id <> 200 THEN OLD END; END $$;
CREATE TRIGGER keep BEFORE DELETE ON child FOR EACH ROW WHEN (OLD.id > 199 AND OLD.id < 202) EXECUTE FUNCTION keep();
DELETE FROM child WHERE id > 201;
SELECT orphans FROM pm_xref.check('far');
SELECT row_key, outcome FROM pm_xref.repair('far', 'delete', false) WHERE row_key->>'id' >= '200' ORDER BY row_key;
SELECT id FROM child WHERE id >= 200;
DROP TRIGGER keep ON child;
-- an error in the midst leaves everything as it was
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this one'; END $$;
CREATE TRIGGER fail AFTER DELETE ON child FOR EACH ROW WHEN (OLD.id = 305) EXECUTE FUNCTION fail();
INSERT INTO child SELECT i, i FROM generate_series(300, 309) AS i;
SELECT orphans FROM pm_xref.check('far');
CREATE TABLE before AS SELECT id, state FROM pm_xref.orphans;
SELECT * FROM pm_xref.repair('far', 'delete', false);
SELECT (SELECT count(*) FROM child WHERE id >= 300) AS children, (SELECT count(*) FROM pm_xref.quarantined WHERE key >= '300') AS copies,
  (SELECT count(*) FROM (SELECT id, state FROM pm_xref.orphans EXCEPT SELECT * FROM before) AS d) AS changed;
DROP TRIGGER fail ON child;

-- what was blocked by orphans that have gone can go in the same repair: the guard counts again
CREATE TABLE chain (id int PRIMARY KEY, parent_id int, mother int REFERENCES chain);
INSERT INTO chain SELECT i, i, CASE WHEN i % 3 <> 0 THEN i - 1 END FROM generate_series(5001, 8000) AS i;
SELECT pm_xref.add_reference('chain', 'chain', 'parent_id', NULL, 'public.parent');
SELECT orphans FROM pm_xref.check('chain');
SELECT outcome, count(*) FROM pm_xref.repair('chain', 'quarantine') GROUP BY 1 ORDER BY 1;
SET pm_xref.max_repair_ratio = 0.34;
\set VERBOSITY terse
SELECT outcome, count(*) FROM pm_xref.repair('chain', 'quarantine', false) GROUP BY 1 ORDER BY 1;
\set VERBOSITY default
SELECT count(*) FROM chain;
SET pm_xref.max_repair_ratio = 1;
SELECT pm_xref.drop_reference('chain');
DROP TABLE chain;
-- columns that have gone, and have come
SELECT count(*) FROM pm_xref.repair('far', 'delete', false);
ALTER TABLE child RENAME note TO remark;
SELECT * FROM pm_xref.restore_quarantined('far', true);
ALTER TABLE child RENAME remark TO note;
ALTER TABLE child ADD more text DEFAULT 'later';
-- constraints that came since are told
UPDATE child SET parent_id = NULL;
ALTER TABLE child ADD CHECK (id <> 309), ADD UNIQUE (parent_id) DEFERRABLE;
INSERT INTO child VALUES (1000, 308);
SELECT row_key, outcome FROM pm_xref.restore_quarantined('far', true) WHERE row_key->>'id' >= '306' ORDER BY row_key;
SELECT * FROM child WHERE parent_id > 305 ORDER BY id;

-- what makes no sense
SELECT * FROM pm_xref.repair('far', 'explode');
SELECT * FROM pm_xref.repair('far', NULL);
SELECT * FROM pm_xref.repair('none', 'delete');
SELECT * FROM pm_xref.repair(NULL, 'delete');
SELECT * FROM pm_xref.restore_quarantined('none');
SELECT pm_xref.forget_quarantined('none');
SELECT pm_xref.add_reference('x', 'child', 'id', NULL, 'public.parent', on_orphan => 'set_null');
SELECT pm_xref.add_reference('x', 'child', 'id', NULL, 'public.parent', on_orphan => 'none');
SELECT orphans > 0 AS orphans FROM pm_xref.check('far');
BEGIN;
SELECT count(*) > 0 AS orphans FROM pm_xref.repair('far', 'report');
PREPARE TRANSACTION 'held';
ROLLBACK;
CREATE TABLE heir () INHERITS (child);
SELECT * FROM pm_xref.repair('far', 'report');
DROP TABLE heir;
ALTER TABLE child RENAME parent_id TO father_id;
SELECT * FROM pm_xref.repair('far', 'report');
ALTER TABLE child RENAME father_id TO parent_id;
DROP TABLE child, before;
SELECT * FROM pm_xref.repair('far', 'report');
SELECT pm_xref.forget_quarantined('far'), pm_xref.drop_reference('far');

-- rows of every kind come back byte for byte
CREATE DOMAIN positive AS numeric(20, 5) CHECK (VALUE > 0);
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN pairs AS pair[];
CREATE TYPE mood AS ENUM ('sad', 'it''s "fine"');
CREATE TABLE "Odd table" (
  "the id" int GENERATED ALWAYS AS IDENTITY, part char(3) NOT NULL, "a'%I\b" text, parent_id int,
  j json, jb jsonb, ints int[], texts text[], f4 float4, f8 float8, n numeric, b bytea, p positive, c pair, cs pairs, m mood,
  t timestamp, tz timestamptz, iv interval, x xml, ip inet, r int4range, mr nummultirange, v varchar(5), ch char(5), bit bit varying(9), mo money, rc regclass,
  g text GENERATED ALWAYS AS (part || "a'%I\b") STORED, dropped int, bool boolean,
  PRIMARY KEY (part, "the id")
) PARTITION BY LIST (part);
ALTER TABLE "Odd table" DROP dropped;
CREATE TABLE "Odd 1" PARTITION OF "Odd table" FOR VALUES IN ('a  ', 'it''');
CREATE TABLE "Odd 2" (dropped int, LIKE "Odd table" INCLUDING ALL);
ALTER TABLE "Odd 2" DROP dropped, ALTER "the id" DROP IDENTITY;
ALTER TABLE "Odd table" ATTACH PARTITION "Odd 2" DEFAULT;
INSERT INTO "Odd table" (part, "a'%I\b", parent_id, j, jb, ints, texts, f4, f8, n, b, p, c, cs, m, t, tz, iv, x, ip, r, mr, v, ch, bit, mo, rc, bool) VALUES
  ('a', E'x''"\\\n%s $$', 1000, '{ "a":  1, "a": 2 }', '{"b": [1.10, null]}', '[-2:0]={1,NULL,3}', '{"","NULL",NULL,"a,\"b\\"}', 0.1, 1e-300, 1.2300, '\x00ff5c',
   1.5, ROW (1, 'x "y"'), ARRAY[ROW (NULL, ''), NULL, ROW (2, 'z')]::pair[], 'it''s "fine"', '2000-01-02 03:04:05.000006 BC', '1883-01-01 00:00:00.5+00',
   '-1 mon +2 days -00:00:00.5', '<a>&lt;</a> ', '10.0.0.1/8', '[1,5)', '{[1,2],(3,4.50)}', 'ab   ', 'x', '101', '-1234.56', '"Odd 1"', false),
  ('it''', NULL, 1001, 'null', 'null', '{}', '{{a},{b}}', 'NaN', '-0', 'Infinity', '', 2, ROW (NULL, NULL), '{}', 'sad', 'infinity', '-infinity', '0', '', '::1', 'empty', '{}', '', '', '', '0', 'pg_class', true),
  ('zzz', 'NULL', 1002, '"string"', '"string"', '[5:6][7:7]={{1},{2}}', NULL, 3.4028235e38, 5e-324, repeat('9', 50)::numeric, decode(repeat('ab', 3000), 'hex'), NULL, NULL, NULL, NULL,
   NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE was AS SELECT odd::text AS row, odd.tableoid AS part FROM "Odd table" AS odd;
SELECT pm_xref.add_reference('odd', '"Odd table"', 'parent_id', NULL, 'public.parent');
SELECT orphans FROM pm_xref.check('odd');
\set same 'SELECT count(*) AS same FROM (SELECT odd::text, odd.tableoid FROM "Odd table" AS odd INTERSECT SELECT * FROM was) AS s'
-- whatever the session's settings are
SET datestyle = 'SQL, DMY'; SET intervalstyle = 'sql_standard'; SET extra_float_digits = -10; SET bytea_output = 'escape'; SET timezone = 'Asia/Kathmandu';
SELECT row_key, key, outcome FROM pm_xref.repair('odd', 'quarantine', false) ORDER BY key;
RESET datestyle; RESET intervalstyle; RESET extra_float_digits; RESET bytea_output; RESET timezone;
SELECT copy - 'b' FROM pm_xref.quarantined ORDER BY key;
SELECT count(*) FROM "Odd table";
INSERT INTO parent SELECT generate_series(1000, 1002);
SELECT row_key, outcome FROM pm_xref.restore_quarantined('odd') ORDER BY key;
:same;
DELETE FROM parent WHERE id >= 1000;
SELECT orphans FROM pm_xref.check('odd');
SELECT row_key, outcome FROM pm_xref.repair('odd', 'set_null', false) ORDER BY key;
:same;
SELECT row_key, outcome FROM pm_xref.restore_quarantined('odd', true) ORDER BY key;
:same;
SELECT pm_xref.drop_reference('odd');

-- keys of composite and array types; no primary key at all; a key that several parents have
CREATE TABLE by_pair (id pair, ids int[], parent_id numeric, PRIMARY KEY (id, ids));
CREATE TABLE bare (a text, parent_id numeric) PARTITION BY LIST (a);
CREATE TABLE bare_1 PARTITION OF bare FOR VALUES IN ('x', 'y');
CREATE TABLE bare_2 PARTITION OF bare DEFAULT;
CREATE TABLE twice (id numeric);
INSERT INTO twice VALUES (1), (1.0), (2);
INSERT INTO by_pair VALUES (ROW (1, 'a'), '{1,2}', 1), (ROW (2, '"b"'), '{}', 3.0), (ROW (3, NULL), '[0:0]={7}', 4);
INSERT INTO bare VALUES ('x', 1), ('x', 5), ('x', 5), ('y', 5), ('z', 6), (NULL, 7), ('z', NULL);
SELECT pm_xref.add_reference('pairs', 'by_pair', 'parent_id', NULL, 'public.twice'), pm_xref.add_reference('bare', 'bare', 'parent_id', 'back', 'public.twice');
SELECT reference, orphans FROM pm_xref.check();
SELECT row_key, key, outcome FROM pm_xref.repair('pairs', 'quarantine', false) ORDER BY key;
SELECT row_key, key, outcome FROM pm_xref.restore_quarantined('pairs', true) ORDER BY key;
SELECT * FROM by_pair ORDER BY id;
-- a row at another place, and one whose place another one has
UPDATE bare SET parent_id = parent_id WHERE a = 'y';
DELETE FROM bare WHERE a = 'z' AND parent_id = 6;
VACUUM bare;
INSERT INTO bare VALUES ('z', 1);
SELECT row_key, key, outcome FROM pm_xref.repair('bare', 'set_null', false) ORDER BY key, row_key;
SELECT * FROM bare ORDER BY 1, 2;
UPDATE bare SET a = 'w' WHERE a IS NULL;
SELECT key, outcome FROM pm_xref.restore_quarantined('bare', true) ORDER BY key;
SELECT * FROM bare ORDER BY 1, 2;
SELECT orphans FROM pm_xref.check('bare');
SELECT key, outcome FROM pm_xref.repair('bare', 'delete', false) ORDER BY key;
SELECT * FROM bare ORDER BY 1, 2;
SELECT key, outcome FROM pm_xref.restore_quarantined('bare', true) ORDER BY key;
SELECT tableoid::regclass, * FROM bare ORDER BY 2, 3;

-- more than a batch of either kind
INSERT INTO bare SELECT i, 10 + i FROM generate_series(1, 2500) AS i;
SELECT orphans FROM pm_xref.check('bare');
SELECT outcome, count(*) FROM pm_xref.repair('bare', 'delete', false) GROUP BY 1;
INSERT INTO twice SELECT 10 + i FROM generate_series(1, 2500, 2) AS i;
SELECT outcome, count(*) FROM pm_xref.restore_quarantined('bare') GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM bare WHERE parent_id > 10;

RESET pm_xref.max_repair_ratio;
SELECT count(*) FROM (SELECT pm_xref.forget_quarantined(r), pm_xref.drop_reference(r) FROM unnest('{bare,pairs}'::text[]) AS r) AS gone;
SET client_min_messages = warning;
DROP TABLE parent, "Odd table", was, by_pair, bare, twice;
DROP TYPE pair, mood, pairs CASCADE;
DROP DOMAIN positive;
DROP FUNCTION keep(), fail();
DROP SERVER back CASCADE;
