-- Prices of variants: periods of their own, and the product's where there are none.
\set VERBOSITY terse
SET client_min_messages = warning;
SET search_path = pm_catalog, pm_gtin, public;
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set p '\'01a21d28-7d45-7936-84e2-000000000001\''
\set red '\'01a21d28-7d45-7936-84e2-000000000011\''
\set blue '\'01a21d28-7d45-7936-84e2-000000000012\''
INSERT INTO products (id, title) VALUES (:p, 'A pen'), ('01a21d28-7d45-7936-84e2-000000000002', 'A book');
INSERT INTO product_variants (id, product_id, name, attributes) VALUES (:red, :p, 'Red', '{"colour": "red"}'), (:blue, :p, 'Blue', '{"colour": "blue"}');
INSERT INTO product_prices (product_id, price, valid_from) VALUES (:p, 10, '2026-01-01'), (:p, 12, '2026-03-01');
INSERT INTO product_prices (product_id, variant_id, price, valid_from, valid_until) VALUES (:p, :red, 8, '2026-02-01', '2026-02-20');
INSERT INTO product_prices (product_id, variant_id, price, valid_from) VALUES (:p, :red, 9, '2026-04-01'), (:p, :red, 7, '2026-02-10');
INSERT INTO product_prices (product_id, price, valid_from, min_quantity) VALUES (:p, 5, '2026-01-01', 10);
SELECT v.name, r.min_quantity AS min, r.price, r.valid_from::date, r.valid_until::date, r.ends_at::date
FROM product_prices AS r LEFT JOIN product_variants AS v ON v.id = r.variant_id ORDER BY v.name NULLS FIRST, min, valid_from;
-- of another product, of none, twice at once
INSERT INTO product_prices (product_id, variant_id, price) VALUES ('01a21d28-7d45-7936-84e2-000000000002', :red, 1);
INSERT INTO product_prices (product_id, variant_id, price, valid_from) VALUES (:p, :red, 1, '2026-04-01');
-- its own price, or the product's; also for many pieces
SELECT at::date, q, (current_price(:p, at, quantity => q)).price AS product, (current_price(:p, at, quantity => q, variant => :red)).price AS red, (current_price(:p, at, quantity => q, variant => :blue)).price AS blue
FROM unnest('{2025-12-31,2026-01-31,2026-02-05,2026-02-15,2026-03-15,2026-04-15}'::timestamptz[]) AS at, unnest('{1,10}'::int[]) AS q ORDER BY at, q;
-- the lowest price that was asked for the variant: the product's only while it had none
SELECT before::date, lowest_price(:p, before => before, days => days) AS product, lowest_price(:p, before => before, days => days, variant => :red) AS red, lowest_price(:p, before => before, days => days, variant => :blue) AS blue
FROM (VALUES ('2026-02-01'::timestamptz, 10), ('2026-02-10', 9), ('2026-02-20', 5), ('2026-02-12', 30), ('2026-04-05', 3), ('2026-04-05', 30), ('2026-04-05', -5)) AS v(before, days);
SELECT variant_id = :red AS red, price, valid_from::date, change FROM price_history(:p) WHERE min_quantity = 1;
-- reductions by variant
INSERT INTO product_prices (product_id, variant_id, price, compare_at_amount, valid_from) VALUES (:p, :red, 6, 9, now() - interval '1 day'), (:p, :blue, 6, 12, now() - interval '1 day');
SELECT variant_id = :red AS red, price, compare_at_amount, lowest_price, is_prior_price FROM price_reductions ORDER BY 1;
-- search and merge go by the product's price
SELECT index_products() > 0 AS indexed;
SELECT currencies, prices FROM search_documents WHERE product_id = :p;
-- events name the variant
CREATE FUNCTION pm_test_noop(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT pm_jobs.register_handler('pm_test_noop', 'pm_test_noop(pm_jobs.job)'), pm_jobs.create_queue('variants', ordered => true);
SELECT pm_xref.subscribe('catalog.price.changed', NULL, 'variants', 'pm_test_noop') IS NOT NULL AS subscribed;
UPDATE product_prices SET price = 5.5 WHERE price = 6 AND variant_id = :red;
SELECT payload ->> 'amount' AS amount, payload ->> 'previous' AS previous, payload ->> 'variant_id' = :red AS red FROM pm_xref._events WHERE topic = 'catalog.price.changed' ORDER BY id DESC LIMIT 1;
SELECT pm_xref.unsubscribe('catalog.price.changed');
DELETE FROM pm_jobs._job;
SELECT pm_jobs.drop_queue('variants'), pm_jobs.unregister_handler('pm_test_noop');
DROP FUNCTION pm_test_noop(pm_jobs.job);
-- prices of a variant go with it
DELETE FROM product_variants WHERE id = :red;
SELECT count(*) FROM product_prices WHERE variant_id IS NOT NULL;
UPDATE products SET deleted_at = now();
DELETE FROM products;
