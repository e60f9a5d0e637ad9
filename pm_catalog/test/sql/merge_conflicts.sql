-- merge_products(): rows that cannot be merged are conflicts, alone.
\set VERBOSITY terse
SET search_path = pm_catalog, pm_gtin, public;
SET client_min_messages = warning;
INSERT INTO suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-000000000001', 'acme', 'Acme'), ('01a21d28-7d45-7936-84e2-000000000002', 'best', 'Best');
CREATE TEMP TABLE staged (LIKE merge_row);
CREATE FUNCTION pg_temp.merge(key text DEFAULT 'gtin') RETURNS TABLE(row_no bigint, outcome text, reason text)
LANGUAGE sql AS $$
  SELECT m.row_no, m.outcome, m.reason FROM pm_catalog.merge_products(NULL, NULL, 'staged', '01a21d28-7d45-7936-84e2-000000000001', $1) AS m ORDER BY 1
$$;
-- of each kind one; the first row of a key is merged
INSERT INTO products (title, gtin, sku, slug) VALUES ('Ours', '96385074', 'SKU-1', 'ours');
INSERT INTO staged (row_no, gtin, title, sku, weight, price, currency, on_hand, family, brand, slug, supplier_sku, price_type) VALUES
  (1, '4006381333931', 'Good', NULL, 1, 1, 'EUR', 1, NULL, NULL, NULL, 'S1', NULL),
  (2, '4006381333931', 'Key of row 1', NULL, 1, 1, 'EUR', 1, NULL, NULL, NULL, NULL, NULL),
  (3, NULL, 'No key', NULL, 1, 1, 'EUR', 1, NULL, NULL, NULL, NULL, NULL),
  (4, '4006381333948', NULL, NULL, 1, 1, 'EUR', 1, NULL, NULL, NULL, NULL, NULL),
  (5, '5901234123457', E'a\tb', NULL, 1, 1, 'EUR', 1, NULL, NULL, NULL, NULL, NULL),
  (6, '9780306406157', 'Heavy', NULL, 10000000, 1, 'EUR', 1, NULL, NULL, NULL, NULL, NULL),
  (7, '012345678905', 'Price', NULL, 1, -1, 'EUR', 1, NULL, NULL, NULL, NULL, NULL),
  (8, '4012345678901', 'Currency', NULL, 1, 1, 'XTS', 1, NULL, NULL, NULL, NULL, NULL),
  (9, '4000000000006', 'Stock', NULL, 1, 1, 'EUR', -1, NULL, NULL, NULL, NULL, NULL),
  (10, '4000000000013', 'Family', NULL, 1, 1, 'EUR', 1, 'none', NULL, NULL, NULL, NULL),
  (11, '4000000000020', 'Our sku', 'SKU-1', 1, 1, 'EUR', 1, NULL, NULL, NULL, NULL, NULL),
  (12, '4000000000037', 'Brand', NULL, 1, 1, 'EUR', 1, NULL, repeat('x', 501), NULL, NULL, NULL),
  (13, '4000000000044', 'Our slug', NULL, 1, 1, 'EUR', 1, NULL, NULL, 'ours', NULL, NULL),
  (14, '4000000000051', 'Supplier''s sku', NULL, 1, 1, 'EUR', 1, NULL, NULL, NULL, 'S1', NULL),
  (15, '4000000000068', 'Kind of price', NULL, 1, 1, 'EUR', 1, NULL, NULL, NULL, NULL, 'No slug'),
  (16, '96385074', 'Ours keep their title', NULL, NULL, 1, 'EUR', 1, NULL, NULL, NULL, NULL, NULL),
  -- many rules broken by one row, and values of many lines
  (17, '4000000000075', E'a\tb', ' sku ', -1, -1, 'XTS', -1, NULL, repeat('x', 501), E'No\nslug', NULL, 'No slug'),
  (18, '4000000000082', NULL, NULL, -1, 1, 'EUR', 1, E'no\nne', NULL, NULL, NULL, NULL);
SELECT * FROM pg_temp.merge();
-- nothing is left of them
SELECT p.title, p.sku, x.price, s.on_hand FROM products AS p LEFT JOIN product_prices AS x ON x.product_id = p.id LEFT JOIN product_stocks AS s ON s.product_id = p.id ORDER BY 1;
SELECT (SELECT count(*) FROM brands) AS brands, (SELECT count(*) FROM supplier_products) AS offers;
-- they are tried again, and merged once they are good
UPDATE staged SET weight = 9999999 WHERE row_no = 6;
UPDATE staged SET price = 1 WHERE row_no = 7;
SELECT row_no, outcome FROM pg_temp.merge() WHERE row_no IN (1, 6, 7, 8);
-- one broken row in ten, of a kind that only the server sees: rows are found by halving
DELETE FROM staged;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.title LIKE '%7' THEN
    RAISE EXCEPTION 'no sevens' USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER refuse BEFORE INSERT ON products FOR EACH ROW EXECUTE FUNCTION refuse();
INSERT INTO staged (row_no, gtin, title, brand) SELECT i, gtin_complete('2' || lpad(i::text, 11, '0')), 'Number ' || i, 'Brand ' || i % 3 FROM generate_series(1, 100) AS i;
SELECT outcome, reason, count(*), bool_and(row_no % 10 = 7) AS sevens FROM pg_temp.merge() GROUP BY 1, 2 ORDER BY 1;
SELECT count(*), count(DISTINCT brand_id) AS brands FROM products WHERE title LIKE 'Number%';
-- another error is the batch's
CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'closed' USING ERRCODE = '55000';
END
$$;
UPDATE staged SET gtin = gtin_complete('3' || lpad(row_no::text, 11, '0'));
SELECT * FROM pg_temp.merge();
DROP TRIGGER refuse ON products;
DROP FUNCTION refuse();
-- key supplier_sku: the offer's product, or that of the gtin, or a new one
DELETE FROM staged;
TRUNCATE products CASCADE;
INSERT INTO products (title, gtin) VALUES ('Ours', '96385074');
INSERT INTO staged (row_no, supplier_sku, gtin, title) VALUES (1, 'A', '4006381333931', 'New'), (2, 'B', '96385074', 'Offered now'), (3, 'C', '96385074', 'Twice'), (4, 'D', NULL, 'Without gtin');
SELECT * FROM pg_temp.merge('supplier_sku');
UPDATE staged SET gtin = '5901234123457' WHERE supplier_sku = 'A';
SELECT * FROM pg_temp.merge('supplier_sku'); -- and the third is no second code of that product later
SELECT p.gtin, p.title, o.supplier_sku FROM products AS p JOIN supplier_products AS o ON o.product_id = p.id ORDER BY o.supplier_sku;
-- key sku
UPDATE staged SET sku = supplier_sku, supplier_sku = NULL, gtin = CASE row_no WHEN 1 THEN '5901234123457'::gtin END;
SELECT * FROM pg_temp.merge('sku');
-- a deleted product frees its codes: the row makes a new one, also if it is as it was
TRUNCATE products CASCADE;
DELETE FROM staged WHERE row_no > 1;
UPDATE staged SET supplier_sku = 'A';
SELECT * FROM pg_temp.merge();
UPDATE products SET deleted_at = now();
SELECT * FROM pg_temp.merge();
SELECT p.deleted_at IS NULL AS there, o.supplier_sku, o.is_active FROM products AS p JOIN supplier_products AS o ON o.product_id = p.id ORDER BY 1;
TRUNCATE products CASCADE;
DELETE FROM suppliers;
DELETE FROM brands;
