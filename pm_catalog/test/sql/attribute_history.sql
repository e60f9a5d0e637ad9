-- Values per locale and channel have the history of their product.
\set SHOW_CONTEXT never
SET search_path = pm_catalog, pm_gtin, public;
\set p '''01a21d28-7d45-7936-84e2-06bc7f30a5bb'''
INSERT INTO locales VALUES ('fr', 'French'), ('de', 'German');
INSERT INTO channels VALUES ('web', 'Web'), ('shop', 'Shop');
INSERT INTO families (code, name) VALUES ('pen', 'Pens');
INSERT INTO family_attributes (family_id, code, name, data_type, per_locale, per_channel)
SELECT f.id, a.code, a.code, a.type, true, a.per_channel FROM families AS f, (VALUES ('name', 'text', false), ('claim', 'text', true), ('size', 'number', true)) AS a(code, type, per_channel);
-- what comes with the product is no change
BEGIN;
INSERT INTO products (id, title, family_id) SELECT :p, 'A pen', id FROM families;
INSERT INTO product_attributes (product_id, locale, channel, attributes) VALUES (:p, 'fr', NULL, '{"name": "Stylo"}');
COMMIT;
SELECT version FROM products;
-- one version a product and statement, whatever it changes there
SET pm_catalog.reason = 'translated';
INSERT INTO product_attributes (product_id, locale, channel, attributes) VALUES (:p, 'de', NULL, '{"name": "Stift"}'), (:p, 'de', 'web', '{"claim": "Füller", "size": 1.0}');
UPDATE product_attributes SET attributes = attributes || CASE WHEN channel IS NULL THEN '{"name": "Feder"}' ELSE '{"claim": "Feder", "size": 1.00}' END::jsonb WHERE locale = 'de';
UPDATE product_attributes SET attributes = attributes || '{}';
RESET pm_catalog.reason;
UPDATE product_attributes SET channel = 'shop' WHERE channel = 'web';
DELETE FROM product_attributes WHERE locale = 'fr';
SELECT version FROM products;
SELECT version, locale, channel, old, lacked FROM product_attribute_versions ORDER BY version, locale, channel;
SELECT v.version, v.old, c.reason FROM product_versions AS v JOIN changes AS c ON c.id = v.ended_by ORDER BY 1;
SELECT version, reason, column_name, old_value, new_value FROM product_history(:p) WHERE version < 4;
-- undone with the statement, refused for a product that is deleted
SELECT delete_product(:p);
UPDATE product_attributes SET attributes = '{}';
SELECT restore_product(:p);
-- forgotten and removed with the product's
SELECT forget_versions('1 day'), count(*) > 0 AS kept FROM product_attribute_versions;
SELECT forget_versions('0') > 0 AS forgotten;
SELECT count(*) FROM product_attribute_versions;
UPDATE product_attributes SET attributes = '{}' WHERE channel IS NULL;
SELECT count(*) FROM product_attribute_versions;
SELECT delete_product(:p);
DELETE FROM products;
SELECT count(*) FROM product_attribute_versions;
DELETE FROM families;
DELETE FROM locales;
DELETE FROM channels;
