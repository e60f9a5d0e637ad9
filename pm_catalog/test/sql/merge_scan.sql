-- merge_products(): which rows are the same as before, and which of one key is taken.
\set VERBOSITY terse
SET search_path = pm_catalog, pm_gtin, public;
SET client_min_messages = warning;
INSERT INTO suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-000000000001', 'acme', 'Acme');
CREATE TEMP TABLE staged (row_no bigint, gtin gtin, sku text COLLATE "C", title text, stock integer);
CREATE FUNCTION pg_temp.merge(key text DEFAULT 'gtin', job uuid DEFAULT NULL) RETURNS TABLE(row_no bigint, outcome text, reason text)
LANGUAGE sql AS $$
  SELECT m.row_no, m.outcome, m.reason FROM pm_catalog.merge_products($2, CASE WHEN $2 IS NOT NULL THEN 1 END, 'staged', '01a21d28-7d45-7936-84e2-000000000001', $1) AS m ORDER BY 1, 2
$$;
-- more than one pack, in any order
INSERT INTO staged SELECT i, gtin_complete('2' || lpad(i::text, 11, '0')), 'S' || i, 'Thing ' || i, i FROM generate_series(1, 10000) AS i ORDER BY hashint4(i);
SELECT outcome, count(*) FROM pg_temp.merge() GROUP BY 1;
CREATE TEMP TABLE outcomes AS SELECT * FROM merge_products('01a21d28-7d45-7936-84e2-00000000000a', 1, 'staged', '01a21d28-7d45-7936-84e2-000000000001');
SELECT outcome, count(*), count(DISTINCT row_no), sum(row_no) FROM outcomes GROUP BY 1;
SELECT count(*) AS wrong FROM outcomes AS o LEFT JOIN products AS p ON p.id = o.product_id WHERE p.title IS DISTINCT FROM 'Thing ' || o.row_no;
SELECT part, cardinality(row_nos) FROM merge_outcomes ORDER BY part;
SELECT unchanged, created + updated + conflicts AS others FROM merges;
-- beside rows of the other kinds; remembered alike
UPDATE staged SET stock = stock + 1 WHERE row_no % 1000 = 0;
INSERT INTO staged VALUES (10001, gtin_complete('300000000000'), NULL, 'New', 1), (10002, NULL, NULL, 'No key', 1);
CREATE TEMP TABLE mixed AS SELECT * FROM merge_products('01a21d28-7d45-7936-84e2-00000000000b', 1, 'staged', '01a21d28-7d45-7936-84e2-000000000001');
SELECT outcome, count(*), min(row_no), max(reason) FROM mixed GROUP BY 1 ORDER BY 1;
SELECT count(*) AS wrong FROM (SELECT * FROM merge_products('01a21d28-7d45-7936-84e2-00000000000b', 1, 'staged', '01a21d28-7d45-7936-84e2-000000000001') EXCEPT TABLE mixed) AS e;

-- of one key the lowest row_no, whether it is the same as before, another, or both; in whichever order they come
DELETE FROM staged WHERE row_no > 4;
INSERT INTO staged
SELECT 10, gtin, sku, title, stock FROM staged WHERE row_no = 1
UNION ALL SELECT 0, gtin, sku, title, stock FROM staged WHERE row_no = 2
UNION ALL SELECT 11, gtin, sku, 'Later', stock FROM staged WHERE row_no = 3
UNION ALL SELECT 12, gtin, sku, 'Later still', stock FROM staged WHERE row_no = 3
UNION ALL SELECT -1, gtin, sku, 'Before', stock FROM staged WHERE row_no = 4;
SELECT * FROM pg_temp.merge();
-- the first one of those that remain
DELETE FROM staged WHERE row_no IN (0, 3);
SELECT * FROM pg_temp.merge();
-- every row of one key, and a row without a number, which is the last
DELETE FROM staged;
INSERT INTO staged SELECT CASE WHEN i < 4 THEN i END, gtin_complete('200000000009'), NULL, 'One', 1 FROM generate_series(1, 5) AS i;
SELECT * FROM pg_temp.merge();
-- by a key of text, as short as can be and long
DELETE FROM staged;
INSERT INTO staged SELECT i, NULL, CASE WHEN i < 4 THEN chr(96 + i) ELSE repeat('k', 99) || i % 5 END, 'Text ' || i, 1 FROM generate_series(1, 10) AS i;
SELECT * FROM pg_temp.merge('sku');
SELECT * FROM pg_temp.merge('sku');

-- with little memory: keys that come twice are more than can be listed, sorts go to files
SET work_mem = '64kB';
DELETE FROM staged;
INSERT INTO staged SELECT i, gtin_complete('5' || lpad((i % 20000)::text, 11, '0')), NULL, 'Thing ' || i % 20000, i % 20000 FROM generate_series(1, 40000) AS i;
SELECT outcome, left(reason, 24) AS reason, count(*), min(row_no), max(row_no) FROM pg_temp.merge() GROUP BY 1, 2 ORDER BY 1;
SELECT outcome, left(reason, 24) AS reason, count(*), min(row_no), max(row_no), bool_and(reason IS NULL OR reason = '23505: duplicate of row ' || row_no - 20000) FROM pg_temp.merge() GROUP BY 1, 2 ORDER BY 1;
RESET work_mem;

-- two offers never have one digest: of a product that was deleted, and has come back under another code
DELETE FROM staged WHERE row_no > 1;
UPDATE staged SET title = 'Comes back';
SELECT * FROM pg_temp.merge();
UPDATE products SET deleted_at = now() WHERE title = 'Comes back';
SELECT * FROM pg_temp.merge();
UPDATE products SET deleted_at = NULL, gtin = NULL WHERE title = 'Comes back' AND deleted_at IS NOT NULL;
UPDATE supplier_products SET is_active = true WHERE product_id IN (SELECT id FROM products WHERE title = 'Comes back');
SELECT * FROM pg_temp.merge();

-- what reads the rows is not to be called with something else
SELECT * FROM _merge_scan('SELECT 1', 'gtin') AS r(pos bigint);
SELECT * FROM _merge_scan('SELECT 1::bigint, NULL::uuid, NULL::uuid, 1 AS a', 'b') AS r(pos bigint);
SELECT * FROM _merge_scan('SELECT 1::bigint, NULL::uuid, NULL::uuid, 1 AS a', 'a') AS r(pos bigint);
SELECT * FROM _merge_scan('SELECT 1::bigint, NULL::uuid, NULL::uuid, ''x''::text AS a', 'a') AS r(pos bigint);
SELECT * FROM _merge_scan('SELECT 1::bigint, NULL::uuid, NULL::uuid, ''x''::text AS a; SELECT 1::bigint, NULL::uuid, NULL::uuid, 2::bigint AS a', 'a') AS r(pos bigint);
SELECT * FROM _merge_scan('DELETE FROM suppliers', 'a') AS r(pos bigint);
SELECT * FROM _merge_scan('COPY suppliers TO STDOUT', 'a') AS r(pos bigint);
SELECT * FROM _merge_scan('', 'a') AS r(pos bigint);
TRUNCATE products CASCADE;
DELETE FROM merges;
DELETE FROM suppliers;
