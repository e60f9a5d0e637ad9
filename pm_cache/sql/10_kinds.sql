-- Kinds of values and how long they live.

-- What differs from the shipped lifetimes, and kinds of one's own.
CREATE TABLE pm_cache._ttls (
  kind text PRIMARY KEY CHECK (octet_length(kind) BETWEEN 1 AND 63),
  ttl interval NOT NULL CHECK (ttl > interval '0')
);
SELECT pg_extension_config_dump('pm_cache._ttls', '');

-- Sessions remember lifetimes: see src/kinds.c.
CREATE FUNCTION pm_cache._ttls_changed() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_cache__ttls_changed';
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pm_cache._ttls
FOR EACH STATEMENT EXECUTE FUNCTION pm_cache._ttls_changed();
ALTER TABLE pm_cache._ttls ENABLE ALWAYS TRIGGER changed;

CREATE VIEW pm_cache._shipped_ttls WITH (security_invoker = true) AS
SELECT s.kind, s.seconds * interval '1 second' AS ttl
FROM (VALUES
  ('categories', 3600), ('taxonomies', 7200), ('brands', 3600),
  ('products', 1800), ('suppliers', 1800),
  ('enrichment_stats', 300), ('import_jobs', 300), ('export_jobs', 300),
  ('code2asin_mappings', 86400), ('amazon_product_data', 43200),
  ('search_results', 300), ('api_rate_limits', 60)) AS s(kind, seconds);

CREATE VIEW pm_cache.kinds WITH (security_invoker = true) AS
SELECT coalesce(t.kind, s.kind) AS kind, coalesce(t.ttl, s.ttl) AS ttl, s.ttl AS shipped_ttl
FROM pm_cache._shipped_ttls AS s FULL JOIN pm_cache._ttls AS t ON t.kind = s.kind;
COMMENT ON VIEW pm_cache.kinds IS 'Kinds of cached values and how long they live; set_ttl changes that.';
COMMENT ON COLUMN pm_cache.kinds.kind IS 'Name, as cache_set takes it';
COMMENT ON COLUMN pm_cache.kinds.ttl IS 'Time from cache_set to the end of the value, unless cache_set says otherwise';
COMMENT ON COLUMN pm_cache.kinds.shipped_ttl IS 'What it is without set_ttl; NULL: the kind is one of your own';

CREATE FUNCTION pm_cache._ttl(kind text) RETURNS interval
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (SELECT k.ttl FROM pm_cache.kinds AS k WHERE k.kind = _ttl.kind);
END
$$;

CREATE FUNCTION pm_cache.set_ttl(kind text, ttl interval) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF kind IS NULL THEN
    RAISE EXCEPTION 'the kind of a cached value cannot be NULL' USING ERRCODE = '22004';
  END IF;
  IF octet_length(kind) NOT BETWEEN 1 AND 63 THEN
    RAISE EXCEPTION 'invalid kind of cached values "%"', left(kind, 64)
      USING ERRCODE = '22023', DETAIL = 'A kind is a name of 1 to 63 bytes.';
  END IF;
  IF ttl <= interval '0' THEN
    RAISE EXCEPTION 'invalid lifetime "%"', ttl USING ERRCODE = '22023', DETAIL = 'A cached value must live for some time.';
  END IF;
  IF ttl IS NULL THEN
    DELETE FROM pm_cache._ttls AS t WHERE t.kind = set_ttl.kind;
  ELSE
    INSERT INTO pm_cache._ttls AS t VALUES (kind, ttl) ON CONFLICT ON CONSTRAINT _ttls_pkey DO UPDATE SET ttl = excluded.ttl;
  END IF;
END
$$;
COMMENT ON FUNCTION pm_cache.set_ttl(text, interval) IS
  'Says how long values of a kind live that are stored from now on; a new name makes a kind. NULL: as shipped, and a kind of your own is gone. '
  'Raises 22004 for a NULL kind, 22023 for one that is no name of 1 to 63 bytes, and for a lifetime that is not positive.';

REVOKE ALL ON FUNCTION pm_cache._ttls_changed(), pm_cache._ttl(text), pm_cache.set_ttl(text, interval) FROM PUBLIC;
