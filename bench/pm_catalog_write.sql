-- pm_catalog_write.sql - what a version and an event cost: single writes, each with its
-- commit, beside a plain table; bulk INSERT and UPDATE with nobody subscribed and with
-- somebody
--
-- One session.  psql variables: rows, the products that are there and that a bulk
-- statement writes; writes, the single ones.
\set ON_ERROR_STOP on
\pset footer off
SET client_min_messages = warning;
\ir harness.sql
SET jit = off;
\o /dev/null
CREATE EXTENSION pm_catalog CASCADE;
CREATE FUNCTION noop(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT pm_jobs.register_handler('noop', 'noop(pm_jobs.job)'), pm_jobs.create_queue('line', ordered => true);
\o
SET search_path = public, pm_catalog, pm_gtin;

CREATE TABLE source AS
SELECT pm_xref.uuid7() AS id, 'Product number ' || i || ' with a title of some length' AS title, 'SKU-' || i AS sku, repeat('what it is and does ', 10) AS description,
       jsonb_build_object('colour', 'red', 'length', i % 100, 'material', 'steel') AS technical_specs
FROM generate_series(1, :rows) AS i;
-- the columns and indexes of products, without rules and triggers
CREATE TABLE plain (LIKE products INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING INDEXES);
VACUUM ANALYZE source;

CREATE PROCEDURE empty() LANGUAGE plpgsql AS $$
BEGIN
  TRUNCATE products, plain, pm_xref._events CASCADE;
  IF EXISTS (SELECT FROM pm_xref.subscriptions) THEN
    PERFORM pm_xref.unsubscribe('catalog.*');
  END IF;
END
$$;
CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$
BEGIN
  CALL empty();
  INSERT INTO products (id, title, sku, description, technical_specs) SELECT * FROM source;
  INSERT INTO plain (id, title, sku, description, technical_specs) SELECT * FROM source;
END
$$;
CREATE PROCEDURE listen_to(empty boolean) LANGUAGE plpgsql AS $$
BEGIN
  IF empty THEN
    CALL empty();
  ELSE
    CALL fill();
  END IF;
  PERFORM pm_xref.subscribe('catalog.*', NULL, 'line', 'noop');
END
$$;
CALL bench.compare('INSERT', ARRAY['plain table', 'products', 'products, subscribed'],
  ARRAY['INSERT INTO plain (id, title, sku, description, technical_specs) SELECT * FROM source',
        'INSERT INTO products (id, title, sku, description, technical_specs) SELECT * FROM source',
        'INSERT INTO products (id, title, sku, description, technical_specs) SELECT * FROM source'],
  ARRAY['CALL empty()', 'CALL empty()', 'CALL listen_to(true)']);
CALL bench.compare('UPDATE', ARRAY['plain table', 'products', 'products, subscribed'],
  ARRAY['UPDATE plain SET weight = 1, technical_specs = technical_specs || ''{"colour": "blue"}''',
        'UPDATE products SET weight = 1, technical_specs = technical_specs || ''{"colour": "blue"}''',
        'UPDATE products SET weight = 1, technical_specs = technical_specs || ''{"colour": "blue"}'''],
  ARRAY['CALL fill()', 'CALL fill()', 'CALL listen_to(false)']);

-- one at a time, in turn; the server's time of the statement with its commit
\o /dev/null
CALL fill();
SELECT pm_xref.subscribe('catalog.*', NULL, 'line', 'noop');
\o
VACUUM ANALYZE products;
VACUUM ANALYZE plain;
CHECKPOINT;
CREATE UNLOGGED TABLE took (variant text NOT NULL, ms float8 NOT NULL);
-- a commit that changes nothing but the log says what the disk takes
CREATE PROCEDURE write_singly(writes integer) LANGUAGE plpgsql AS $$
DECLARE
  ids uuid[] := ARRAY(SELECT s.id FROM source AS s ORDER BY random() LIMIT writes);
  started timestamptz;
BEGIN
  FOR i IN 1 .. cardinality(ids) LOOP
    FOR n IN 1 .. 4 LOOP
      PERFORM set_config('synchronous_commit', CASE WHEN n = 4 THEN 'off' ELSE 'on' END, false);
      started := clock_timestamp();
      IF n = 1 THEN
        PERFORM pg_logical_emit_message(true, 'bench', 'one record');
      ELSIF n = 2 THEN
        UPDATE plain SET title = 'Another title ' || i, technical_specs = technical_specs || '{"colour": "blue"}' WHERE id = ids[i];
      ELSE
        UPDATE products SET title = format('Another title %s of %s', n, i), technical_specs = technical_specs || jsonb_build_object('colour', n) WHERE id = ids[i];
      END IF;
      COMMIT;
      INSERT INTO took VALUES ((ARRAY['flush alone', 'plain table', 'products, subscribed', 'products, subscribed, not waiting for the disk'])[n], 1000 * extract(epoch FROM clock_timestamp() - started));
      COMMIT;
    END LOOP;
  END LOOP;
END
$$;
CALL write_singly(:writes);
INSERT INTO bench.figures (test, figure, value, at_most)
SELECT 'one product', format('%s, %s, ms', t.variant, f.name), f.value, CASE WHEN t.variant ~ '^products' AND f.name = 'p95' THEN 5 END
FROM (SELECT t.variant, percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY t.ms) AS p FROM took AS t GROUP BY t.variant) AS t
CROSS JOIN LATERAL (VALUES (1, 'median', t.p[1]), (2, 'p95', t.p[2]), (3, 'p99', t.p[3])) AS f(n, name, value) ORDER BY t.variant, f.n;

INSERT INTO bench.targets (test, variant, baseline) VALUES
  ('INSERT', 'products', 'plain table'),
  ('INSERT', 'products, subscribed', 'products'),
  ('UPDATE', 'products', 'plain table'),
  ('UPDATE', 'products, subscribed', 'products');
\echo 'Times: medians of five rounds of' :rows 'rows; ratio: median of the rounds'' ratios.'
SELECT test, variant, round(seconds::numeric, 3) AS seconds, baseline, round(baseline_seconds::numeric, 3) AS "its seconds", round(ratio::numeric, 2) AS ratio,
       round((1e6 * (seconds - baseline_seconds) / :rows)::numeric, 1) AS "us a row"
FROM bench.ratios ORDER BY id;
\echo 'One product at a time, with the commit:'
SELECT figure, round(value::numeric, 2) AS value, 'at most ' || at_most AS target, CASE WHEN value <= at_most THEN 'met' WHEN at_most IS NOT NULL THEN 'MISSED' END AS verdict FROM bench.figures ORDER BY id;
