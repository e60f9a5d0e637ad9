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

-- The categories at the ends of the paths that are there.
CREATE FUNCTION pm_catalog._categories_of(taxonomy text, paths text[]) RETURNS TABLE(path text, category_id uuid)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  WITH RECURSIVE found AS (
    SELECT w.path, w.names, 1 AS level, c.id
    FROM (SELECT p AS path, regexp_split_to_array(p, '\s*>\s*') AS names FROM unnest($2) AS p) AS w
    JOIN pm_catalog.categories AS c ON c.taxonomy = $1 AND c.parent_id IS NULL AND c.name = w.names[1]
    UNION ALL
    SELECT f.path, f.names, f.level + 1, c.id FROM found AS f
    JOIN pm_catalog.categories AS c ON c.taxonomy = $1 AND c.parent_id = f.id AND c.name = f.names[f.level + 1]
  )
  SELECT f.path, f.id FROM found AS f WHERE f.level = cardinality(f.names)
$$;

CREATE FUNCTION pm_catalog.ensure_categories(taxonomy text, paths text[]) RETURNS TABLE(path text, category_id uuid)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  missing text;
  step text;
  parent pm_catalog.categories;
BEGIN
  FOR missing IN SELECT DISTINCT p FROM unnest(paths) AS p EXCEPT SELECT c.path FROM pm_catalog._categories_of(ensure_categories.taxonomy, paths) AS c ORDER BY 1 LOOP
    parent := NULL;
    FOREACH step IN ARRAY regexp_split_to_array(missing, '\s*>\s*') LOOP
      INSERT INTO pm_catalog.categories (number, name, taxonomy, parent_id, path) OVERRIDING SYSTEM VALUE
      SELECT n.number, step, ensure_categories.taxonomy, parent.id, parent.path || n.number
      FROM (SELECT nextval('pm_catalog.categories_number_seq')::integer AS number) AS n
      ON CONFLICT ON CONSTRAINT categories_taxonomy_parent_id_name_key DO NOTHING;
      SELECT c.* INTO parent FROM pm_catalog.categories AS c
      WHERE c.taxonomy = ensure_categories.taxonomy AND (c.parent_id = parent.id OR c.parent_id IS NULL AND parent.id IS NULL) AND c.name = step;
    END LOOP;
  END LOOP;
  RETURN QUERY SELECT c.path, c.category_id FROM pm_catalog._categories_of(ensure_categories.taxonomy, paths) AS c;
END
$$;
COMMENT ON FUNCTION pm_catalog.ensure_categories(text, text[]) IS 'the categories of these paths, such as A > B, made if they are not there';

REVOKE ALL ON FUNCTION pm_catalog.ensure_brands(text[]), pm_catalog.ensure_categories(text, text[]),
  pm_catalog._categories_of(text, text[]) FROM PUBLIC;
