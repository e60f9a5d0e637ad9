-- try_batch(): what merge_batch() then does, also where it depends on earlier batches.
\set VERBOSITY terse
SET search_path = pm_catalog, pm_gtin, public;
SET client_min_messages = warning;
INSERT INTO suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-000000000001', 'acme', 'Acme');
INSERT INTO families (code, name) VALUES ('lamp', 'Lamps');
INSERT INTO family_attributes (family_id, code, name, data_type, max_length, is_unique, decimals, expression)
SELECT f.id, a.code, a.code, a.type, a.size, a.is_unique, a.decimals, a.expression FROM families AS f,
  (VALUES ('serial', 'text', 20, true, NULL::int, NULL), ('share', 'number', NULL, false, 2, 'width / depth'), ('tag', 'text', 100, true, NULL, '{title} {sku}')) AS a(code, type, size, is_unique, decimals, expression);
CREATE TEMP TABLE rows (batch integer, row_no bigint, gtin gtin, sku text, supplier_sku text, title text, brand text, family text, technical_specs jsonb, width numeric, depth numeric, on_hand integer);
CREATE FUNCTION pg_temp.field(value bytea) RETURNS bytea LANGUAGE sql AS $$
  SELECT CASE WHEN value IS NULL THEN '\xffffffff' ELSE int4send(length(value)) || value END
$$;
CREATE FUNCTION pg_temp.bytes(batch integer) RETURNS bytea LANGUAGE sql AS $$
  SELECT string_agg(int2send(12::int2) || pg_temp.field(int8send(row_no)) || pg_temp.field(uuid_send(md5(r::text)::uuid)) || pg_temp.field(gtin_send(gtin)) || pg_temp.field(textsend(sku))
    || pg_temp.field(textsend(supplier_sku)) || pg_temp.field(textsend(title)) || pg_temp.field(textsend(brand)) || pg_temp.field(textsend(family)) || pg_temp.field(jsonb_send(technical_specs))
    || pg_temp.field(numeric_send(width)) || pg_temp.field(numeric_send(depth)) || pg_temp.field(int4send(on_hand)), '' ORDER BY row_no)
  FROM pg_temp.rows AS r WHERE r.batch = $1
$$;
CREATE FUNCTION pg_temp.try(batch integer, after integer, key text, options jsonb DEFAULT '{}') RETURNS TABLE(created bigint, updated bigint, row_nos bigint[], reasons text[]) LANGUAGE sql AS $$
  SELECT t.created, t.updated, t.row_nos, t.reasons FROM try_batch('01a21d28-7d45-7936-84e2-00000000000d', $1, '{gtin,sku,supplier_sku,title,brand,family,technical_specs,width,depth,on_hand}', pg_temp.bytes($1),
    '01a21d28-7d45-7936-84e2-000000000001', key, options, after) AS t
$$;
-- tries all batches, then merges them, and shows where they differ, which is nowhere
CREATE PROCEDURE pg_temp.play(key text) LANGUAGE plpgsql AS $$
DECLARE
  b integer;
  told text[];
  merged text;
  last integer := 0;
  job CONSTANT uuid := pm_xref.uuid7();
BEGIN
  FOR b IN SELECT DISTINCT r.batch FROM pg_temp.rows AS r ORDER BY 1 LOOP
    told := told || (SELECT t::text FROM pg_temp.try(b, last, key) AS t);
    RAISE INFO '%: %', b, regexp_replace(told[cardinality(told)], '[0-9a-f]{8}-[0-9a-f-]{27}', 'ID', 'g');
    last := b;
    COMMIT;
  END LOOP;
  FOR b IN SELECT DISTINCT r.batch FROM pg_temp.rows AS r ORDER BY 1 LOOP
    SELECT ROW(t.created, t.updated, t.row_nos, t.reasons)::text INTO merged
    FROM merge_batch(job, b, '{gtin,sku,supplier_sku,title,brand,family,technical_specs,width,depth,on_hand}', pg_temp.bytes(b), '01a21d28-7d45-7936-84e2-000000000001', key, '{}') AS t;
    IF merged <> told[1] THEN
      RAISE INFO 'but merging %: %', b, merged;
    END IF;
    told := told[2:];
    COMMIT;
  END LOOP;
  PERFORM forget_job(job);
  DELETE FROM pg_temp.rows;
  COMMIT;
