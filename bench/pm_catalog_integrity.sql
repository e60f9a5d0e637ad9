-- pm_catalog_integrity.sql - what keeping derived values true costs: periods of prices
-- beside no rule and beside an exclusion constraint, counts beside no counts; reading
-- the count of a subtree
--
-- One session, no parallel query.  psql variable: prices, the number of products and of
-- the prices that one statement inserts.
\set ON_ERROR_STOP on
\pset footer off
SET client_min_messages = warning;
\ir harness.sql
SET jit = off;
SET max_parallel_workers_per_gather = 0;
\o /dev/null
CREATE EXTENSION pm_catalog CASCADE;
CREATE EXTENSION btree_gist;
\o
SET search_path = pm_catalog, pm_gtin, public;
INSERT INTO products (title) SELECT 'Product ' || i FROM generate_series(1, :prices) AS i;
CREATE UNLOGGED TABLE file AS SELECT id AS product_id, 10.00 AS price, '2026-01-01'::timestamptz AS valid_from FROM products ORDER BY md5(id::text);
VACUUM ANALYZE products, file;
CHECKPOINT;

-- the same table without its rule, and with a constraint for a rule
CREATE TABLE no_rule (LIKE product_prices INCLUDING ALL);
CREATE TABLE excluded (LIKE product_prices INCLUDING ALL EXCLUDING INDEXES);
ALTER TABLE no_rule ADD FOREIGN KEY (product_id) REFERENCES products;
ALTER TABLE excluded ADD PRIMARY KEY (id), ADD FOREIGN KEY (product_id) REFERENCES products,
  ADD EXCLUDE USING gist (product_id WITH =, price_type WITH =, currency WITH =, min_quantity WITH =,
    (coalesce(supplier_id, '00000000-0000-0000-0000-000000000000')) WITH =, tstzrange(valid_from, valid_until) WITH &&);
