-- pm_imports.sql - import of a supplier's file into the catalog, beside COPY of the same
-- rows and beside INSERT ... ON CONFLICT from a staging table of text
--
-- The file is CSV, 12 columns, 2 % of the records bad and 5 % with a code that was there
-- before.  COPY loads rows that are clean, typed and have their keys into the same tables
-- under the same constraints, indexes and triggers.  ON CONFLICT reads the same CSV into a
-- staging table, leaves out what is bad by patterns, and merges the rest.  psql variables:
-- rows; rounds; dir, a directory that the server can read and write; host and port.
\set ON_ERROR_STOP on
\pset footer off
SET client_min_messages = warning;
\ir harness.sql
SET jit = off;
SET max_parallel_workers_per_gather = 0;
SET work_mem = '64MB';

\o /dev/null
CREATE EXTENSION pm_catalog CASCADE;
CREATE EXTENSION pm_imports CASCADE;
INSERT INTO pm_catalog.suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-06bc7f30a5bb', 'acme', 'Acme');
CREATE FUNCTION staged(changed boolean) RETURNS TABLE (row_no bigint, ean text, no text, name text, text text, brand text, category text, weight text, cost text, price text, stock text, colour text, on_hand text)
LANGUAGE sql AS $$
  SELECT i, CASE WHEN i % 100 = 7 THEN 'none' ELSE pm_gtin.gtin_complete(lpad((((i - CASE WHEN i % 20 = 3 THEN 3 ELSE 0 END)::bigint * 618033988749) % 899999999981 + 100000000000)::text, 12, '0'))::text END,
         'AC-' || i, (ARRAY['Cordless drill', 'Reading glasses', 'Desk lamp', 'Espresso cups', 'Garden hose', 'Running shoes', 'Fountain pen', 'Winter gloves'])[1 + i % 8] || ' model ' || substr(md5(i::text), 1, 6)
           || CASE WHEN changed AND i % 10 = 0 THEN ' II' ELSE '' END,
         repeat('A sturdy product for every day, easy to clean and made to last. ', (1 + i % 5)::integer), 'Brand ' || hashint4(i::integer) % 1000 + 1000, 'Range ' || i % 10 || ' > Group ' || i % 100 || ' > Kind ' || i % 2900,
         round((i % 5000)::numeric / 1000, 3)::text, round((i % 90000)::numeric / 100, 2)::text, CASE WHEN i % 100 = 11 THEN 'on request' ELSE round((i % 90000)::numeric / 60 + 1, 2)::text END,
         (i % 200)::text, 'colour ' || i % 9, (i % 50)::text
  FROM generate_series(1, current_setting('bench.rows')::bigint) AS i
$$;
SELECT set_config('bench.rows', :'rows', false), set_config('bench.dir', :'dir', false);
SET pm_imports.directories = :'dir';
DO $$ BEGIN
  FOR changed IN 0 .. 1 LOOP
    EXECUTE format('COPY (SELECT ean, no, name, text, brand, category, weight, cost, price, stock, colour, on_hand FROM staged(%L) ORDER BY row_no) TO %L (FORMAT csv, HEADER)',
      changed = 1, current_setting('bench.dir') || '/file_' || changed || '.csv');
  END LOOP;
END $$;
SELECT pm_imports.schedule_upkeep(), pm_jobs.pause_queue('imports');
INSERT INTO pm_imports.import_configs (supplier_code, config_name, field_mapping, import_options) VALUES ('acme', 'bench',
  '{"gtin": "ean", "supplier_sku": "no", "title": "name", "description": "text", "brand": "brand", "category": "category", "weight": "weight", "cost": "cost", "price": "price", "stock": "stock", "technical_specs.colour": "colour", "on_hand": "on_hand"}', '{"same_file": "import"}');

-- runs an import here and notes how long it took
CREATE PROCEDURE import(file text, dry_run boolean DEFAULT false) LANGUAGE plpgsql AS $$
DECLARE
  job uuid := pm_imports.import_file('bench', current_setting('bench.dir') || '/' || file, dry_run);
