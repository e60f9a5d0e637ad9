-- Identifiers in other forms than the number: UPC-E, GS1 element strings, Digital Links.
\set VERBOSITY terse
CREATE SCHEMA test_search_codes;
SET search_path = test_search_codes, pm_catalog, pm_gtin;
SET client_min_messages = warning;
TRUNCATE products, brands, suppliers, tags CASCADE;
TRUNCATE search_documents, search_words, _search_pending;
CREATE FUNCTION found(query text, filters jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(s.title || ': ' || s.matched_by, ' | ' ORDER BY s.rank DESC, s.title) FROM pm_catalog.search_products(query, filters) AS s $$;
INSERT INTO products (title, gtin, sku) VALUES
  ('Pallet 01 of id', '09521234543213', NULL), ('Gum', '012345000065', NULL), ('Small', '01234565', NULL), ('Longer', NULL, '09521234543213X17'), ('Pack', gtin_complete('1952123454321'), NULL);
INSERT INTO product_variants (product_id, name, gtin) SELECT id, 'red', '4006381333931' FROM products WHERE title = 'Pack';
SELECT index_products();
SELECT _typed_gtin(code) FROM unnest(ARRAY['01234565', '(01)09521234543213', 'https://id.gs1.org/01/09521234543213', '4006381333931', 'gum', '']) AS code;
-- a UPC-E may be a GTIN-8 as well
SELECT query, found(query) FROM unnest(ARRAY['01234565', '0 123456 5', '0-123456-5', '01234566', '012345000065']) AS query;
-- element strings: in brackets, with blanks, as scanners send them
SELECT query, found(query) FROM unnest(ARRAY['(01)09521234543213(10)ABC', '(01) 0952 1234 543213 (10) ABC', '0109521234543213', '010952123454321310ABC', ']d2010952123454321310A' || chr(29) || '21B',
  '(01)04006381333931', '(01)09521234543213(99)' || repeat('x', 90), '(8006)095212345432130102']) AS query;
-- links, also long ones and without https://
SELECT left(query, 60) AS query, found(query) FROM unnest(ARRAY['https://id.gs1.org/01/09521234543213', 'https://example.com/shop/01/09521234543213/10/ABC?17=271231', 'id.gs1.org/01/09521234543213', 'https://example.com/gtin/9521234543213',
  'https://id.gs1.org/01/09521234543213?campaign=' || repeat('x', 500)]) AS query;
-- what names another product is no words: 01 and id are in a title
SELECT query, found(query) FROM unnest(ARRAY['https://id.gs1.org/01/' || gtin_complete('0952123400001'), '(01)' || gtin_digits(gtin_complete('0952123400001'), 14), '01 id']) AS query;
-- filters hold for codes, too
SELECT found('(01)09521234543213', '{"status": "draft"}'), found('(01)09521234543213', '{"active": true}');
-- found by code before it is indexed
INSERT INTO products (title, gtin) VALUES ('Fresh', '0036000291452');
SELECT found('(01)00036000291452'), found('https://id.gs1.org/01/00036000291452');
-- a key longer than a GTIN is none
SELECT found('0952 1234 543213-X17');
SET client_min_messages = warning;
DROP SCHEMA test_search_codes CASCADE;
