-- merge_products() of a session that has temporary objects with all the names that it uses.
\set VERBOSITY terse
SET client_min_messages = warning;
SET search_path = pm_catalog, pm_gtin, public;
INSERT INTO suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-000000000001', 'acme', 'Acme');
CREATE TABLE public.source (row_no int, gtin gtin, supplier_sku text, title text, brand text, category text, cost numeric, price numeric, stock int, on_hand int, tags text[]);
INSERT INTO public.source VALUES (1, '4006381333931', 's1', 'A', 'B', 'C > D', 1, 2, 3, 4, '{new}'), (2, '5901234123457', 's2', 'Too long ' || repeat('x', 500), 'E', 'C', 1, 2, 3, 4, '{old}'), (3, '96385074', 's3', 'F', NULL, NULL, 1, 2, 3, 4, NULL);
-- tables and views of ours, with a trigger that tells who comes by, and functions that tell, too
CREATE TABLE public.victims (who text);
CREATE FUNCTION pg_temp.told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.victims VALUES (TG_TABLE_NAME); RETURN NEW; END $$;
DO $$
DECLARE
  r record;
BEGIN
  FOR r IN SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = 'pm_catalog'::regnamespace AND c.relkind IN ('r', 'v', 'm') ORDER BY 1 LOOP
    EXECUTE format('CREATE TEMP TABLE %I (LIKE pm_catalog.%1$I)', r.relname);
    EXECUTE format('CREATE TRIGGER told BEFORE INSERT OR UPDATE OR DELETE ON pg_temp.%I FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.told()', r.relname);
  END LOOP;
  -- a function for each that a merge may call by a name of one part: ours, and those of pg_catalog
  FOR r IN SELECT DISTINCT ON (p.proname, pg_get_function_identity_arguments(p.oid)) p.proname, pg_get_function_identity_arguments(p.oid) AS arguments, p.prorettype::regtype AS returned
           FROM pg_proc AS p
           WHERE (p.pronamespace IN ('pm_catalog'::regnamespace, 'pm_gtin'::regnamespace)
                  OR p.pronamespace = 'pg_catalog'::regnamespace AND p.proname IN ('lower', 'upper', 'format', 'left', 'now', 'coalesce', 'format_type', 'array_remove', 'unnest', 'replace', 'translate', 'jsonb_typeof'))
             AND p.prokind = 'f' AND p.proargmodes IS NULL AND p.provariadic = 0 AND NOT p.proretset AND p.prorettype NOT IN ('trigger'::regtype, 'internal'::regtype, 'cstring'::regtype, 'void'::regtype, 'anyelement'::regtype, 'anyarray'::regtype)
             AND NOT EXISTS (SELECT FROM unnest(p.proargtypes) AS a WHERE a IN ('internal'::regtype, 'cstring'::regtype)) LOOP
    EXECUTE format('CREATE FUNCTION pg_temp.%I(%s) RETURNS %s LANGUAGE plpgsql AS $f$ BEGIN INSERT INTO public.victims VALUES (%L); RETURN NULL; END $f$', r.proname, r.arguments, r.returned, r.proname);
  END LOOP;
END $$;
CREATE DOMAIN pg_temp.uuid AS pg_catalog.text CHECK (false);
CREATE DOMAIN pg_temp.gtin AS pg_catalog.text CHECK (false);
CREATE DOMAIN pg_temp.text AS pg_catalog.int4 CHECK (false);
CREATE FUNCTION pg_temp.same(pg_catalog.uuid, pg_catalog.uuid) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.victims VALUES ('='); RETURN true; END $$;
CREATE OPERATOR pg_temp.= (LEFTARG = pg_catalog.uuid, RIGHTARG = pg_catalog.uuid, FUNCTION = pg_temp.same);
SELECT count(*) > 100 AS many FROM pg_proc WHERE pronamespace = pg_my_temp_schema();
SET search_path = pg_temp, pm_catalog, pm_gtin, pg_catalog, public;
-- who is not careful runs into it
DELETE FROM products;
SELECT who FROM public.victims;
DELETE FROM public.victims;
SELECT row_no, outcome, reason FROM pm_catalog.merge_products('01a21d28-7d45-7936-84e2-00000000000a', 1, 'public.source', '01a21d28-7d45-7936-84e2-000000000001') ORDER BY 1;
UPDATE public.source SET title = 'A II', price = 3, stock = 5 WHERE row_no = 1;
SELECT row_no, outcome, reason FROM pm_catalog.merge_products('01a21d28-7d45-7936-84e2-00000000000a', 2, 'public.source', '01a21d28-7d45-7936-84e2-000000000001') ORDER BY 1;
SELECT row_no, outcome FROM pm_catalog.merge_products('01a21d28-7d45-7936-84e2-00000000000a', 2, 'public.source', '01a21d28-7d45-7936-84e2-000000000001') ORDER BY 1;
SELECT who, pg_catalog.count(*) FROM public.victims GROUP BY 1 ORDER BY 1;
SET search_path = pm_catalog, pm_gtin, public;
SELECT p.gtin, p.title, p.version, b.name AS brand, o.supplier_sku, o.stock, (SELECT array_agg(q.price ORDER BY q.valid_from) FROM pm_catalog.product_prices AS q WHERE q.product_id = p.id) AS prices, s.on_hand
FROM pm_catalog.products AS p JOIN pm_catalog.supplier_products AS o ON o.product_id = p.id JOIN pm_catalog.product_stocks AS s ON s.product_id = p.id LEFT JOIN pm_catalog.brands AS b ON b.id = p.brand_id ORDER BY 1;
SELECT (SELECT count(*) FROM pg_temp.products) + (SELECT count(*) FROM pg_temp.supplier_products) + (SELECT count(*) FROM pg_temp.merges) AS misled;
DISCARD TEMP;
-- a name of the merge's own tables is taken: refused, and nothing is written
CREATE TEMP TABLE _merge_known (pos int);
SELECT row_no, outcome FROM merge_products('01a21d28-7d45-7936-84e2-00000000000a', 3, 'public.source', '01a21d28-7d45-7936-84e2-000000000001');
SELECT count(*) AS batches FROM merges WHERE job = '01a21d28-7d45-7936-84e2-00000000000a';
DROP TABLE _merge_known;
SELECT row_no, outcome FROM merge_products('01a21d28-7d45-7936-84e2-00000000000a', 3, 'public.source', '01a21d28-7d45-7936-84e2-000000000001') ORDER BY 1;
DROP TABLE public.source, public.victims;
TRUNCATE products CASCADE;
DELETE FROM merges;
DELETE FROM suppliers;
DELETE FROM brands;
DELETE FROM categories;
DELETE FROM tags;
