-- Stock that is received, promised, shipped and moved.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET search_path = pm_catalog, pm_gtin, public;
INSERT INTO products (id, title) VALUES ('01a21d28-7d45-7936-84e2-000000000001', 'A pen'), ('01a21d28-7d45-7936-84e2-000000000002', 'A shirt');
INSERT INTO product_variants (id, product_id, name, attributes) VALUES ('01a21d28-7d45-7936-84e2-0000000000bb', '01a21d28-7d45-7936-84e2-000000000002', 'XL', '{"size": "XL"}');
\set pen '''01a21d28-7d45-7936-84e2-000000000001'''
\set shirt '''01a21d28-7d45-7936-84e2-000000000002'''
\set xl '''01a21d28-7d45-7936-84e2-0000000000bb'''
SELECT receive_stock(:pen, 10), receive_stock(:pen, 5, 'shop'), receive_stock(:shirt, 3, 'main', :xl), receive_stock(:pen, 2);
SELECT reserve_stock(:pen, 8), reserve_stock(:pen, 4), reserve_stock(:shirt, 1, variant_id => :xl);
SELECT location, variant_id IS NOT NULL AS of_variant, on_hand, reserved, available FROM product_stocks ORDER BY product_id, location;
-- refused: more than there is, nothing there, nothing asked
SELECT reserve_stock(:pen, 1);
SELECT reserve_stock(:shirt, 3, variant_id => :xl);
SELECT reserve_stock(:shirt, 1);
SELECT release_stock(:pen, 13);
SELECT ship_stock(:pen, 13);
SELECT move_stock(:pen, 6, 'shop', 'main');
SELECT move_stock(:pen, 1, 'shop', 'shop');
SELECT reserve_stock(:pen, 0);
SELECT receive_stock(:pen, NULL);
SELECT receive_stock(:pen, 2147483647);
\set VERBOSITY terse
SELECT receive_stock(:pen, 1, 'No slug');
\set VERBOSITY default
SELECT receive_stock('01a21d28-7d45-7936-84e2-000000000009', 1);
SELECT receive_stock(:pen, 1, variant_id => :xl);
\set VERBOSITY sqlstate
SELECT reserve_stock(:pen, 1);
SELECT reserve_stock(:pen, 2147483647);
\set VERBOSITY default
-- promises are taken back, kept, and pieces moved both ways
SELECT release_stock(:pen, 2), ship_stock(:pen, 10), move_stock(:pen, 1, 'main', 'shop'), move_stock(:pen, 4, 'shop', 'lyon');
SELECT location, on_hand, reserved, available FROM product_stocks WHERE product_id = :pen ORDER BY location;
-- what was written last is seen
UPDATE product_stocks SET updated_at = 'epoch', low_stock_threshold = 2 WHERE product_id = :pen;
SELECT bool_and(updated_at > now() - interval '1 hour') AS set_by_server FROM product_stocks WHERE product_id = :pen;
-- all in one row
INSERT INTO suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-0000000000aa', 'acme', 'Acme'), ('01a21d28-7d45-7936-84e2-0000000000ab', 'other', 'Other');
INSERT INTO supplier_products (product_id, supplier_id, stock, lead_time_days, is_active)
VALUES (:pen, '01a21d28-7d45-7936-84e2-0000000000aa', 100, 5, true), (:pen, '01a21d28-7d45-7936-84e2-0000000000ab', 50, 2, false);
SELECT p.title, on_hand, reserved, available, is_low, supplier_stock, lead_time_days FROM product_availability AS a JOIN products AS p ON p.id = a.product_id ORDER BY 1;
UPDATE products SET deleted_at = now() WHERE deleted_at IS NULL;
DELETE FROM products;
DELETE FROM suppliers;
