-- Looking, storing, invalidating.
SET search_path = public, pm_cache;

-- nothing is stored that did not follow a miss
SELECT cache_set('c:1', '{"a": 1}', 'products') AS not_asked_for, cache_get('c:1');
SELECT cache_set('c:1', '{"a": [1, "zwei", null, 3.5]}', 'products') AS stored;
SELECT cache_get('c:1');
SELECT cache_set('c:1', '{}', 'products') AS there_is_one, cache_get('c:1');
-- a right is used once, and is the key's
SELECT cache_get('c:2'), cache_get('c:3');
SELECT cache_set('c:4', '4', 'products') AS another_key, cache_set('c:2', '2', 'products') AS stored, cache_set('c:2', '22', 'products') AS again;
SELECT cache_get('c:2');
-- a JSON null is a value; a NULL gives the right back
SELECT cache_set('c:3', 'null', 'brands') AS stored, cache_get('c:3');
SELECT cache_get('c:5'), cache_set('c:5', NULL, 'brands') AS given_back, cache_set('c:5', '5', 'brands') AS too_late;
-- a session has sixteen rights; one more ends the oldest
SELECT count(cache_get('r:' || n)) FROM generate_series(1, 17) AS n;
SELECT n, cache_set('r:' || n, '1', 'brands') FROM unnest(ARRAY[1, 2, 17]) AS n;

-- a prefix is the beginning of the key, of any length, letter by letter
CREATE FUNCTION fill(VARIADIC keys text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  k text;
BEGIN
  FOREACH k IN ARRAY keys LOOP
    IF pm_cache.cache_get(k) IS NULL THEN
      PERFORM pm_cache.cache_set(k, to_jsonb(k), 'products');
    END IF;
  END LOOP;
END $$;
CREATE FUNCTION there(VARIADIC keys text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  k text;
  v jsonb;
  found text[];
BEGIN
  FOREACH k IN ARRAY keys LOOP
    v := pm_cache.cache_get(k);
    IF v IS NOT NULL THEN
      found := found || k;
      IF v <> to_jsonb(k) THEN
        RAISE EXCEPTION '% has the value %', k, v;
      END IF;
    END IF;
  END LOOP;
  RETURN array_to_string(found, ' ');
END $$;
SELECT fill('p', 'p:', 'p:1', 'p:10', 'p:2', 'P:1', 'p%', 'p_x', 'p\x', 'pé', 'pée', E'p\u00ff', 'q');
SELECT cache_invalidate('p:1');
SELECT there('p', 'p:', 'p:1', 'p:10', 'p:2', 'P:1', 'p%', 'p_x', 'p\x', 'pé', 'pée', E'p\u00ff', 'q');
SELECT cache_invalidate('p%'), cache_invalidate('p_'), cache_invalidate('p\'), cache_invalidate('%'), cache_invalidate('pé');
SELECT there('p', 'p:', 'p:1', 'p:10', 'p:2', 'P:1', 'p%', 'p_x', 'p\x', 'pé', 'pée', E'p\u00ff', 'q');
SELECT cache_invalidate('p');
SELECT there('p', 'p:', 'p:2', 'P:1', 'q');
SELECT cache_invalidate('');
SELECT there('P:1', 'q', 'c:1');
-- a prefix longer than any key covers none
SELECT fill(repeat('k', 255), repeat('é', 127));
SELECT cache_invalidate(repeat('k', 256)), cache_invalidate(repeat('é', 128));
SELECT length(there(repeat('k', 255), repeat('é', 127)));
SELECT cache_invalidate(repeat('k', 255));
SELECT length(there(repeat('k', 255), repeat('é', 127)));

-- values of any size up to the limit, which come back as they were
SET client_min_messages = warning;
SELECT n, cache_get('size:' || n) IS NULL AS missed, cache_set('size:' || n, to_jsonb(repeat('ä', n)), 'products') AS stored,
  length(cache_get('size:' || n) #>> '{}') = n AS same
FROM unnest(ARRAY[0, 1, 150, 200, 250, 1000, 4000, 500000, 600000]) AS n;
-- what was too large has no value, and nobody waits for it
SELECT cache_get('size:600000') IS NULL AS no_value;
CREATE TABLE large AS SELECT jsonb_object_agg('key ' || n, repeat(md5(n::text), 30)) AS v FROM generate_series(1, 500) AS n;
SELECT cache_get('large') IS NULL AS missed, cache_set('large', v, 'products') AS stored, cache_get('large') = v AS same FROM large;
DROP TABLE large;

-- off: nothing is found or stored, but what is invalidated is
SELECT fill('off:1', 'off:2');
SET pm_cache.enabled = off;
SELECT cache_get('off:1'), cache_invalidate('off:2'), cache_set('off:3', '1', 'products');
RESET pm_cache.enabled;
SELECT there('off:1', 'off:2', 'off:3');
DROP FUNCTION fill, there;
