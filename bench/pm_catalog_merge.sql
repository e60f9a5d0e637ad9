-- pm_catalog_merge.sql - merge_products() beside COPY of the same rows and beside
-- INSERT ... ON CONFLICT from the same staging table
--
-- One session, no parallel query.  psql variables: rows, how many a file has; dir, a
-- directory that the server can write to.  COPY loads rows that are clean and typed, with
-- their keys, into the same tables under the same constraints, indexes and triggers.
\set ON_ERROR_STOP on
\pset footer off
SET client_min_messages = warning;
\ir harness.sql
SET jit = off;
SET max_parallel_workers_per_gather = 0;
SET work_mem = '64MB';

\o /dev/null
CREATE EXTENSION pm_catalog CASCADE;
SET search_path = pm_catalog, pm_gtin, public;
INSERT INTO suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-06bc7f30a5bb', 'acme', 'Acme');

-- a file of a wholesaler: 12 columns, 2 000 brands, 3 000 categories; every supplier has
-- its own order, and it is not that of the codes
CREATE UNLOGGED TABLE staged (row_no bigint, gtin gtin, supplier_sku text, title text, description text, brand text, category text,
  weight numeric, cost numeric, price numeric, stock integer, on_hand integer);
INSERT INTO staged
SELECT i, gtin_complete(c.body), 'AC-' || i,
       (ARRAY['Cordless drill', 'Reading glasses', 'Desk lamp', 'Espresso cups', 'Garden hose', 'Running shoes', 'Fountain pen', 'Winter gloves'])[1 + i % 8]
         || ' ' || (ARRAY['black', 'white', 'red', 'anthracite', 'natural'])[1 + i % 5] || ' model ' || substr(md5(i::text), 1, 6) || ', ' || 10 + i % 90 || ' cm',
       repeat('A sturdy product for every day, easy to clean and made to last. ', 1 + i % 3),
       'Brand ' || hashint4(i) % 1000 + 1000, 'Range ' || i % 10 || ' > Group ' || i % 100 || ' > Kind ' || i % 2900,
       round((i % 5000)::numeric / 1000, 3), round((i % 90000)::numeric / 100, 2), round((i % 90000)::numeric / 60 + 1, 2), i % 200, i % 50
FROM generate_series(1, :rows) AS i, LATERAL (SELECT lpad(((i::bigint * 618033988749) % 899999999981 + 100000000000)::text, 12, '0') AS body) AS c;
CREATE UNLOGGED TABLE changed AS SELECT * FROM staged;
UPDATE changed SET price = price + 1, stock = stock + 1, title = title || ' II' WHERE row_no % 10 = 0;
VACUUM ANALYZE staged;
VACUUM ANALYZE changed;

CREATE FUNCTION merge(source regclass) RETURNS void LANGUAGE sql AS $$
  SELECT count(*) FROM merge_products(pm_xref.uuid7(), 1, source, '01a21d28-7d45-7936-84e2-06bc7f30a5bb');
