-- Categories: paths that follow their parents, whatever is written.

CREATE FUNCTION pm_catalog._category_written() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_catalog_category_written';

-- New categories are made side by side; who moves some is alone with them.  Taken before
-- the first row is locked: two who move each other's parents are no deadlock.
CREATE TRIGGER lock_before_insert BEFORE INSERT ON pm_catalog.categories
FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._lock_writers('together');
CREATE TRIGGER lock_before_move BEFORE UPDATE OF parent_id, taxonomy ON pm_catalog.categories
FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._lock_writers('alone');
CREATE TRIGGER category_written BEFORE INSERT OR UPDATE ON pm_catalog.categories
FOR EACH ROW EXECUTE FUNCTION pm_catalog._category_written();

-- The names of a chain, of a long one its ends.
CREATE FUNCTION pm_catalog._chain(names text[]) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN '"' || array_to_string(CASE WHEN cardinality(names) > 8 THEN names[1:4] || '...'::text || names[cardinality(names) - 2:] ELSE names END, '" > "') || '"';

-- Throws if a category of these is below itself, or one of these or below them is too
-- deep.  Looks with the snapshot of its caller.
CREATE FUNCTION pm_catalog._check_paths(ids uuid[]) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  most CONSTANT integer := 50;
  fault record;
BEGIN
  -- up, not further than an end can be
  WITH RECURSIVE up(start, id, parent_id, names) AS (
    SELECT c.id, c.id, c.parent_id, ARRAY[c.name] FROM pm_catalog.categories AS c WHERE c.id = ANY (ids)
    UNION ALL
    SELECT u.start, c.id, c.parent_id, c.name || u.names
    FROM up AS u JOIN pm_catalog.categories AS c ON c.id = u.parent_id
    WHERE cardinality(u.names) <= most + 1 AND (u.id <> u.start OR cardinality(u.names) = 1)
  )
  SELECT u.names INTO fault FROM up AS u
  WHERE cardinality(u.names) > 1 AND u.id = u.start ORDER BY cardinality(u.names), u.names LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'category "%" cannot be below itself', fault.names[1]
      USING ERRCODE = '23514', SCHEMA = 'pm_catalog', TABLE = 'categories', COLUMN = 'parent_id',
            DETAIL = format('The chain would be %s.', pm_catalog._chain(fault.names)), HINT = 'Give it a parent that is not below it.';
  END IF;
  -- there is no cycle: down from the top of each of these
  WITH RECURSIVE up(id, parent_id) AS (
    SELECT c.id, c.parent_id FROM pm_catalog.categories AS c WHERE c.id = ANY (ids)
    UNION
    SELECT c.id, c.parent_id FROM up AS u JOIN pm_catalog.categories AS c ON c.id = u.parent_id
  ), down(id, names) AS (
    SELECT c.id, ARRAY[c.name] FROM up AS u JOIN pm_catalog.categories AS c ON c.id = u.id WHERE u.parent_id IS NULL
    UNION ALL
    SELECT c.id, d.names || c.name FROM down AS d JOIN pm_catalog.categories AS c ON c.parent_id = d.id WHERE cardinality(d.names) <= most + 1
  )
  SELECT d.names INTO fault FROM down AS d WHERE cardinality(d.names) > most + 1 ORDER BY d.names LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'category "%" would have more than % above it', fault.names[most + 2], most
      USING ERRCODE = '23514', SCHEMA = 'pm_catalog', TABLE = 'categories', COLUMN = 'parent_id', CONSTRAINT = 'depth_is_at_most_50',
            DETAIL = format('The chain would be %s.', pm_catalog._chain(fault.names));
  END IF;
END
$$;

-- The number of products that are shown in a category, as their main one or a further
-- one, and in it and all below, without what _category_deltas adds.
CREATE TABLE pm_catalog._category_counts (
  category_id uuid PRIMARY KEY REFERENCES pm_catalog.categories ON DELETE CASCADE,
  products bigint NOT NULL DEFAULT 0,
  products_below bigint NOT NULL DEFAULT 0,
  further bigint NOT NULL DEFAULT 0,
  further_below bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 70);

-- After each statement: the path of each category that was made or moved is found by
-- going up, and those below follow.  What is counted below the categories that were and
-- are above it is added up again.
DO $$
DECLARE
  event record;
