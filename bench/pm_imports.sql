-- pm_imports.sql - a catalog that a file was imported into, and other ways to do that
--
-- Made once by pm_imports.sh in a database that the ones measured are copies of.  The file
-- is CSV, 12 columns of about 395 bytes, 2 % of the records bad and 5 % with a code that
-- was there before; file_1.csv is the same with a tenth of the records changed, file_2.csv
-- without faults.  psql variables: rows; dir, a directory that the server can write.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT set_config('bench.rows', :'rows', false) AS rows, set_config('bench.dir', :'dir', false) AS dir \gset
SET search_path = public, pm_gtin;

CREATE EXTENSION pm_catalog CASCADE;
CREATE EXTENSION pm_imports CASCADE;
INSERT INTO pm_catalog.suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-06bc7f30a5bb', 'acme', 'Acme');
\ir pm_imports_config.sql

-- the file
\ir pm_imports_record.sql
DO $$ BEGIN
  FOR number IN 0 .. 2 LOOP
    EXECUTE format('COPY (SELECT ean, no, name, text, brand, category, weight, cost, price, stock, colour, on_hand FROM record(%L, %L, 1, %s) ORDER BY row_no) TO %L (FORMAT csv, HEADER)',
      number = 1, number <> 2, current_setting('bench.rows'), current_setting('bench.dir') || '/file_' || number || '.csv');
  END LOOP;
END $$;
CREATE TABLE typed (ean gtin, no text, name text, text text, brand text, category text, weight numeric, cost numeric, price numeric, stock integer, colour text, on_hand integer);

SET pm_imports.directories = :'dir';
CALL import('all', 'file_0.csv', false, NULL) \gset


-- COPY: the rows as they are in the end
CREATE PROCEDURE write_rows() LANGUAGE plpgsql AS $$
DECLARE
  part record;
BEGIN
  FOR part IN
    SELECT * FROM (VALUES ('products', 'p.id, p.gtin, p.supplier_id, p.title, p.description, p.brand_id, p.category_id, p.weight, p.technical_specs'),
      ('supplier_products', 'o.product_id, o.supplier_id, o.supplier_sku, o.cost, o.stock, o.digest'), ('product_prices', 'x.product_id, x.price, x.cost'), ('product_stocks', 's.product_id, s.on_hand')) AS v(name, columns)
  LOOP
    EXECUTE format('COPY (SELECT %s FROM pm_catalog.products AS p JOIN pm_catalog.supplier_products AS o ON o.product_id = p.id JOIN pm_catalog.product_prices AS x ON x.product_id = p.id JOIN pm_catalog.product_stocks AS s ON s.product_id = p.id ORDER BY length(o.supplier_sku), o.supplier_sku) TO %L',
      part.columns, current_setting('bench.dir') || '/' || part.name);
  END LOOP;
END
$$;
CALL write_rows();
CREATE PROCEDURE copy_rows() LANGUAGE plpgsql AS $$
DECLARE
  part record;
BEGIN
  FOR part IN
    SELECT * FROM (VALUES ('products', 'id, gtin, supplier_id, title, description, brand_id, category_id, weight, technical_specs'),
      ('supplier_products', 'product_id, supplier_id, supplier_sku, cost, stock, digest'), ('product_prices', 'product_id, price, cost'), ('product_stocks', 'product_id, on_hand')) AS v(name, columns)
  LOOP
    EXECUTE format('COPY pm_catalog.%I (%s) FROM %L', part.name, part.columns, current_setting('bench.dir') || '/' || part.name);
  END LOOP;
END
$$;
-- the catalog keeps no versions and events; what is noted for searching tells prices that
-- their products are new
CREATE PROCEDURE without_history() LANGUAGE plpgsql AS $$
DECLARE
  part record;
BEGIN
  FOR part IN
    SELECT t.tgrelid::regclass AS relation, t.tgname AS name FROM pg_trigger AS t
    WHERE t.tgrelid IN ('pm_catalog.products'::regclass, 'pm_catalog.supplier_products'::regclass, 'pm_catalog.product_prices'::regclass, 'pm_catalog.product_stocks'::regclass)
      AND t.tgname IN ('products_inserted', 'prices_inserted', 'stocks_inserted')
  LOOP
    EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', part.relation, part.name);
  END LOOP;
END
$$;
CREATE PROCEDURE copy_rows_alone() LANGUAGE plpgsql AS $$
BEGIN
  CALL without_history();
  CALL copy_rows();
END
$$;

