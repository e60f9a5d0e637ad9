-- What the roles of a deployment may do.  What one role stores, all that may look will
-- read: pm_reader looks, pm_writer and pm_worker store and invalidate, pm_admin also says
-- how long values live.

GRANT USAGE ON SCHEMA pm_cache TO pm_reader, pm_writer, pm_worker, pm_admin;
GRANT SELECT ON pm_cache._ttls, pm_cache._shipped_ttls, pm_cache.kinds, pm_cache.cache_stats TO pm_reader, pm_writer, pm_worker, pm_admin;
GRANT SELECT (kind, bytes, expires_at, server) ON pm_cache._entries TO pm_reader, pm_writer, pm_worker, pm_admin;
GRANT EXECUTE ON FUNCTION pm_cache.cache_get(text), pm_cache._is_shared(), pm_cache._counts(), pm_cache._table_counts() TO pm_reader, pm_writer, pm_worker, pm_admin;
GRANT EXECUTE ON FUNCTION pm_cache.cache_set(text, jsonb, text, interval), pm_cache.cache_invalidate(text) TO pm_writer, pm_worker, pm_admin;
GRANT INSERT, UPDATE, DELETE ON pm_cache._ttls TO pm_admin;
GRANT EXECUTE ON FUNCTION pm_cache.set_ttl(text, interval) TO pm_admin;
