-- What is refused, and that nothing odd in an argument gets anywhere.
SET search_path = public, pm_cache;
SELECT cache_get('');
SELECT cache_get(repeat('x', 256));
SELECT cache_get(repeat('é', 128));
SELECT cache_get(NULL), cache_invalidate(NULL);
SELECT cache_set('', '1', 'products');
SELECT cache_set(NULL, '1', 'products');
SELECT cache_set('k', '1', NULL);
SELECT cache_set('k', '1', 'no such kind');
SELECT cache_set('k', '1', repeat('k', 100));
SELECT cache_set('k', '1', 'products', '0');
SELECT cache_set('k', '1', 'products', '-1 day');
SELECT cache_set('k', '1', 'products', '300000 years');
SET pm_cache.load_timeout = -1;
SET pm_cache.max_value = '1MB';
SET pm_cache.none_such = 1;

-- keys, kinds and values that would be something else to who pastes them together
SELECT set_ttl(k, '1 h') FROM unnest(ARRAY['''; DROP TABLE x; --', '"', '$1', '%s']) AS k;
SELECT k, cache_get(k) IS NULL AS missed, cache_set(k, to_jsonb(k), k) AS stored, cache_get(k) AS value
FROM unnest(ARRAY['''; DROP TABLE x; --', '"', '$1', '%s']) AS k;
SELECT cache_invalidate(k) FROM unnest(ARRAY['''', '%', '$']) AS k;
SELECT k, cache_get(k) FROM unnest(ARRAY['''; DROP TABLE x; --', '"', '$1', '%s']) AS k;
SELECT set_ttl(k, NULL) FROM unnest(ARRAY['''; DROP TABLE x; --', '"', '$1', '%s']) AS k;

-- operators and functions of who calls are not used with the owner's rights
CREATE SCHEMA evil;
CREATE FUNCTION evil.equal(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil as %', current_user; END $$;
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.equal);
CREATE FUNCTION evil.octet_length(text) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil as %', current_user; END $$;
SET search_path = evil, pg_catalog;
SELECT pm_cache.set_ttl('evil', '1 h'), pm_cache.cache_get('evil'), pm_cache.cache_set('evil', '1', 'evil'), pm_cache.cache_get('evil');
SELECT pm_cache.cache_invalidate('evil'), pm_cache.set_ttl('evil', NULL);
SET search_path = public, pm_cache;
DROP SCHEMA evil CASCADE;
