-- Computed attributes: true whatever a statement writes.
SET search_path = pm_catalog, pm_gtin, public;
\set VERBOSITY terse
SELECT is_formula('{title} {{x}}', 'text'), is_formula('no name', 'text'), is_formula('a * 2', 'number'), is_formula('a *', 'integer'), is_formula('{a}', 'date'), is_formula('{a}', 'nothing');
INSERT INTO families (id, code, name) VALUES ('00000000-0000-7000-8000-000000000001', 'box', 'Boxes');
\set box '\'00000000-0000-7000-8000-000000000001\''
INSERT INTO family_attributes (family_id, code, name, data_type, decimals, max_value, expression) VALUES
  (:box, 'pieces', 'Pieces', 'integer', NULL, NULL, NULL), (:box, 'tare', 'Tare', 'number', NULL, NULL, NULL), (:box, 'fragile', 'Fragile', 'boolean', NULL, NULL, NULL),
  (:box, 'volume', 'Volume', 'number', 3, 1000, 'width * height * depth / 1000'), (:box, 'piece_weight', 'Weight of one', 'number', 4, NULL, '(weight - tare) / pieces'),
  (:box, 'label', 'Label', 'text', NULL, NULL, '{title} ({sku}) {weight} kg {{fragile: {fragile}}} {gtin}');
INSERT INTO products (id, title, sku, gtin, weight, width, height, depth, family_id, technical_specs) VALUES
  ('00000000-0000-7000-8000-000000000101', 'Big', 'B1', '4006381333931', 12.500, 20, 30, 40, :box, '{"pieces": 3, "tare": 0.5, "fragile": true, "volume": 5}'),
  ('00000000-0000-7000-8000-000000000102', 'No size', 'B2', NULL, 1, NULL, 1, 1, :box, '{"pieces": 0, "tare": 0.5, "label": "mine"}'),
  ('00000000-0000-7000-8000-000000000103', 'Nothing', NULL, NULL, NULL, NULL, NULL, NULL, :box, '{}');
SELECT title, jsonb_pretty(technical_specs) FROM products ORDER BY title;
-- a column, an attribute, the attribute itself
UPDATE products SET weight = 6.5 WHERE title = 'Big';
UPDATE products SET technical_specs = technical_specs || '{"pieces": 7}' WHERE title = 'Big';
UPDATE products SET technical_specs = technical_specs - '{volume,piece_weight,label}'::text[] WHERE title = 'Big';
SELECT technical_specs FROM products WHERE title = 'Big';
UPDATE products SET technical_specs = technical_specs || '{"tare": "heavy"}' WHERE title = 'Big';
-- a computed value has rules, too
UPDATE products SET depth = 2000 WHERE title = 'Big';
-- declared anew: computed anew
UPDATE family_attributes SET expression = 'width * height * depth', decimals = 0, max_value = NULL WHERE code = 'volume';
SELECT technical_specs -> 'volume' AS volume FROM products WHERE title = 'Big';
INSERT INTO family_attributes (family_id, code, name, data_type, expression) VALUES (:box, 'doubled', 'Doubled', 'integer', '-pieces * -2');
SELECT title, technical_specs -> 'doubled' AS doubled FROM products ORDER BY title;
-- no longer computed: it keeps its value, which can then go
DELETE FROM family_attributes WHERE code = 'doubled';
UPDATE family_attributes SET expression = NULL WHERE code = 'doubled';
UPDATE products SET technical_specs = technical_specs || '{"pieces": 1}' WHERE title = 'Big';
SELECT technical_specs -> 'doubled' AS doubled FROM products WHERE title = 'Big';
UPDATE products SET technical_specs = technical_specs - 'doubled';
DELETE FROM family_attributes WHERE code = 'doubled';
-- random products, computed in SQL: no difference
INSERT INTO products (title, weight, width, height, depth, family_id, technical_specs)
SELECT 'P' || n, CASE WHEN n % 7 > 0 THEN (n * 37 % 1000) / 100.0 END, n % 50, CASE WHEN n % 5 > 0 THEN n % 90 END, n % 30, :box,
  jsonb_strip_nulls(jsonb_build_object('pieces', CASE WHEN n % 11 > 0 THEN n % 6 END, 'tare', CASE WHEN n % 13 > 0 THEN (n % 20) / 10.0 END))
FROM generate_series(1, 2000) AS n;
UPDATE products SET weight = weight + 1, technical_specs = technical_specs || '{"tare": 0.25}' WHERE title ~ '[37]$';
SELECT count(*) AS products, count(technical_specs -> 'piece_weight') AS computed,
  count(*) FILTER (WHERE (technical_specs ->> 'volume')::numeric IS DISTINCT FROM round(width * height * depth, 0)) AS wrong_volumes,
  count(*) FILTER (WHERE (technical_specs ->> 'piece_weight')::numeric IS DISTINCT FROM
    round((weight - (technical_specs ->> 'tare')::numeric) / nullif((technical_specs ->> 'pieces')::numeric, 0), 4)) AS wrong_weights
FROM products WHERE title ~ '^P';
UPDATE products SET deleted_at = now() WHERE deleted_at IS NULL;
DELETE FROM products;
DELETE FROM families;
