-- Arguments of search that nobody should give: tokens, filters and plans of any shape.
\set VERBOSITY terse
CREATE SCHEMA test_search_tokens;
SET search_path = test_search_tokens, pm_catalog, pm_gtin;
SET client_min_messages = warning;
TRUNCATE products, brands, suppliers, tags CASCADE;
TRUNCATE search_documents, search_words, _search_pending;
CREATE FUNCTION id(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
INSERT INTO brands (id, name) VALUES (id(801), 'Lune');
INSERT INTO products (id, title, brand_id) SELECT id(i), 'Lampe ' || repeat('a ', i), CASE WHEN i % 2 = 0 THEN id(801) END FROM generate_series(1, 9) AS i;
SELECT index_products();
SELECT after_this AS token FROM search_products('lampe') OFFSET 3 LIMIT 1 \gset
SELECT count(*) FROM search_products('lampe', after => :'token');
-- what changes no rank may change between pages: the size, counts, waiting
SELECT count(*) FROM search_products('lampe', '{"facets": true, "wait": "1 s"}', 2, :'token');
-- of another query, other filters, another language; forged, cut, too long, in capitals
\set VERBOSITY sqlstate
SELECT count(*) FROM search_products('lampes', after => :'token');
SELECT count(*) FROM search_products('lampe', '{"in_stock": false}', after => :'token');
SELECT count(*) FROM search_products('lampe', '{"language": "fr"}', after => :'token');
SELECT count(*) FROM search_products('lampe', after => left(:'token', 40));
SELECT count(*) FROM search_products('lampe', after => :'token' || '0');
SELECT count(*) FROM search_products('lampe', after => upper(:'token'));
SELECT count(*) FROM search_products('lampe', after => repeat('f', 48));
SELECT count(*) FROM search_products('lampe', after => '');
\set VERBOSITY terse
-- any rank in it: no error, no row twice
SELECT forged, count(s.*), count(DISTINCT s.product_id) FROM unnest(ARRAY['00000000', '7f800000', '7fc00000', 'ff800000', 'bf800000', '00000001', '7f7fffff']) AS forged LEFT JOIN LATERAL search_products('lampe', after => forged || right(:'token', 40)) AS s ON true GROUP BY forged ORDER BY forged;
-- lists: values that are no time or no text, of any length
SELECT after_this AS token FROM list_products(limit_rows => 3) OFFSET 2 \gset
SELECT count(*) FROM list_products(after => :'token');
SELECT count(*) FROM list_products('{"in_stock": false}', after => :'token');
SELECT count(*) FROM list_products(after => 'newest-' || repeat('0', 32));
SELECT count(*) FROM list_products(after => 'newest-' || repeat('0', 64));
SELECT count(*) FROM list_products(after => 'newest-8000000000000001' || repeat('0', 32));
SELECT count(*) FROM list_products(after => 'newest-7ffffffffffffffe' || repeat('0', 32));
SELECT count(*) FROM list_products(after => 'newest-7fffffffffffffff' || repeat('0', 32)) AS all_of_them;
SELECT count(*) FROM list_products(sort => 'title', after => 'title-' || repeat('61', 100000) || repeat('0', 32));
SELECT count(*) FROM list_products(sort => 'title', after => 'title-' || repeat('0', 32));
SELECT count(*) FROM list_products(sort => 'newest|', after => :'token');
-- any time that a product may have been created at, in any style of dates and at any place
SET session_replication_role = replica;
UPDATE products SET created_at = CASE id WHEN id(1) THEN 'infinity' WHEN id(2) THEN '-infinity' WHEN id(3) THEN '4713-01-01 BC' WHEN id(4) THEN '294276-12-31 23:59:59.999999 UTC' WHEN id(5) THEN '2300-01-01 00:00:00.000001 UTC'
  ELSE '2026-03-29 02:30:00.123456 UTC'::timestamptz + (substr(id::text, 36)::integer - 7) * interval '1 microsecond' END;
RESET session_replication_role;
SELECT count(*) FROM (SELECT _index_all()) AS x;
SELECT index_products();
CREATE FUNCTION walk(sort text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  token text;
  r record;
  path text := '';
BEGIN
  LOOP
    SELECT * INTO r FROM pm_catalog.list_products('{}', sort, token, 1);
    EXIT WHEN NOT FOUND OR length(path) > 50;
    path := path || substr(r.product_id::text, 36);
    token := r.after_this;
  END LOOP;
  RETURN path;
END $$;
SELECT walk('newest'), walk('oldest');
SET datestyle = 'SQL, DMY';
SET timezone = 'Asia/Kolkata';
SELECT walk('newest'), walk('oldest');
RESET datestyle;
RESET timezone;
-- the same whatever is set for the session
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SET extra_float_digits = -15;
SET bytea_output = escape;
SET quote_all_identifiers = on;
SET default_text_search_config = 'german';
SET work_mem = '64kB';
SET force_parallel_mode = on;
SET plan_cache_mode = force_generic_plan;
SELECT count(*), min(matched_by) FROM search_products('lampe aa''\a', '{"brand": "00000000-0000-7000-8000-000000000801"}');
SELECT walk('oldest');
SELECT search_facets('lampes') -> 'matches';
SELECT count(*) FROM suggest('lampe a');
RESET ALL;
SET search_path = test_search_tokens, pm_catalog, pm_gtin;
SET client_min_messages = warning;
-- facets beside a parallel scan
CREATE TABLE test_search_tokens.many AS SELECT i FROM generate_series(1, 20000) AS i;
ANALYZE test_search_tokens.many;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS off) SELECT search_facets('lampe'), count(*) FROM test_search_tokens.many;
SELECT search_facets('lampe') -> 'matches' AS matches, (SELECT count(*) FROM suggest('lam')) AS suggestions, count(*) FROM test_search_tokens.many;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
-- filters of any shape: refused or taken, in no time
CREATE FUNCTION outcome(filters text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT count(*) FROM pm_catalog.search_products('lampe', filters::jsonb));
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE || ' ' || left(SQLERRM, 70);
END $$;
SELECT left(f, 60) AS filters, outcome(f) FROM unnest(ARRAY['null', '1', '"x"', '[{}]', '{"": 1}', '{"brand": null}', '{"brand": {}}', '{"brand": [[]]}', '{"brand": ["00000000-0000-7000-8000-000000000801", 1]}',
  '{"brand": "00000000-0000-7000-8000-000000000801\n"}', '{"brand": "{00000000-0000-7000-8000-000000000801}"}', '{"category": "00000000-0000-7000-8000-000000000801"}', '{"status": {}}', '{"status": {"active": 1}}', '{"status": []}',
  '{"status": [["active"]]}', '{"status": ["active", "active"]}', '{"wait": "1 s; DROP TABLE x"}', '{"wait": "-1 s"}', '{"wait": ""}', '{"wait": "0.5 min"}', '{"wait": "00:00:01"}', '{"wait": "00:01:01"}', '{"wait": "61000 ms"}', '{"wait": {}}', '{"language": ""}', '{"language": "FR"}',
  '{"currency": "eu"}', '{"in_stock": null}', '{"facets": "true"}', '{"brand": ' || repeat('[', 5000) || repeat(']', 5000) || '}', '{"' || repeat('k', 100000) || '": 1}', '{"brand": "' || repeat('0', 1000000) || '"}',
  '{"status": [' || repeat('"active",', 100000) || '"active"]}', '{"brand": [' || repeat('"00000000-0000-7000-8000-000000000801",', 99) || '"00000000-0000-7000-8000-000000000801"]}',
  '{"brand": [' || repeat('"00000000-0000-7000-8000-000000000801",', 100) || '"00000000-0000-7000-8000-000000000801"]}']) WITH ORDINALITY AS x (f, n) ORDER BY n;
-- waiting: not for what this transaction did, which none can see, nor where nothing new is seen
BEGIN;
INSERT INTO products (title) VALUES ('Lampe neuve');
SAVEPOINT s;
INSERT INTO products (title) VALUES ('Lampe neuve');
SELECT count(*) FROM search_products('lampe', '{"wait": "1 min"}');
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM search_products('lampe', '{"wait": "1 min"}');
ROLLBACK;
SET client_min_messages = warning;
DROP SCHEMA test_search_tokens CASCADE;
