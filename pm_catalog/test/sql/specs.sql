-- Values of products against their families: every rule, all faults at once.
SET search_path = pm_catalog, pm_gtin, public;
INSERT INTO families (id, code, name) VALUES ('00000000-0000-7000-8000-000000000001', 'lamp', 'Lamps'), ('00000000-0000-7000-8000-000000000002', 'plain', 'Without attributes');
\set lamp '\'00000000-0000-7000-8000-000000000001\''
INSERT INTO locales VALUES ('fr', 'Français'), ('de', 'Deutsch');
INSERT INTO channels VALUES ('web', 'Web'), ('print', 'Print');
INSERT INTO family_attributes (family_id, code, name, data_type, min_value, max_value, min_date, decimals, max_length, pattern, is_mandatory, per_locale, per_channel) VALUES
  (:lamp, 'code', 'Code', 'text', NULL, NULL, NULL, NULL, 8, '[A-Z]{2}-[0-9]+', true, false, false),
  (:lamp, 'power', 'Power', 'number', 0.5, 1000, NULL, 1, NULL, NULL, false, false, false),
  (:lamp, 'sockets', 'Sockets', 'integer', 1, NULL, NULL, NULL, NULL, NULL, false, false, false),
  (:lamp, 'dimmable', 'Dimmable', 'boolean', NULL, NULL, NULL, NULL, NULL, NULL, false, false, false),
  (:lamp, 'since', 'Since', 'date', NULL, NULL, '2000-01-01', NULL, NULL, NULL, false, false, false),
  (:lamp, 'until', 'Until', 'date', NULL, NULL, NULL, NULL, NULL, NULL, false, false, false),
  (:lamp, 'manual', 'Manual', 'url', NULL, NULL, NULL, NULL, NULL, NULL, false, false, false),
  (:lamp, 'colour', 'Colour', 'choice', NULL, NULL, NULL, NULL, NULL, NULL, false, false, false),
  (:lamp, 'rooms', 'Rooms', 'choices', NULL, NULL, NULL, NULL, NULL, NULL, false, false, false),
  (:lamp, 'claim', 'Claim', 'text', NULL, NULL, NULL, NULL, 20, NULL, false, true, false),
  (:lamp, 'page', 'Page', 'integer', NULL, NULL, NULL, NULL, NULL, NULL, false, false, true),
  (:lamp, 'advert', 'Advert', 'text', NULL, NULL, NULL, NULL, NULL, NULL, false, true, true),
  (:lamp, 'sku', 'Our number', 'column', NULL, NULL, NULL, NULL, NULL, NULL, true, false, false);
INSERT INTO family_options (family_id, attribute, code, name) VALUES (:lamp, 'colour', 'red', 'Red'), (:lamp, 'colour', 'blue', 'Blue'), (:lamp, 'rooms', 'bath', 'Bath'), (:lamp, 'rooms', 'kitchen', 'Kitchen');
INSERT INTO family_rules VALUES (:lamp, 'since', '<=', 'until');
-- one value at a time
SELECT s.specs, c.value, c.rule, c.message
FROM unnest(ARRAY[
  '{}', '{"code": "AB-1"}', '{"code": "ab-1"}', '{"code": "xAB-1"}', '{"code": "AB-1x"}', '{"code": "AB-123456"}', '{"code": " "}', '{"code": 7}', '{"code": null}', '{"code": "AB\u0001"}',
  '{"power": 0.5}', '{"power": 0.4}', '{"power": 1000.0}', '{"power": 1000.1}', '{"power": 2.25}', '{"power": "2"}', '{"power": 1e2}', '{"power": null}',
  '{"sockets": 2.0}', '{"sockets": 2.5}', '{"sockets": 0}', '{"sockets": 1e40}', '{"dimmable": false}', '{"dimmable": "false"}',
  '{"since": "2024-02-29"}', '{"since": "2023-02-29"}', '{"since": "1999-12-31"}', '{"since": "2026-01-02", "until": "2026-01-01"}', '{"since": 5, "until": "2026-01-01"}',
  '{"manual": "https://example.com/x"}', '{"manual": "ftp://example.com"}', '{"colour": "red"}', '{"colour": "Red"}', '{"colour": ["red"]}',
  '{"rooms": ["bath", "kitchen"]}', '{"rooms": ["bath", "hall"]}', '{"rooms": ["bath", "bath"]}', '{"rooms": []}', '{"rooms": "bath"}', '{"rooms": ["bath", "kitchen", "bath", 5]}',
  '{"claim": "Bright"}', '{"page": 5}', '{"wattage": 5}', '{"wattage": {"a": [1]}}']::jsonb[]) WITH ORDINALITY AS s(specs, n)
LEFT JOIN LATERAL check_specs(:lamp, s.specs || CASE WHEN s.specs ? 'code' OR s.specs = '{}' THEN '{}' ELSE '{"code": "AB-1"}' END::jsonb) AS c ON true
ORDER BY s.n, c.path;
-- all at once, in an error that says product, path, value and rule
INSERT INTO products (id, title, family_id, technical_specs) VALUES
  ('01a21d28-7d45-7936-84e2-06bc7f30a5bb', 'A lamp', :lamp, '{"power": 5000, "sockets": 0, "colour": "green", "rooms": ["hall"], "claim": "Bright", "volt": 230, "until": "1999-01-01", "since": "2001-01-01"}');
-- a long value is cut, many faults are counted
\set VERBOSITY terse
SELECT length(value), right(value, 5) FROM check_specs(:lamp, jsonb_build_object('code', repeat('é', 5000)));
DO $$
BEGIN
  INSERT INTO pm_catalog.products (title, family_id, technical_specs) SELECT 'x', '00000000-0000-7000-8000-000000000001', jsonb_object_agg('x' || n, n) FROM generate_series(1, 100) AS n;