END
$$;
CREATE TEMP VIEW made AS SELECT p.gtin, p.sku, o.supplier_sku, p.title, p.version FROM products AS p LEFT JOIN supplier_products AS o ON o.product_id = p.id WHERE p.deleted_at IS NULL ORDER BY 1, 2;

-- a code that an earlier batch has taken; one that the first batch's conflict wanted is free
INSERT INTO rows (batch, row_no, gtin, sku, supplier_sku, title) VALUES
  (1, 1, '4006381333931', 'A', 'S1', 'One'), (1, 2, '4006381333948', 'B', 'S2', NULL), (2, 3, '4006381333955', 'A', 'S3', 'Three'), (2, 4, '4006381333962', 'C', 'S1', 'Four'), (5, 5, '4006381333979', 'B', 'S5', 'Five');
CALL pg_temp.play('gtin');
SELECT * FROM made;
-- a code that an earlier batch gives up, and one that its conflict does not
INSERT INTO rows (batch, row_no, gtin, sku, supplier_sku, title, on_hand) VALUES
  (1, 1, '4006381333931', 'Z', 'S1', 'One', 1), (1, 2, '4006381333979', 'Y', 'S5', 'Five', -1), (2, 3, '4006381333955', 'A', 'S3', 'Three', 1), (2, 4, '4006381333962', 'B', 'S4', 'Four', 1),
  (3, 5, '4006381333986', 'Z', 'S6', 'Six', 1);
CALL pg_temp.play('gtin');
SELECT * FROM made;
-- codes that move within a batch: two change places, a third takes what the second had; what a row that fails has stays its own
INSERT INTO rows (batch, row_no, gtin, sku, supplier_sku, title) VALUES
  (1, 1, '4006381333931', 'A', 'S3', 'One'), (1, 2, '4006381333955', 'Z', 'S1', 'Three'), (1, 3, '4006381333979', 'D', 'S5', 'Five'), (1, 4, '4006381333962', 'B', 'S4', 'Four'), (1, 5, '4006381333986', 'D', 'S6', 'Six');
CALL pg_temp.play('gtin');
SELECT * FROM made;
-- by the supplier's code: products that an earlier batch has made, changed, or found by gtin
TRUNCATE products CASCADE;
INSERT INTO products (gtin, title, sku) VALUES ('96385074', 'Ours', 'O');
INSERT INTO rows (batch, row_no, gtin, sku, supplier_sku, title) VALUES
  (1, 1, '4006381333931', 'A', 'S1', 'One'), (1, 2, '96385074', 'B', 'S2', 'Found'), (1, 3, NULL, 'C', 'S3', 'Without'),
  (2, 4, '4006381333931', 'A', 'S4', 'One again'), (2, 5, '4006381333948', 'D', 'S2', 'Another gtin'), (2, 6, '4006381333955', 'C', 'S6', 'Taken'),
  (3, 7, '96385074', 'E', 'S7', 'Not ours any more?'), (3, 8, '4006381333962', 'F', 'S1', 'Its code is free');
CALL pg_temp.play('supplier_sku');
SELECT * FROM made;
-- unique values of attributes, given and computed, within a batch and over batches; a formula that fails; what a family makes of a product
TRUNCATE products CASCADE;
INSERT INTO rows (batch, row_no, gtin, sku, supplier_sku, title, family, technical_specs, width, depth) VALUES
  (1, 1, '4006381333931', 'A', 'S1', 'One', 'lamp', '{"serial": "x"}', 1, 2), (1, 2, '4006381333948', 'B', 'S2', 'Two', 'lamp', '{"serial": "y"}', 1, 0), (1, 3, '4006381333955', 'C', 'S3', 'Three', 'lamp', '{"serial": "x"}', 1, 1),
  (2, 4, '4006381333962', 'D', 'S4', 'Four', 'lamp', '{"serial": "x"}', 1, 1), (2, 5, '4006381333979', 'E', 'S5', 'Five', 'lamp', '{"serial": "y"}', 1, 1);
