-- Indexing: what is noted, what is made of it, and that counts of words are exact.
\set VERBOSITY terse
CREATE SCHEMA test_search_index;
SET search_path = test_search_index, pm_catalog, pm_gtin;
SET client_min_messages = warning;
TRUNCATE products, brands, suppliers, tags CASCADE;
TRUNCATE search_documents, search_words, _search_pending;
-- counts recomputed: no row if they are right
CREATE VIEW wrong_words AS
  SELECT coalesce(k.word, c.word) AS word, k.documents AS counted, c.documents AS present
  FROM search_words AS k FULL JOIN (SELECT w COLLATE "C" AS word, count(*)::integer AS documents FROM search_documents, unnest(_document_words(document)) AS w GROUP BY w COLLATE "C") AS c USING (word)
  WHERE k.documents IS DISTINCT FROM c.documents;
-- documents as they should be: no row if they are
CREATE VIEW wrong_documents AS
  SELECT coalesce(d.product_id, s.product_id) AS product_id FROM search_documents AS d FULL JOIN _search_source(ARRAY(SELECT id FROM products)) AS s USING (product_id) WHERE d IS DISTINCT FROM s;
CREATE FUNCTION noted() RETURNS bigint LANGUAGE sql AS $$ SELECT products FROM pm_catalog.search_lag $$;
CREATE FUNCTION id(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
-- a row for a thousand products
INSERT INTO products (id, title) SELECT id(i), 'Produit ' || i % 7 || ' couleur ' || repeat('x', i % 5) FROM generate_series(1, 2500) AS i;
SELECT count(*) AS notes, sum(cardinality(product_ids)), (SELECT lag > '0' FROM search_lag) AS behind FROM _search_pending;
SELECT index_products(1000), index_products(1000), index_products(1000), index_products(1000), noted();
SELECT count(*) FROM wrong_words;
SELECT count(*) FROM wrong_documents;
-- what matters is noted, what does not is not
CREATE TABLE steps (n integer PRIMARY KEY, step text, noted bigint);
CREATE PROCEDURE step(n integer, command text) LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM pm_catalog._search_pending;
  EXECUTE command;
  INSERT INTO test_search_index.steps VALUES (n, command, test_search_index.noted());
END $$;
CALL step(1, 'UPDATE products SET weight = 2');
CALL step(2, 'UPDATE products SET title = title');
CALL step(3, 'UPDATE products SET title = title || ''s'' WHERE id <= id(3)');
CALL step(4, 'UPDATE products SET status = ''inactive'' WHERE id = id(4)');
CALL step(5, 'INSERT INTO product_stocks (product_id, on_hand) VALUES (id(5), 5)');
CALL step(6, 'UPDATE product_stocks SET on_hand = 4');
CALL step(7, 'UPDATE product_stocks SET on_hand = 0');
CALL step(8, 'INSERT INTO product_prices (product_id, price, valid_from) VALUES (id(5), 5, ''2020-01-01''), (id(6), 6, ''2020-01-01'')');
CALL step(9, 'UPDATE product_prices SET cost = 1');
CALL step(10, 'UPDATE product_prices SET price = 7 WHERE product_id = id(6)');
CALL step(11, 'INSERT INTO brands (id, name) VALUES (id(801), ''Lune'')');
CALL step(12, 'UPDATE products SET brand_id = id(801) WHERE id IN (id(7), id(8))');
CALL step(13, 'UPDATE brands SET name = ''Soleil''');
CALL step(14, 'UPDATE brands SET is_active = false');
CALL step(15, 'INSERT INTO tags (id, name, slug) VALUES (id(701), ''Bio'', ''bio'')');
CALL step(16, 'INSERT INTO product_tags VALUES (id(9), id(701))');
CALL step(17, 'UPDATE tags SET name = ''Organic''');
CALL step(18, 'INSERT INTO product_variants (product_id, name, sku) VALUES (id(10), ''XL'', ''V-10'')');
CALL step(19, 'UPDATE product_variants SET position = 2');
CALL step(20, 'DELETE FROM product_variants');
CALL step(21, 'INSERT INTO suppliers (id, code, name) VALUES (id(901), ''north'', ''North'')');
CALL step(22, 'INSERT INTO supplier_products (product_id, supplier_id, supplier_sku) VALUES (id(11), id(901), ''n11'')');
CALL step(23, 'UPDATE supplier_products SET stock = 5');
CALL step(24, 'UPDATE supplier_products SET supplier_sku = ''n12''');
CALL step(25, 'INSERT INTO product_seo (product_id, meta_title) VALUES (id(12), ''Titre'')');
CALL step(26, 'UPDATE products SET deleted_at = now() WHERE id = id(13)');
CALL step(27, 'UPDATE products SET deleted_at = now() WHERE id = id(14)');
SELECT n, step, noted FROM test_search_index.steps ORDER BY n;
-- under replica nothing is
SET session_replication_role = replica;
CALL step(28, 'UPDATE products SET title = ''Autre'' WHERE id = id(15)');
RESET session_replication_role;
SELECT noted FROM test_search_index.steps WHERE n = 28;
-- all of them indexed again: nothing is wrong after that
SELECT _index_all();
SELECT count(*) FROM (SELECT index_products(1000) FROM generate_series(1, 4)) AS x;
SELECT count(*) FROM wrong_words;
SELECT count(*) FROM wrong_documents;
SELECT word, documents FROM search_words WHERE word IN ('produit', 'lune', 'soleil', 'organic', 'bio', 'couleur') ORDER BY word;
-- a price that begins: its product is looked at again then
INSERT INTO products (id, title) VALUES (id(3000), 'Demain');
INSERT INTO product_prices (product_id, price, valid_from) VALUES (id(3000), 5, now() + interval '1 day');
SELECT index_products();
SELECT prices, look_again_at > now() AS later FROM search_documents WHERE product_id = id(3000);
SELECT index_products();
SET session_replication_role = replica;
UPDATE product_prices SET valid_from = now() - interval '1 day' WHERE product_id = id(3000);
RESET session_replication_role;
UPDATE search_documents SET look_again_at = now() WHERE product_id = id(3000);
SELECT index_products();
SELECT prices, look_again_at FROM search_documents WHERE product_id = id(3000);
-- waiting
SELECT count(*) FROM search_products('demain', '{"wait": "1 s"}');
INSERT INTO products (id, title) VALUES (id(3001), 'Demain encore');
SELECT count(*) FROM search_products('demain', '{"wait": "10 ms"}');
-- the job: its kind and queue are made once, it indexes what is noted
SELECT schedule_upkeep() > 0 AS scheduled;
SELECT pm_jobs.enqueue('catalog', 'catalog_index') > 0 AS enqueued;
SELECT pm_jobs.run_pending('catalog') > 0 AS ran;
SELECT count(*) FROM search_products('demain', '{"wait": "1 s"}');
DO $$ BEGIN PERFORM pm_jobs.unschedule(s.name) FROM pm_jobs.schedules AS s WHERE s.queue = 'catalog'; END $$;
-- made anew: the same as step by step
CREATE TABLE test_search_index.before AS SELECT word, documents FROM search_words;
CREATE VIEW indexes AS SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'pm_catalog' AND tablename IN ('search_documents', 'search_words');
CREATE TABLE test_search_index.indexes_before AS SELECT * FROM indexes;
SELECT rebuild_search();
SELECT count(*) > 5 AS same_indexes FROM (SELECT * FROM indexes INTERSECT SELECT * FROM test_search_index.indexes_before) AS x HAVING count(*) = (SELECT count(*) FROM test_search_index.indexes_before);
SELECT _spellings('Crème de Marrons 500 g WH-1000'), _spellings('plain Words 5');
SELECT count(*) FROM wrong_documents;
SELECT * FROM test_search_index.before EXCEPT SELECT word, documents FROM search_words;
SELECT word, documents FROM search_words EXCEPT SELECT * FROM test_search_index.before;
-- after a restore there is nothing: all are indexed
TRUNCATE search_documents, search_words, _search_pending;
SELECT index_products(5000), noted();
SELECT index_products(0);
SELECT index_products(NULL);
SET client_min_messages = warning;
DROP SCHEMA test_search_index CASCADE;
