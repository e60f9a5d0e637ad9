-- Brands and categories that a file names, made if they are not there.

CREATE FUNCTION pm_catalog.ensure_brands(names text[]) RETURNS TABLE(name text, brand_id uuid)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  INSERT INTO pm_catalog.brands (name)
  SELECT DISTINCT n FROM unnest(names) AS n WHERE n IS NOT NULL AND NOT EXISTS (SELECT FROM pm_catalog.brands AS b WHERE b.name = n) ORDER BY n;
  RETURN QUERY SELECT b.name, b.id FROM pm_catalog.brands AS b WHERE b.name = ANY (names);
END
$$;
COMMENT ON FUNCTION pm_catalog.ensure_brands(text[]) IS 'the brands of these names, made if they are not there';

-- The categories of a level of the paths that are not there, but whose parents are.
CREATE FUNCTION pm_catalog._missing_categories(taxonomy text, paths text[], depth integer) RETURNS TABLE(name text, parent_id uuid, parent_path integer[])
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  WITH RECURSIVE wanted AS (
    SELECT DISTINCT (regexp_split_to_array(p, '\s*>\s*'))[:$3] AS names FROM unnest($2) AS p
  ), found AS (
    SELECT w.names, 0 AS level, NULL::uuid AS id, '{}'::integer[] AS path FROM wanted AS w WHERE cardinality(w.names) = $3
    UNION ALL
    SELECT f.names, f.level + 1, c.id, c.path FROM found AS f
    JOIN pm_catalog.categories AS c ON c.taxonomy = $1 AND c.parent_id IS NOT DISTINCT FROM f.id AND c.name = f.names[f.level + 1]
    WHERE f.level < $3
  )
  SELECT f.names[$3], f.id, f.path FROM found AS f
  WHERE f.level = $3 - 1 AND NOT EXISTS (SELECT FROM found AS g WHERE g.names = f.names AND g.level = $3)
$$;

CREATE FUNCTION pm_catalog.ensure_categories(taxonomy text, paths text[]) RETURNS TABLE(path text, category_id uuid)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  depth integer;
BEGIN
  -- level by level: those of a level that are missing, under their parents
  FOR depth IN 1 .. (SELECT max(cardinality(regexp_split_to_array(p, '\s*>\s*'))) FROM unnest(paths) AS p) LOOP
    INSERT INTO pm_catalog.categories (number, name, taxonomy, parent_id, path) OVERRIDING SYSTEM VALUE
    SELECT n.number, n.name, ensure_categories.taxonomy, n.parent_id, n.parent_path || n.number
    FROM (SELECT nextval('pm_catalog.categories_number_seq')::integer AS number, m.* FROM pm_catalog._missing_categories(ensure_categories.taxonomy, paths, depth) AS m) AS n
    ORDER BY n.name
    ON CONFLICT ON CONSTRAINT categories_taxonomy_parent_id_name_key DO NOTHING;
  END LOOP;
  RETURN QUERY
  WITH RECURSIVE wanted AS (
    SELECT p AS whole, regexp_split_to_array(p, '\s*>\s*') AS names FROM unnest(paths) AS p
  ), found AS (
    SELECT w.whole, w.names, 1 AS level, c.id FROM wanted AS w JOIN pm_catalog.categories AS c ON c.taxonomy = ensure_categories.taxonomy AND c.parent_id IS NULL AND c.name = w.names[1]
    UNION ALL
    SELECT f.whole, f.names, f.level + 1, c.id FROM found AS f
    JOIN pm_catalog.categories AS c ON c.taxonomy = ensure_categories.taxonomy AND c.parent_id = f.id AND c.name = f.names[f.level + 1]
  )
  SELECT f.whole, f.id FROM found AS f WHERE f.level = cardinality(f.names);
END
$$;
COMMENT ON FUNCTION pm_catalog.ensure_categories(text, text[]) IS 'the categories of these paths, such as A > B, made if they are not there';

REVOKE ALL ON FUNCTION pm_catalog.ensure_brands(text[]), pm_catalog.ensure_categories(text, text[]),
  pm_catalog._missing_categories(text, text[], integer) FROM PUBLIC;
