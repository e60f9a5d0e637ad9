-- Categories by the paths that files write, and the aliases of paths.

-- The names of a path that is written as one text.
CREATE FUNCTION pm_catalog._path_names(path text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN regexp_split_to_array(btrim(path), '\s*>\s*');

CREATE FUNCTION pm_catalog.category_key(path text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (SELECT string_agg(pm_catalog.brand_key(n.name), '>' ORDER BY n.level) COLLATE "C" FROM unnest(pm_catalog._path_names(path)) WITH ORDINALITY AS n(name, level));
COMMENT ON FUNCTION pm_catalog.category_key(text) IS
'what the spellings of a category''s path, names with > between them, have in common: brand_key() of each name. For databases in UTF8';

-- What one name of a path is compared by.  One that is no label is like no other, so it is
-- refused, and not taken for one that is there; nor is one without letter or digit.
CREATE FUNCTION pm_catalog._category_key(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN pm_catalog.is_label(name) THEN coalesce(nullif(pm_catalog.brand_key(name), ''), name) ELSE name END COLLATE "C";

CREATE INDEX categories_key ON pm_catalog.categories (taxonomy, parent_id, (pm_catalog._category_key(name) COLLATE "C"));

CREATE TABLE pm_catalog.category_aliases (
  taxonomy text COLLATE "C" NOT NULL DEFAULT 'main',
  alias_key text COLLATE "C" GENERATED ALWAYS AS (pm_catalog.category_key(alias)) STORED
    CONSTRAINT alias_has_names CHECK (alias_key ~ '^[^>]+(>[^>]+){0,50}$'),
  alias text NOT NULL CONSTRAINT alias_is_a_label CHECK (pm_catalog.is_label(alias)),
  category_id uuid NOT NULL,
  PRIMARY KEY (taxonomy, alias_key),
  FOREIGN KEY (category_id, taxonomy) REFERENCES pm_catalog.categories (id, taxonomy) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX ON pm_catalog.category_aliases (category_id, taxonomy);
COMMENT ON TABLE pm_catalog.category_aliases IS 'paths that mean a category, such as "Bureau > Stylos" for Office > Pens, in files: what is below such a path is below the category';
COMMENT ON COLUMN pm_catalog.category_aliases.taxonomy IS 'the taxonomy of the category, in which the path is looked for';
COMMENT ON COLUMN pm_catalog.category_aliases.alias_key IS 'the path as it is compared: category_key(alias), unique in the taxonomy';
COMMENT ON COLUMN pm_catalog.category_aliases.alias IS 'the path as suppliers write it, from the top, names with > between them; 1 to 51 names, each with a letter or digit';
COMMENT ON COLUMN pm_catalog.category_aliases.category_id IS 'the category';

-- The names of one path, from the top down.
CREATE TYPE pm_catalog._category_path AS (names text[]);

CREATE FUNCTION pm_catalog._written_paths(paths text[]) RETURNS pm_catalog._category_path[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ARRAY(SELECT ROW(pm_catalog._path_names(p.path))::pm_catalog._category_path FROM unnest(paths) WITH ORDINALITY AS p(path, place) ORDER BY p.place);

-- How far these paths are there: the first level names lead to category_id, the others
-- would have to be made below it.  The longest alias goes first, then each name leads to the
-- category that has it exactly, or else to the oldest that compares equal.  Paths that no
-- alias can begin and that are there exactly, most of them, are found without keys.
CREATE FUNCTION pm_catalog._follow_paths(taxonomy text, paths pm_catalog._category_path[])
RETURNS TABLE(place bigint, names text[], keys text[], level integer, category_id uuid)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
  WITH RECURSIVE given AS MATERIALIZED (
    SELECT p.place, p.names FROM unnest($2) WITH ORDINALITY AS p(names, place)
  ), aliased AS MATERIALIZED (
    SELECT k.name FROM (
      SELECT d.name, pm_catalog._category_key(d.name) COLLATE "C" AS key FROM (SELECT DISTINCT g.names[1] COLLATE "C" AS name FROM given AS g) AS d OFFSET 0) AS k
    WHERE EXISTS (SELECT FROM pm_catalog.category_aliases AS a WHERE a.taxonomy = $1 AND a.alias_key >= k.key AND a.alias_key < k.key || '?')
  ), exact AS (
    SELECT g.place, g.names, 1 AS level, c.id
    FROM given AS g JOIN pm_catalog.categories AS c ON c.taxonomy = $1 AND c.parent_id IS NULL AND c.name = g.names[1]
    WHERE g.names[1] COLLATE "C" NOT IN (SELECT a.name FROM aliased AS a)
    UNION ALL
    SELECT e.place, e.names, e.level + 1, c.id
    FROM exact AS e JOIN pm_catalog.categories AS c ON c.taxonomy = $1 AND c.parent_id = e.id AND c.name = e.names[e.level + 1]
  ), done AS MATERIALIZED (
    SELECT e.place, e.names, e.level, e.id FROM exact AS e WHERE e.level = cardinality(e.names)
  ), named AS MATERIALIZED (
    SELECT g.place, n.level, n.name COLLATE "C" AS name
    FROM given AS g, unnest(g.names) WITH ORDINALITY AS n(name, level) WHERE g.place NOT IN (SELECT d.place FROM done AS d)
  ), folded AS MATERIALIZED (
    SELECT d.name, pm_catalog._category_key(d.name) AS key FROM (SELECT DISTINCT n.name FROM named AS n) AS d
  ), wanted AS (
    SELECT n.place, array_agg(n.name ORDER BY n.level) AS names, array_agg(k.key ORDER BY n.level) AS keys
    FROM named AS n JOIN folded AS k ON k.name = n.name GROUP BY n.place
  ), found AS (
    SELECT w.place, w.names, w.keys, coalesce(s.level, 0) AS level, s.category_id
    FROM wanted AS w LEFT JOIN LATERAL (
      SELECT n.level, o.category_id
      FROM generate_series(cardinality(w.keys), 1, -1) AS n(level), LATERAL (
        SELECT a.category_id FROM pm_catalog.category_aliases AS a WHERE a.taxonomy = $1 AND a.alias_key = array_to_string(w.keys[:n.level], '>') OFFSET 0) AS o
      WHERE EXISTS (SELECT FROM pm_catalog.category_aliases AS e WHERE e.taxonomy = $1)
      ORDER BY n.level DESC LIMIT 1) AS s ON true
    UNION ALL
    SELECT f.place, f.names, f.keys, f.level + 1, c.id
    FROM found AS f, LATERAL (
      (SELECT t.id FROM pm_catalog.categories AS t
       WHERE f.level = 0 AND t.taxonomy = $1 AND t.parent_id IS NULL AND pm_catalog._category_key(t.name) COLLATE "C" = f.keys[1]
       ORDER BY t.name COLLATE "C" <> f.names[1], t.number LIMIT 1)
      UNION ALL
      (SELECT b.id FROM pm_catalog.categories AS b
       WHERE b.taxonomy = $1 AND b.parent_id = f.category_id AND pm_catalog._category_key(b.name) COLLATE "C" = f.keys[f.level + 1]
       ORDER BY b.name COLLATE "C" <> f.names[f.level + 1], b.number LIMIT 1)) AS c
    WHERE f.level < cardinality(f.names)
  )
  SELECT d.place, d.names, NULL, d.level, d.id FROM done AS d
  UNION ALL
  (SELECT DISTINCT ON (f.place) f.place, f.names, f.keys, f.level, f.category_id FROM found AS f ORDER BY f.place, f.level DESC)
$$;

-- The categories at the ends of these paths, in their order; those that are missing are made.
CREATE FUNCTION pm_catalog._ensure_paths(taxonomy text, paths pm_catalog._category_path[]) RETURNS uuid[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  wrong text[];
  ids uuid[];
  are_there boolean;
BEGIN
  SELECT p.names INTO wrong FROM unnest(paths) AS p
  WHERE taxonomy IS NULL OR (cardinality(p.names) BETWEEN 1 AND 51 AND array_position(p.names, NULL) IS NULL) IS NOT TRUE LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'invalid path of a category: %', coalesce('"' || left(array_to_string(wrong, '" > "', 'NULL'), 64) || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'It is the names from the top down, 1 to 51 of them, in a taxonomy.';
  END IF;
  SELECT array_agg(f.category_id ORDER BY f.place), bool_and(f.level = cardinality(f.names)) INTO ids, are_there FROM pm_catalog._follow_paths(taxonomy, paths) AS f;
  IF NOT are_there THEN
    -- who makes some is alone until it commits; they may be there then
    PERFORM pm_catalog._lock_table('pm_catalog.categories', true);
    WITH made AS MATERIALIZED (
      SELECT DISTINCT ON (m.keys) m.keys, m.category_id, m.name, pm_xref.uuid7() AS id
      FROM (SELECT ARRAY[coalesce(f.category_id::text, '')] || f.keys[f.level + 1:n.level] AS keys, f.category_id, f.names[n.level] AS name
            FROM pm_catalog._follow_paths(taxonomy, paths) AS f, generate_series(f.level + 1, cardinality(f.names)) AS n(level)) AS m
      ORDER BY m.keys, m.name COLLATE "C"
    )
    INSERT INTO pm_catalog.categories (id, taxonomy, parent_id, name)
    SELECT m.id, _ensure_paths.taxonomy, coalesce(p.id, m.category_id), m.name
    FROM made AS m LEFT JOIN made AS p ON p.keys = m.keys[:cardinality(m.keys) - 1]
    ORDER BY m.keys
    ON CONFLICT ON CONSTRAINT categories_taxonomy_parent_id_name_key DO NOTHING;
    SELECT array_agg(f.category_id ORDER BY f.place) INTO ids FROM pm_catalog._follow_paths(taxonomy, paths) AS f;
  END IF;
  RETURN ids;
END
$$;

CREATE FUNCTION pm_catalog.ensure_category(taxonomy text, path_names text[]) RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT (pm_catalog._ensure_paths(taxonomy, ARRAY[ROW(
    CASE WHEN path_names IS NOT NULL THEN ARRAY(SELECT btrim(n.name) FROM unnest(path_names) WITH ORDINALITY AS n(name, level) ORDER BY n.level) END)::pm_catalog._category_path]))[1];
END;
COMMENT ON FUNCTION pm_catalog.ensure_category(text, text[]) IS
'the category with this path of names, from the top down, which is made with all above it that are missing. The longest beginning that is in category_aliases means the category there; case, accents, blanks and punctuation of names do not count (brand_key()) where no category has exactly the name, and of several the oldest is taken. Who makes some waits for others that make or move categories: call it before writing products. Errors: 22023 no name, more than 51, or NULL; 23514 a name that is no label, a taxonomy that is no slug, more than 50 above one; 40001 in REPEATABLE READ if another has made it meanwhile';

CREATE FUNCTION pm_catalog.ensure_categories(taxonomy text, paths text[]) RETURNS TABLE(path text, category_id uuid)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  wanted text[] := ARRAY(SELECT DISTINCT p COLLATE "C" FROM unnest(paths) AS p WHERE p IS NOT NULL ORDER BY 1);
BEGIN
  RETURN QUERY
  SELECT w.path, w.id FROM unnest(wanted, pm_catalog._ensure_paths(taxonomy, pm_catalog._written_paths(wanted))) AS w(path, id);
END
$$;
COMMENT ON FUNCTION pm_catalog.ensure_categories(text, text[]) IS
'ensure_category() for paths written as one text with > between the names, such as Office > Pens: one row for each different one that is not NULL. Errors as there';

REVOKE ALL ON FUNCTION pm_catalog._follow_paths(text, pm_catalog._category_path[]), pm_catalog._ensure_paths(text, pm_catalog._category_path[]),
  pm_catalog.ensure_category(text, text[]), pm_catalog.ensure_categories(text, text[]) FROM PUBLIC;

SELECT pg_extension_config_dump('pm_catalog.category_aliases', '');
