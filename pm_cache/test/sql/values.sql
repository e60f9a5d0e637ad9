-- What there is to be searched for data about persons.
SELECT pm_cache.cache_get('person:anne') IS NULL, pm_cache.cache_set('person:anne', '{"email": "anne@example.com"}', 'products');
SELECT pm_cache.cache_get('person:numb') IS NULL, pm_cache.cache_set('person:numb', '[1, 2]', 'products');
SELECT key, value FROM pm_cache._values() WHERE key LIKE 'person:%'
UNION ALL SELECT key, value FROM pm_cache._entries WHERE key LIKE 'person:%' ORDER BY key;
SELECT pm_cache.cache_invalidate('person:anne');
SELECT key FROM pm_cache._values() WHERE key LIKE 'person:%'
UNION ALL SELECT key FROM pm_cache._entries AS e WHERE key LIKE 'person:%' AND pm_cache._is_true(e.key, e.seen) ORDER BY key;
SELECT pm_cache.cache_invalidate('person:');
SELECT relation, column_name, action, note FROM pm_cache._personal_columns ORDER BY relation, column_name;
SET ROLE pg_read_all_data;
SELECT * FROM pm_cache._values();
RESET ROLE;