BEGIN
  COMMIT;
  CALL pm_imports.run_import(ROW(NULL, 'imports', 'run_import', jsonb_build_object('job', job), 1, 1, now())::pm_jobs.job);
  IF (SELECT j.status FROM pm_imports.import_jobs AS j WHERE j.id = job) NOT LIKE 'completed%' THEN
    RAISE EXCEPTION 'the import ended as %', (SELECT row_to_json(j) FROM pm_imports.import_jobs AS j WHERE j.id = job);
  END IF;
END
$$;
CREATE PROCEDURE empty() LANGUAGE plpgsql AS $$
BEGIN
  TRUNCATE pm_catalog.products, pm_catalog.merges CASCADE;
  COMMIT;
  CHECKPOINT;
END
$$;
CALL import('file_0.csv');
-- as the rows are in the end, for COPY; what names of brands and categories mean
CREATE TABLE named_brands AS SELECT b.name, b.id FROM pm_catalog.brands AS b;
CREATE TABLE named_categories AS SELECT DISTINCT s.category AS path, p.category_id AS id FROM staged(false) AS s JOIN pm_catalog.products AS p ON p.gtin::text = s.ean WHERE s.row_no % 20 <> 3; -- those are duplicates of others
ANALYZE named_brands, named_categories;
DO $$ BEGIN
  EXECUTE format('COPY (SELECT id, gtin, supplier_id, title, description, brand_id, category_id, weight, technical_specs FROM pm_catalog.products ORDER BY title) TO %L', current_setting('bench.dir') || '/products');
  EXECUTE format('COPY (SELECT o.product_id, o.supplier_id, o.supplier_sku, o.cost, o.stock, o.digest FROM pm_catalog.supplier_products AS o JOIN pm_catalog.products AS p ON p.id = o.product_id ORDER BY p.title) TO %L', current_setting('bench.dir') || '/supplier_products');
  EXECUTE format('COPY (SELECT o.product_id, o.price, o.cost FROM pm_catalog.product_prices AS o JOIN pm_catalog.products AS p ON p.id = o.product_id ORDER BY p.title) TO %L', current_setting('bench.dir') || '/product_prices');
  EXECUTE format('COPY (SELECT o.product_id, o.on_hand FROM pm_catalog.product_stocks AS o JOIN pm_catalog.products AS p ON p.id = o.product_id ORDER BY p.title) TO %L', current_setting('bench.dir') || '/product_stocks');
END $$;
CREATE PROCEDURE copy_rows() LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('COPY pm_catalog.products (id, gtin, supplier_id, title, description, brand_id, category_id, weight, technical_specs) FROM %L', current_setting('bench.dir') || '/products');
  EXECUTE format('COPY pm_catalog.supplier_products (product_id, supplier_id, supplier_sku, cost, stock, digest) FROM %L', current_setting('bench.dir') || '/supplier_products');
  EXECUTE format('COPY pm_catalog.product_prices (product_id, price, cost) FROM %L', current_setting('bench.dir') || '/product_prices');
  EXECUTE format('COPY pm_catalog.product_stocks (product_id, on_hand) FROM %L', current_setting('bench.dir') || '/product_stocks');
