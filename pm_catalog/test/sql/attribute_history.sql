-- Values per locale and channel have the history of their product.
\set SHOW_CONTEXT never
SET search_path = pm_catalog, pm_gtin, public;
\set p '''01a21d28-7d45-7936-84e2-06bc7f30a5bb'''
CREATE TABLE public.texts (product_id uuid NOT NULL, locale text, channel text, attributes jsonb NOT NULL);
CREATE TRIGGER inserted AFTER INSERT ON public.texts REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION _note_attributes();
CREATE TRIGGER updated AFTER UPDATE ON public.texts REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION _note_attributes();
CREATE TRIGGER deleted AFTER DELETE ON public.texts REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION _note_attributes();
-- what comes with the product is no change
BEGIN;
INSERT INTO products (id, title) VALUES (:p, 'A pen');
INSERT INTO public.texts VALUES (:p, 'fr', NULL, '{"name": "Stylo"}');
COMMIT;
SELECT version FROM products;
-- one version a product and statement, whatever it changes there
SET pm_catalog.reason = 'translated';
INSERT INTO public.texts VALUES (:p, 'de', NULL, '{"name": "Stift"}'), (:p, 'de', 'web', '{"name": "Füller", "size": 1.0}');
UPDATE public.texts SET attributes = attributes || '{"name": "Feder", "size": 1.00}' WHERE locale = 'de';
UPDATE public.texts SET attributes = attributes || '{}';
RESET pm_catalog.reason;
UPDATE public.texts SET channel = 'shop' WHERE channel = 'web';
DELETE FROM public.texts WHERE locale = 'fr';
SELECT version FROM products;
SELECT version, locale, channel, old, lacked FROM product_attribute_versions ORDER BY version, locale, channel;
SELECT v.version, v.old, c.reason FROM product_versions AS v JOIN changes AS c ON c.id = v.ended_by ORDER BY 1;
SELECT version, reason, column_name, old_value, new_value FROM product_history(:p) WHERE version < 4;
-- undone with the statement, refused for a product that is deleted
SELECT delete_product(:p);
UPDATE public.texts SET attributes = '{}';
SELECT restore_product(:p);
-- forgotten and removed with the product's
SELECT forget_versions('1 day'), count(*) > 0 AS kept FROM product_attribute_versions;
SELECT forget_versions('0') > 0 AS forgotten;
SELECT count(*) FROM product_attribute_versions;
UPDATE public.texts SET attributes = '{}' WHERE channel IS NULL;
SELECT count(*) FROM product_attribute_versions;
SELECT delete_product(:p);
DELETE FROM products;
SELECT count(*) FROM product_attribute_versions;
DELETE FROM public.texts;
DROP TABLE public.texts;
