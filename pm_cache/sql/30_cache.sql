-- Looking, storing, invalidating: see src/api.c.
--
-- They know of leases, which are the session's, so a parallel worker calls none of them.

CREATE FUNCTION pm_cache.cache_get(key text) RETURNS jsonb
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'pm_cache_get';
COMMENT ON FUNCTION pm_cache.cache_get(text) IS
  'The value stored for a key, if it is as new as every commit that this statement can see and invalidated the key; NULL if there is none: then read it, and give it to cache_set. '
  'While another session reads the value it is waited for, at most pm_cache.load_timeout. Always NULL in a SERIALIZABLE transaction, on a standby and with pm_cache.enabled off. Raises 22023 for a key of 0 or over 255 bytes.';

CREATE FUNCTION pm_cache.cache_set(key text, value jsonb, kind text, ttl interval DEFAULT NULL) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_cache_set';
COMMENT ON FUNCTION pm_cache.cache_set(text, jsonb, text, interval) IS
  'Stores what was read after cache_get of this session returned NULL for the key. True if it is stored, or will be when this transaction, which has written, commits; false if it is not: '
  'the key was invalidated meanwhile, no cache_get came before, another session has stored it, or it is too large. A NULL value gives the right to store back. ttl: lifetime of this value instead of its kind''s. '
  'Raises 22004 for a NULL key or kind, 22023 for an unknown kind, a key of 0 or over 255 bytes, and a lifetime that is not positive.';

CREATE FUNCTION pm_cache.cache_invalidate(prefix text) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_cache_invalidate';
COMMENT ON FUNCTION pm_cache.cache_invalidate(text) IS
  'Takes the values of all keys that begin so out of the cache when this transaction commits, and nothing if it, or its part up to the savepoint, is rolled back. An empty prefix: of all keys of the database. '
  'To be called in the transaction that changes what was read. The transaction cannot be prepared (0A000). Raises 25006 on a standby.';

REVOKE ALL ON FUNCTION pm_cache.cache_get(text), pm_cache.cache_set(text, jsonb, text, interval), pm_cache.cache_invalidate(text) FROM PUBLIC;

-- What an earlier extension of this name may have left in memory.
SELECT pm_cache.cache_invalidate('');