END
$$;
CREATE UNLOGGED TABLE raw (row_no bigint GENERATED ALWAYS AS IDENTITY, ean text, no text, name text, text text, brand text, category text, weight text, cost text, price text, stock text, colour text, on_hand text);
CREATE UNLOGGED TABLE good (row_no bigint, gtin pm_gtin.gtin, no text, name text, text text, brand text, category text, weight numeric, cost numeric, price numeric, stock integer, colour text, on_hand integer);
CREATE PROCEDURE upsert(file text) LANGUAGE plpgsql SET search_path = public, pm_catalog, pm_gtin AS $$
BEGIN
  TRUNCATE raw, good;
  EXECUTE format('COPY raw (ean, no, name, text, brand, category, weight, cost, price, stock, colour, on_hand) FROM %L (FORMAT csv, HEADER)', current_setting('bench.dir') || '/' || file);
  INSERT INTO good
  SELECT DISTINCT ON (ean) row_no, ean::gtin, no, name, text, brand, category, weight::numeric, cost::numeric, price::numeric, stock::integer, colour, on_hand::integer
  FROM raw WHERE ean ~ '^\d{8,14}$' AND price ~ '^\d+(\.\d+)?$' AND cost ~ '^\d+(\.\d+)?$' AND weight ~ '^\d+(\.\d+)?$' AND stock ~ '^\d+$' AND on_hand ~ '^\d+$' AND name <> '' ORDER BY ean, row_no;
  ANALYZE good;
  INSERT INTO products AS p (gtin, supplier_id, title, description, brand_id, category_id, weight, technical_specs)
  SELECT s.gtin, '01a21d28-7d45-7936-84e2-06bc7f30a5bb', s.name, s.text, b.id, c.id, s.weight, jsonb_build_object('colour', s.colour)
  FROM good AS s JOIN named_brands AS b ON b.name = s.brand JOIN named_categories AS c ON c.path = s.category
  ON CONFLICT (gtin) WHERE deleted_at IS NULL
  DO UPDATE SET title = excluded.title, description = excluded.description, brand_id = excluded.brand_id, category_id = excluded.category_id, weight = excluded.weight, technical_specs = excluded.technical_specs;
  INSERT INTO supplier_products (product_id, supplier_id, supplier_sku, cost, stock)
  SELECT p.id, '01a21d28-7d45-7936-84e2-06bc7f30a5bb', s.no, s.cost, s.stock FROM good AS s JOIN products AS p ON p.gtin = s.gtin AND p.deleted_at IS NULL
  ON CONFLICT (product_id, supplier_id) DO UPDATE SET supplier_sku = excluded.supplier_sku, cost = excluded.cost, stock = excluded.stock, updated_at = now();
  INSERT INTO product_prices (product_id, price, cost)
  SELECT p.id, s.price, s.cost FROM good AS s JOIN products AS p ON p.gtin = s.gtin AND p.deleted_at IS NULL
  WHERE (s.price, s.cost) IS DISTINCT FROM (SELECT (o.price, o.cost) FROM product_prices AS o
    WHERE o.product_id = p.id AND o.price_type = 'retail' AND o.currency = 'EUR' AND o.min_quantity = 1 AND o.supplier_id IS NULL ORDER BY valid_from DESC LIMIT 1)
  ON CONFLICT DO NOTHING;
  INSERT INTO product_stocks (product_id, on_hand)
  SELECT p.id, s.on_hand FROM good AS s JOIN products AS p ON p.gtin = s.gtin AND p.deleted_at IS NULL
  ON CONFLICT (product_id, variant_id, location) DO UPDATE SET on_hand = excluded.on_hand, updated_at = now();
END
$$;

-- the same catalog behind a connection: reading and merging overlap
CREATE DATABASE apart;
SELECT current_database() AS catalog \gset
\c apart
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE EXTENSION pm_imports CASCADE;
SELECT pm_xref.add_database('db_catalog', :'host', :port, :'catalog'), pm_imports.schedule_upkeep(), pm_jobs.pause_queue('imports');
INSERT INTO pm_imports.import_configs (supplier_code, config_name, field_mapping, import_options) VALUES ('acme', 'bench',
  '{"gtin": "ean", "supplier_sku": "no", "title": "name", "description": "text", "brand": "brand", "category": "category", "weight": "weight", "cost": "cost", "price": "price", "stock": "stock", "technical_specs.colour": "colour", "on_hand": "on_hand"}', '{"same_file": "import"}');
CREATE PROCEDURE import_apart() LANGUAGE plpgsql AS $$
DECLARE
  job uuid := pm_imports.import_file('bench', current_setting('bench.dir') || '/file_0.csv');
BEGIN
  COMMIT;
  CALL pm_imports.run_import(ROW(NULL, 'imports', 'run_import', jsonb_build_object('job', job), 1, 1, now())::pm_jobs.job);
END
$$;
\c :catalog
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET jit = off;
SET max_parallel_workers_per_gather = 0;
SET work_mem = '64MB';
SELECT set_config('bench.rows', :'rows', false), set_config('bench.dir', :'dir', false);
SET pm_imports.directories = :'dir';
CREATE EXTENSION dblink;

