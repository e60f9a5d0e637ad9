-- merge_products(): what it reads, with whose rights, and what it refuses.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET search_path = pm_catalog, pm_gtin, public;
INSERT INTO suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-000000000001', 'acme', 'Acme');
\set acme '\'01a21d28-7d45-7936-84e2-000000000001\''
-- arguments
CREATE TEMP TABLE staged (gtin gtin, title text);
SELECT * FROM merge_products(NULL, NULL, NULL, :acme);
SELECT * FROM merge_products(NULL, NULL, 'staged', NULL);
SELECT * FROM merge_products(NULL, 1, 'staged', :acme);
SELECT * FROM merge_products('01a21d28-7d45-7936-84e2-00000000000a', NULL, 'staged', :acme);
SELECT * FROM merge_products(NULL, NULL, 'staged', :acme, 'title');
SELECT * FROM merge_products(NULL, NULL, 'staged', :acme, 'sku');
SELECT * FROM merge_products(NULL, NULL, 'staged', '01a21d28-7d45-7936-84e2-00000000000f');
SELECT * FROM merge_products(NULL, NULL, 'staged', :acme, options => '[]');
SELECT * FROM merge_products(NULL, NULL, 'staged', :acme, options => '{"content": "mine"}');
SELECT * FROM merge_products(NULL, NULL, 'staged', :acme, options => '{"prices": null}');
SELECT * FROM merge_products(NULL, NULL, 'staged', :acme, options => '{"colour": "red"}');
SELECT * FROM merge_products(NULL, NULL, 'products_gtin', :acme);
-- columns: each known, of its type or one that becomes it without loss
CREATE TEMP TABLE unknown (gtin gtin, colour text);
SELECT * FROM merge_products(NULL, NULL, 'unknown', :acme);
CREATE TEMP TABLE mistyped (gtin gtin, price text);
SELECT * FROM merge_products(NULL, NULL, 'mistyped', :acme);
CREATE TEMP TABLE untyped (gtin text, title text);
SELECT * FROM merge_products(NULL, NULL, 'untyped', :acme);
CREATE TEMP TABLE narrow (gtin gtin13, title varchar(20), price integer, stock smallint);
INSERT INTO narrow VALUES ('4006381333931', 'A pen', 2, 3);
SELECT row_no, outcome FROM merge_products(NULL, NULL, 'narrow', :acme);
ALTER TABLE narrow ADD colour text;
ALTER TABLE narrow DROP colour;
SELECT row_no, outcome FROM merge_products(NULL, NULL, 'narrow', :acme);
-- names that need quotes, a view, a materialized view, a partitioned table
CREATE SCHEMA "Sche""ma";
CREATE TABLE "Sche""ma"."a ""b'; c" (LIKE narrow);
INSERT INTO "Sche""ma"."a ""b'; c" VALUES ('4006381333931', E'It''s $1 \\ %s', 2, 3);
SELECT row_no, outcome FROM merge_products(NULL, NULL, '"Sche""ma"."a ""b''; c"', :acme);
SELECT title FROM products;
CREATE TEMP VIEW seen AS SELECT 7 AS row_no, n.* FROM narrow AS n;
SELECT row_no, outcome FROM merge_products(NULL, NULL, 'seen', :acme);
CREATE MATERIALIZED VIEW kept AS SELECT 8::bigint AS row_no, '4006381333931'::gtin13 AS gtin, 'Kept' AS title;
SELECT row_no, outcome FROM merge_products(NULL, NULL, 'kept', :acme);
DROP MATERIALIZED VIEW kept;
CREATE TEMP TABLE parts (gtin gtin, title text) PARTITION BY LIST (title);
CREATE TEMP TABLE part PARTITION OF parts DEFAULT;
INSERT INTO parts VALUES ('4006381333948', 'Part');
SELECT row_no, outcome FROM merge_products(NULL, NULL, 'parts', :acme);
-- a source that fails when it is read: the server's error
CREATE TEMP VIEW failing AS SELECT n.gtin, n.title, 1 / (n.stock - 3) AS stock FROM narrow AS n;
SELECT * FROM merge_products(NULL, NULL, 'failing', :acme);
-- not inside itself: a source whose rows are merges
CREATE FUNCTION pg_temp.nested() RETURNS text LANGUAGE sql AS $$ SELECT outcome FROM pm_catalog.merge_products(NULL, NULL, 'pg_temp.narrow', '01a21d28-7d45-7936-84e2-000000000001') $$;
CREATE TEMP VIEW nesting AS SELECT n.gtin, pg_temp.nested() AS title FROM narrow AS n;
\set VERBOSITY terse
SELECT * FROM merge_products(NULL, NULL, 'nesting', :acme);
-- as somebody who may write products and no more: a source he may not read, one with rows he may not see
BEGIN;
CREATE ROLE regress_importer;
GRANT USAGE ON SCHEMA pm_catalog, pm_gtin, pm_xref TO regress_importer;
GRANT SELECT ON ALL TABLES IN SCHEMA pm_catalog TO regress_importer;
GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pm_catalog TO regress_importer;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA pm_catalog TO regress_importer;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pm_catalog, pm_xref TO regress_importer;
CREATE TABLE public.secret (gtin gtin, title text, brand text, category text, price numeric);
INSERT INTO public.secret VALUES ('5901234123457', 'Mine', 'B', 'C > D', 1), ('9780306406157', 'Yours', NULL, NULL, 2);
GRANT USAGE ON SCHEMA public TO regress_importer;
SAVEPOINT before;
SET LOCAL ROLE regress_importer;
SELECT row_no, outcome FROM merge_products('01a21d28-7d45-7936-84e2-00000000000a', 1, 'public.secret', :acme);
ROLLBACK TO before;
ALTER TABLE public.secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON public.secret USING (title = 'Mine');
GRANT SELECT ON public.secret TO regress_importer;
SET LOCAL ROLE regress_importer;
SELECT row_no, outcome FROM merge_products('01a21d28-7d45-7936-84e2-00000000000a', 1, 'public.secret', :acme);
SELECT title FROM products ORDER BY 1;
-- rows of a table that hides some of them are written one by one, under its policies
RESET ROLE;
ALTER TABLE products ENABLE ROW LEVEL SECURITY;
CREATE POLICY checked ON products USING (true) WITH CHECK (title <> 'Yours');
CREATE POLICY yours ON public.secret USING (true);
SAVEPOINT before;
SET LOCAL ROLE regress_importer;
SELECT row_no, outcome FROM merge_products('01a21d28-7d45-7936-84e2-00000000000a', 2, 'public.secret', :acme);
ROLLBACK;
DROP SCHEMA "Sche""ma" CASCADE;
TRUNCATE products CASCADE;
DELETE FROM suppliers;