$$;
CREATE FUNCTION upsert(source regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($q$
    INSERT INTO products AS p (gtin, supplier_id, title, description, brand_id, category_id, weight)
    SELECT s.gtin, '01a21d28-7d45-7936-84e2-06bc7f30a5bb', s.title, s.description, b.id, c.id, s.weight
    FROM %s AS s JOIN named_brands AS b ON b.name = s.brand JOIN named_categories AS c ON c.path = s.category
    ON CONFLICT (gtin) WHERE deleted_at IS NULL
    DO UPDATE SET title = excluded.title, description = excluded.description, brand_id = excluded.brand_id, category_id = excluded.category_id, weight = excluded.weight$q$, source);
  EXECUTE format($q$
    INSERT INTO supplier_products (product_id, supplier_id, supplier_sku, cost, stock)
    SELECT p.id, '01a21d28-7d45-7936-84e2-06bc7f30a5bb', s.supplier_sku, s.cost, s.stock FROM %s AS s JOIN products AS p ON p.gtin = s.gtin AND p.deleted_at IS NULL
    ON CONFLICT (product_id, supplier_id) DO UPDATE SET supplier_sku = excluded.supplier_sku, cost = excluded.cost, stock = excluded.stock, updated_at = now()$q$, source);
  EXECUTE format($q$
    INSERT INTO product_prices (product_id, price, cost)
    SELECT p.id, s.price, s.cost FROM %s AS s JOIN products AS p ON p.gtin = s.gtin AND p.deleted_at IS NULL
    WHERE (s.price, s.cost) IS DISTINCT FROM (SELECT (o.price, o.cost) FROM product_prices AS o
      WHERE o.product_id = p.id AND o.price_type = 'retail' AND o.currency = 'EUR' AND o.min_quantity = 1 AND o.supplier_id IS NULL ORDER BY valid_from DESC LIMIT 1)
    ON CONFLICT DO NOTHING$q$, source);
  EXECUTE format($q$
    INSERT INTO product_stocks (product_id, on_hand)
    SELECT p.id, s.on_hand FROM %s AS s JOIN products AS p ON p.gtin = s.gtin AND p.deleted_at IS NULL
    ON CONFLICT (product_id, variant_id, location) DO UPDATE SET on_hand = excluded.on_hand, updated_at = now()$q$, source);
END
$$;

-- the rows as they are in the end, for COPY; names of brands and categories for upsert()
SELECT merge('staged');
CREATE TABLE named_brands AS SELECT DISTINCT s.brand AS name, p.brand_id AS id FROM staged AS s JOIN products AS p ON p.gtin = s.gtin;
CREATE TABLE named_categories AS SELECT DISTINCT s.category AS path, p.category_id AS id FROM staged AS s JOIN products AS p ON p.gtin = s.gtin;
ANALYZE named_brands;
ANALYZE named_categories;
CREATE UNLOGGED TABLE clean AS
SELECT pm_xref.uuid7() AS id, s.*, '01a21d28-7d45-7936-84e2-06bc7f30a5bb'::uuid AS supplier_id, p.brand_id, p.category_id, o.digest
FROM staged AS s JOIN products AS p USING (gtin) JOIN supplier_products AS o ON o.product_id = p.id ORDER BY s.row_no;
CREATE UNLOGGED TABLE sorted AS SELECT pm_xref.uuid7() AS id, s.row_no, s.gtin FROM staged AS s ORDER BY s.gtin;
CREATE PROCEDURE write_files(name text, query text) LANGUAGE plpgsql AS $$
DECLARE
  file record;
BEGIN
  FOR file IN
    SELECT * FROM (VALUES ('products', 'id, gtin, supplier_id, title, description, brand_id, category_id, weight'), ('supplier_products', 'id, supplier_id, supplier_sku, cost, stock, digest'),
                          ('product_prices', 'id, price, cost'), ('product_stocks', 'id, on_hand')) AS f(name, columns)
  LOOP
    EXECUTE format('COPY (SELECT %s FROM (%s) AS q) TO %L', file.columns, query, write_files.name || file.name);
  END LOOP;
END
$$;
CALL write_files(:'dir' || '/plain_', 'SELECT * FROM clean ORDER BY row_no');
CALL write_files(:'dir' || '/sorted_', 'SELECT s.id, c.gtin, c.supplier_id, title, description, brand_id, category_id, weight, supplier_sku, cost, stock, digest, price, on_hand FROM clean AS c JOIN sorted AS s USING (row_no) ORDER BY s.id');
DROP TABLE clean, sorted;
CREATE FUNCTION copy_rows(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('COPY products (id, gtin, supplier_id, title, description, brand_id, category_id, weight) FROM %L', name || 'products');
  EXECUTE format('COPY supplier_products (product_id, supplier_id, supplier_sku, cost, stock, digest) FROM %L', name || 'supplier_products');
  EXECUTE format('COPY product_prices (product_id, price, cost) FROM %L', name || 'product_prices');
  EXECUTE format('COPY product_stocks (product_id, on_hand) FROM %L', name || 'product_stocks');
END
$$;

-- the catalog without products; as the staged file was merged, and vacuumed
CREATE PROCEDURE empty() LANGUAGE plpgsql AS $$
BEGIN
  TRUNCATE products, merges CASCADE;
  CHECKPOINT;
END
$$;
CREATE PROCEDURE fill(source regclass DEFAULT 'staged') LANGUAGE plpgsql AS $$
BEGIN
  TRUNCATE products, merges CASCADE;
  PERFORM merge(source);
  ANALYZE products, supplier_products, product_prices, product_stocks;
  CHECKPOINT;
END
$$;
\o
CALL bench.compare('first', ARRAY['merge', 'COPY', 'COPY, in the order of the codes', 'ON CONFLICT'],
  ARRAY['SELECT merge(''staged'')', format('SELECT copy_rows(%L)', :'dir' || '/plain_'), format('SELECT copy_rows(%L)', :'dir' || '/sorted_'), 'SELECT upsert(''staged'')'],
  array_fill('CALL empty()'::text, ARRAY[4]), rounds => :rounds);
CALL bench.compare('second', ARRAY['merge, 10 % changed', 'ON CONFLICT, 10 % changed', 'merge, all unchanged'],
  ARRAY['SELECT merge(''changed'')', 'SELECT upsert(''changed'')', 'SELECT merge(''staged'')'],
  array_fill('CALL fill()'::text, ARRAY[3]), rounds => :rounds);

INSERT INTO bench.targets (test, variant, baseline, at_most, note) VALUES
  ('first', 'merge', 'COPY', 1.3, NULL),
  ('first', 'merge', 'COPY, in the order of the codes', NULL, NULL),
  ('first', 'merge', 'ON CONFLICT', 0.5, NULL),
  ('second', 'merge, 10 % changed', 'ON CONFLICT, 10 % changed', 0.25, NULL);
INSERT INTO bench.figures (test, figure, value, at_least)
SELECT 'second', 'merge, all unchanged, rows/s', :rows / percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds), 300000 FROM bench.runs WHERE variant = 'merge, all unchanged';
\echo 'Times: medians of' :rounds 'rounds of' :rows 'rows; ratio: median of the rounds'' ratios.'
SELECT test, variant, round(seconds::numeric, 3) AS seconds, baseline, round(baseline_seconds::numeric, 3) AS "its seconds",
       round(ratio::numeric, 2) AS ratio, 'at most ' || at_most AS target,
       CASE WHEN ratio <= at_most THEN 'met' WHEN at_most IS NOT NULL THEN 'MISSED' END AS verdict
FROM bench.ratios ORDER BY id;
SELECT test, figure, round(value::numeric) AS value, 'at least ' || at_least AS target, CASE WHEN value >= at_least THEN 'met' ELSE 'MISSED' END AS verdict FROM bench.figures ORDER BY id;
