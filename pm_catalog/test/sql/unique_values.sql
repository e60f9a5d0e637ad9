-- Values that no two products of a family share.
SET search_path = pm_catalog, pm_gtin, public;
\set VERBOSITY terse
\set SHOW_CONTEXT never
INSERT INTO families (id, code, name) VALUES ('00000000-0000-7000-8000-000000000001', 'lamp', 'Lamps'), ('00000000-0000-7000-8000-000000000002', 'bulb', 'Bulbs');
\set lamp '\'00000000-0000-7000-8000-000000000001\''
\set bulb '\'00000000-0000-7000-8000-000000000002\''
INSERT INTO locales VALUES ('fr', 'Français'), ('de', 'Deutsch');
INSERT INTO family_attributes (family_id, code, name, data_type, max_length, is_unique, per_locale) VALUES
  (:lamp, 'serial', 'Serial', 'text', 20, true, false), (:lamp, 'rank', 'Rank', 'integer', NULL, true, false), (:lamp, 'claim', 'Claim', 'text', 50, true, true),
  (:bulb, 'serial', 'Serial', 'text', 20, true, false), (:bulb, 'free', 'Free', 'text', 20, false, false);
CREATE VIEW held AS SELECT u.family_id = :lamp AS lamp, u.attribute, u.locale, u.value, p.title FROM _unique_values AS u JOIN products AS p ON p.id = u.product_id;
INSERT INTO products (title, family_id, technical_specs) VALUES ('A', :lamp, '{"serial": "1", "rank": 1}'), ('B', :lamp, '{"serial": "2", "rank": 2.0}'), ('C', :bulb, '{"serial": "1"}'), ('D', NULL, '{"serial": "1"}');
SELECT * FROM held ORDER BY 1, 2, 3, 4;
-- refused
\set VERBOSITY default
INSERT INTO products (title, family_id, technical_specs) VALUES ('E', :lamp, '{"serial": "1"}');
\set VERBOSITY terse
INSERT INTO products (title, family_id, technical_specs) VALUES ('E', :lamp, '{"rank": 1.00}');
INSERT INTO products (title, family_id, technical_specs) VALUES ('E', :lamp, '{"rank": 7}'), ('F', :lamp, '{"rank": 7}');
UPDATE products SET technical_specs = '{"serial": "2"}' WHERE title = 'A';
UPDATE products SET family_id = :bulb, technical_specs = '{"serial": "1"}' WHERE title = 'A';
-- exchanged in one statement, and freed by deletion
UPDATE products SET technical_specs = technical_specs || jsonb_build_object('rank', 3 - (technical_specs ->> 'rank')::numeric) WHERE family_id = :lamp;
SELECT * FROM held WHERE attribute = 'rank' ORDER BY 1, 2, 3, 4;
UPDATE products SET deleted_at = now() WHERE title = 'A';
INSERT INTO products (title, family_id, technical_specs) VALUES ('E', :lamp, '{"serial": "1"}');
UPDATE products SET deleted_at = NULL WHERE title = 'A';
UPDATE products SET deleted_at = now() WHERE deleted_at IS NULL AND title = 'E';
DELETE FROM products WHERE title = 'E';
UPDATE products SET deleted_at = NULL WHERE title = 'A';
UPDATE products SET technical_specs = technical_specs - 'serial' WHERE title = 'A';
SELECT * FROM held ORDER BY 1, 2, 3, 4;
-- by locale
INSERT INTO product_attributes (product_id, locale, attributes) SELECT id, l.code, '{"claim": "Light"}' FROM products, locales AS l WHERE title = 'A';
INSERT INTO product_attributes (product_id, locale, attributes) SELECT id, 'fr', '{"claim": "Light"}' FROM products WHERE title = 'B';
UPDATE product_attributes SET attributes = '{"claim": "Lumière"}' WHERE locale = 'fr';
INSERT INTO product_attributes (product_id, locale, attributes) SELECT id, 'fr', '{"claim": "Light"}' FROM products WHERE title = 'B';
UPDATE product_attributes SET attributes = '{"claim": "Light"}' WHERE locale = 'fr';
DELETE FROM product_attributes WHERE locale = 'de';
SELECT * FROM held WHERE attribute = 'claim' ORDER BY 1, 2, 3, 4;
-- declared on products that are there
INSERT INTO products (title, family_id, technical_specs) VALUES ('G', :bulb, '{"free": "x"}'), ('H', :bulb, '{"free": "x"}');
UPDATE family_attributes SET is_unique = true WHERE code = 'free';
UPDATE products SET technical_specs = '{"free": "y"}' WHERE title = 'H';
UPDATE family_attributes SET is_unique = true WHERE code = 'free';
INSERT INTO products (title, family_id, technical_specs) VALUES ('I', :bulb, '{"free": "y"}');
UPDATE family_attributes SET is_unique = false WHERE code = 'free';
INSERT INTO products (title, family_id, technical_specs) VALUES ('I', :bulb, '{"free": "y"}');
-- never another than the values themselves
SELECT count(*) AS differ FROM ((SELECT * FROM _unique_values EXCEPT SELECT * FROM _held_values) UNION ALL (SELECT * FROM _held_values EXCEPT SELECT * FROM _unique_values)) AS d;
SELECT * FROM held ORDER BY 1, 2, 3, 4;
UPDATE products SET deleted_at = now() WHERE deleted_at IS NULL;
DELETE FROM products;
SELECT count(*) FROM _unique_values;
DROP VIEW held;
DELETE FROM families;
DELETE FROM locales;