-- Runs all variants of a round, each from an empty catalog or from the file as it was
-- imported; round 0 is not noted.
CREATE PROCEDURE run_round(round integer, link text) LANGUAGE plpgsql AS $$
DECLARE
  start timestamptz;
  variant text;
BEGIN
  FOREACH variant IN ARRAY ARRAY['import', 'import, two databases', 'COPY', 'ON CONFLICT', 'import, 10 % changed', 'ON CONFLICT, 10 % changed', 'import, all unchanged'] LOOP
    CALL empty();
    IF variant ~ 'changed' THEN
      CALL import('file_0.csv');
      ANALYZE pm_catalog.products, pm_catalog.supplier_products, pm_catalog.product_prices, pm_catalog.product_stocks;
    END IF;
    COMMIT;
    CHECKPOINT;
    start := clock_timestamp();
    IF variant = 'import' OR variant = 'import, all unchanged' THEN
      CALL import('file_0.csv');
    ELSIF variant = 'import, 10 % changed' THEN
      CALL import('file_1.csv');
    ELSIF variant = 'import, two databases' THEN
      PERFORM dblink_connect('apart', link);
      PERFORM dblink_exec('apart', format('SET bench.dir = %L', current_setting('bench.dir')));
      PERFORM dblink_exec('apart', format('SET pm_imports.directories = %L', current_setting('bench.dir')));
      start := clock_timestamp();
      PERFORM dblink_exec('apart', 'CALL import_apart()');
      PERFORM dblink_disconnect('apart');
    ELSIF variant = 'COPY' THEN
      CALL copy_rows();
    ELSE
      CALL upsert(CASE variant WHEN 'ON CONFLICT' THEN 'file_0.csv' ELSE 'file_1.csv' END);
    END IF;
    COMMIT;
    IF round > 0 THEN
      INSERT INTO bench.runs VALUES (CASE WHEN variant ~ 'changed' THEN 'again' ELSE 'first' END, variant, round, extract(epoch FROM clock_timestamp() - start));
    END IF;
    COMMIT;
  END LOOP;
END
$$;
SELECT format('CALL run_round(%s, %L)', n, format('host=%s port=%s dbname=apart', :'host', :'port')) FROM generate_series(0, :rounds) AS n \gexec
\o

INSERT INTO bench.targets (test, variant, baseline, at_most, note) VALUES
  ('first', 'import', 'COPY', 1.5, NULL),
  ('first', 'import', 'ON CONFLICT', 0.5, NULL),
  ('first', 'import, two databases', 'COPY', 1.5, NULL),
  ('first', 'import, two databases', 'ON CONFLICT', 0.5, NULL),
  ('again', 'import, 10 % changed', 'ON CONFLICT, 10 % changed', 0.33, NULL);
INSERT INTO bench.figures (test, figure, value, at_least)
SELECT test, variant || ', rows/s', :rows / percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds), CASE variant WHEN 'import, all unchanged' THEN 400000 ELSE 30000 END
FROM bench.runs WHERE variant IN ('import', 'import, two databases', 'import, all unchanged') GROUP BY 1, variant ORDER BY 1, variant;
\echo 'Times: medians of' :rounds 'rounds of' :rows 'records; ratio: median of the rounds'' ratios.'
SELECT test, variant, round(seconds::numeric, 3) AS seconds, baseline, round(baseline_seconds::numeric, 3) AS "its seconds",
       round(ratio::numeric, 2) AS ratio, 'at most ' || at_most AS target,
       CASE WHEN ratio <= at_most THEN 'met' WHEN at_most IS NOT NULL THEN 'MISSED' END AS verdict
FROM bench.ratios ORDER BY id;
SELECT test, figure, round(value::numeric) AS value, 'at least ' || at_least AS target, CASE WHEN value >= at_least THEN 'met' ELSE 'MISSED' END AS verdict FROM bench.figures ORDER BY id;
SELECT DISTINCT total_rows, successful_rows, failed_rows, duplicate_rows, products_created, products_updated, products_unchanged FROM pm_imports.import_jobs ORDER BY 1, 2, 5;
