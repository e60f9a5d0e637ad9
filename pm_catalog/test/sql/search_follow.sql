-- Documents follow what they are made of, whatever changes it, and search nothing that is no more.
\set VERBOSITY terse
CREATE SCHEMA test_search_follow;
SET search_path = test_search_follow, pm_catalog, pm_gtin;
SET client_min_messages = warning;
TRUNCATE products, brands, suppliers, tags, families, categories CASCADE;
TRUNCATE search_documents, search_words, _search_pending;
CREATE FUNCTION id(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
CREATE FUNCTION found(query text, filters jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$ SELECT string_agg(s.title, ' | ' ORDER BY s.title) FROM pm_catalog.search_products(query, filters) AS s $$;
-- indexes all that waits, and says whether everything is as if it were made anew
CREATE FUNCTION indexed() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  n integer := pm_catalog.index_products(100000);
BEGIN
  RETURN n || CASE WHEN EXISTS (SELECT FROM pm_catalog.search_documents AS d FULL JOIN pm_catalog._search_source(ARRAY(SELECT p.id FROM pm_catalog.products AS p)) AS s USING (product_id) WHERE d IS DISTINCT FROM s) THEN ' wrong documents'
    WHEN EXISTS (SELECT FROM pm_catalog.search_words AS k FULL JOIN (SELECT w COLLATE "C" AS word, count(*) AS n FROM pm_catalog.search_documents, unnest(pm_catalog._document_words(document)) AS w GROUP BY 1) AS c USING (word)
                 WHERE k.documents IS DISTINCT FROM c.n OR (k.keys = '{}' AND pm_catalog._spell_keys(word) <> '{}')) THEN ' wrong words'
    ELSE ' right' END;
END $$;
INSERT INTO brands (id, name) VALUES (id(801), 'Lune'), (id(802), 'Autre');
INSERT INTO suppliers (id, code, name) VALUES (id(901), 'north', 'North');
INSERT INTO families (id, code, name) VALUES (id(601), 'lampes', 'Lampes');
INSERT INTO categories (id, name, parent_id) VALUES (id(501), 'Maison', NULL), (id(502), 'Jardin', NULL), (id(503), 'Luminaires', id(501));
INSERT INTO tags (id, name, slug) VALUES (id(701), 'Bio', 'bio');
INSERT INTO products (id, title, brand_id, category_id, family_id, supplier_id) SELECT id(i), 'Lampe ' || chr(64 + i), id(801), id(503), id(601), id(901) FROM generate_series(1, 4) AS i;
SELECT indexed();
-- a brand is renamed, and found under its old name as well; merged into another
UPDATE brands SET name = 'Soleil' WHERE id = id(801);
SELECT indexed(), found('soleil'), found('lune');
DELETE FROM brand_aliases WHERE alias = 'Lune';
SELECT indexed(), found('soleil'), found('lune');
SELECT merge_brands(id(801), id(802)) IS NOT NULL;
SELECT indexed(), found('autre'), found('soleil'), found('lampe', jsonb_build_object('brand', id(802)));
-- other names come, are suggested, change, go; not of products of no brand, nor of a brand without products
UPDATE products SET brand_id = NULL WHERE id = id(4);
INSERT INTO brand_aliases (alias, brand_id) VALUES ('HP', id(802)), ('Hewlett-Packard', id(802));
SELECT indexed(), found('HP'), found('lampe hewlett packard'), found('HP lampe b');
SELECT * FROM suggest('lampe hew');
INSERT INTO brands (id, name) VALUES (id(803), 'Sans produit');
INSERT INTO brand_aliases (alias, brand_id) VALUES ('Vide', id(803));
SELECT indexed();
UPDATE brand_aliases SET alias = 'HPE' WHERE alias = 'HP';
SELECT indexed(), found('HPE'), found('HP');
UPDATE brand_aliases SET brand_id = id(803) WHERE alias = 'HPE';
SELECT indexed(), found('HPE'), found('hewlett');
UPDATE brand_aliases SET brand_id = brand_id;
SELECT indexed();
DELETE FROM brands WHERE id = id(803);
UPDATE products SET brand_id = id(802) WHERE id = id(4);
SELECT indexed(), found('hewlett');
-- a family has another name: products are of it all the same
UPDATE families SET name = 'Éclairage', code = 'eclairage' WHERE id = id(601);
SELECT indexed(), found('lampe', jsonb_build_object('family', id(601)));
UPDATE products SET family_id = NULL WHERE id = id(1);
SELECT indexed(), found('lampe', jsonb_build_object('family', id(601)));
-- a category moves, is renamed
SELECT found('lampe', jsonb_build_object('category', id(501))), found('lampe', jsonb_build_object('category', id(502)));
UPDATE categories SET parent_id = id(502) WHERE id = id(503);
SELECT indexed(), found('lampe', jsonb_build_object('category', id(501))), found('lampe', jsonb_build_object('category', id(502)));
UPDATE categories SET name = 'Lanternes' WHERE id = id(503);
SELECT indexed(), found('lanterne a'), found('luminaire');
-- a supplier's name is in the facets, not in the documents
UPDATE suppliers SET name = 'Nord' WHERE id = id(901);
SELECT indexed(), search_facets('lampe') #>> '{suppliers,0,name}' AS supplier;
-- a tag goes with all that have it
INSERT INTO product_tags SELECT id, id(701) FROM products;
SELECT indexed(), found('bio');
DELETE FROM tags;
SELECT indexed(), found('bio');
-- deleted, restored; a row that is gone altogether
SELECT delete_product(id(2)) IS NOT NULL;
SELECT found('lampe'), (SELECT count(*) FROM suggest('lamp')) AS suggestions, indexed(), found('lampe');
SELECT restore_product(id(2)) IS NOT NULL;
SELECT indexed(), found('lampe');
SELECT delete_product(id(3)) IS NOT NULL;
DELETE FROM products WHERE id = id(3);
SELECT found('lampe'), indexed(), found('lampe');
SELECT documents FROM search_words WHERE word = 'lampe';
-- tables that are emptied
INSERT INTO product_prices (product_id, price, valid_from) SELECT id, 5, '2020-01-01' FROM products;
INSERT INTO product_stocks (product_id, on_hand) SELECT id, 1 FROM products;
INSERT INTO supplier_products (product_id, supplier_id, supplier_sku) SELECT id, id(901), 'n' || title FROM products;
SELECT indexed(), found('lampe', '{"in_stock": true, "max_price": 5}'), found('nlampea');
TRUNCATE product_prices CASCADE;
SELECT indexed(), found('lampe', '{"in_stock": true, "max_price": 5}'), found('lampe', '{"in_stock": true}');
TRUNCATE product_stocks CASCADE;
TRUNCATE supplier_products CASCADE;
SELECT (SELECT products FROM search_lag) AS noted_once, indexed(), found('lampe', '{"in_stock": true}'), found('nlampea');
-- after a restore something changes before the first pass: all products are indexed all the same
TRUNCATE search_documents, search_words, _search_pending;
UPDATE products SET title = 'Lampe Z' WHERE id = id(1);
SELECT indexed(), found('lampe');
-- nothing to index for ever: products that are deleted are not noted again and again
UPDATE products SET deleted_at = now();
SELECT indexed();
SELECT index_products(), (SELECT products FROM search_lag);
-- what nobody may note
INSERT INTO _search_pending (product_ids) VALUES ('{}');
INSERT INTO _search_pending (product_ids) VALUES (ARRAY[id(1), NULL]);
INSERT INTO _search_pending (product_ids) SELECT array_agg(id(i)) FROM generate_series(1, 1001) AS i;
-- a product of ten thousand variants and ever more codes than a document takes
INSERT INTO products (id, title) VALUES (id(10), 'Vis');
INSERT INTO product_variants (product_id, name, sku, attributes) SELECT id(10), 'Taille ' || i, rpad('V' || i, 200, 'x'), jsonb_build_object('n', i) FROM generate_series(1, 10000) AS i;
SELECT indexed();
SELECT found('vis'), found(rpad('V1', 200, 'x')), length(head) AS head, length(document) AS lexemes, document = strip(document::text::tsvector) AS is_whole FROM search_documents WHERE product_id = id(10);
SET client_min_messages = warning;
DROP SCHEMA test_search_follow CASCADE;
