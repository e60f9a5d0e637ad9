-- pm_catalog_merge.sql - merge_products() beside COPY of the same rows and beside
-- INSERT ... ON CONFLICT from the same staging table; then the shares of a merge
--
-- One session, no parallel query.  psql variables: rows, how many a file has; dir, a
-- directory that the server can write to.  COPY loads rows that are clean and typed, with
-- their keys, into the same tables under the same constraints, indexes and triggers.
-- A share is a merge with something beside the same one without: of at most 100 000 rows
-- with a family and six values, at most one event of a product and one of a price each.
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


-- shares: a trigger is off, or there is a subscriber
\o /dev/null
INSERT INTO families (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-06bc7f30a5bc', 'article', 'Articles');
INSERT INTO family_attributes (family_id, code, name, data_type, is_mandatory)
SELECT '01a21d28-7d45-7936-84e2-06bc7f30a5bc', a.code, initcap(a.code), a.type, a.is_mandatory
FROM (VALUES ('colour', 'choice', true), ('length', 'number', true), ('pieces', 'integer', true), ('since', 'date', false), ('washable', 'boolean', false), ('care', 'text', false)) AS a(code, type, is_mandatory);
INSERT INTO family_options (family_id, attribute, code, name)
SELECT '01a21d28-7d45-7936-84e2-06bc7f30a5bc', 'colour', o, initcap(o) FROM unnest(ARRAY['black', 'white', 'red', 'anthracite', 'natural']) AS o;
CREATE FUNCTION with_specs(source regclass) RETURNS text LANGUAGE sql AS $$
  SELECT format('SELECT s.*, ''article'' AS family, jsonb_build_object(''colour'', (ARRAY[''black'', ''white'', ''red'', ''anthracite'', ''natural''])[1 + row_no %% 5], '
                '''length'', 10 + row_no %% 90, ''pieces'', 1 + row_no %% 12, ''since'', date ''2020-01-01'' + (row_no %% 1000)::integer, ''washable'', row_no %% 2 = 0, '
                '''care'', ''Wash at '' || 30 + row_no %% 3 * 10) AS technical_specs FROM %s AS s WHERE s.row_no <= 100000', source)
$$;
SELECT format('CREATE UNLOGGED TABLE %s_part AS %s', t, with_specs(t)) FROM unnest(ARRAY['staged', 'changed']) AS t
\gexec
VACUUM ANALYZE staged_part;
VACUUM ANALYZE changed_part;
CREATE FUNCTION public.noop(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT pm_jobs.register_handler('noop', 'public.noop(pm_jobs.job)'), pm_jobs.create_queue('line', ordered => true);
CREATE PROCEDURE ready(source regclass, off text[], topic text) LANGUAGE plpgsql AS $$
DECLARE
  switch record;
BEGIN
  ALTER TABLE products ENABLE TRIGGER USER;
  ALTER TABLE product_prices ENABLE TRIGGER USER;
  PERFORM pm_xref.unsubscribe(s.topic) FROM pm_xref.subscriptions AS s;
  TRUNCATE pm_xref._events;
  DELETE FROM pm_jobs._job;
  IF source IS NULL THEN
    CALL empty();
  ELSE
    CALL fill(source);
  END IF;
  FOR switch IN SELECT t.tgrelid::regclass AS "table", t.tgname FROM pg_trigger AS t
                WHERE t.tgrelid IN ('products'::regclass, 'product_prices'::regclass) AND t.tgname = ANY (off) LOOP
    EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', switch."table", switch.tgname);
  END LOOP;
  IF topic IS NOT NULL THEN
    PERFORM pm_xref.subscribe(topic, NULL, 'line', 'noop');
  END IF;
END
$$;
CREATE TABLE bench.parts (id integer GENERATED ALWAYS AS IDENTITY, variant text, off text[], topic text);
INSERT INTO bench.parts (variant, off, topic) VALUES ('all, nobody subscribed', '{}', NULL), ('subscribed to products', '{}', 'catalog.product.*'), ('subscribed to prices', '{}', 'catalog.price.*'),
  ('subscribed to all', '{}', 'catalog.*'), ('without versions', '{products_row,products_updated}', NULL), ('without completeness', '{products_attributes}', NULL),
  ('without price periods', '{periods_after_insert,periods_after_update}', NULL);
\o
SELECT format('CALL bench.compare(%L, %L, %L, %L, rounds => %s)', m.test, array_agg(p.variant ORDER BY p.id), array_agg(format('SELECT merge(%L)', m.source) ORDER BY p.id),
              array_agg(format('CALL ready(%L, %L, %L)', m.before, p.off, p.topic) ORDER BY p.id), :rounds)
FROM (VALUES (1, 'shares, first', 'staged_part', NULL), (2, 'shares, second', 'changed_part', 'staged_part')) AS m(n, test, source, before), bench.parts AS p
GROUP BY m.n, m.test ORDER BY m.n
\gexec

INSERT INTO bench.targets (test, variant, baseline, at_most, note) VALUES
  ('first', 'merge', 'COPY', 1.3, NULL),
  ('first', 'merge', 'COPY, in the order of the codes', NULL, NULL),
  ('first', 'merge', 'ON CONFLICT', 0.5, NULL),
  ('second', 'merge, 10 % changed', 'ON CONFLICT, 10 % changed', 0.25, NULL);
INSERT INTO bench.targets (test, variant, baseline, at_most)
SELECT t.test, s.variant, s.baseline, s.at_most
FROM (VALUES (1, 'shares, first'), (2, 'shares, second')) AS t(n, test),
     (VALUES (1, 'subscribed to all', 'all, nobody subscribed', 1.1), (2, 'subscribed to products', 'all, nobody subscribed', 1.1), (3, 'subscribed to prices', 'all, nobody subscribed', 1.1),
             (4, 'all, nobody subscribed', 'without completeness', 1.15), (5, 'all, nobody subscribed', 'without versions', NULL),
             (6, 'all, nobody subscribed', 'without price periods', NULL)) AS s(n, variant, baseline, at_most)
ORDER BY t.n, s.n;
INSERT INTO bench.figures (test, figure, value, at_least)
SELECT 'second', 'merge, all unchanged, rows/s', :rows / percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds), 300000 FROM bench.runs WHERE variant = 'merge, all unchanged';
\echo 'Times: medians of' :rounds 'rounds of' :rows 'rows (shares: of at most 100000, second merge: 10 % changed); ratio: median of the rounds'' ratios.'
SELECT test, variant, round(seconds::numeric, 3) AS seconds, baseline, round(baseline_seconds::numeric, 3) AS "its seconds",
       round(ratio::numeric, 2) AS ratio,
       round(processor_ratio::numeric, 2) AS "of processor time", 'at most ' || at_most AS target,
       CASE WHEN ratio <= at_most THEN 'met' WHEN at_most IS NOT NULL THEN 'MISSED' END AS verdict
FROM bench.ratios ORDER BY id;
SELECT test, figure, round(value::numeric) AS value, 'at least ' || at_least AS target, CASE WHEN value >= at_least THEN 'met' ELSE 'MISSED' END AS verdict FROM bench.figures ORDER BY id;
