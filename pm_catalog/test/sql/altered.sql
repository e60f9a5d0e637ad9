-- Tables to which users have added columns: history keeps them, and nothing breaks.
\set VERBOSITY terse
SET client_min_messages = warning;
SET search_path = public, pm_catalog, pm_gtin;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE TYPE pm_test_pair AS (a integer, b date);
CREATE DOMAIN pm_test_day AS date;
-- names that our own statements use, too
ALTER TABLE products ADD n numeric, ADD day date, ADD tags text[], ADD small smallint, ADD ratio float8, ADD document json, ADD pair pm_test_pair, ADD own_day pm_test_day, ADD at timestamp;
INSERT INTO products (id, title, n, day, tags, small, ratio, document, pair, own_day, at) VALUES
  ('01a21d28-7d45-7936-84e2-000000000001', 'A pen', 'NaN', '2026-02-03', '{a,b}', 3, 0.1, '{"a": 1}', '(1,2026-02-03)', '2026-02-03', '2026-02-03 04:05');
-- they are written as JSON has them, whatever DateStyle says, and read back
SET datestyle = 'SQL, DMY';
UPDATE products SET n = 1, day = NULL, tags = NULL, small = 4, ratio = 2, document = '[]', pair = NULL, own_day = NULL, at = NULL;
SELECT old FROM product_versions;
RESET datestyle;
SET datestyle = 'ISO';
SELECT column_name, old_value, new_value FROM product_history('01a21d28-7d45-7936-84e2-000000000001') ORDER BY column_name;
SELECT revert('01a21d28-7d45-7936-84e2-000000000001', 1);
SELECT n, day, tags, small, ratio, document, pair, own_day, at FROM products;
SELECT title, tags FROM product_as_of('01a21d28-7d45-7936-84e2-000000000001', now());
-- a column goes while a session has the functions planned
ALTER TABLE products DROP tags;
UPDATE products SET title = 'Another pen';
SELECT title, day FROM product_as_of('01a21d28-7d45-7936-84e2-000000000001', now());
SELECT revert('01a21d28-7d45-7936-84e2-000000000001', 1);
SELECT title, day FROM products;
-- categories
SELECT ensure_category('main', '{A,B,C}') IS NOT NULL AS made;
SELECT s.name FROM categories AS c, category_subtree(c.id) AS s WHERE c.name = 'B' ORDER BY s.path;
ALTER TABLE categories ADD colour text;
SELECT s.name, s.colour FROM categories AS c, category_subtree(c.id) AS s WHERE c.name = 'B' ORDER BY s.path;
SELECT s.name, s.colour FROM categories AS c, category_ancestors(c.id) AS s WHERE c.name = 'C';
ALTER TABLE categories DROP colour;
ALTER TABLE products DROP n, DROP day, DROP small, DROP ratio, DROP document, DROP pair, DROP own_day, DROP at;
DROP TYPE pm_test_pair;
DROP DOMAIN pm_test_day;
-- a thousand large rows are not collected in memory: old values are written a few at a time
CREATE TABLE written (rows bigint);
CREATE FUNCTION note_written() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.written SELECT count(*) FROM new_rows; RETURN NULL; END';
CREATE TRIGGER test_written AFTER INSERT ON product_versions REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_written();
INSERT INTO products (title, technical_specs) SELECT 'Large ' || i, jsonb_build_object('text', repeat('x', 1000000)) FROM generate_series(1, 30) AS i;
UPDATE products SET technical_specs = '{}' WHERE title LIKE 'Large %';
SELECT sum(rows) AS rows, max(rows) < 20 AS "in parts" FROM written;
DROP TRIGGER test_written ON product_versions;
DROP FUNCTION note_written();
DROP TABLE written;
UPDATE products SET deleted_at = now();
DELETE FROM products;
DELETE FROM categories WHERE name = 'C';
DELETE FROM categories WHERE name = 'B';
DELETE FROM categories WHERE name = 'A';
