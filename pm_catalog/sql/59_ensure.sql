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

CREATE FUNCTION pm_catalog.ensure_categories(taxonomy text, paths text[]) RETURNS TABLE(path text, category_id uuid)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  step record;
  parent pm_catalog.categories;
  whole text;
BEGIN
  FOREACH whole IN ARRAY paths LOOP
    parent := NULL;
    FOR step IN SELECT btrim(s.name) AS name FROM regexp_split_to_table(whole, '>') WITH ORDINALITY AS s(name, nth) ORDER BY s.nth LOOP
      INSERT INTO pm_catalog.categories (number, name, taxonomy, parent_id, path) OVERRIDING SYSTEM VALUE
      SELECT n.number, step.name, ensure_categories.taxonomy, parent.id, parent.path || n.number
      FROM (SELECT nextval('pm_catalog.categories_number_seq')::integer AS number) AS n
      ON CONFLICT ON CONSTRAINT categories_taxonomy_parent_id_name_key DO NOTHING;
      SELECT c.* INTO parent FROM pm_catalog.categories AS c
      WHERE c.taxonomy = ensure_categories.taxonomy AND c.parent_id IS NOT DISTINCT FROM parent.id AND c.name = step.name;
    END LOOP;
    ensure_categories.path := whole;
    category_id := parent.id;
    RETURN NEXT;
  END LOOP;
END
$$;
COMMENT ON FUNCTION pm_catalog.ensure_categories(text, text[]) IS 'the categories of these paths, such as A > B, made if they are not there';

REVOKE ALL ON FUNCTION pm_catalog.ensure_brands(text[]), pm_catalog.ensure_categories(text, text[]) FROM PUBLIC;
