-- Declaring databases and references, and what is refused.
\set VERBOSITY terse
CREATE SCHEMA "Far";
CREATE TABLE "Far".parent (id uuid PRIMARY KEY, "Id" uuid);
CREATE TABLE child (id int PRIMARY KEY, parent_id uuid);
CREATE VIEW seen AS SELECT * FROM child;

SELECT pm_xref.add_database('far', 'far.example', 6543, 'shop', 'reader');
SELECT pm_xref.add_database('near', NULL, NULL, 'shop');
SELECT s.srvname, s.srvoptions, replace(u.umoptions::text, current_user, '(myself)') AS mapping, u.usename = current_user AS mine
FROM pg_foreign_server AS s JOIN pg_user_mappings AS u ON u.srvid = s.oid ORDER BY 1;
SELECT pm_xref.add_database('far', 'far.example', 6543, 'shop');
SELECT pm_xref.add_database('', 'far.example', 6543, 'shop');
SELECT pm_xref.add_database(NULL, 'far.example', 6543, 'shop');
SELECT pm_xref.add_database('x', 'far.example', 0, 'shop');
SELECT pm_xref.add_database('x', 'far.example', 6543, NULL);

SELECT pm_xref.add_reference('r', 'child', 'parent_id', 'far', 'shop.products');
SELECT pm_xref.add_reference('local', 'child', 'parent_id', NULL, '"Far".parent', 'Id');
SELECT name, local_table, local_column, server, remote_table, remote_column, on_orphan, checked_at FROM pm_xref._references ORDER BY 1;
SELECT pm_xref.add_reference('r', 'child', 'parent_id', 'far', 'shop.products');
SELECT pm_xref.add_reference('', 'child', 'parent_id', 'far', 'shop.products');
SELECT pm_xref.add_reference('x', 'child', 'nothing', 'far', 'shop.products');
SELECT pm_xref.add_reference('x', 'seen', 'parent_id', 'far', 'shop.products');
SELECT pm_xref.add_reference('x', NULL, 'parent_id', 'far', 'shop.products');
SELECT pm_xref.add_reference('x', 'child', 'parent_id', 'nowhere', 'shop.products');
SELECT pm_xref.add_reference('x', 'child', 'parent_id', 'far', 'products');
SELECT pm_xref.add_reference('x', 'child', 'parent_id', 'far', 'a.b.c');
SELECT pm_xref.add_reference('x', 'child', 'parent_id', 'far', 'a."b');
SELECT pm_xref.add_reference('x', 'child', 'parent_id', NULL, 'public.nothing');
SELECT pm_xref.add_reference('x', 'child', 'parent_id', NULL, '"Far".parent', 'ID');
SELECT pm_xref.add_reference('x', 'child', 'parent_id', NULL, '"Far".parent', 'id', 'ignore');

SELECT pm_xref.drop_reference('r'), pm_xref.drop_reference('local');
SELECT pm_xref.drop_reference('r');
SELECT pm_xref.drop_reference(NULL);
SELECT * FROM pm_xref.find_orphans('r');
SELECT * FROM pm_xref.find_orphans(NULL);

-- a table or column that has gone since
SELECT pm_xref.add_reference('gone', 'child', 'parent_id', NULL, '"Far".parent');
ALTER TABLE child RENAME parent_id TO owner_id;
SELECT * FROM pm_xref.find_orphans('gone');
DROP TABLE "Far".parent;
ALTER TABLE child RENAME owner_id TO parent_id;
SELECT * FROM pm_xref.find_orphans('gone');
DROP VIEW seen;
DROP TABLE child;
SELECT * FROM pm_xref.find_orphans('gone');
SELECT pm_xref.drop_reference('gone');
SET client_min_messages = warning;
DROP SERVER far CASCADE;
DROP SERVER near CASCADE;
DROP SCHEMA "Far";
