-- A family that is declared anew: its products fit it at every commit.
SET search_path = pm_catalog, pm_gtin, public;
\set VERBOSITY terse
INSERT INTO families (id, code, name) VALUES ('00000000-0000-7000-8000-000000000001', 'lamp', 'Lamps');
\set lamp '\'00000000-0000-7000-8000-000000000001\''
INSERT INTO locales VALUES ('fr', 'Français');
INSERT INTO family_attributes (family_id, code, name, data_type) VALUES (:lamp, 'power', 'Power', 'number'), (:lamp, 'colour', 'Colour', 'choice'), (:lamp, 'size', 'Size', 'number');
INSERT INTO family_attributes (family_id, code, name, data_type, per_locale) VALUES (:lamp, 'claim', 'Claim', 'text', true);
INSERT INTO family_options (family_id, attribute, code, name) VALUES (:lamp, 'colour', 'red', 'Red'), (:lamp, 'colour', 'blue', 'Blue');
INSERT INTO products (id, title, family_id, technical_specs)
SELECT ('00000000-0000-7000-8000-0000000001' || to_char(n, 'FM00'))::uuid, 'Lamp ' || n, :lamp, jsonb_build_object('power', n * 10, 'colour', 'red', 'size', n) FROM generate_series(1, 20) AS n;
INSERT INTO product_attributes (product_id, locale, attributes) VALUES ('00000000-0000-7000-8000-000000000101', 'fr', '{"claim": "Belle lampe"}');
UPDATE products SET deleted_at = now() WHERE title = 'Lamp 20';
-- refused: how many, the first ten, and what to do
\set VERBOSITY default
\set SHOW_CONTEXT never
UPDATE family_attributes SET max_value = 150 WHERE code = 'power';
UPDATE family_attributes SET max_value = 50 WHERE code = 'power';
UPDATE family_attributes SET max_length = 5 WHERE code = 'claim';
INSERT INTO family_attributes (family_id, code, name, data_type, is_mandatory) VALUES (:lamp, 'sku', 'Our number', 'column', true);
\set VERBOSITY terse
UPDATE family_attributes SET is_mandatory = true WHERE code = 'power';
UPDATE family_attributes SET data_type = 'text' WHERE code = 'size';
UPDATE family_attributes SET per_locale = true WHERE code = 'size';
UPDATE family_attributes SET per_locale = false WHERE code = 'claim';
UPDATE family_attributes SET code = 'watt' WHERE code = 'power';
DELETE FROM family_attributes WHERE code = 'colour';
DELETE FROM family_options WHERE code = 'red';
UPDATE family_options SET code = 'rouge' WHERE code = 'red';
INSERT INTO family_rules VALUES (:lamp, 'power', '<=', 'size');
INSERT INTO family_rules VALUES (:lamp, 'size', '<', 'power');
UPDATE family_rules SET comparison = '=';
TRUNCATE family_options;
TRUNCATE family_attributes CASCADE;
DELETE FROM families;
-- done: what no product contradicts
DELETE FROM family_options WHERE code = 'blue';
UPDATE family_options SET name = 'Rouge' WHERE code = 'red';
UPDATE family_attributes SET max_value = 200 WHERE code = 'power';
UPDATE products SET technical_specs = technical_specs || '{"power": 201}' WHERE title = 'Lamp 1';
-- an attribute goes with its values: first these
BEGIN;
UPDATE family_attributes SET is_mandatory = false WHERE code = 'size';
DELETE FROM family_rules;
UPDATE products SET technical_specs = technical_specs - 'size' WHERE family_id = :lamp AND deleted_at IS NULL;
DELETE FROM family_attributes WHERE code = 'size';
UPDATE products SET technical_specs = technical_specs || '{"size": 1}' WHERE title = 'Lamp 1';
ROLLBACK;
-- what is undone is undone for this session, too
UPDATE products SET technical_specs = technical_specs || '{"size": 1}' WHERE title = 'Lamp 1';
BEGIN;
SAVEPOINT a;
UPDATE family_attributes SET max_value = 300 WHERE code = 'power';
UPDATE products SET technical_specs = technical_specs || '{"power": 250}' WHERE title = 'Lamp 1';
SELECT technical_specs -> 'power' AS power FROM products WHERE title = 'Lamp 1';
ROLLBACK TO a;
UPDATE products SET technical_specs = technical_specs || '{"power": 250}' WHERE title = 'Lamp 1';
ROLLBACK;
-- in one statement: products go by the declaration before it, then all is checked
WITH declared AS (UPDATE family_attributes SET max_value = 1000 WHERE code = 'power' RETURNING 1)
UPDATE products SET technical_specs = technical_specs || '{"power": 999}' WHERE title = 'Lamp 1' AND (SELECT count(*) FROM declared) = 1;
WITH declared AS (UPDATE family_attributes SET max_value = 190 WHERE code = 'power' RETURNING 1)
UPDATE products SET technical_specs = technical_specs || '{"power": 199}' WHERE deleted_at IS NULL AND (SELECT count(*) FROM declared) = 1;
SELECT max_value, (SELECT technical_specs -> 'power' FROM products WHERE title = 'Lamp 1') AS power FROM family_attributes WHERE code = 'power';
-- under replication nothing is checked, but what it brings is known
SET session_replication_role = replica;
UPDATE family_attributes SET max_value = 500 WHERE code = 'power';
RESET session_replication_role;
UPDATE products SET technical_specs = technical_specs || '{"power": 450}' WHERE title = 'Lamp 1';
UPDATE products SET technical_specs = technical_specs || '{"power": 501}' WHERE title = 'Lamp 1';
UPDATE products SET deleted_at = now() WHERE deleted_at IS NULL;
DELETE FROM products;
DELETE FROM families;
DELETE FROM locales;
