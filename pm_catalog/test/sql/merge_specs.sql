-- merge_products(): rows that do not fit their family are found all at once.
\set VERBOSITY terse
SET search_path = pm_catalog, pm_gtin, public;
SET client_min_messages = warning;
INSERT INTO suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-000000000001', 'acme', 'Acme'), ('01a21d28-7d45-7936-84e2-000000000002', 'best', 'Best');
INSERT INTO families (code, name) VALUES ('lamp', 'Lamps'), ('free', 'Without attributes');
INSERT INTO family_attributes (family_id, code, name, data_type, min_value, decimals, expression, is_mandatory)
SELECT f.id, a.code, a.code, a.type, a.least, a.decimals, a.expression, a.is_mandatory
FROM families AS f, (VALUES ('power', 'number', 1, NULL, NULL, true), ('lumen', 'number', 1, NULL, NULL, false), ('ratio', 'number', 2, 1, 'lumen / power', false), ('brand_id', 'column', NULL, NULL, NULL, true)) AS a(code, type, least, decimals, expression, is_mandatory)
WHERE f.code = 'lamp';
CREATE TEMP TABLE staged (row_no bigint, gtin gtin, title text, brand text, family text, technical_specs jsonb);
CREATE FUNCTION pg_temp.merge(supplier text) RETURNS TABLE(row_no bigint, outcome text, reason text)
LANGUAGE sql AS $$
  SELECT m.row_no, m.outcome, regexp_replace(m.reason, 'product [-0-9a-f]+', 'product ID') FROM pm_catalog.merge_products(NULL, NULL, 'staged', (SELECT s.id FROM pm_catalog.suppliers AS s WHERE s.code = $1)) AS m ORDER BY 1
$$;
-- how often products were inserted, also in vain
CREATE SEQUENCE tries;
CREATE FUNCTION count_tries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM nextval('pm_catalog.tries');
  RETURN NULL;
END
$$;
CREATE TRIGGER count_tries BEFORE INSERT ON products FOR EACH STATEMENT EXECUTE FUNCTION count_tries();

-- one row in ten of 20 000, each in one of several ways
INSERT INTO staged
SELECT i, gtin_complete('2' || lpad(i::text, 11, '0')), 'Lamp ' || i, CASE WHEN i % 50 <> 40 THEN 'Brand' END, 'lamp',
       CASE i % 50 WHEN 10 THEN '{"power": 0.5, "lumen": 40}' WHEN 20 THEN '{"lumen": 40}' WHEN 30 THEN '{"power": 30, "lumen": 40}' WHEN 0 THEN '{"power": 4, "lumen": 40, "watt": 1}'
                   ELSE '{"power": 4, "lumen": 40, "ratio": 7}' END::jsonb
FROM generate_series(1, 20000) AS i;
SELECT outcome, regexp_replace(reason, 'Lamp \d+', 'Lamp N') AS reason, count(*), bool_and(row_no % 10 = 0) AS tenth FROM pg_temp.merge('acme') GROUP BY 1, 2 ORDER BY 1, 2;
SELECT last_value AS tries FROM tries;
SELECT count(*), count(DISTINCT technical_specs), min(technical_specs ->> 'ratio') FROM products;

-- of products that are there as they would become: of a row of their own, and of another one, which only fills
DELETE FROM staged WHERE row_no > 6;
UPDATE staged SET technical_specs = '{"power": null}' WHERE row_no = 1;
UPDATE staged SET technical_specs = '{"lumen": 1}' WHERE row_no = 2;
UPDATE staged SET family = 'free' WHERE row_no = 3;
UPDATE staged SET brand = NULL WHERE row_no = 4;
UPDATE staged SET technical_specs = '{"lumen": 80}' WHERE row_no = 5;
SELECT * FROM pg_temp.merge('best');
SELECT * FROM pg_temp.merge('acme');
SELECT title, technical_specs FROM products WHERE title IN ('Lamp 1', 'Lamp 5') ORDER BY 1;

-- a rule that throws is found by halving
DROP TRIGGER count_tries ON products;
DROP FUNCTION count_tries();
DROP SEQUENCE tries;
ALTER TABLE products ADD CONSTRAINT throws CHECK (length(title) / (length(title) - 3) > 0);
DELETE FROM staged;
INSERT INTO staged (row_no, gtin, title) SELECT i, gtin_complete('3' || lpad(i::text, 11, '0')), repeat('x', i) FROM generate_series(2, 5) AS i;
SELECT * FROM pg_temp.merge('acme');
ALTER TABLE products DROP CONSTRAINT throws;
TRUNCATE products CASCADE;
DELETE FROM suppliers;
DELETE FROM brands;
DELETE FROM families;
