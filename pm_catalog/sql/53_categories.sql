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

REVOKE ALL ON FUNCTION pm_catalog._category_written(), pm_catalog._chain(text[]), pm_catalog._check_paths(uuid[]), pm_catalog.category_subtree(uuid),
  pm_catalog.category_ancestors(uuid) FROM PUBLIC;

SELECT pg_extension_config_dump('pm_catalog._category_counts', '');
