-- merge_batch(): rows in one value, counts and conflicts back; bytes of any kind.
\set VERBOSITY terse
SET search_path = pm_catalog, pm_gtin, public;
SET client_min_messages = warning;
INSERT INTO suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-000000000001', 'acme', 'Acme');
CREATE FUNCTION pg_temp.field(value bytea) RETURNS bytea LANGUAGE sql AS $$
  SELECT CASE WHEN value IS NULL THEN '\xffffffff' ELSE int4send(length(value)) || value END
$$;
CREATE FUNCTION pg_temp.tuple(VARIADIC fields bytea[]) RETURNS bytea LANGUAGE sql AS $$
  SELECT int2send(cardinality(fields)::int2) || string_agg(pg_temp.field(f), '' ORDER BY n) FROM unnest(fields) WITH ORDINALITY AS u(f, n)
$$;
CREATE FUNCTION pg_temp.a_row(row_no bigint, digest uuid, gtin gtin, title text, price numeric, specs jsonb, tags text[]) RETURNS bytea LANGUAGE sql AS $$
  SELECT pg_temp.tuple(int8send(row_no), uuid_send(digest), gtin_send(gtin), textsend(title), numeric_send(price), jsonb_send(specs), array_send(tags))
$$;
CREATE FUNCTION pg_temp.merge(batch integer, rows bytea, job uuid DEFAULT '01a21d28-7d45-7936-84e2-00000000000a', columns text[] DEFAULT '{gtin,title,price,technical_specs,tags}')
RETURNS TABLE(created bigint, updated bigint, unchanged bigint, conflicts bigint, row_nos bigint[], reasons text[]) LANGUAGE sql AS $$
  SELECT * FROM merge_batch(job, batch, columns, rows, '01a21d28-7d45-7936-84e2-000000000001', 'gtin', '{}')
$$;

SELECT pg_temp.a_row(1, '00000000-0000-0000-0000-000000000001', '4006381333931', 'A pen', 1.20, '{"colour": "red", "size": null}', '{a,b}')
    || pg_temp.a_row(2, '00000000-0000-0000-0000-000000000002', '4006381333948', NULL, 1, '{}', NULL)
    || pg_temp.a_row(3, '00000000-0000-0000-0000-000000000003', '5901234123457', 'A book', NULL, NULL, '{}')
    || pg_temp.a_row(4, '00000000-0000-0000-0000-000000000004', '5901234123457', 'Again', NULL, NULL, '{}') AS rows \gset
SELECT * FROM pg_temp.merge(1, :'rows');
SELECT p.gtin, p.title, p.technical_specs, o.digest, (SELECT x.price FROM product_prices AS x WHERE x.product_id = p.id) AS price,
       (SELECT string_agg(t.name, ' ' ORDER BY t.name) FROM product_tags AS x JOIN tags AS t ON t.id = x.tag_id WHERE x.product_id = p.id) AS tags
FROM products AS p JOIN supplier_products AS o ON o.product_id = p.id ORDER BY 1;
SELECT * FROM supplier_digests('01a21d28-7d45-7936-84e2-000000000001', '{gtin,title,price,technical_specs,tags}') ORDER BY 1;

-- the same batch again, with other rows: what is remembered; another batch: its rows are taken to differ
SELECT * FROM pg_temp.merge(1, '');
SELECT * FROM batch_counts('01a21d28-7d45-7936-84e2-00000000000a', 1);
SELECT * FROM batch_counts('01a21d28-7d45-7936-84e2-00000000000a', 2);
SELECT * FROM pg_temp.merge(2, pg_temp.a_row(9, '00000000-0000-0000-0000-000000000001', '4006381333931', 'A blue pen', 2, NULL, NULL));
SELECT * FROM pg_temp.merge(3, pg_temp.a_row(9, '00000000-0000-0000-0000-000000000011', '4006381333931', 'A red pen', 2, NULL, NULL));
SELECT title, digest FROM products AS p JOIN supplier_products AS o ON o.product_id = p.id WHERE p.gtin = '4006381333931';
SELECT * FROM pg_temp.merge(4, '');
SELECT last_batch('01a21d28-7d45-7936-84e2-00000000000a');

