-- Completeness by family, locale and channel.
SET search_path = pm_catalog, pm_gtin, public;
SELECT _bits('{0,9,NULL,31}'), _bits('{}'), _bits_or('\x01', NULL, '\x0080', '\x10'), _bits_common('\xff01', '\x81ffff'), _has_bit('\x0002', 9), _has_bit('\x0002', 8), _has_bit('\x0002', 100), _has_bit('\x0002', -1);
\set VERBOSITY terse
SELECT _bits('{2048}');
SELECT _bits('{-1}');
INSERT INTO families (id, code, name) VALUES ('00000000-0000-7000-8000-000000000001', 'lamp', 'Lamps'), ('00000000-0000-7000-8000-000000000002', 'free', 'Nothing required');
\set lamp '\'00000000-0000-7000-8000-000000000001\''
INSERT INTO family_attributes (family_id, code, name, data_type, is_required, position) VALUES
  (:lamp, 'power', 'Power', 'number', true, 3), (:lamp, 'note', 'Note', 'text', false, 4), (:lamp, 'description', 'Description', 'column', true, 1), (:lamp, 'brand_id', 'Brand', 'column', true, 2);
INSERT INTO products (id, title, family_id, technical_specs) VALUES ('00000000-0000-7000-8000-000000000101', 'Lamp', :lamp, '{"note": "x"}'), ('00000000-0000-7000-8000-000000000102', 'Free', '00000000-0000-7000-8000-000000000002', '{}');
INSERT INTO products (title) VALUES ('No family');
CREATE VIEW seen AS SELECT right(product_id::text, 3) AS id, family, locale, channel, required, filled, score, missing FROM product_completeness;
-- without locales and channels
SELECT * FROM seen ORDER BY 1, 3, 4;
INSERT INTO brands (id, name) VALUES ('00000000-0000-7000-8000-000000000201', 'Lux');
UPDATE products SET description = '', technical_specs = '{"power": 5, "note": null}', brand_id = '00000000-0000-7000-8000-000000000201' WHERE title = 'Lamp';
SELECT * FROM seen WHERE family = 'lamp';
UPDATE products SET description = 'Bright', technical_specs = '{"power": null}' WHERE title = 'Lamp';
SELECT * FROM seen WHERE family = 'lamp';
-- with them
INSERT INTO locales VALUES ('fr', 'Français'), ('de', 'Deutsch');
INSERT INTO channels VALUES ('web', 'Web'), ('print', 'Print');
INSERT INTO family_attributes (family_id, code, name, data_type, is_required, required_channels, per_locale, per_channel, position) VALUES
  (:lamp, 'claim', 'Claim', 'text', true, '{web}', true, false, 5), (:lamp, 'page', 'Page', 'integer', true, '{print}', false, true, 6), (:lamp, 'advert', 'Advert', 'text', true, NULL, true, true, 7);
SELECT * FROM seen WHERE family = 'lamp' ORDER BY 3, 4;
INSERT INTO product_attributes (product_id, locale, channel, attributes) VALUES
  ('00000000-0000-7000-8000-000000000101', 'fr', NULL, '{"claim": "Lumineux"}'), ('00000000-0000-7000-8000-000000000101', NULL, 'print', '{"page": 7}'), ('00000000-0000-7000-8000-000000000101', 'fr', 'web', '{"advert": "Vu à la télé"}');
SELECT * FROM completeness('00000000-0000-7000-8000-000000000101');
-- declared anew: true at once, no product is written
SELECT xmin AS before FROM products WHERE title = 'Lamp' \gset
UPDATE family_attributes SET is_required = false WHERE code IN ('power', 'page') RETURNING required_channels;
UPDATE family_attributes SET is_required = false, required_channels = NULL WHERE code IN ('power', 'page');
SELECT * FROM completeness('00000000-0000-7000-8000-000000000101');
SELECT xmin = :'before'::xid AS untouched FROM products WHERE title = 'Lamp';
-- deleted products are in no report
UPDATE products SET deleted_at = now() WHERE title = 'Lamp';
SELECT * FROM completeness('00000000-0000-7000-8000-000000000101');
DROP VIEW seen;
UPDATE products SET deleted_at = now() WHERE deleted_at IS NULL;
DELETE FROM products;
DELETE FROM families;
DELETE FROM brands;
DELETE FROM locales;
DELETE FROM channels;
