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
