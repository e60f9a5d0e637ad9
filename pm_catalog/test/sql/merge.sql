-- merge_products(): what becomes of each row, what is written, what is remembered.
\set VERBOSITY terse
SET search_path = pm_catalog, pm_gtin, public;
SET client_min_messages = warning;
INSERT INTO suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-000000000001', 'acme', 'Acme');
CREATE TEMP TABLE staged OF merge_row;
CREATE TEMP VIEW as_merged AS
SELECT p.gtin, p.title, b.name AS brand, c.name AS category, o.supplier_sku, o.cost, o.stock, s.on_hand,
       (SELECT string_agg(t.name, ' ' ORDER BY t.name) FROM product_tags AS x JOIN tags AS t ON t.id = x.tag_id WHERE x.product_id = p.id) AS tags
FROM products AS p JOIN supplier_products AS o ON o.product_id = p.id LEFT JOIN product_stocks AS s ON s.product_id = p.id
LEFT JOIN brands AS b ON b.id = p.brand_id LEFT JOIN categories AS c ON c.id = p.category_id
ORDER BY p.gtin;
CREATE FUNCTION pg_temp.merge(batch integer, job uuid DEFAULT '01a21d28-7d45-7936-84e2-00000000000a') RETURNS TABLE(row_no bigint, outcome text, reason text)
LANGUAGE sql AS $$
  SELECT m.row_no, m.outcome, m.reason FROM pm_catalog.merge_products($2, $1, 'staged', '01a21d28-7d45-7936-84e2-000000000001') AS m ORDER BY 1
$$;

INSERT INTO staged (row_no, gtin, supplier_sku, title, brand, category, price, cost, stock, on_hand, tags) VALUES
  (1, '4006381333931', 'S1', 'A pen', 'Stabilo', 'Office > Pens', 1.20, 0.70, 5, 3, '{red,été}'),
  (2, '4006381333948', 'S2', 'A pencil', 'Stabilo', 'Office > Pencils', 1.00, NULL, NULL, NULL, NULL),
  (3, '5901234123457', NULL, 'A book', NULL, NULL, NULL, NULL, NULL, 0, '{}');
SELECT * FROM pg_temp.merge(1);
SELECT * FROM as_merged;
SELECT p.gtin, x.price_type, x.price, x.currency, x.cost, x.margin, x.supplier_id FROM product_prices AS x JOIN products AS p ON p.id = x.product_id ORDER BY 1;
SELECT name, slug FROM tags ORDER BY name;
-- whose they are, and who made them: the batch; the outcomes name the products
SELECT count(*) AS products, count(DISTINCT id) AS ids, count(supplier_id) AS owned FROM products;
SELECT role = current_user AS role, job, batch FROM changes ORDER BY id DESC LIMIT 1;
SELECT m.row_no, p.gtin FROM merge_products('01a21d28-7d45-7936-84e2-00000000000a', 1, 'staged', '01a21d28-7d45-7936-84e2-000000000001') AS m JOIN products AS p ON p.id = m.product_id ORDER BY 1;

-- the same batch again: the same outcomes, whatever the source has become; nothing changes
UPDATE staged SET title = 'Another' WHERE row_no = 1;
SELECT * FROM pg_temp.merge(1);
UPDATE staged SET title = 'A pen' WHERE row_no = 1;
SELECT last_batch('01a21d28-7d45-7936-84e2-00000000000a'), last_batch('01a21d28-7d45-7936-84e2-00000000000b');

-- the same rows in another batch: nothing is touched
CREATE TEMP TABLE written AS SELECT tableoid::regclass AS t, ctid AS c, xmin AS x FROM products UNION ALL SELECT tableoid, ctid, xmin FROM supplier_products
  UNION ALL SELECT tableoid, ctid, xmin FROM product_prices UNION ALL SELECT tableoid, ctid, xmin FROM product_stocks UNION ALL SELECT tableoid, ctid, xmin FROM product_tags;