-- what a loader forgets is counted and not listed
SELECT forget_batch('01a21d28-7d45-7936-84e2-00000000000a', 1);
SELECT * FROM batch_counts('01a21d28-7d45-7936-84e2-00000000000a', 1);
SELECT * FROM pg_temp.merge(1, :'rows');

-- an offer that was ended and a product that was deleted are merged again
UPDATE supplier_products SET is_active = false WHERE digest = '00000000-0000-4055-0000-000000000003';
SELECT * FROM supplier_digests('01a21d28-7d45-7936-84e2-000000000001', '{gtin,title,price,technical_specs,tags}') ORDER BY 1;

-- questions that are wrong
SELECT * FROM merge_batch(NULL, 1, '{gtin}', '', '01a21d28-7d45-7936-84e2-000000000001', 'gtin', '{}');
SELECT * FROM pg_temp.merge(10, '', columns => '{gtin,NULL}');
SELECT * FROM pg_temp.merge(10, '', columns => '{title}');
SELECT * FROM pg_temp.merge(10, '', columns => '{gtin,colour}');
SELECT * FROM pg_temp.merge(10, '', columns => '{gtin,title,gtin}');
SELECT * FROM pg_temp.merge(10, '', columns => '{gtin,row_no}');
SELECT * FROM pg_temp.merge(10, '', columns => '{}');
SELECT * FROM merge_batch('01a21d28-7d45-7936-84e2-00000000000a', 10, '{gtin}', '', '01a21d28-7d45-7936-84e2-0000000000ff', 'gtin', '{}');

-- bytes that are wrong
SELECT * FROM pg_temp.merge(10, '\x00');
SELECT * FROM pg_temp.merge(10, '\x0007');
SELECT * FROM pg_temp.merge(10, '\x0006');
SELECT * FROM pg_temp.merge(10, '\xffff');
SELECT * FROM pg_temp.merge(10, '\x00077fffffff');
SELECT * FROM pg_temp.merge(10, '\x000700000009000000000000000001');
SELECT * FROM pg_temp.merge(10, pg_temp.tuple(int8send(1), NULL, int8send(-1), NULL, NULL, NULL, NULL));
SELECT * FROM pg_temp.merge(10, pg_temp.tuple(int8send(1), NULL, gtin_send('4006381333931'), textsend('A'), NULL, '\x02', NULL));

-- cut at every place, and with every byte turned: an error that says so, or rows
CREATE FUNCTION pg_temp.try(rows bytea) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_temp.merge(20, rows);
  RAISE EXCEPTION USING ERRCODE = 'T0000';
EXCEPTION
  WHEN SQLSTATE 'T0000' THEN RETURN 'merged';
  WHEN OTHERS THEN RETURN SQLSTATE;
END
$$;
SELECT pg_temp.a_row(1, '00000000-0000-0000-0000-000000000001', '4006381333931', 'A pen', 12345.678, '{"colour": "red"}', '{a,b}') AS one \gset
SELECT pg_temp.try(substr(:'one'::bytea, 1, n)) AS cut, count(*) FROM generate_series(1, length(:'one'::bytea)) AS n GROUP BY 1 ORDER BY 1;
SELECT t.state AS turned, count(*) > 0 AS some
FROM generate_series(0, length(:'one'::bytea) - 1) AS n, unnest('{1,128,255}'::int[]) AS x, LATERAL (SELECT pg_temp.try(set_byte(:'one'::bytea, n, get_byte(:'one'::bytea, n) # x)) AS state) AS t
GROUP BY 1 ORDER BY 1;
TRUNCATE products CASCADE;
DELETE FROM merges;
DELETE FROM suppliers;
DELETE FROM tags;