CREATE FUNCTION pg_temp.refill(name text, second boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('TRUNCATE %I', name);
  IF second THEN
    EXECUTE format('INSERT INTO %I (product_id, price, valid_from, valid_until) SELECT product_id, price, valid_from, %s FROM file', name, CASE WHEN name = 'excluded' THEN quote_literal('2026-02-01') || '::timestamptz' ELSE 'NULL::timestamptz' END);
    EXECUTE format('ANALYZE %I', name);
  END IF;
END $$;
CALL bench.compare('first price of each product',
  ARRAY['no rule', 'periods', 'exclusion constraint'],
  ARRAY['INSERT INTO no_rule (product_id, price, valid_from) SELECT * FROM file',
        'INSERT INTO product_prices (product_id, price, valid_from) SELECT * FROM file',
        'INSERT INTO excluded (product_id, price, valid_from) SELECT * FROM file'],
  ARRAY[$$SELECT pg_temp.refill('no_rule', false)$$, $$SELECT pg_temp.refill('product_prices', false)$$, $$SELECT pg_temp.refill('excluded', false)$$], rounds => 3);
-- without a rule the writer himself has to end the periods before; with the constraint they have ended already
CALL bench.compare('next price of each product',
  ARRAY['ended by hand', 'periods', 'exclusion constraint'],
  ARRAY[$$WITH ended AS (UPDATE no_rule AS r SET valid_until = '2026-02-01' FROM file AS f WHERE r.product_id = f.product_id)
          INSERT INTO no_rule (product_id, price, valid_from) SELECT product_id, 11, '2026-02-01' FROM file$$,
        $$INSERT INTO product_prices (product_id, price, valid_from) SELECT product_id, 11, '2026-02-01' FROM file$$,
        $$INSERT INTO excluded (product_id, price, valid_from) SELECT product_id, 11, '2026-02-01' FROM file$$],
  ARRAY[$$SELECT pg_temp.refill('no_rule', true)$$, $$SELECT pg_temp.refill('product_prices', true)$$, $$SELECT pg_temp.refill('excluded', true)$$], rounds => 3);
INSERT INTO bench.targets (test, variant, baseline, at_most) VALUES
  ('first price of each product', 'periods', 'no rule', 1.5), ('first price of each product', 'periods', 'exclusion constraint', 0.7),
  ('next price of each product', 'periods', 'ended by hand', 2), ('next price of each product', 'periods', 'exclusion constraint', NULL);

-- 10 000 categories, five deep, a product in each, and as many changes that are not folded yet
INSERT INTO categories (id, name, parent_id)
SELECT md5('c' || i)::uuid, 'Category ' || i, CASE WHEN i > 1 THEN md5('c' || greatest(1, i / 10))::uuid END FROM generate_series(1, 10000) AS i;
UPDATE products AS p SET category_id = md5('c' || n.n)::uuid FROM (SELECT id, row_number() OVER () AS n FROM products) AS n WHERE n.id = p.id AND n.n <= 10000;
SELECT count(*) FILTER (WHERE depth < 5) AS categories, max(depth) AS deepest FROM categories;
SELECT id AS root FROM categories WHERE parent_id IS NULL \gset
CREATE FUNCTION pg_temp.read(category uuid, times integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  n bigint;
BEGIN
  FOR i IN 1 .. times LOOP
    SELECT c.products_below INTO n FROM pm_catalog.category_counts AS c WHERE c.category_id = category;
  END LOOP;
  RETURN n;
END $$;
-- as many changes that wait as there are categories, written as a restore writes them
CREATE FUNCTION pg_temp.unfold() RETURNS void LANGUAGE sql SET session_replication_role = replica
AS 'INSERT INTO pm_catalog._category_deltas SELECT c.id, 0 FROM pm_catalog.categories AS c';
CALL bench.compare('count of a subtree of 10 000, 100 times', ARRAY['folded', 'nothing folded'],
  ARRAY[format('SELECT pg_temp.read(%L, 100)', :'root'), format('SELECT pg_temp.read(%L, 100)', :'root')],
  ARRAY['SELECT pm_catalog._fold_counts()', 'SELECT pg_temp.unfold()'], rounds => 3);
INSERT INTO bench.figures (test, figure, value, at_most)
SELECT 'count of a subtree of 10 000', variant || ', ms', percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) * 1000 / 100, CASE variant WHEN 'folded' THEN 2 END
FROM bench.runs WHERE test LIKE 'count of a subtree%' GROUP BY variant;

-- counts: a statement over all products, with its trigger and without
CALL bench.compare('category of each product changes', ARRAY['no counts', 'counts'],
  ARRAY[format('UPDATE products SET category_id = %L', :'root'), format('UPDATE products SET category_id = %L', md5('c7')::uuid)],
  ARRAY['ALTER TABLE pm_catalog.products DISABLE TRIGGER counts_after_update', 'ALTER TABLE pm_catalog.products ENABLE TRIGGER counts_after_update'], rounds => 3);
INSERT INTO bench.targets (test, variant, baseline, at_most) VALUES ('category of each product changes', 'counts', 'no counts', 1.2);

\echo 'Times: medians of three rounds over' :prices 'products, one statement each; ratio: median of the rounds'' ratios.'
SELECT test, variant, round(seconds::numeric, 3) AS seconds, baseline, round(baseline_seconds::numeric, 3) AS "its seconds",
       round(ratio::numeric, 2) AS ratio, 'at most ' || at_most AS target,
       CASE WHEN ratio <= at_most THEN 'met' WHEN at_most IS NOT NULL THEN 'MISSED' END AS verdict
FROM bench.ratios ORDER BY id;
SELECT test, figure, round(value::numeric, 2) AS value, 'at most ' || at_most AS target, CASE WHEN value <= at_most THEN 'met' WHEN at_most IS NOT NULL THEN 'MISSED' END AS verdict FROM bench.figures ORDER BY id;