EXCEPTION WHEN check_violation THEN
  DECLARE detail text; table_name text; constraint_name text;
  BEGIN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, table_name = TABLE_NAME, constraint_name = CONSTRAINT_NAME;
    RAISE NOTICE '% % %', table_name, constraint_name, split_part(detail, E'\n', 51);
  END;
END $$;
-- whatever path writes
INSERT INTO products (id, title, sku, family_id, technical_specs) VALUES ('01a21d28-7d45-7936-84e2-06bc7f30a5bb', 'A lamp', 'L1', :lamp, '{"code": "AB-1", "power": 60, "rooms": ["bath"]}');
UPDATE products SET technical_specs = technical_specs || '{"power": -1}';
UPDATE products SET sku = NULL;
UPDATE products SET family_id = '00000000-0000-7000-8000-000000000002';
COPY products (id, title, sku, family_id, technical_specs) FROM STDIN;
01a21d28-7d45-7936-84e2-06bc7f30a5bc	Another	L2	00000000-0000-7000-8000-000000000001	{"code": "AB-2", "power": 0}
\.
INSERT INTO products (title, sku, family_id, technical_specs) VALUES ('Another', 'L1', :lamp, '{"code": "AB-2"}') ON CONFLICT (sku) WHERE deleted_at IS NULL DO UPDATE SET technical_specs = '{"code": 5}';
UPDATE products SET technical_specs = '[]';
UPDATE products SET technical_specs = NULL;
UPDATE products SET family_id = '00000000-0000-7000-8000-000000000009';
-- a product without a family has what it wants
INSERT INTO products (id, title, technical_specs) VALUES ('01a21d28-7d45-7936-84e2-06bc7f30a5bd', 'Anything', '{"anything": [1, {"a": null}]}');
-- values by locale and channel
\set lamp_1 '\'01a21d28-7d45-7936-84e2-06bc7f30a5bb\''
INSERT INTO product_attributes (product_id, locale, attributes) VALUES (:lamp_1, 'fr', '{"claim": "Lumineux"}'), (:lamp_1, 'de', '{"claim": "Hell"}');
INSERT INTO product_attributes (product_id, channel, attributes) VALUES (:lamp_1, 'print', '{"page": 12}');
INSERT INTO product_attributes (product_id, locale, channel, attributes) VALUES (:lamp_1, 'fr', 'web', '{"advert": "Vu à la télé"}');
INSERT INTO product_attributes (product_id, locale, attributes) VALUES (:lamp_1, 'fr', '{"claim": "Twice"}');
INSERT INTO product_attributes (product_id, locale, attributes) VALUES (:lamp_1, 'es', '{"claim": "Luz"}');
INSERT INTO product_attributes (product_id, attributes) VALUES (:lamp_1, '{}');
INSERT INTO product_attributes (product_id, locale, attributes) SELECT id, 'fr', '{"claim": "x"}' FROM products WHERE family_id IS NULL;
INSERT INTO product_attributes (product_id, locale, attributes) VALUES ('00000000-0000-7000-8000-00000000000f', 'fr', '{}');
\set VERBOSITY default
UPDATE product_attributes SET attributes = '{"claim": "far longer than twenty characters", "advert": "x", "page": 5, "code": "AB-1", "none": 1}' WHERE locale = 'fr' AND channel IS NULL;
\set VERBOSITY terse
UPDATE product_attributes SET channel = 'print' WHERE locale = 'de';
UPDATE products SET family_id = NULL WHERE id = :lamp_1;
SELECT attribute, locale, channel, value FROM product_values WHERE product_id = :lamp_1 ORDER BY attribute, locale, channel;
-- a locale that changes its code takes the values along; one in use stays
UPDATE locales SET code = 'de-CH' WHERE code = 'de';
SELECT locale, attributes FROM product_attributes WHERE attributes ? 'claim' ORDER BY locale;
DELETE FROM locales WHERE code = 'fr';
-- very many options
INSERT INTO family_options (family_id, attribute, code, name) SELECT :lamp, 'rooms', 'r' || n, 'Room ' || n FROM generate_series(1, 20000) AS n;
CREATE VIEW public.many AS SELECT jsonb_agg('r' || n ORDER BY md5(n::text)) AS rooms FROM generate_series(1, 20000) AS n;
INSERT INTO products (title, sku, family_id, technical_specs) SELECT 'Everywhere', 'L3', :lamp, jsonb_build_object('code', 'AB-3', 'rooms', rooms) FROM public.many;
SELECT jsonb_array_length(technical_specs -> 'rooms') AS rooms FROM products WHERE sku = 'L3';
SELECT c.path, length(c.value) AS shown, c.rule, c.message FROM public.many, check_specs(:lamp, jsonb_build_object('code', 'AB-3', 'rooms', rooms || '["r1"]')) AS c
UNION ALL SELECT c.path, length(c.value), c.rule, c.message FROM public.many, check_specs(:lamp, jsonb_build_object('code', 'AB-3', 'rooms', rooms || '["hall"]')) AS c;
DROP VIEW public.many;
-- no answer
SELECT * FROM check_specs('00000000-0000-7000-8000-000000000009', '{}');
SELECT * FROM check_specs(:lamp, '[]');
SELECT count(*) FROM check_specs(NULL, '{}');
UPDATE products SET deleted_at = now() WHERE deleted_at IS NULL;
DELETE FROM products;
SELECT count(*) FROM product_attributes;
DELETE FROM families;
DELETE FROM locales;
DELETE FROM channels;
