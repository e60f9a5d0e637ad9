-- undo_job(): what an import did to products is taken back.
\set VERBOSITY terse
SET search_path = pm_catalog, pm_gtin, public;
SET client_min_messages = warning;
SET datestyle = 'ISO';
INSERT INTO suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-000000000001', 'acme', 'Acme'), ('01a21d28-7d45-7936-84e2-000000000002', 'other', 'Other');
CREATE TEMP TABLE staged OF merge_row;
\set first '''01a21d28-7d45-7936-84e2-00000000000a'''
\set second '''01a21d28-7d45-7936-84e2-00000000000b'''
\set third '''01a21d28-7d45-7936-84e2-00000000000c'''
CREATE FUNCTION pg_temp.merge(job uuid, supplier text DEFAULT 'acme') RETURNS TABLE(row_no bigint, outcome text, reason text)
LANGUAGE sql AS $$
  SELECT m.row_no, m.outcome, m.reason
  FROM pm_catalog.merge_products($1, 1, 'staged', (SELECT s.id FROM pm_catalog.suppliers AS s WHERE s.code = $2)) AS m ORDER BY 1
$$;
CREATE FUNCTION pg_temp.undo(job uuid) RETURNS TABLE(title text, outcome text, reason text)
LANGUAGE sql AS $$
  SELECT p.title, u.outcome, regexp_replace(u.reason, '(at )[0-9]+-[-0-9]+ [-0-9:.+]+|(roduct "|role ")[^"]+', '\1\2...', 'g')
  FROM pm_catalog.undo_job($1) AS u LEFT JOIN pm_catalog.products AS p ON p.id = u.product_id ORDER BY p.gtin
$$;
CREATE TEMP VIEW as_is AS
SELECT p.gtin, p.title, p.sku, p.technical_specs AS specs, o.code AS supplier, o.cost, o.stock, p.deleted_at IS NOT NULL AS deleted,
       (current_price(p.id)).price, (SELECT string_agg(x.price::text, ' ' ORDER BY x.valid_from) FROM product_prices AS x WHERE x.product_id = p.id AND x.supplier_id IS NULL) AS prices
FROM products AS p LEFT JOIN (SELECT s.code, q.* FROM supplier_products AS q JOIN suppliers AS s ON s.id = q.supplier_id WHERE q.is_active) AS o ON o.product_id = p.id
ORDER BY p.gtin, o.code;

INSERT INTO staged (row_no, gtin, sku, supplier_sku, title, price, cost, stock, on_hand, technical_specs) VALUES
  (1, '4006381333931', 'A1', 'S1', 'A pen', 1.20, 0.70, 5, 3, '{"ink": "red"}'),
  (2, '4006381333948', 'A2', 'S2', 'A pencil', 1.00, NULL, NULL, NULL, NULL),
  (3, '4006381333955', 'A3', 'S3', 'A marker', 3, NULL, NULL, NULL, NULL),
  (4, '4006381333962', 'A4', 'S4', 'A brush', 4, NULL, NULL, NULL, NULL),
  (5, '4006381333979', 'A5', 'S5', 'A ruler', NULL, NULL, NULL, NULL, NULL);
SELECT outcome, count(*) FROM pg_temp.merge(:first) GROUP BY 1;
SELECT * FROM as_is;

-- the second import changes some, is wrong about all, and makes two
UPDATE staged SET title = 'WRONG ' || row_no, price = 99, sku = 'W' || row_no, technical_specs = '{"ink": null, "tip": 1}' WHERE row_no <= 4;
UPDATE staged SET cost = 0.80, stock = 1, on_hand = 9 WHERE row_no = 1;
INSERT INTO staged (row_no, gtin, supplier_sku, title, price) VALUES (6, '5901234123457', 'S6', 'A book', 7), (7, '9780201379624', 'S7', 'A lamp', 8);
SELECT outcome, count(*) FROM pg_temp.merge(:second) GROUP BY 1;
-- since then: one is edited, one is deleted, a code of before is taken, and another supplier offers a new one
UPDATE products SET title = 'Our pencil' WHERE gtin = '4006381333948';
SELECT delete_product(id, 'recalled') FROM products WHERE gtin = '4006381333955';
INSERT INTO products (gtin, sku, title) VALUES ('96385074', 'A4', 'Took the number');
CREATE TEMP TABLE kept AS TABLE staged;
DELETE FROM staged WHERE row_no <> 7;
SELECT outcome FROM pg_temp.merge(:third, 'other');
SELECT * FROM pg_temp.undo(:second);
SELECT * FROM as_is;
-- the history says so, and has no import behind it
SELECT h.version, h.job, h.reason, h.column_name, h.old_value, h.new_value
FROM products AS p, product_history(p.id) AS h WHERE p.gtin = '4006381333931' AND h.version = 3 ORDER BY h.column_name;
SELECT h.reason FROM products AS p, product_history(p.id) AS h WHERE p.gtin = '5901234123457' AND h.column_name = 'deleted_at';
-- again: nothing more
CREATE TEMP TABLE versions AS SELECT id, version FROM products;
SELECT * FROM pg_temp.undo(:second);
SELECT count(*) AS changed FROM products AS p JOIN versions AS v USING (id) WHERE p.version <> v.version;
SELECT count(*) AS prices FROM product_prices;

-- the file that was corrected: no row is unchanged that was undone
TRUNCATE staged;
INSERT INTO staged SELECT * FROM kept WHERE row_no IN (1, 6);
SELECT * FROM pg_temp.merge('01a21d28-7d45-7936-84e2-00000000000d');
SELECT gtin, title, price, deleted FROM as_is WHERE gtin IN ('4006381333931', '5901234123457');

-- in steps, each going on after the last one
DO $$
DECLARE
  last uuid;
  r record;
BEGIN
  LOOP
    SELECT u.product_id, p.title, u.outcome, u.reason INTO r
    FROM pm_catalog.undo_job('01a21d28-7d45-7936-84e2-00000000000d', last, 1) AS u JOIN pm_catalog.products AS p ON p.id = u.product_id;
    EXIT WHEN NOT FOUND;
    RAISE WARNING '%: %', r.title, r.outcome;
    last := r.product_id;
  END LOOP;
END
$$;
-- an import that is not known did nothing
SELECT count(*) FROM undo_job('01a21d28-7d45-7936-84e2-00000000000f');
-- refused
SELECT undo_job(NULL);
SELECT undo_job(:first, NULL, 0);
TRUNCATE products CASCADE;
DELETE FROM suppliers;
DELETE FROM changes;
