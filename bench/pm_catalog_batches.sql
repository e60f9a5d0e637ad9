-- pm_catalog_batches.sql - merge_batch() as an import calls it, in batches of several
-- sizes, beside COPY of the same rows
--
-- One session, no parallel query, a commit after each batch; the tables are empty at the
-- beginning of each run, and never analyzed, as those of a first file are.  Batches are in
-- the binary format of COPY.  psql variables: rows, how many a file has; rounds; dir, a
-- directory that the server can write to.
\set ON_ERROR_STOP on
\pset footer off
SET client_min_messages = warning;
\ir harness.sql
SET jit = off;
SET max_parallel_workers_per_gather = 0;
SET work_mem = '64MB';

\o /dev/null
SET search_path = public, pm_gtin;
CREATE EXTENSION pm_catalog CASCADE;
INSERT INTO pm_catalog.suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-06bc7f30a5bb', 'acme', 'Acme');
CREATE UNLOGGED TABLE staged AS
SELECT i AS row_no, pm_gtin.gtin_complete(lpad(((i::bigint * 618033988749) % 899999999981 + 100000000000)::text, 12, '0')) AS gtin, 'AC-' || i AS supplier_sku,
       (ARRAY['Cordless drill', 'Reading glasses', 'Desk lamp', 'Espresso cups', 'Garden hose'])[1 + i % 5] || ' model ' || substr(md5(i::text), 1, 6) AS title,
       repeat('A sturdy product for every day, easy to clean and made to last. ', 1 + i % 3) AS description,
       'Brand ' || hashint4(i) % 100 + 100 AS brand, 'Range ' || i % 10 || ' > Group ' || i % 100 AS category,
       round((i % 90000)::numeric / 100, 2) AS cost, round((i % 90000)::numeric / 60 + 1, 2) AS price, i % 200 AS stock, jsonb_build_object('colour', 'colour ' || i % 9) AS specs
FROM generate_series(1, :rows) AS i;
CREATE FUNCTION field(value bytea) RETURNS bytea LANGUAGE sql IMMUTABLE RETURN int4send(length(value)) || value;
CREATE UNLOGGED TABLE batches (size integer, changed boolean, batch integer, rows bytea, PRIMARY KEY (size, changed, batch));
ALTER TABLE batches ALTER rows SET STORAGE EXTERNAL;
-- changed: of each row in ten another title, price and stock; the others are not sent
INSERT INTO batches
SELECT z.size, c.changed, (s.row_no - 1) / z.size + 1,
       string_agg(int2send(12::int2) || field(int8send(s.row_no)) || field(uuid_send(md5(ROW(c.changed, s)::text)::uuid)) || field(pm_gtin.gtin_send(s.gtin)) || field(textsend(s.supplier_sku))
         || field(textsend(s.title || CASE WHEN c.changed THEN ' II' ELSE '' END)) || field(textsend(s.description)) || field(textsend(s.brand)) || field(textsend(s.category)) || field(numeric_send(s.cost))
         || field(numeric_send(s.price + c.changed::integer)) || field(int4send(s.stock + c.changed::integer)) || field(jsonb_send(s.specs)), ''::bytea ORDER BY s.row_no)
FROM staged AS s, (VALUES (2000), (10000), (50000)) AS z(size), (VALUES (false), (true)) AS c(changed)
WHERE NOT c.changed OR s.row_no % 10 = 0 GROUP BY 1, 2, 3;
CREATE PROCEDURE merge(size integer, changed boolean, try boolean DEFAULT false) LANGUAGE plpgsql AS $$
DECLARE
  job uuid := pm_xref.uuid7();
  b record;
BEGIN
  FOR b IN SELECT x.batch, x.rows FROM batches AS x WHERE x.size = merge.size AND x.changed = merge.changed ORDER BY x.batch LOOP
    EXECUTE format('SELECT pm_catalog.%I($1, $2, $3, $4, $5, $6, $7)', CASE WHEN try THEN 'try_batch' ELSE 'merge_batch' END)
    USING job, b.batch, '{gtin,supplier_sku,title,description,brand,category,cost,price,stock,technical_specs}'::text[], b.rows, '01a21d28-7d45-7936-84e2-06bc7f30a5bb'::uuid, 'gtin', '{}'::jsonb;
    PERFORM pm_catalog.forget_batch(job, b.batch);
    COMMIT;
  END LOOP;
