-- What a transaction knows of products that it has written: notes for search, first prices.
\set VERBOSITY terse
SET search_path = pm_catalog, pm_gtin, public;
SET client_min_messages = warning;
DELETE FROM _search_pending;
CREATE FUNCTION pg_temp.id(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT ('01a21d28-7d45-7936-84e2-' || lpad(n::text, 12, '0'))::uuid $$;
CREATE FUNCTION pg_temp.notes() RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(string_agg(right(u::text, 4)::integer::text, ' ' ORDER BY p.id, u), 'none') FROM pm_catalog._search_pending AS p, unnest(p.product_ids) AS u
$$;
CREATE FUNCTION pg_temp.periods(n integer) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(format('%s from %s to %s', p.price, p.valid_from::date, coalesce(p.valid_until::date::text, '-')), ', ' ORDER BY p.valid_from)
  FROM pm_catalog.product_prices AS p WHERE p.product_id = pg_temp.id(n)
$$;
CREATE FUNCTION pg_temp.price(n integer, price numeric, since date) RETURNS void LANGUAGE sql AS $$
  INSERT INTO pm_catalog.product_prices (product_id, price, valid_from) VALUES (pg_temp.id(n), price, since)
$$;
SET timezone = 'UTC';
SET datestyle = 'ISO';

-- search is told of a product once in a transaction ...
BEGIN;
INSERT INTO products (id, title) SELECT pg_temp.id(n), 'Pen ' || n FROM generate_series(1, 3) AS n;
SELECT pg_temp.price(n, n, '2026-01-01') FROM generate_series(1, 3) AS n;
UPDATE products SET title = title || ' blue' WHERE id = pg_temp.id(2);
SELECT pg_temp.notes();
COMMIT;
SELECT pg_temp.notes();
-- ... and in the next one again
UPDATE products SET title = title || ' or red' WHERE id = pg_temp.id(2);
SELECT pg_temp.notes();
SELECT rebuild_search() >= 3 AS is_rebuilt;

-- also if it was told in a part that failed
BEGIN;
SAVEPOINT a;
UPDATE products SET title = 'Pen' WHERE id = pg_temp.id(1);
ROLLBACK TO a;
SELECT pg_temp.notes();
UPDATE products SET title = 'Pencil' WHERE id = pg_temp.id(1);
SELECT pg_temp.notes();
SAVEPOINT b;
UPDATE products SET title = 'Pencil' WHERE id = pg_temp.id(2);
RELEASE b;
UPDATE products SET title = 'Pencils' WHERE id = pg_temp.id(2);
SELECT pg_temp.notes();
ROLLBACK;
-- and if search has taken up what it was told
BEGIN;
UPDATE products SET title = 'Pencil' WHERE id = pg_temp.id(1);
SELECT index_products();
SELECT pg_temp.notes();
UPDATE products SET title = 'Crayon' WHERE id = pg_temp.id(1);
SELECT pg_temp.notes();
SELECT rebuild_search() >= 3 AS is_rebuilt;
UPDATE products SET title = 'Chalk' WHERE id = pg_temp.id(1);
SELECT pg_temp.notes();
ROLLBACK;

-- the first price of a product that the transaction has made ends none, each other one does
BEGIN;
INSERT INTO products (id, title) SELECT pg_temp.id(n), 'Ink ' || n FROM generate_series(11, 16) AS n;
INSERT INTO product_prices (product_id, price, valid_from, ends_at) SELECT pg_temp.id(n), 1, '2026-01-01', CASE n WHEN 12 THEN '2026-06-01'::date END FROM generate_series(11, 12) AS n;
SELECT pg_temp.periods(11), pg_temp.periods(12);
SELECT pg_temp.price(11, 2, '2026-02-01');
SELECT pg_temp.periods(11);
-- two at once
INSERT INTO product_prices (product_id, price, valid_from) SELECT pg_temp.id(13), m, make_date(2026, m, 1) FROM generate_series(1, 3) AS m;
SELECT pg_temp.periods(13);
-- after one that came by UPDATE
UPDATE product_prices SET product_id = pg_temp.id(14) WHERE product_id = pg_temp.id(12);
SELECT pg_temp.price(14, 4, '2026-03-01');
SELECT pg_temp.periods(14);
-- a part that failed had made the product, or had given it the price
SAVEPOINT a;
SELECT pg_temp.price(15, 5, '2026-01-01');
ROLLBACK TO a;
SELECT pg_temp.price(15, 5, '2026-02-01');
SELECT pg_temp.price(15, 6, '2026-03-01');
SELECT pg_temp.periods(15);
-- a product that was not made because it was there
COMMIT;
BEGIN;
INSERT INTO products (id, title) VALUES (pg_temp.id(11), 'Ink') ON CONFLICT DO NOTHING;
SELECT pg_temp.price(11, 3, '2026-03-01');
SELECT pg_temp.periods(11);
ROLLBACK;

-- more products than are kept
SET work_mem = '64kB';
BEGIN;
INSERT INTO products (id, title) SELECT pg_temp.id(n), 'Lamp ' || n FROM generate_series(1001, 6000) AS n;
INSERT INTO product_prices (product_id, price, valid_from) SELECT pg_temp.id(n), 1, '2026-01-01' FROM generate_series(1001, 6000) AS n;
INSERT INTO product_prices (product_id, price, valid_from) SELECT pg_temp.id(n), 2, '2026-02-01' FROM generate_series(1001, 6000) AS n;
SELECT price, valid_until::date, count(*) FROM product_prices WHERE product_id >= pg_temp.id(1001) GROUP BY 1, 2 ORDER BY 1;
COMMIT;
SELECT count(DISTINCT u) FROM _search_pending, unnest(product_ids) AS u WHERE u >= pg_temp.id(1001);
RESET work_mem;

-- a changed row costs as much as it does in a catalog that the planner has not seen yet,
-- which no ANALYZE of autovacuum's may show it meanwhile
CREATE PROCEDURE pg_temp.each_table(what text) LANGUAGE plpgsql AS $$ DECLARE
  name regclass;
BEGIN
  FOR name IN SELECT c.oid FROM pg_class AS c WHERE c.relnamespace = 'pm_catalog'::regnamespace AND c.relkind = 'r' LOOP
    EXECUTE format('ALTER TABLE %s %s', name, what);
  END LOOP;
END $$;
CALL pg_temp.each_table('SET (autovacuum_enabled = off)');
DELETE FROM pg_statistic WHERE starelid IN (SELECT c.oid FROM pg_class AS c WHERE c.relnamespace = 'pm_catalog'::regnamespace);
UPDATE pg_class SET reltuples = -1, relpages = 0 WHERE relnamespace = 'pm_catalog'::regnamespace AND relkind IN ('r', 'i');
CREATE TEMP TABLE staged (gtin gtin, title text, cost numeric, price numeric);
INSERT INTO suppliers (id, code, name) VALUES (pg_temp.id(1), 'acme', 'Acme');
INSERT INTO staged SELECT gtin_complete('2' || lpad(i::text, 11, '0')), repeat('Lamp ', 20) || i, 1, 2 FROM generate_series(1, 4000) AS i;
SELECT outcome, count(*) FROM merge_products(NULL, NULL, 'staged', pg_temp.id(1)) GROUP BY 1;
DELETE FROM staged WHERE gtin NOT IN (SELECT gtin FROM staged ORDER BY gtin LIMIT 20);
UPDATE staged SET title = 'II', price = 3;
BEGIN;
CREATE TEMP TABLE before AS SELECT relid, relname, seq_tup_read FROM pg_stat_xact_user_tables;
SELECT outcome, count(*) FROM merge_products(NULL, NULL, 'staged', pg_temp.id(1)) GROUP BY 1;
SELECT relname, s.seq_tup_read - coalesce(b.seq_tup_read, 0) AS read FROM pg_stat_xact_user_tables AS s LEFT JOIN before AS b USING (relid, relname)
WHERE s.schemaname = 'pm_catalog' AND s.seq_tup_read - coalesce(b.seq_tup_read, 0) > 1000 ORDER BY 1;
COMMIT;

-- nor is the table read as a whole once the planner knows it, for a few of its rows
DO $$ BEGIN
  FOR part IN 0 .. 7 LOOP
    TRUNCATE staged;
    INSERT INTO staged SELECT gtin_complete('2' || lpad(i::text, 11, '0')), 'Lamp ' || i, 1, 2 FROM generate_series(10000 + part, 18000, 8) AS i;
    PERFORM merge_products(NULL, NULL, 'staged', pg_temp.id(1));
  END LOOP;
END $$;
ANALYZE products;
TRUNCATE staged;
INSERT INTO staged SELECT gtin_complete('2' || lpad(i::text, 11, '0')), 'III', 1, 3 FROM generate_series(10000, 17999, 8) AS i;
CREATE FUNCTION pg_temp.read() RETURNS bigint LANGUAGE sql AS $$ SELECT pg_stat_get_xact_tuples_returned('pm_catalog.products'::regclass) $$;
BEGIN;
SELECT pg_temp.read() AS before \gset
SELECT outcome, count(*) FROM merge_products(NULL, NULL, 'staged', pg_temp.id(1)) GROUP BY 1;
SELECT pg_temp.read() - :before AS read;
COMMIT;

-- attributes that a row sets and takes away, as the operators of jsonb say it
SELECT count(*) AS tried, count(*) FILTER (WHERE _merge_specs(b, s) IS DISTINCT FROM (b || s) - ARRAY(SELECT e.key FROM jsonb_each(s) AS e WHERE e.value = 'null')) AS otherwise
FROM (SELECT (SELECT coalesce(jsonb_object_agg(k, CASE WHEN hashint4(i * 7 + k) % 3 = 0 THEN NULL WHEN hashint4(i * 11 + k) % 3 = 0 THEN jsonb_build_object('x', NULL, 'y', i) ELSE to_jsonb(k * i) END), '{}')
              FROM generate_series(1, i % 7) AS k) AS b,
             (SELECT coalesce(jsonb_object_agg(k, CASE WHEN hashint4(i * 13 + k) % 4 = 0 THEN NULL WHEN hashint4(i * 17 + k) % 3 = 0 THEN jsonb_build_array(NULL, i) ELSE to_jsonb(k - i) END), '{}')
              FROM generate_series(3, 3 + i % 5) AS k WHERE i % 3 > 0) AS s
      FROM generate_series(1, 500) AS i) AS t;
SELECT _merge_specs('{}', '[1]'), _merge_specs('{"a": 1}', NULL), _merge_specs('{"a": 1}', '{"a": null}'), _merge_specs('{"a": null}', '{"b": 2}');
SELECT _merge_specs('{}', '1');

-- one category however it is written, and one brand
SELECT count(*), count(DISTINCT category_id) FROM ensure_categories('main', '{Office>Pens,Office > Pens,"Office >Pens",Office > Pens,NULL}');
SELECT count(*), count(DISTINCT category_id) FROM ensure_categories('main', '{Office>Pens," Office > Pens",Office,"Office > Ink"}');
SELECT name, brand_id IS NULL AS nameless, dense_rank() OVER (ORDER BY brand_id) AS brand FROM ensure_brands('{Faber-Castell,FABER CASTELL,!!,NULL,Pilot,Faber-Castell}') ORDER BY name COLLATE "C";

TRUNCATE products CASCADE;
DELETE FROM suppliers;
DELETE FROM brands;
DELETE FROM categories;
CALL pg_temp.each_table('RESET (autovacuum_enabled)');