-- the staging way: text, checked by patterns, then rows that differ are written.  What
-- names of brands and categories mean is known to it
CREATE TABLE named_brands AS SELECT b.name, b.id FROM pm_catalog.brands AS b;
CREATE TABLE named_categories AS
SELECT DISTINCT r.category AS path, p.category_id AS id FROM record(false, true, 1, current_setting('bench.rows')::bigint) AS r JOIN pm_catalog.products AS p ON p.gtin::text = r.ean WHERE r.row_no % 20 <> 3; -- those are duplicates of others
ANALYZE named_brands, named_categories;
CREATE UNLOGGED TABLE raw (row_no bigint GENERATED ALWAYS AS IDENTITY, ean text, no text, name text, text text, brand text, category text, weight text, cost text, price text, stock text, colour text, on_hand text);
CREATE UNLOGGED TABLE good (row_no bigint, gtin gtin, no text, name text, text text, brand text, category text, weight numeric, cost numeric, price numeric, stock integer, colour text, on_hand integer);
CREATE PROCEDURE stage(file text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('COPY raw (ean, no, name, text, brand, category, weight, cost, price, stock, colour, on_hand) FROM %L (FORMAT csv, HEADER)', current_setting('bench.dir') || '/' || file);
END
$$;
CREATE PROCEDURE check_staged() LANGUAGE plpgsql SET search_path = public, pm_gtin AS $$
BEGIN
  INSERT INTO good
  SELECT DISTINCT ON (ean) row_no, ean::gtin, no, name, text, brand, category, weight::numeric, cost::numeric, price::numeric, stock::integer, colour, on_hand::integer
  FROM raw WHERE ean ~ '^\d{8,14}$' AND price ~ '^\d+(\.\d+)?$' AND cost ~ '^\d+(\.\d+)?$' AND weight ~ '^\d+(\.\d+)?$' AND stock ~ '^\d+$' AND on_hand ~ '^\d+$' AND name <> '' ORDER BY ean, row_no;
  ANALYZE good;
END
$$;
CREATE PROCEDURE merge_staged() LANGUAGE plpgsql SET search_path = public, pm_catalog, pm_gtin AS $$
BEGIN
  CALL check_staged();
  INSERT INTO products AS p (gtin, supplier_id, title, description, brand_id, category_id, weight, technical_specs)
  SELECT s.gtin, '01a21d28-7d45-7936-84e2-06bc7f30a5bb', s.name, s.text, b.id, c.id, s.weight, jsonb_build_object('colour', s.colour)
  FROM good AS s JOIN named_brands AS b ON b.name = s.brand JOIN named_categories AS c ON c.path = s.category
  ON CONFLICT (gtin) WHERE deleted_at IS NULL
  DO UPDATE SET title = excluded.title, description = excluded.description, brand_id = excluded.brand_id, category_id = excluded.category_id, weight = excluded.weight, technical_specs = excluded.technical_specs
  WHERE (p.title, p.description, p.brand_id, p.category_id, p.weight, p.technical_specs) IS DISTINCT FROM (excluded.title, excluded.description, excluded.brand_id, excluded.category_id, excluded.weight, excluded.technical_specs);
  INSERT INTO supplier_products AS o (product_id, supplier_id, supplier_sku, cost, stock)
  SELECT p.id, '01a21d28-7d45-7936-84e2-06bc7f30a5bb', s.no, s.cost, s.stock FROM good AS s JOIN products AS p ON p.gtin = s.gtin AND p.deleted_at IS NULL
  ON CONFLICT (product_id, supplier_id) DO UPDATE SET supplier_sku = excluded.supplier_sku, cost = excluded.cost, stock = excluded.stock
  WHERE (o.supplier_sku, o.cost, o.stock) IS DISTINCT FROM (excluded.supplier_sku, excluded.cost, excluded.stock);
  INSERT INTO product_prices (product_id, price, cost)
  SELECT p.id, s.price, s.cost FROM good AS s JOIN products AS p ON p.gtin = s.gtin AND p.deleted_at IS NULL
  WHERE (s.price, s.cost) IS DISTINCT FROM (SELECT (o.price, o.cost) FROM product_prices AS o
    WHERE o.product_id = p.id AND o.price_type = 'retail' AND o.currency = 'EUR' AND o.min_quantity = 1 AND o.supplier_id IS NULL ORDER BY valid_from DESC LIMIT 1)
  ON CONFLICT DO NOTHING;
  INSERT INTO product_stocks AS o (product_id, on_hand)
  SELECT p.id, s.on_hand FROM good AS s JOIN products AS p ON p.gtin = s.gtin AND p.deleted_at IS NULL
  ON CONFLICT (product_id, variant_id, location) DO UPDATE SET on_hand = excluded.on_hand WHERE o.on_hand <> excluded.on_hand;
END
$$;

-- what most catalogs have: two tables, and nothing else
CREATE SCHEMA lean;
CREATE TABLE lean.products (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), ean gtin NOT NULL UNIQUE, no text NOT NULL, name text NOT NULL, text text, brand text, category text, weight numeric, updated_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX ON lean.products (no);
CREATE INDEX ON lean.products (brand);
CREATE INDEX ON lean.products (category);
CREATE TABLE lean.prices (product_id uuid PRIMARY KEY REFERENCES lean.products, price numeric NOT NULL, cost numeric);
CREATE PROCEDURE merge_staged_lean() LANGUAGE plpgsql SET search_path = public, lean, pm_gtin AS $$
BEGIN
  CALL check_staged();
  INSERT INTO products (ean, no, name, text, brand, category, weight) SELECT s.gtin, s.no, s.name, s.text, s.brand, s.category, s.weight FROM good AS s
  ON CONFLICT (ean) DO UPDATE SET no = excluded.no, name = excluded.name, text = excluded.text, brand = excluded.brand, category = excluded.category, weight = excluded.weight, updated_at = now();
  INSERT INTO prices (product_id, price, cost) SELECT p.id, s.price, s.cost FROM good AS s JOIN products AS p ON p.ean = s.gtin
  ON CONFLICT (product_id) DO UPDATE SET price = excluded.price, cost = excluded.cost;
END
$$;

-- plans are those of tables that are known
VACUUM ANALYZE;