END
$$;
CREATE PROCEDURE empty() LANGUAGE plpgsql AS $$
BEGIN
  TRUNCATE pm_catalog.products, pm_catalog.merges, pm_catalog._search_pending CASCADE;
  COMMIT;
  CHECKPOINT;
END
$$;
CALL merge(50000, false);
SELECT set_config('bench.dir', :'dir', false);
DO $$ BEGIN
  EXECUTE format('COPY (SELECT p.id, p.gtin, p.supplier_id, p.title, p.description, p.brand_id, p.category_id, p.technical_specs FROM staged AS s JOIN pm_catalog.products AS p USING (gtin) ORDER BY s.row_no) TO %L', current_setting('bench.dir') || '/b_products');
  EXECUTE format('COPY (SELECT o.product_id, o.supplier_id, o.supplier_sku, o.cost, o.stock, o.digest FROM staged AS s JOIN pm_catalog.supplier_products AS o USING (supplier_sku) ORDER BY s.row_no) TO %L', current_setting('bench.dir') || '/b_offers');
  EXECUTE format('COPY (SELECT p.id, s.price, s.cost FROM staged AS s JOIN pm_catalog.products AS p USING (gtin) ORDER BY s.row_no) TO %L', current_setting('bench.dir') || '/b_prices');
END $$;
CREATE PROCEDURE copy_rows() LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('COPY pm_catalog.products (id, gtin, supplier_id, title, description, brand_id, category_id, technical_specs) FROM %L', current_setting('bench.dir') || '/b_products');
  EXECUTE format('COPY pm_catalog.supplier_products (product_id, supplier_id, supplier_sku, cost, stock, digest) FROM %L', current_setting('bench.dir') || '/b_offers');
  EXECUTE format('COPY pm_catalog.product_prices (product_id, price, cost) FROM %L', current_setting('bench.dir') || '/b_prices');
END
$$;

-- Runs all variants of a round, each from an empty catalog or from the file as it was
-- merged; round 0 is not noted.
CREATE PROCEDURE run_round(round integer) LANGUAGE plpgsql AS $$
DECLARE
  v record;
  started timestamptz;
BEGIN
  FOR v IN SELECT * FROM (VALUES (10000, false, 'batches of 10 000'), (2000, false, 'batches of 2 000'), (50000, false, 'batches of 50 000'), (10000, false, 'tried only'), (NULL, false, 'COPY'),
                                 (10000, true, 'batches of 10 000'), (50000, true, 'batches of 50 000')) AS v(size, changed, name)
  LOOP
    CALL empty();
    IF v.changed THEN
      CALL merge(50000, false);
      CHECKPOINT;
    END IF;
    started := clock_timestamp();
    IF v.size IS NULL THEN
      CALL copy_rows();
    ELSE
      CALL merge(v.size, v.changed, v.name = 'tried only');
    END IF;
    IF round > 0 THEN
      INSERT INTO bench.runs VALUES (CASE WHEN v.changed THEN '10 % changed' ELSE 'first' END, v.name, round, extract(epoch FROM clock_timestamp() - started));
    END IF;
    COMMIT;
  END LOOP;
END
$$;
SELECT format('CALL run_round(%s)', r) FROM generate_series(0, :rounds) AS r \gexec
\o

INSERT INTO bench.targets (test, variant, baseline, at_most, note) VALUES
  ('first', 'batches of 10 000', 'COPY', 1.3, NULL),
  ('first', 'batches of 2 000', 'batches of 10 000', NULL, NULL),
  ('first', 'batches of 50 000', 'batches of 10 000', NULL, NULL),
  ('first', 'tried only', 'batches of 10 000', NULL, NULL),
  ('10 % changed', 'batches of 50 000', 'batches of 10 000', NULL, NULL);
\echo 'Times: medians of' :rounds 'rounds of' :rows 'rows; ratio: median of the rounds'' ratios.'
SELECT test, variant, round(seconds::numeric, 3) AS seconds, round(:rows / seconds::numeric) AS "rows/s", baseline, round(baseline_seconds::numeric, 3) AS "its seconds",
       round(ratio::numeric, 2) AS ratio, 'at most ' || at_most AS target,
       CASE WHEN ratio <= at_most THEN 'met' WHEN at_most IS NOT NULL THEN 'MISSED' END AS verdict
FROM bench.ratios ORDER BY id;
