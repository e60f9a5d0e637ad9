-- Searching products: words in any form, typos, identifiers, filters, facets, pages.
\set VERBOSITY terse
CREATE SCHEMA test_search;
SET search_path = test_search, pm_catalog, pm_gtin;
SET client_min_messages = warning;
CREATE FUNCTION id(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
CREATE FUNCTION found(query text, filters jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(s.title, ' | ' ORDER BY s.rank DESC, s.product_id) || ' (' || string_agg(DISTINCT s.matched_by, ', ') || ')' FROM pm_catalog.search_products(query, filters) AS s $$;
TRUNCATE products, brands, suppliers, tags CASCADE;
TRUNCATE search_documents, search_words, _search_pending;
INSERT INTO suppliers (id, code, name) VALUES (id(901), 'north', 'North & Co'), (id(902), 'south', 'South');
INSERT INTO brands (id, name) VALUES (id(801), 'Nestlé'), (id(802), 'Sony');
INSERT INTO products (id, title, sku, gtin, asin, manufacturer_reference, external_id, brand_id, supplier_id, description) VALUES
  (id(1), 'Chocolat noir 70 % à la fleur de sel', 'CH-070/b', '4006381333931', NULL, NULL, NULL, id(801), id(901), 'Un délice pour les gourmets'),
  (id(2), 'Tablettes de chocolat au lait', 'ch 2', '012345678905', NULL, NULL, 'EXT_2', id(801), id(902), NULL),
  (id(3), 'Casque sans fil WH-1000XM4', NULL, NULL, 'B00X4WHP5E', 'WH1000XM4/B.CE7', NULL, id(802), id(901), 'wireless headphones'),
  (id(4), 'Running shoes for children', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (id(5), 'Chaussettes en laine mérinos', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (id(6), 'Weiße Häuser aus Holz', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (id(7), 'Camisetas de algodón blancas', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (id(8), 'Biscotti alle mandorle', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (id(9), 'The Book of PostgreSQL', NULL, '9780306406157', NULL, NULL, NULL, NULL, NULL, NULL),
  (id(10), 'Limonade 1,5 L', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (id(11), 'Limonade 500ml <light> & "fresh"', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO product_prices (product_id, price, currency, valid_from) VALUES (id(1), 3.5, 'EUR', '2020-01-01'), (id(1), 4, 'USD', '2020-01-01'), (id(2), 12, 'EUR', '2020-01-01'), (id(3), 299, 'EUR', '2020-01-01');
INSERT INTO product_stocks (product_id, on_hand) VALUES (id(1), 5), (id(2), 0);
INSERT INTO supplier_products (product_id, supplier_id, supplier_sku) VALUES (id(5), id(901), 'N 4711-x');
INSERT INTO product_variants (product_id, name, sku, attributes) VALUES (id(5), 'Bleu marine', 'SOCK-BLUE-9', '{"colour": "blue"}');
SELECT index_products();
-- forms of words find each other, in each language, whatever the accents and case
SELECT query, found(query) FROM unnest(ARRAY['chocolats', 'CHOCOLAT NOIR', 'chaussette', 'merinos', 'shoe child', 'shoes for the children', 'haus holz', 'weisse hauser', 'camiseta blanca',
  'algodon', 'biscotto mandorla', 'books', 'gourmet', 'nestle chocolat', 'bleu marine chaussettes']) AS query;
-- the language of the query; simple takes words as they are
SELECT language, found('chocolats', jsonb_build_object('language', language)) FROM unnest(ARRAY['fr', 'en', 'simple']) AS language;
-- typos: corrected, but no digit
SELECT query, found(query) FROM unnest(ARRAY['chcolat noir', 'chocloat', 'tablete de chocolat', 'chausettes lane', 'limondae', 'headfones', 'xm5', 'wh1000xm4', 'wh-1000xm4', 'limo', 'zzzzz', 'chocolat zzzzz']) AS query;
-- sizes however they are written
SELECT query, found(query) FROM unnest(ARRAY['limonade 1.5l', 'limonade 1,5 l', 'limonade 500 ml', 'limonade 50 ml']) AS query;
-- identifiers as people type them
SELECT query, found(query) FROM unnest(ARRAY['4006381333931', '4 006381 333931', '4-006381-333931', '04006381333931', '012345678905', '0 12345 67890 5', '0012345678905', '0-306-40615-2', '978 0 306 40615 7',
  'b00x4whp5e', 'ch070b', 'CH-070/B', 'ch-2', 'wh1000xm4bce7', 'ext2', 'n4711x', 'sock blue 9', '4006381333932']) AS query;
-- a word that is a sku as well: its product first, then the others
UPDATE products SET sku = 'Biscotti' WHERE id = id(9);
SELECT index_products(), found('biscotti');
-- highlights are HTML
SELECT highlight FROM search_products('limonade fresh');
SELECT highlight FROM search_products('chcolat');
-- filters
SELECT filters, found('chocolat', filters) FROM unnest(ARRAY['{"brand": "00000000-0000-7000-8000-000000000801"}', '{"brand": ["00000000-0000-7000-8000-000000000802"]}', '{"supplier": "00000000-0000-7000-8000-000000000902"}',
  '{"in_stock": true}', '{"in_stock": false}', '{"max_price": 10}', '{"min_price": 3.5, "max_price": 12}', '{"currency": "USD", "max_price": 10}', '{"currency": "CHF", "max_price": 10}', '{"status": "draft"}', '{"active": false}']::jsonb[]) AS filters;
\set VERBOSITY default
SELECT found('x', '{"colour": "red"}');
\set VERBOSITY terse
SELECT found('x', '[]');
SELECT found('x', NULL);
SELECT found('x', '{"brand": "x"}');
SELECT found('x', '{"brand": []}');
SELECT found('x', '{"status": "sold"}');
SELECT found('x', '{"status": [null]}');
SELECT found('x', '{"active": "yes"}');
SELECT found('x', '{"in_stock": 1}');
SELECT found('x', '{"max_price": "10"}');
SELECT found('x', '{"currency": "XAU"}');
SELECT found('x', '{"language": "la"}');
SELECT found('x', '{"facets": 1}');
SELECT found('x', '{"wait": "soon"}');
SELECT found('x', '{"wait": "2 h"}');
SELECT * FROM search_products('x', limit_rows => 0);
-- facets: in the first row, and by themselves
SELECT title, jsonb_pretty(facets) FROM search_products('chocolat', '{"facets": true}');
SELECT search_facets('chocolat', '{"currency": "USD"}') -> 'prices' AS prices, search_facets('') -> 'matches' AS all, search_facets('zzzzz') -> 'matches' AS none,
  search_facets('', '{"supplier": "00000000-0000-7000-8000-000000000901"}') -> 'matches' AS of_a_supplier;
-- pages: every product once, in order
INSERT INTO products (id, title) SELECT id(1000 + i), 'Stylo bille ' || CASE WHEN i % 3 = 0 THEN 'bleu' ELSE 'rouge' END FROM generate_series(1, 50) AS i;
SELECT index_products();
WITH RECURSIVE pages AS (
  SELECT 1 AS page, NULL::uuid[] AS ids, NULL::text AS token
  UNION ALL SELECT p.page + 1, n.ids, n.token FROM pages AS p, LATERAL (
    SELECT array_agg(s.product_id ORDER BY s.rank DESC, s.product_id) AS ids, (array_agg(s.after_this ORDER BY s.rank, s.product_id DESC))[1] AS token FROM search_products('stylo bleus', '{}', 7, p.token) AS s) AS n
  WHERE (p.page = 1 OR p.token IS NOT NULL) AND n.ids IS NOT NULL
) SELECT count(DISTINCT page) AS pages, count(*) AS products, count(DISTINCT i) AS different FROM pages, unnest(ids) AS i;
SELECT * FROM search_products('stylo', after => 'abc');
-- of very many, those with short titles, though few have the word in the form that is asked for
INSERT INTO products (id, title) SELECT id(2000 + i), 'Ampoule à vis transparente et blanche ' || i FROM generate_series(1, 600) AS i;
INSERT INTO products (id, title) SELECT id(3000 + i), CASE WHEN i <= 5 THEN 'Ampoules' ELSE 'Ampoule' END || ' courte' FROM generate_series(1, 10) AS i;
SELECT index_products(), (SELECT count(*) FROM search_products('ampoules', limit_rows => 1000));
SELECT count(*) FILTER (WHERE title LIKE '%courte') AS short, count(*) FILTER (WHERE title = 'Ampoules courte') AS as_typed FROM search_products('ampoules', limit_rows => 10);
-- deleted ones are gone at once, those that are not shown when they are indexed
UPDATE products SET deleted_at = now() WHERE id = id(1);
UPDATE products SET is_active = false WHERE id = id(2);
SELECT found('chocolat');
SELECT index_products(), found('chocolat'), found('chocolat', '{"active": false}'), found('4006381333931');
SET client_min_messages = warning;
DROP SCHEMA test_search CASCADE;
