-- merge_products(): whose row changes what of a product that is there.
\set VERBOSITY terse
SET search_path = pm_catalog, pm_gtin, public;
SET client_min_messages = warning;
INSERT INTO suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-000000000001', 'acme', 'Acme'), ('01a21d28-7d45-7936-84e2-000000000002', 'best', 'Best');
INSERT INTO families (code, name) VALUES ('pen', 'Pens');
INSERT INTO family_attributes (family_id, code, name, data_type)
SELECT id, a.code, a.code, a.type FROM families, (VALUES ('ink', 'text'), ('tip', 'number'), ('cap', 'boolean'), ('clip', 'text')) AS a(code, type);
CREATE TEMP TABLE staged (LIKE merge_row);
CREATE FUNCTION pg_temp.merge(supplier text, options jsonb DEFAULT '{}') RETURNS TABLE(row_no bigint, outcome text, reason text)
LANGUAGE sql AS $$
  SELECT m.row_no, m.outcome, m.reason FROM pm_catalog.merge_products(NULL, NULL, 'staged', (SELECT s.id FROM pm_catalog.suppliers AS s WHERE s.code = $1), options => $2) AS m ORDER BY 1
$$;
CREATE TEMP VIEW pen AS
SELECT p.title, p.description, p.status, p.weight, f.code AS family, p.technical_specs, s.code AS supplier
FROM products AS p LEFT JOIN suppliers AS s ON s.id = p.supplier_id LEFT JOIN families AS f ON f.id = p.family_id;
CREATE TEMP VIEW price AS
SELECT s.code AS of, x.price, x.cost, x.price_type, x.min_quantity, x.currency FROM product_prices AS x LEFT JOIN suppliers AS s ON s.id = x.supplier_id
WHERE x.valid_from = (SELECT max(y.valid_from) FROM product_prices AS y WHERE (y.supplier_id, y.price_type, y.min_quantity) IS NOT DISTINCT FROM (x.supplier_id, x.price_type, x.min_quantity))
ORDER BY 1, 2;
INSERT INTO staged (row_no, gtin, title, weight, family, technical_specs, price, supplier_sku) VALUES (1, '4006381333931', 'A pen', 0.012, 'pen', '{"ink": "blue", "tip": 0.5}', 1, 'A1');
SELECT * FROM pg_temp.merge('acme');
SELECT * FROM pen;
-- another supplier fills what is NULL, and adds its offer and its price
UPDATE staged SET title = 'Best pen', description = 'It writes.', weight = 0.013, technical_specs = '{"ink": "black", "cap": true, "clip": null}', price = 2, cost = 1, supplier_sku = 'B1', status = 'inactive';
SELECT * FROM pg_temp.merge('best');
SELECT * FROM pen;
SELECT * FROM price;
SELECT s.code, o.supplier_sku, o.cost FROM supplier_products AS o JOIN suppliers AS s ON s.id = o.supplier_id ORDER BY 1;
-- its own: all that the row has, also what is not there any more; what cannot be NULL stays
UPDATE staged SET title = NULL, description = NULL, weight = 0.014, technical_specs = '{"ink": null, "tip": 0.7}', family = NULL, status = NULL, price = 3, cost = NULL, supplier_sku = 'A1';
SELECT * FROM pg_temp.merge('acme');
SELECT * FROM pen;
SELECT * FROM price;
-- the options: nobody's row changes it, or everybody's
UPDATE staged SET title = 'Never', weight = 1;
SELECT * FROM pg_temp.merge('acme', '{"content": "never"}');
SELECT title, weight FROM pen;
SELECT * FROM pg_temp.merge('acme');
SELECT title, weight FROM pen;
UPDATE staged SET title = 'Always', supplier_sku = 'B1';
SELECT * FROM pg_temp.merge('best', '{"content": "always"}');
SELECT title, supplier FROM pen;
-- whose price it is
UPDATE staged SET price = 5;
SELECT * FROM pg_temp.merge('best', '{"prices": "ours"}');
UPDATE staged SET price = 6, supplier_sku = 'A1';
SELECT * FROM pg_temp.merge('acme', '{"prices": "supplier"}');
UPDATE staged SET price = 4, price_type = 'wholesale', price_min_quantity = 10, currency = 'CHF', compare_at_amount = 5;
SELECT * FROM pg_temp.merge('acme');
SELECT * FROM price;
-- a product that is nobody's keeps what it has, and stays nobody's
UPDATE products SET supplier_id = NULL;
UPDATE staged SET title = 'Acme''s again', description = 'Filled.';
SELECT * FROM pg_temp.merge('acme');
SELECT title, description, supplier FROM pen;
-- a status that there is not is a conflict of the row, and the next merge tries again
UPDATE products SET supplier_id = '01a21d28-7d45-7936-84e2-000000000001';
UPDATE staged SET status = 'sold';
SELECT * FROM pg_temp.merge('acme');
SELECT * FROM pg_temp.merge('acme');
-- categories of another taxonomy
UPDATE staged SET status = NULL, category = 'Pens > Fine';
SELECT * FROM pg_temp.merge('acme', '{"taxonomy": "google"}');
SELECT c.taxonomy, c.name, u.name AS below FROM products AS p JOIN categories AS c ON c.id = p.category_id JOIN categories AS u ON u.id = c.parent_id;
TRUNCATE products CASCADE;
DELETE FROM suppliers;
DELETE FROM families;
DELETE FROM categories;
