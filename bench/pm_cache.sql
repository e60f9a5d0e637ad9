-- pm_cache.sql - a hit beside a bare lookup by primary key and beside a C function that does
-- next to nothing; a miss with its store; what an invalidation adds to a commit
--
-- One session.  psql variables: calls, how many of each; the time of an empty loop is taken
-- off.
\set ON_ERROR_STOP on
\pset footer off
SET client_min_messages = warning;
\ir harness.sql
SET jit = off;
SET max_parallel_workers_per_gather = 0;
CREATE EXTENSION pm_cache;
CREATE TABLE products (key text PRIMARY KEY, value jsonb NOT NULL);
INSERT INTO products SELECT 'product:' || n, jsonb_build_object('id', n, 'name', md5(n::text), 'price', n * 0.01, 'tags', ARRAY['a', 'b', md5(n::text)])
FROM generate_series(1, 10000) AS n;
VACUUM ANALYZE products;
CREATE TABLE keys AS SELECT 'product:' || 1 + (hashint4(n) & 8191) AS key FROM generate_series(1, :calls) AS n;
DO $$
DECLARE
  k text;
BEGIN
  FOR k IN SELECT key FROM products LOOP
    IF pm_cache.cache_get(k) IS NULL THEN
      PERFORM pm_cache.cache_set(k, (SELECT value FROM products WHERE key = k), 'products');
    END IF;
  END LOOP;
END $$;
VACUUM ANALYZE keys;

-- a statement of its own for each lookup, as a function has it
CREATE FUNCTION lookup(key text) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT p.value FROM products AS p WHERE p.key = lookup.key); END $$;
CREATE FUNCTION miss_and_store() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  stored bigint := 0;
BEGIN
  FOR i IN 1 .. 10000 LOOP
    IF pm_cache.cache_get('miss:' || i) IS NULL AND pm_cache.cache_set('miss:' || i, '{"a": 1}', 'products') THEN
      stored := stored + 1;
    END IF;
  END LOOP;
  RETURN stored;
END $$;
CREATE PROCEDURE commits(invalidate boolean) LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. 10000 LOOP
    UPDATE products SET value = value WHERE key = 'product:1';
    IF invalidate THEN
      PERFORM pm_cache.cache_invalidate('product:1');
    END IF;
    COMMIT;
  END LOOP;
END $$;

CALL bench.compare('calls', ARRAY['scan', 'C function', 'join by primary key', 'lookup in a function', 'hit'],
  ARRAY['SELECT count(key) FROM keys', 'SELECT count(octet_length(key)) FROM keys',
        'SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_memoize = off; SELECT count(value) FROM keys JOIN products USING (key)',
        'SELECT count(lookup(key)) FROM keys', 'SELECT count(pm_cache.cache_get(key)) FROM keys']);
CALL bench.compare('10 000 misses', ARRAY['miss and store'], ARRAY['SELECT miss_and_store()'], ARRAY['SELECT pm_cache.cache_invalidate(''miss:'')']);
-- by themselves: they commit
SELECT clock_timestamp() AS t0 \gset
CALL commits(false);
SELECT clock_timestamp() AS t1 \gset
CALL commits(true);
SELECT clock_timestamp() AS t2 \gset

\echo 'Calls of one session, 8 192 keys, values of 130 bytes; ns a call, the scan taken off'
SELECT variant, round((1e9 * percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds - scan) / :calls)::numeric) AS ns
FROM (SELECT r.*, s.seconds AS scan FROM bench.runs AS r JOIN bench.runs AS s USING (test, round) WHERE test = 'calls' AND s.variant = 'scan' AND r.variant <> 'scan') AS t
GROUP BY variant
UNION ALL
SELECT variant, round((1e9 * percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) / 10000)::numeric) FROM bench.runs WHERE test = '10 000 misses' GROUP BY variant
UNION ALL
SELECT 'invalidation, of each commit', round((extract(epoch FROM (:'t2'::timestamptz - :'t1') - (:'t1'::timestamptz - :'t0')) * 1e9 / 10000)::numeric)
ORDER BY ns;
INSERT INTO bench.figures (test, figure, value, at_most)
SELECT 'calls', 'hit, us', percentile_cont(0.5) WITHIN GROUP (ORDER BY h.seconds - s.seconds) * 1e6 / :calls, 5
FROM bench.runs AS h JOIN bench.runs AS s USING (test, round) WHERE h.test = 'calls' AND h.variant = 'hit' AND s.variant = 'scan';
SELECT test, figure, round(value::numeric, 2) AS value, at_most, CASE WHEN value > at_most THEN 'missed' ELSE 'met' END AS target FROM bench.figures ORDER BY id;
