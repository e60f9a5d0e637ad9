-- Completeness, computed from filled at read.

CREATE FUNCTION pm_catalog._bits(numbers integer[]) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_bits';
COMMENT ON FUNCTION pm_catalog._bits(numbers integer[]) IS 'the set of these numbers, 0 to 2047: bit n is bit n % 8 of byte n / 8; error 22003';
CREATE FUNCTION pm_catalog._bits_or(a bytea, b bytea, c bytea, d bytea) RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_bits_or';
COMMENT ON FUNCTION pm_catalog._bits_or(a bytea, b bytea, c bytea, d bytea) IS 'what is in any of four sets; NULL is empty';
CREATE FUNCTION pm_catalog._bits_common(a bytea, b bytea) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_bits_common';
COMMENT ON FUNCTION pm_catalog._bits_common(a bytea, b bytea) IS 'how many numbers are in both sets';
CREATE FUNCTION pm_catalog._has_bit(numbers bytea, number integer) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_has_bit';
COMMENT ON FUNCTION pm_catalog._has_bit(numbers bytea, number integer) IS 'is the number in the set?';

-- A function, so that few rows are expected: tables this small are never analyzed, and the planner takes them for large.
CREATE FUNCTION pm_catalog._scopes() RETURNS TABLE(locale text, channel text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 6 SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
  SELECT l.code, c.code
  FROM (SELECT code FROM pm_catalog.locales UNION ALL SELECT NULL WHERE NOT EXISTS (SELECT FROM pm_catalog.locales)) AS l
  CROSS JOIN (SELECT code FROM pm_catalog.channels UNION ALL SELECT NULL WHERE NOT EXISTS (SELECT FROM pm_catalog.channels)) AS c
$$;
COMMENT ON FUNCTION pm_catalog._scopes() IS 'each locale with each channel; NULL where none is in use';

CREATE VIEW pm_catalog.product_completeness WITH (security_invoker = true) AS
SELECT p.id AS product_id, f.code AS family, s.locale, s.channel, r.required, n.filled,
  CASE WHEN r.required = 0 THEN 1 ELSE round(n.filled::numeric / r.required, 4) END AS score,
  ARRAY(
    SELECT a.code FROM pm_catalog.family_attributes AS a
    WHERE a.family_id = p.family_id AND a.is_required
      AND (a.required_channels IS NULL OR s.channel IS NULL OR s.channel = ANY (a.required_channels))
      AND NOT pm_catalog._has_bit(b.bits, a.bit)
    ORDER BY a.position, a.code) AS missing
FROM pm_catalog.products AS p
JOIN pm_catalog.families AS f ON f.id = p.family_id
CROSS JOIN pm_catalog._scopes() AS s
CROSS JOIN LATERAL (
  SELECT pm_catalog._bits(coalesce(array_agg(a.bit), '{}')) AS bits, count(*)::integer AS required FROM pm_catalog.family_attributes AS a
  WHERE a.family_id = p.family_id AND a.is_required
    AND (a.required_channels IS NULL OR s.channel IS NULL OR s.channel = ANY (a.required_channels))) AS r
LEFT JOIN pm_catalog.product_attributes AS x ON x.product_id = p.id AND x.locale = s.locale AND x.channel IS NULL
LEFT JOIN pm_catalog.product_attributes AS y ON y.product_id = p.id AND y.locale IS NULL AND y.channel = s.channel
LEFT JOIN pm_catalog.product_attributes AS z ON z.product_id = p.id AND z.locale = s.locale AND z.channel = s.channel
CROSS JOIN LATERAL (SELECT pm_catalog._bits_or(p.filled, x.filled, y.filled, z.filled) AS bits) AS b
CROSS JOIN LATERAL (SELECT pm_catalog._bits_common(r.bits, b.bits) AS filled) AS n
WHERE p.deleted_at IS NULL;
COMMENT ON VIEW pm_catalog.product_completeness IS 'how much of what its family requires a product has, for each locale and channel: computed at read, so a family that is declared anew changes it at once';
COMMENT ON COLUMN pm_catalog.product_completeness.product_id IS 'the product, which has a family and is not deleted';
COMMENT ON COLUMN pm_catalog.product_completeness.family IS 'code of its family';
COMMENT ON COLUMN pm_catalog.product_completeness.locale IS 'locale; NULL: none is in use';
COMMENT ON COLUMN pm_catalog.product_completeness.channel IS 'channel; NULL: none is in use';
COMMENT ON COLUMN pm_catalog.product_completeness.required IS 'how many attributes and columns are required there';
COMMENT ON COLUMN pm_catalog.product_completeness.filled IS 'how many of them have a value';
COMMENT ON COLUMN pm_catalog.product_completeness.score IS 'filled / required, 0 to 1, rounded to 4 decimals; 1 if nothing is required';
COMMENT ON COLUMN pm_catalog.product_completeness.missing IS 'codes of those that have none, in the order of the family';

CREATE FUNCTION pm_catalog.completeness(product_id uuid) RETURNS TABLE(family text, locale text, channel text, required integer, filled integer, score numeric, missing text[])
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
  SELECT c.family, c.locale, c.channel, c.required, c.filled, c.score, c.missing
  FROM pm_catalog.product_completeness AS c WHERE c.product_id = $1 ORDER BY c.locale, c.channel
$$;
COMMENT ON FUNCTION pm_catalog.completeness(product_id uuid) IS 'the rows of product_completeness of one product; none if it has no family';
REVOKE ALL ON FUNCTION pm_catalog._scopes(), pm_catalog.completeness(uuid) FROM PUBLIC;