SELECT * FROM pg_temp.merge(2);
SELECT count(*) AS touched FROM (TABLE written EXCEPT (SELECT tableoid::regclass, ctid, xmin FROM products UNION ALL SELECT tableoid, ctid, xmin FROM supplier_products
  UNION ALL SELECT tableoid, ctid, xmin FROM product_prices UNION ALL SELECT tableoid, ctid, xmin FROM product_stocks UNION ALL SELECT tableoid, ctid, xmin FROM product_tags)) AS x;
-- so a change by hand stays, until the supplier's row changes
UPDATE products SET title = 'Our pen' WHERE gtin = '4006381333931';
SELECT * FROM pg_temp.merge(3) WHERE row_no = 1;
SELECT gtin, title FROM as_merged WHERE supplier_sku = 'S1';
UPDATE staged SET title = 'A red pen', price = 1.30, cost = 0.80, stock = 4, on_hand = 2, tags = '{red,ink}' WHERE row_no = 1;
UPDATE staged SET brand = NULL WHERE row_no = 2;
SELECT * FROM pg_temp.merge(4);
SELECT * FROM as_merged;

-- a later price starts a period; the same price again does not
BEGIN;
UPDATE staged SET price = 1.50 WHERE row_no = 1;
UPDATE staged SET stock = 7 WHERE row_no = 2;
CREATE TEMP TABLE stocks_before AS SELECT ctid AS at, xmin AS written, xmax AS locked FROM product_stocks;
SELECT * FROM pg_temp.merge(5);
SELECT p.gtin, x.price, x.valid_from = now() AS from_now FROM product_prices AS x JOIN products AS p ON p.id = x.product_id ORDER BY p.gtin, x.valid_from;
-- a stock of ours that is as it was is not even locked
SELECT count(*) > 0 AS there, count(*) FILTER (WHERE b.at IS NULL) AS touched FROM product_stocks AS s LEFT JOIN stocks_before AS b ON (b.at, b.written::text, b.locked::text) = (s.ctid, s.xmin::text, s.xmax::text);
-- twice in one transaction: the period that starts now has the last price
UPDATE staged SET price = 1.60 WHERE row_no = 1;
SELECT * FROM pg_temp.merge(6) WHERE row_no = 1;
SELECT x.price, x.valid_from = now() AS from_now FROM product_prices AS x JOIN products AS p ON p.id = x.product_id WHERE p.gtin = '4006381333931' ORDER BY x.valid_from;
COMMIT;

-- columns that the source has not are not touched, and other columns are another row
CREATE TEMP TABLE stocks AS SELECT gtin, 99 AS stock FROM staged;
SELECT outcome, count(*) FROM merge_products(NULL, NULL, 'stocks', '01a21d28-7d45-7936-84e2-000000000001') GROUP BY 1;
SELECT * FROM as_merged;
SELECT outcome, count(*) FROM merge_products(NULL, NULL, 'stocks', '01a21d28-7d45-7936-84e2-000000000001') GROUP BY 1;
-- an offer that was ended is made again by the same row
UPDATE supplier_products SET is_active = false WHERE supplier_sku = 'S1';
SELECT outcome, count(*) FROM merge_products(NULL, NULL, 'stocks', '01a21d28-7d45-7936-84e2-000000000001') GROUP BY 1;
SELECT count(*) AS not_offered FROM supplier_products WHERE NOT is_active;
-- without a job nothing is remembered
SELECT batch, created, updated, unchanged, conflicts FROM merges ORDER BY batch;

-- forgotten outcomes: the batch still counts
SELECT forget_batch('01a21d28-7d45-7936-84e2-00000000000a', 6);
SELECT last_batch('01a21d28-7d45-7936-84e2-00000000000a');
SELECT * FROM pg_temp.merge(6);
SELECT * FROM pg_temp.merge(5);
SELECT forget_job('01a21d28-7d45-7936-84e2-00000000000a');
SELECT count(*) FROM merge_outcomes;
-- a batch of no rows
DELETE FROM staged;
SELECT * FROM pg_temp.merge(1);
SELECT * FROM pg_temp.merge(1);
SELECT last_batch('01a21d28-7d45-7936-84e2-00000000000a'), forget_job('01a21d28-7d45-7936-84e2-00000000000a');
TRUNCATE products CASCADE;
DELETE FROM suppliers;
DELETE FROM categories;
DELETE FROM brands;
DELETE FROM tags;
