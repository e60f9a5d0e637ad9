-- What became of the values.

CREATE FUNCTION pm_cache._is_shared() RETURNS boolean
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_cache__is_shared';

CREATE FUNCTION pm_cache._counts(OUT kind text, OUT entries bigint, OUT bytes bigint, OUT hits bigint, OUT misses bigint, OUT waits bigint, OUT bypasses bigint,
  OUT stored bigint, OUT dropped bigint, OUT evicted bigint, OUT invalidated bigint) RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_cache__counts';

-- Without shared memory; a standby cannot read unlogged tables.
CREATE FUNCTION pm_cache._table_counts(OUT kind text, OUT entries bigint, OUT bytes bigint) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT pm_cache._is_shared() AND NOT pg_is_in_recovery() THEN
    RETURN QUERY SELECT e.kind, count(*), sum(e.bytes)::bigint FROM pm_cache._entries AS e
                 WHERE e.server = pg_postmaster_start_time() AND e.expires_at > clock_timestamp() GROUP BY e.kind;
  END IF;
END
$$;

CREATE VIEW pm_cache.cache_stats WITH (security_invoker = true) AS
WITH counts AS MATERIALIZED (
  SELECT * FROM pm_cache._counts()
  UNION ALL
  SELECT t.kind, t.entries, t.bytes, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM pm_cache._table_counts() AS t
)
SELECT c.kind, coalesce(sum(c.entries), 0)::bigint AS entries, coalesce(sum(c.bytes), 0)::bigint AS bytes,
  sum(c.hits)::bigint AS hits,
  (CASE WHEN grouping(c.kind) = 1 THEN sum(c.misses + c.bypasses) ELSE sum(c.stored + c.dropped) END)::bigint AS misses,
  round(sum(c.hits) / nullif(sum(c.hits) + CASE WHEN grouping(c.kind) = 1 THEN sum(c.misses + c.bypasses) ELSE sum(c.stored + c.dropped) END, 0), 4) AS hit_rate,
  (CASE WHEN grouping(c.kind) = 1 THEN sum(c.waits) END)::bigint AS waits,
  (CASE WHEN grouping(c.kind) = 1 THEN sum(c.bypasses) END)::bigint AS bypasses,
  sum(c.stored)::bigint AS stored, sum(c.dropped)::bigint AS dropped, sum(c.evicted)::bigint AS evictions, sum(c.invalidated)::bigint AS invalidated
FROM counts AS c
GROUP BY GROUPING SETS ((c.kind), ())
HAVING grouping(c.kind) = 1 OR c.kind IS NOT NULL;
COMMENT ON VIEW pm_cache.cache_stats IS
  'What the cache of this database holds and has done since the server started: one row a kind that was stored, and one of all together (kind NULL). Without preload it knows entries and bytes only.';
COMMENT ON COLUMN pm_cache.cache_stats.kind IS 'Kind of the values; NULL: all of the database';
COMMENT ON COLUMN pm_cache.cache_stats.entries IS 'Values there are now, with expired ones that nobody has asked for since, and with marks of those that were too large';
COMMENT ON COLUMN pm_cache.cache_stats.bytes IS 'Memory that they take';
COMMENT ON COLUMN pm_cache.cache_stats.hits IS 'Calls of cache_get that found a value';
COMMENT ON COLUMN pm_cache.cache_stats.misses IS 'Of all: calls of cache_get that did not. Of a kind: calls of cache_set that followed; what a missing key would have been is not known';
COMMENT ON COLUMN pm_cache.cache_stats.hit_rate IS 'hits / (hits + misses), 0 to 1; NULL before the first';
COMMENT ON COLUMN pm_cache.cache_stats.waits IS 'Hits that waited for another session to load the value; of all only';
COMMENT ON COLUMN pm_cache.cache_stats.bypasses IS 'Misses because the key was being, or had in this transaction been, invalidated, or by the level of isolation; of all only';
COMMENT ON COLUMN pm_cache.cache_stats.stored IS 'Values stored';
COMMENT ON COLUMN pm_cache.cache_stats.dropped IS 'Values that were not: invalidated while they were read, stored by another session first, or too large';
COMMENT ON COLUMN pm_cache.cache_stats.evictions IS 'Values that had to go for others';
COMMENT ON COLUMN pm_cache.cache_stats.invalidated IS 'Values that a commit took out';

REVOKE ALL ON FUNCTION pm_cache._is_shared(), pm_cache._counts(), pm_cache._table_counts() FROM PUBLIC;
