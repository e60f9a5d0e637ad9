-- pm_catalog_search.sql - search of pm_catalog beside PostgreSQL's own ways
--
-- psql variable: products.  Titles are a brand, words by Zipf's law out of 150 000 (the
-- first is in two titles of five), and mostly a size: about 60 characters.
\set ON_ERROR_STOP on
\pset footer off
SET client_min_messages = warning;
\ir harness.sql
SET jit = off;
SET max_parallel_workers_per_gather = 0;
CREATE EXTENSION pm_catalog CASCADE;
CREATE EXTENSION pg_trgm;

-- the word of a rank: two to five syllables
CREATE FUNCTION bench.word(rank integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT string_agg(substr('bcdfghjklmnprstvwz', (rank * 7 + n * 5 + rank / 18 ^ n)::integer % 18 + 1, 1)
                 || substr('aeiouaeioueai', (rank * 3 + n * 7 + rank / 13 ^ n)::integer % 13 + 1, 1)
                 || CASE WHEN (rank + n) % 4 = 0 THEN substr('nrlst', rank % 5 + 1, 1) ELSE '' END, '' ORDER BY n)
  FROM generate_series(1, 2 + (rank > 500)::integer + (rank % 3 > 0)::integer + (rank % 7 = 0)::integer) AS n
$$;
CREATE TABLE bench.words AS SELECT i AS rank, bench.word(i) AS word FROM generate_series(1, 150000) AS i;
ALTER TABLE bench.words ADD PRIMARY KEY (rank);
INSERT INTO pm_catalog.brands (name) SELECT initcap(bench.word(200000 + i)) || CASE WHEN i > 3000 THEN ' & ' || i ELSE '' END FROM generate_series(1, 5000) AS i;
INSERT INTO pm_catalog.suppliers (id, code, name) SELECT pm_xref.uuid7(), 's' || i, 'Supplier ' || i FROM generate_series(1, 40) AS i;
SELECT setseed(0.5);
CREATE TABLE bench.brands AS SELECT row_number() OVER (ORDER BY name) AS rank, id, name FROM pm_catalog.brands;
CREATE TABLE bench.suppliers AS SELECT row_number() OVER (ORDER BY code) AS rank, id FROM pm_catalog.suppliers;
CREATE TABLE bench.titles AS
SELECT t.n, max(t.brand) AS brand, string_agg(w.word, ' ') AS words
FROM (SELECT n, (5000 ^ random())::integer AS brand, 4 + (random() * 3)::integer AS length FROM generate_series(1, :products) AS n) AS t,
     LATERAL (SELECT (150000 ^ random())::integer AS rank FROM generate_series(1, t.length) WHERE t.n > 0) AS r
JOIN bench.words AS w USING (rank)
GROUP BY t.n;
\echo 'products, to be indexed later:'
\timing on
INSERT INTO pm_catalog.products (title, brand_id, supplier_id, sku, gtin)
SELECT initcap(b.name) || ' ' || t.words || CASE t.n % 5 WHEN 0 THEN '' WHEN 1 THEN ' ' || t.n % 20 * 50 + 50 || ' g' ELSE ' ' || (t.n % 9 + 1) || ' x ' || t.n % 7 * 10 || ' cl' END,
       b.id, s.id, 'SKU-' || t.n, pm_gtin.gtin_complete((200000000000 + t.n)::text)
FROM bench.titles AS t JOIN bench.brands AS b ON b.rank = t.brand JOIN bench.suppliers AS s ON s.rank = t.n % 40 + 1;
\timing off
VACUUM ANALYZE pm_catalog.products;
SET maintenance_work_mem = '512MB';
\timing on
\echo 'documents and words of all of them:'
SELECT pm_catalog.rebuild_search() AS products;
\echo 'baselines: trigram and full-text indexes of the titles'
CREATE INDEX products_title_trgm ON pm_catalog.products USING gin (title gin_trgm_ops);
CREATE INDEX products_title_words ON pm_catalog.products USING gin (to_tsvector('simple', title));
\timing off
RESET maintenance_work_mem;
VACUUM ANALYZE pm_catalog.products;
VACUUM ANALYZE pm_catalog.search_documents;
VACUUM ANALYZE pm_catalog.search_words;
CHECKPOINT;
SELECT pg_size_pretty(pg_relation_size('pm_catalog.search_documents')) AS documents, pg_size_pretty(pg_relation_size('pm_catalog.search_documents_document')) AS "their index",
       pg_size_pretty(pg_total_relation_size('pm_catalog.search_words')) AS words, (SELECT count(*) FROM pm_catalog.search_words) AS "different words",
       (SELECT max(documents) FROM pm_catalog.search_words) AS "most frequent in";

-- queries: two words of a title, the first frequent or rare as it comes, one of them spoilt
CREATE TABLE bench.queries AS
SELECT row_number() OVER () AS n, w.first || ' ' || w.second AS clean, w.first, w.second,
       CASE WHEN random() < 0.5 THEN overlay(w.first PLACING '' FROM 3 FOR 1) || ' ' || w.second
            ELSE w.first || ' ' || overlay(w.second PLACING substr(w.second, 4, 1) || substr(w.second, 3, 1) FROM 3 FOR 2) END AS typo,
       p.id, p.ean::text AS ean, p.sku
FROM (SELECT p.*, regexp_split_to_array(p.title, ' ') AS parts FROM pm_catalog.products AS p TABLESAMPLE SYSTEM (least(100, 500000.0 / :products)) WHERE random() < 0.2 LIMIT 500) AS p,
     LATERAL (SELECT a.w AS first, b.w AS second FROM unnest(p.parts) WITH ORDINALITY AS a (w, n), unnest(p.parts) WITH ORDINALITY AS b (w, n)
              WHERE a.w ~ '^[a-z]{5,}$' AND b.w ~ '^[a-z]{5,}$' AND a.n < b.n ORDER BY random() LIMIT 1) AS w;

-- Runs a statement with each query and keeps each one's time, but for a first round.
CREATE TABLE bench.times (test text, ms float8);
CREATE PROCEDURE bench.each(test text, statement text, column_name text, queries integer DEFAULT 300)
LANGUAGE plpgsql
AS $$
DECLARE
  q record;
  started timestamptz;
BEGIN
  FOR round IN 0 .. 1 LOOP
    FOR q IN EXECUTE format('SELECT %s AS text FROM bench.queries ORDER BY n LIMIT %s', column_name, CASE round WHEN 0 THEN least(queries, 100) ELSE queries END) LOOP
      started := clock_timestamp();
      EXECUTE statement USING q.text;
      IF round > 0 THEN
        INSERT INTO bench.times VALUES (test, 1000 * extract(epoch FROM clock_timestamp() - started));
      END IF;
    END LOOP;
    COMMIT;
  END LOOP;
END
$$;
CALL bench.each('search, typo', 'SELECT count(*) FROM pm_catalog.search_products($1)', 'typo');
CALL bench.each('search, typo, facets', 'SELECT count(*) FROM pm_catalog.search_products($1, ''{"facets": true}'')', 'typo');
CALL bench.each('search, clean', 'SELECT count(*) FROM pm_catalog.search_products($1)', 'clean');
CALL bench.each('search, one word', 'SELECT count(*) FROM pm_catalog.search_products($1)', 'first');
CALL bench.each('search, most frequent words', 'SELECT count(*) FROM pm_catalog.search_products($1)', '(SELECT word FROM bench.words AS w WHERE w.rank = queries.n % 10 + 1)', 100);
CALL bench.each('search, most frequent words, facets', 'SELECT count(*) FROM pm_catalog.search_products($1, ''{"facets": true}'')', '(SELECT word FROM bench.words AS w WHERE w.rank = queries.n % 10 + 1)', 100);
CALL bench.each('search, ean', 'SELECT count(*) FROM pm_catalog.search_products($1)', 'ean');
CALL bench.each('search, sku', 'SELECT count(*) FROM pm_catalog.search_products($1)', 'lower(sku)');
CALL bench.each('suggest, 3 letters', 'SELECT count(*) FROM pm_catalog.suggest($1)', 'left(first, 3)');
CALL bench.each('suggest, 1 letter', 'SELECT count(*) FROM pm_catalog.suggest($1)', 'left(first, 1)');
CALL bench.each('suggest, after a word', 'SELECT count(*) FROM pm_catalog.suggest($1)', 'first || '' '' || left(second, 3)');
CALL bench.each('suggest, after a word, 1 letter', 'SELECT count(*) FROM pm_catalog.suggest($1)', 'first || '' '' || left(second, 1)');
CREATE TABLE bench.tokens AS
SELECT row_number() OVER () AS n, 'newest-' || encode(timestamptz_send(p.created_at) || uuid_send(p.id), 'hex') AS newest,
       'title-' || encode(convert_to(pm_catalog.fold(p.title), 'UTF8') || uuid_send(p.id), 'hex') AS title
FROM pm_catalog.products AS p JOIN bench.queries AS q USING (id);
CALL bench.each('page of 50, newest, any depth', 'SELECT count(*) FROM pm_catalog.list_products(after => $1)', '(SELECT newest FROM bench.tokens AS t WHERE t.n = queries.n)');
CALL bench.each('page of 50, by title, any depth', 'SELECT count(*) FROM pm_catalog.list_products(sort => ''title'', after => $1)', '(SELECT title FROM bench.tokens AS t WHERE t.n = queries.n)');
CALL bench.each('page of 50, of a brand', 'SELECT count(*) FROM pm_catalog.list_products($1::jsonb)', 'jsonb_build_object(''brand'', (SELECT p.brand_id FROM pm_catalog.products AS p WHERE p.id = queries.id))::text');
CALL bench.each('baseline: word similarity', 'SELECT count(*) FROM (SELECT FROM pm_catalog.products WHERE $1 <% title ORDER BY word_similarity($1, title) DESC LIMIT 20) AS x', 'typo', 30);
CALL bench.each('baseline: full text, ranked, no typo', 'SELECT count(*) FROM (SELECT FROM pm_catalog.products WHERE to_tsvector(''simple'', title) @@ plainto_tsquery(''simple'', $1) ORDER BY ts_rank(to_tsvector(''simple'', title), plainto_tsquery(''simple'', $1)) DESC LIMIT 20) AS x', 'clean', 100);
CALL bench.each('baseline: full text, ranked, one word', 'SELECT count(*) FROM (SELECT FROM pm_catalog.products WHERE to_tsvector(''simple'', title) @@ plainto_tsquery(''simple'', $1) ORDER BY ts_rank(to_tsvector(''simple'', title), plainto_tsquery(''simple'', $1)) DESC LIMIT 20) AS x', 'first', 30);

CREATE TABLE bench.limits (test text, p95 float8);
INSERT INTO bench.limits VALUES ('search, typo', 15), ('search, typo, facets', 40), ('search, ean', 1), ('search, sku', 1), ('suggest, 3 letters', 5), ('suggest, 1 letter', 5),
  ('suggest, after a word', 5), ('suggest, after a word, 1 letter', 5), ('page of 50, of a brand', 5), ('page of 50, newest, any depth', 5), ('page of 50, by title, any depth', 5);
\echo 'Milliseconds, warm, one session:'
SELECT t.test, count(*) AS runs, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY t.ms)::numeric, 2) AS p50, round(percentile_cont(0.95) WITHIN GROUP (ORDER BY t.ms)::numeric, 2) AS p95,
       round(max(t.ms)::numeric, 2) AS slowest, 'p95 under ' || l.p95 AS target, CASE WHEN percentile_cont(0.95) WITHIN GROUP (ORDER BY t.ms) < l.p95 THEN 'met' WHEN l.p95 IS NOT NULL THEN 'MISSED' END AS verdict
FROM bench.times AS t LEFT JOIN bench.limits AS l USING (test) GROUP BY t.test, l.p95 ORDER BY min(t.ctid);
\echo 'Two words with a typo: how often the product that they were taken of is among the first 20, and with the words as they are'
SELECT round(100 * avg((SELECT count(*) FROM pm_catalog.search_products(q.typo) AS s WHERE s.product_id = q.id)), 1) AS "typo, %",
       round(100 * avg((SELECT count(*) FROM pm_catalog.search_products(q.clean) AS s WHERE s.product_id = q.id)), 1) AS "clean, %" FROM bench.queries AS q;

-- following changes: 20 000 titles
DELETE FROM pm_catalog._search_pending;
CREATE TABLE bench.changed AS SELECT id FROM pm_catalog.products TABLESAMPLE SYSTEM (2) LIMIT 20000;
\timing on
\echo 'an UPDATE of 20 000 titles, with what notes it:'
UPDATE pm_catalog.products SET title = title || ' neu' WHERE id IN (SELECT id FROM bench.changed);
\echo 'indexing them:'
SELECT pm_catalog.index_products(20000);
\timing off