CALL pg_temp.play('gtin');
INSERT INTO rows (batch, row_no, gtin, sku, supplier_sku, title, family, technical_specs, width, depth) VALUES
  (1, 1, '4006381333931', 'A', 'S1', 'One', 'lamp', '{"serial": "w"}', 1, 2), (1, 2, '4006381333979', 'E', 'S5', 'Five', 'lamp', '{"serial": "z"}', 1, 2),
  (2, 3, '4006381333962', 'D', 'S4', 'Four', 'lamp', '{"serial": "x"}', 1, 1), (2, 4, '4006381333955', 'C', 'S3', 'Three', 'lamp', '{"serial": "z"}', 1, 1);
CALL pg_temp.play('gtin');
SELECT gtin, technical_specs FROM products ORDER BY 1;
-- the spelling of a brand that cannot be made, until it is there
INSERT INTO rows (batch, row_no, gtin, supplier_sku, title, brand) VALUES (1, 1, '4000000000006', 'T1', 'One', E'Ac\tme'), (1, 2, '4000000000013', 'T2', 'Two', 'Acme'), (2, 3, '4000000000020', 'T3', 'Three', E'Ac\tme');
CALL pg_temp.play('gtin');

-- a dry run is one session's, in order, with the same question; a batch by itself needs none
INSERT INTO rows (batch, row_no, gtin, title) VALUES (1, 1, '4000000000037', 'One'), (2, 2, '4000000000044', 'Two'), (3, 3, '4000000000037', 'One again');
SELECT * FROM pg_temp.try(2, NULL, 'gtin');
SELECT * FROM pg_temp.try(2, 1, 'gtin');
SELECT * FROM pg_temp.try(1, 0, 'gtin');
SELECT * FROM pg_temp.try(2, 1, 'gtin', '{"content": "never"}');
SELECT * FROM pg_temp.try(3, 2, 'gtin');
SELECT * FROM pg_temp.try(2, 1, 'gtin');
SELECT * FROM pg_temp.try(3, 2, 'gtin');
SELECT forget_job('01a21d28-7d45-7936-84e2-00000000000d');
SELECT * FROM pg_temp.try(3, 2, 'gtin');
SELECT * FROM pg_temp.try(NULL, 2, 'gtin');
SELECT to_regclass('pg_temp._merge_rows'), to_regclass('pg_temp._foretold_codes');
-- rules of somebody's own: CHECKs are asked, one that throws, too; a trigger can only be tried
ALTER TABLE products ADD CONSTRAINT ratio CHECK (100 / (width - 5) > 0 OR depth IS NOT NULL);
DELETE FROM rows WHERE row_no = 3;
UPDATE rows SET width = 5 WHERE row_no = 2;
CALL pg_temp.play('gtin');
ALTER TABLE products DROP CONSTRAINT ratio;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'no twos' USING ERRCODE = '23514';
END
$$;
CREATE TRIGGER refuse BEFORE INSERT ON products FOR EACH ROW WHEN (NEW.title = 'Two') EXECUTE FUNCTION refuse();
INSERT INTO rows (batch, row_no, gtin, title) VALUES (1, 1, '4000000000051', 'One'), (2, 2, '4000000000068', 'Two');
CALL pg_temp.play('gtin');
DROP TRIGGER refuse ON products;
DROP FUNCTION refuse();
TRUNCATE products CASCADE;
DELETE FROM families;
DELETE FROM suppliers;
DELETE FROM brands;
