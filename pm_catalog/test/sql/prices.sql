-- Periods of prices, and what is read from them.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET search_path = pm_catalog, pm_gtin, public;
SET timezone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO products (id, title) VALUES ('01a21d28-7d45-7936-84e2-000000000001', 'A pen'), ('01a21d28-7d45-7936-84e2-000000000002', 'A book');
CREATE VIEW shown AS
SELECT p.title, r.price_type, r.min_quantity AS min, r.price, r.valid_from::date, r.valid_until::date, r.ends_at::date
FROM product_prices AS r JOIN products AS p ON p.id = r.product_id ORDER BY p.title, r.price_type, r.min_quantity, r.valid_from;
-- the next period ends the one before, in whatever order they come
INSERT INTO product_prices (product_id, price, valid_from) SELECT id, 10, '2026-01-01' FROM products;
INSERT INTO product_prices (product_id, price, valid_from) SELECT id, v.price, v.start::timestamptz
FROM products, (VALUES (12, '2026-03-01'), (11, '2026-02-01')) AS v(price, start) WHERE title = 'A pen';
TABLE shown;
-- other types, quantities, currencies and suppliers have periods of their own
INSERT INTO product_prices (product_id, price, valid_from, price_type, min_quantity, currency)
SELECT id, 9, '2026-01-15', v.type, v.quantity, v.currency FROM products, (VALUES ('retail', 10, 'EUR'), ('wholesale', 1, 'EUR'), ('retail', 1, 'USD')) AS v(type, quantity, currency) WHERE title = 'A book';
TABLE shown;
DELETE FROM product_prices WHERE price = 9;
-- an end that was written holds, is shortened by the next period and comes back with its going
INSERT INTO product_prices (product_id, price, valid_from, valid_until) SELECT id, 8, '2026-04-01', '2026-05-01' FROM products WHERE title = 'A book';
INSERT INTO product_prices (product_id, price, valid_from) SELECT id, 7, '2026-04-15' FROM products WHERE title = 'A book';
TABLE shown;
DELETE FROM product_prices WHERE price = 7;
TABLE shown;
-- it can be written, also by a client that sets all columns, and taken back
UPDATE product_prices SET valid_until = '2026-04-20' WHERE price = 8;
UPDATE product_prices SET price = 12.5, valid_from = valid_from, ends_at = ends_at, valid_until = '2026-06-01' WHERE price = 12;
SELECT * FROM shown WHERE ends_at IS NOT NULL;
UPDATE product_prices SET valid_until = NULL WHERE ends_at IS NOT NULL;
UPDATE product_prices SET ends_at = '2026-03-15' WHERE price = 10 AND valid_until = '2026-04-01';
TABLE shown;
-- a period that moves, to another time or to another product
UPDATE product_prices SET valid_from = '2026-02-15' WHERE price = 10 AND valid_until = '2026-02-01';
UPDATE product_prices SET product_id = '01a21d28-7d45-7936-84e2-000000000001' WHERE price = 8;
TABLE shown;
-- two that start at once are an error, and so is an end before the start
INSERT INTO product_prices (product_id, price, valid_from) SELECT id, 1, '2026-03-01' FROM products WHERE title = 'A pen';
\set VERBOSITY terse
INSERT INTO product_prices (product_id, price, valid_from, ends_at) SELECT id, 1, '2026-03-02', '2026-03-02' FROM products WHERE title = 'A pen';
\set VERBOSITY default
-- COPY, MERGE and ON CONFLICT go the same way
COPY product_prices (product_id, price, valid_from) FROM stdin;
01a21d28-7d45-7936-84e2-000000000002	20	2026-02-01
01a21d28-7d45-7936-84e2-000000000002	21	2026-01-20
\.
INSERT INTO product_prices (product_id, price, valid_from) VALUES ('01a21d28-7d45-7936-84e2-000000000002', 22, '2026-02-01'), ('01a21d28-7d45-7936-84e2-000000000002', 23, '2026-02-10')
ON CONFLICT (product_id, price_type, currency, min_quantity, valid_from, supplier_id, variant_id) DO UPDATE SET price = EXCLUDED.price, valid_until = '2026-02-05';
MERGE INTO product_prices AS t USING (VALUES (21, '2026-01-25'::timestamptz), (99, '2026-01-30')) AS v(price, start) ON t.price = v.price
WHEN MATCHED THEN UPDATE SET valid_from = v.start WHEN NOT MATCHED THEN INSERT (product_id, price, valid_from) VALUES ('01a21d28-7d45-7936-84e2-000000000002', v.price, v.start);
SELECT * FROM shown WHERE title = 'A book';
-- the price at a moment for a quantity
INSERT INTO product_prices (product_id, price, valid_from, min_quantity) SELECT id, v.price, '2026-01-01', v.quantity FROM products, (VALUES (5, 10), (4, 100)) AS v(price, quantity) WHERE title = 'A pen';
SELECT q, (current_price('01a21d28-7d45-7936-84e2-000000000001', '2026-02-20', quantity => q)).price FROM unnest('{1,9,10,99,100,1000}'::int[]) AS q;
SELECT at, (current_price('01a21d28-7d45-7936-84e2-000000000001', at::timestamptz)).price FROM unnest('{2026-01-31 23:59:59,2026-02-01,2026-02-15,2026-03-01}'::text[]) AS at;
SELECT current_price('01a21d28-7d45-7936-84e2-000000000001', '2026-02-20', currency => 'USD') IS NULL AS none;
SELECT min_quantity, valid_from::date, valid_until::date, price, change FROM price_history('01a21d28-7d45-7936-84e2-000000000001');
-- the lowest price of the 30 days before: one that already held counts, one that starts then does not
DELETE FROM product_prices;
INSERT INTO product_prices (product_id, price, valid_from) SELECT id, v.price, v.start::timestamptz
FROM products, (VALUES (10, '2026-01-01'), (7, '2026-01-10'), (9, '2026-01-12'), (8, '2026-02-11')) AS v(price, start) WHERE title = 'A pen';
SELECT before, lowest_price('01a21d28-7d45-7936-84e2-000000000001', before => before::timestamptz) FROM unnest('{2026-01-01,2026-01-02,2026-01-12,2026-02-10,2026-02-11,2026-02-11 00:00:01}'::text[]) AS before;
SELECT lowest_price('01a21d28-7d45-7936-84e2-000000000001', before => '2026-02-11', days => 31);
-- what is shown as reduced, a reduction in steps being one
DELETE FROM product_prices;
INSERT INTO product_prices (product_id, price, compare_at_amount, valid_from) SELECT id, v.price, v.compare, now() - v.days * interval '1 day'
FROM products, (VALUES (20, NULL, 100), (15, 20, 9), (12, 20, 2)) AS v(price, compare, days) WHERE title = 'A pen';
INSERT INTO product_prices (product_id, price, compare_at_amount, valid_from) SELECT id, v.price, v.compare, now() - v.days * interval '1 day'
FROM products, (VALUES (20, NULL, 100), (18, NULL, 20), (22, NULL, 10), (17, 22, 5)) AS v(price, compare, days) WHERE title = 'A book';
SELECT p.title, r.price, compare_at_amount, round(extract(epoch FROM now() - reduced_since) / 86400) AS days, lowest_price, is_prior_price, reduction
FROM price_reductions AS r JOIN products AS p ON p.id = r.product_id ORDER BY title;
DROP VIEW shown;
UPDATE products SET deleted_at = now() WHERE deleted_at IS NULL;
DELETE FROM products;
