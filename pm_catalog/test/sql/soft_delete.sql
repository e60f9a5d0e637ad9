-- Deleting a product keeps its row; only such a row can be removed.
\set SHOW_CONTEXT never
SET search_path = pm_catalog, pm_gtin, public;
\set p '''01a21d28-7d45-7936-84e2-06bc7f30a5bb'''
\set q '''01a21d28-7d45-7936-84e2-06bc7f30a5cc'''
INSERT INTO suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-06bc7f30a501', 'acme', 'Acme');
INSERT INTO products (id, title, gtin, sku, slug) VALUES (:p, 'A pen', '4006381333931', 'PEN', 'pen'), ('01a21d28-7d45-7936-84e2-06bc7f30a5dd', 'A set', NULL, NULL, NULL);
INSERT INTO supplier_products (product_id, supplier_id) SELECT :p, id FROM suppliers;
INSERT INTO product_prices (product_id, price) VALUES (:p, 1);
INSERT INTO product_stocks (product_id, on_hand) VALUES (:p, 3);
INSERT INTO product_seo (product_id) VALUES (:p);
INSERT INTO product_bundles (product_id) VALUES ('01a21d28-7d45-7936-84e2-06bc7f30a5dd');
INSERT INTO product_bundle_items (bundle_id, product_id) SELECT id, :p FROM product_bundles;
DELETE FROM products WHERE id = :p;
SELECT delete_product(:p, 'never sold');
SELECT deleted_at = updated_at AS at_that_time, version FROM products WHERE id = :p;
SELECT version, reason, column_name, new_value IS NOT NULL AS is_set FROM product_history(:p);
SHOW pm_catalog.reason;
-- everything else is there
SELECT (SELECT count(*) FROM supplier_products) AS offers, (SELECT count(*) FROM product_prices) AS prices, (SELECT count(*) FROM product_stocks) AS stocks,
       (SELECT count(*) FROM product_bundle_items) AS items, (SELECT count(*) FROM product_seo) AS seo;
-- nothing changes it
UPDATE products SET title = 'Other' WHERE id = :p;
UPDATE products SET deleted_at = '2020-01-01' WHERE id = :p;
SELECT revert(:p, 1);
\set VERBOSITY terse
SELECT delete_product(:p);
\set VERBOSITY default
SELECT delete_product('01a21d28-7d45-7936-84e2-06bc7f30a500');
SELECT delete_product(NULL);
SELECT restore_product('01a21d28-7d45-7936-84e2-06bc7f30a500');
UPDATE products SET title = title, updated_at = now() WHERE id = :p RETURNING version;
-- gtin, sku and slug are free
INSERT INTO products (id, title, gtin, sku, slug) VALUES (:q, 'Another', '4006381333931', 'PEN', 'pen');
SELECT restore_product(:p);
UPDATE products SET gtin = NULL WHERE id = :q;
SELECT restore_product(:p);
UPDATE products SET sku = NULL WHERE id = :q;
SELECT restore_product(:p);
UPDATE products SET slug = NULL WHERE id = :q;
SELECT restore_product(:p, 'ordered again');
SELECT restore_product(:p);
SELECT version, reason, column_name FROM product_history(:p);
-- one that comes back may be mended by the same statement
SELECT delete_product(:p);
UPDATE products SET deleted_at = NULL, title = 'Other' WHERE id = :p RETURNING version, title;
-- by a plain statement, with its own time; deleted before it came here
UPDATE products SET deleted_at = 'epoch' WHERE id = :q RETURNING deleted_at = now() AS server_time;
INSERT INTO products (title, deleted_at) VALUES ('Long gone', '2001-01-01 UTC') RETURNING deleted_at = '2001-01-01 UTC' AS as_said, version;
-- a row that is removed leaves nothing; its id may come again
DELETE FROM products WHERE id = :q;
SELECT count(*) FROM product_history(:q);
INSERT INTO products (id, title) VALUES (:q, 'Again');
UPDATE products SET title = 'And again' WHERE id = :q RETURNING version;
-- it may refuse to go: other rows refer to it
SELECT delete_product(:p);
DELETE FROM products WHERE id = :p;
DELETE FROM product_bundle_items;
DELETE FROM products WHERE id = :p;
SELECT (SELECT count(*) FROM supplier_products) AS offers, (SELECT count(*) FROM product_prices) AS prices;
UPDATE products SET deleted_at = now() WHERE deleted_at IS NULL;
DELETE FROM products;
DELETE FROM suppliers;
