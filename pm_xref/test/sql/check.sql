-- check(): what it records, and what a failure leaves.
\set SHOW_CONTEXT never
SELECT pm_xref.add_database('back', split_part(current_setting('unix_socket_directories'), ', ', 1), current_setting('port')::int, current_database());
CREATE TABLE parent (id int PRIMARY KEY);
INSERT INTO parent SELECT generate_series(1, 100);
CREATE TABLE child (id int PRIMARY KEY, parent_id int);
INSERT INTO child SELECT i, i FROM generate_series(1, 103) AS i;
INSERT INTO child VALUES (200, NULL);
SELECT pm_xref.add_reference('far', 'child', 'parent_id', 'back', 'public.parent'), pm_xref.add_reference('near', 'child', 'parent_id', NULL, 'public.parent');
\set result 'SELECT reference, rows_checked, nulls, orphans, new_orphans, resolved, elapsed > interval \'0\' AS took, engine, mode FROM pm_xref.check'
:result ();
:result ('far');
SELECT reference, row_key, key, state, first_seen < last_seen AS seen_again FROM pm_xref.orphans ORDER BY reference, key;
-- one is mended, one comes, one refers to something else now
INSERT INTO parent VALUES (101);
UPDATE child SET parent_id = 999 WHERE id = 102;
INSERT INTO child VALUES (300, 300);
:result ('far');
SELECT row_key, key, state FROM pm_xref.orphans WHERE reference = 'far' ORDER BY key;
-- an orphan that was resolved and is back is new
DELETE FROM parent WHERE id = 101;
:result ('far');
SELECT count(*) FROM pm_xref.checks WHERE reference = 'far';
SELECT name, checked_at >= (SELECT max(started_at) FROM pm_xref.checks AS c WHERE c.reference = name) AS checked FROM pm_xref._references ORDER BY 1;
-- a failure is recorded, and changes nothing else
CREATE TABLE before AS SELECT * FROM pm_xref.orphans;
ALTER TABLE parent RENAME TO elsewhere;
\set VERBOSITY terse
:result ('far');
\set VERBOSITY default
SELECT sqlstate, message, hint FROM pm_xref.checks WHERE sqlstate IS NOT NULL;
SELECT count(*) AS changed FROM (SELECT reference, row_key, key, first_seen, last_seen, state FROM pm_xref.orphans
  EXCEPT SELECT reference, row_key, key, first_seen, last_seen, state FROM before) AS d;
ALTER TABLE elsewhere RENAME TO parent;
-- the engine is chosen by what can be compared
ALTER TABLE parent ALTER id TYPE numeric;
ALTER TABLE child ALTER parent_id TYPE numeric;
:result ('far');
-- texts too long for an index are no obstacle
ALTER TABLE parent ALTER id TYPE text;
ALTER TABLE child ALTER parent_id TYPE text;
INSERT INTO child SELECT 400, string_agg(md5(i::text), '') FROM generate_series(1, 1000) AS i;
:result ('far');
:result ('nothing');
:result ('far', 'incremental');
:result ('far', NULL);
-- with a reference goes its history
SELECT pm_xref.drop_reference('far'), pm_xref.drop_reference('near');
SELECT (SELECT count(*) FROM pm_xref.checks), (SELECT count(*) FROM pm_xref.orphans);
DROP TABLE child, parent, before;
SET client_min_messages = warning;
DROP SERVER back CASCADE;