BEGIN
  FOR event IN
    SELECT * FROM (VALUES
      ('INSERT', 'NEW TABLE AS new_rows', 'SELECT n.id FROM new_rows AS n',
       'INSERT INTO pm_catalog._category_counts (category_id) %s'),
      ('UPDATE', 'OLD TABLE AS old_rows NEW TABLE AS new_rows',
       'SELECT n.id FROM new_rows AS n LEFT JOIN old_rows AS o ON o.id = n.id
        WHERE (o.parent_id, o.taxonomy, o.number) IS DISTINCT FROM (n.parent_id, n.taxonomy, n.number)',
       'UPDATE pm_catalog._category_counts AS k SET products_below = b.products, further_below = b.further
        FROM (
          SELECT t.id, sum(n.products) AS products, sum(n.further) AS further
          FROM pm_catalog.categories AS t JOIN pm_catalog.categories AS c ON c.path BETWEEN t.path AND array_append(t.path, NULL)
          JOIN pm_catalog._category_counts AS n ON n.category_id = c.id
          WHERE t.number IN (
            SELECT unnest(o.path) FROM old_rows AS o WHERE o.id IN (%1$s)
            UNION SELECT unnest(m.path) FROM pm_catalog.categories AS m WHERE m.id IN (%1$s)
          )
          GROUP BY t.id
        ) AS b
        WHERE k.category_id = b.id AND (k.products_below, k.further_below) <> (b.products, b.further)')
    ) AS e(name, tables, moved, counts)
  LOOP
    EXECUTE format($trigger$
      CREATE TRIGGER paths_after_%s AFTER %s ON pm_catalog.categories REFERENCING %s
      FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._after_statement(%L, %L, %L)
    $trigger$, lower(event.name), event.name, event.tables, format($check$
      SELECT pm_catalog._check_paths(ARRAY(%s))
    $check$, event.moved), format($paths$
      WITH RECURSIVE up(start, parent_id, path) AS (
        SELECT c.id, c.parent_id, ARRAY[c.number] FROM pm_catalog.categories AS c WHERE c.id IN (%s)
        UNION ALL
        SELECT u.start, c.parent_id, c.number || u.path FROM up AS u JOIN pm_catalog.categories AS c ON c.id = u.parent_id
      ), down(id, path) AS (
        SELECT u.start, u.path FROM up AS u WHERE u.parent_id IS NULL
        UNION
        SELECT c.id, d.path || c.number FROM down AS d JOIN pm_catalog.categories AS c ON c.parent_id = d.id
        WHERE cardinality(d.path) <= 51
      )
      UPDATE pm_catalog.categories AS c SET path = d.path FROM down AS d WHERE d.id = c.id AND c.path IS DISTINCT FROM d.path
    $paths$, event.moved), format(event.counts, event.moved));
  END LOOP;
END
$$;

-- The next two are text, which is read anew after ALTER TABLE categories ADD COLUMN, and
-- without a search path of their own, so that the planner can put them in their place.
CREATE FUNCTION pm_catalog.category_subtree(id uuid) RETURNS SETOF pm_catalog.categories
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
  SELECT c.* FROM pm_catalog.categories AS t
  JOIN pm_catalog.categories AS c
    ON c.path OPERATOR(pg_catalog.>=) t.path AND c.path OPERATOR(pg_catalog.<=) pg_catalog.array_append(t.path, NULL)
  WHERE t.id OPERATOR(pg_catalog.=) category_subtree.id
$$;
COMMENT ON FUNCTION pm_catalog.category_subtree(uuid) IS
'a category and all below it, in no order: ORDER BY path puts parents before their children. No row if there is no such category';

CREATE FUNCTION pm_catalog.category_ancestors(id uuid) RETURNS SETOF pm_catalog.categories
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
  SELECT a.* FROM pm_catalog.categories AS c JOIN pm_catalog.categories AS a ON a.number OPERATOR(pg_catalog.=) ANY (c.path[1:c.depth])
  WHERE c.id OPERATOR(pg_catalog.=) category_ancestors.id ORDER BY a.depth
$$;
COMMENT ON FUNCTION pm_catalog.category_ancestors(uuid) IS 'the categories above one, from the top down';

CREATE FUNCTION pm_catalog.ensure_category(taxonomy text, path_names text[]) RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  parent uuid;
  child uuid;
  names text[];
  alone boolean := false;
  i integer := 1;
BEGIN
  SELECT array_agg(btrim(n.name) ORDER BY n.place) INTO names FROM unnest(path_names) WITH ORDINALITY AS n(name, place);
  IF names IS NULL OR taxonomy IS NULL OR cardinality(names) > 51 OR array_position(names, NULL) IS NOT NULL THEN
    RAISE EXCEPTION 'invalid path of a category: %', coalesce('"' || left(array_to_string(path_names, '" > "', 'NULL'), 64) || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'It is the names from the top down, 1 to 51 of them, in a taxonomy.';
  END IF;
  WHILE i <= cardinality(names) LOOP
    child := (SELECT c.id FROM pm_catalog.categories AS c
              WHERE c.taxonomy = ensure_category.taxonomy AND c.parent_id IS NOT DISTINCT FROM parent AND c.name = names[i]);
    IF child IS NULL AND NOT alone THEN
      -- who makes some is alone until it commits; it may be there then
      PERFORM pm_catalog._lock_table('pm_catalog.categories', true);
      alone := true;
      CONTINUE;
    END IF;
    IF child IS NULL THEN
      INSERT INTO pm_catalog.categories (taxonomy, parent_id, name) VALUES (ensure_category.taxonomy, parent, names[i])
      ON CONFLICT (taxonomy, parent_id, name) DO NOTHING RETURNING id INTO child;
      CONTINUE WHEN child IS NULL;
    END IF;
    parent := child;
    i := i + 1;
  END LOOP;
  RETURN parent;
END
$$;
COMMENT ON FUNCTION pm_catalog.ensure_category(text, text[]) IS
'the category with this path of names, from the top down, which is made with all above it that are missing; blanks around a name do not count. Who makes some waits for others that make or move categories: call it before writing products. Errors: 22023 no name, more than 51, or NULL; 23514 a name that is no label, a taxonomy that is no slug; 40001 in REPEATABLE READ if another has made it meanwhile';

-- The names of a path that is written as one text.
CREATE FUNCTION pm_catalog._path_names(path text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN regexp_split_to_array(btrim(path), '\s*>\s*');

-- The categories of these paths that are there.
CREATE FUNCTION pm_catalog._categories_of(taxonomy text, paths text[]) RETURNS TABLE(path text, category_id uuid)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  WITH RECURSIVE found AS (
    SELECT w.path, w.names, 1 AS level, c.id
    FROM (SELECT DISTINCT p COLLATE "C" AS path, pm_catalog._path_names(p) AS names FROM unnest($2) AS p) AS w
    JOIN pm_catalog.categories AS c ON c.taxonomy = $1 AND c.parent_id IS NULL AND c.name = w.names[1]
    UNION ALL
    SELECT f.path, f.names, f.level + 1, c.id FROM found AS f
    JOIN pm_catalog.categories AS c ON c.taxonomy = $1 AND c.parent_id = f.id AND c.name = f.names[f.level + 1]
  )
  SELECT f.path, f.id FROM found AS f WHERE f.level = cardinality(f.names)
$$;

CREATE FUNCTION pm_catalog.ensure_categories(taxonomy text, paths text[]) RETURNS TABLE(path text, category_id uuid)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
BEGIN
  FOR path, category_id IN
    SELECT w.path, c.category_id
    FROM (SELECT DISTINCT p COLLATE "C" AS path FROM unnest(paths) AS p WHERE p IS NOT NULL) AS w
    LEFT JOIN pm_catalog._categories_of(taxonomy, paths) AS c ON c.path = w.path
    ORDER BY w.path
  LOOP
    IF category_id IS NULL THEN
      category_id := pm_catalog.ensure_category(taxonomy, pm_catalog._path_names(path));
    END IF;
    RETURN NEXT;
  END LOOP;
END
$$;
COMMENT ON FUNCTION pm_catalog.ensure_categories(text, text[]) IS
'ensure_category() for paths written as one text with > between the names, such as Office > Pens: one row for each different one that is not NULL. Errors as there';

REVOKE ALL ON FUNCTION pm_catalog._category_written(), pm_catalog._chain(text[]), pm_catalog._check_paths(uuid[]), pm_catalog.category_subtree(uuid),
  pm_catalog.category_ancestors(uuid), pm_catalog.ensure_category(text, text[]), pm_catalog.ensure_categories(text, text[]),
  pm_catalog._path_names(text), pm_catalog._categories_of(text, text[]) FROM PUBLIC;

SELECT pg_extension_config_dump('pm_catalog._category_counts', '');
