-- Rules of single values: what passes, what does not, and what an error says.
\set VERBOSITY terse
SET search_path = pm_catalog, pm_gtin, public;
-- each rule, at and just past its bounds
SELECT code, is_currency(code) FROM unnest(ARRAY['EUR', 'AED', 'ZWG', 'eur', 'XAU', 'EU', 'EURO', '', NULL]) AS code;
SELECT count(*) FROM (SELECT chr(65 + a) || chr(65 + b) || chr(65 + c) AS code FROM generate_series(0, 25) AS a, generate_series(0, 25) AS b, generate_series(0, 25) AS c) AS x WHERE is_currency(code);
SELECT left(line, 12) AS line, length(line), is_label(line)
FROM unnest(ARRAY['x', '', '   ', 'two words', E'a\tb', E'a\nb', E'\x7f', repeat('é', 500), repeat('é', 501), repeat('x', 3000), NULL]) AS line;
SELECT left(code, 12) AS code, length(code), is_reference(code)
FROM unnest(ARRAY['a', ' a', 'a ', 'a b', '', repeat('ß', 255), repeat('ß', 256), E'a\nb']) AS code;
SELECT left(word, 12) AS word, is_slug(word) FROM unnest(ARRAY['a', 'a-b', 'a--b', '-a', 'a-', '', 'A', 'é', repeat('a', 200), repeat('a', 201)]) AS word;
SELECT tag, is_locale(tag) FROM unnest(ARRAY['fr', 'fr-CA', 'gsw', 'FR', 'f', 'fr-', 'fr-ca', 'fr-CAN', 'fr_CA', '']) AS tag;
SELECT is_prose(repeat('é', 100000)), is_prose(repeat('é', 100001)), is_prose('');
SELECT amount, is_amount(amount) FROM unnest(ARRAY[0, 0.0001, 0.00001, -0.01, 999999999999.9999, 1000000000000, 'NaN', 'Infinity']::numeric[]) AS amount;
-- an error says table, row, column and rule
\set VERBOSITY default
SET session_replication_role = replica; -- so that the row is shown as it is written
INSERT INTO products (id, title, created_at, updated_at) VALUES ('01a21d28-7d45-7936-84e2-06bc7f30a5bb', repeat('x', 20000000), 'epoch', 'epoch');
RESET session_replication_role;
\set VERBOSITY terse
INSERT INTO products (id, title, gtin) VALUES ('01a21d28-7d45-7936-84e2-06bc7f30a5bb', 'A pen', '4006381333931');
SELECT gtin, ean, upc FROM products;
UPDATE products SET gtin = '012345678905';
SELECT gtin, ean, upc FROM products;
UPDATE products SET status = 'sold';
UPDATE products SET weight = -1;
UPDATE products SET technical_specs = '[1]';
UPDATE products SET sku = ' 12';
INSERT INTO products (title, gtin) VALUES ('Another', '00012345678905');
INSERT INTO product_prices (product_id, price, currency) SELECT id, 1, 'EUX' FROM products;
INSERT INTO product_prices (product_id, price) SELECT id, -1 FROM products;
INSERT INTO product_prices (product_id, price, compare_at_amount) SELECT id, 10, 9 FROM products;
INSERT INTO product_prices (product_id, price, valid_from, valid_until) SELECT id, 10, '2026-02-01', '2026-01-01' FROM products;
INSERT INTO product_prices (product_id, price, valid_from) SELECT id, 10, '-infinity' FROM products;
INSERT INTO product_stocks (product_id, on_hand, reserved) SELECT id, 1, 2 FROM products;
INSERT INTO product_stocks (product_id, on_hand) SELECT id, -1 FROM products;
INSERT INTO product_relations (product_id, related_id) SELECT id, id FROM products;
UPDATE products SET deleted_at = now();
DELETE FROM products;
