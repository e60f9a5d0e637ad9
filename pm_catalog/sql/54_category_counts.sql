-- How many products are in a category: a count, and what has changed since.  Whoever
-- writes products adds rows to what has changed and waits for nobody; a job folds them
-- into the counts.  Who reads adds both.

CREATE TABLE pm_catalog._category_deltas (
  category_id uuid NOT NULL,
  products bigint NOT NULL DEFAULT 0,
  further bigint NOT NULL DEFAULT 0
);

-- Is a product shown?
CREATE FUNCTION pm_catalog._is_shown(status text, is_active boolean, deleted_at timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN deleted_at IS NULL AND is_active AND status = 'active';

DO $$
DECLARE
  counts CONSTANT text := 'INSERT INTO pm_catalog._category_deltas (category_id, products)
    SELECT p.category_id, sum(p.n)
    FROM (%s) AS p
    WHERE p.category_id IS NOT NULL AND pm_catalog._is_shown(p.status, p.is_active, p.deleted_at)
    GROUP BY p.category_id HAVING sum(p.n) <> 0';
BEGIN
  EXECUTE format('CREATE TRIGGER counts_after_insert AFTER INSERT ON pm_catalog.products REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._after_statement(%L)',
    format(counts, 'SELECT r.category_id, r.status, r.is_active, r.deleted_at, 1 AS n FROM new_rows AS r'));
  EXECUTE format('CREATE TRIGGER counts_after_delete AFTER DELETE ON pm_catalog.products REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._after_statement(%L)',
    format(counts, 'SELECT r.category_id, r.status, r.is_active, r.deleted_at, -1 AS n FROM old_rows AS r'));
  EXECUTE format('CREATE TRIGGER counts_after_update AFTER UPDATE ON pm_catalog.products REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._after_change(''category_id, status, is_active, deleted_at'', %L, %L)',
    format(counts, 'SELECT r.category_id, r.status, r.is_active, r.deleted_at, 1 AS n FROM new_rows AS r
                    UNION ALL SELECT r.category_id, r.status, r.is_active, r.deleted_at, -1 FROM old_rows AS r'),
    -- rows of product_categories, see below
    'INSERT INTO pm_catalog._category_deltas (category_id, further)
     SELECT c.category_id, sum(v.n)
     FROM new_rows AS r JOIN old_rows AS o ON o.id = r.id JOIN pm_catalog.product_categories AS c ON c.product_id = r.id
     CROSS JOIN LATERAL (VALUES
       (r.category_id, pm_catalog._is_shown(r.status, r.is_active, r.deleted_at), 1),
       (o.category_id, pm_catalog._is_shown(o.status, o.is_active, o.deleted_at), -1)) AS v(main, is_shown, n)
     WHERE (r.category_id, r.status, r.is_active, r.deleted_at) IS DISTINCT FROM (o.category_id, o.status, o.is_active, o.deleted_at)
       AND v.is_shown AND v.main IS DISTINCT FROM c.category_id
     GROUP BY c.category_id HAVING sum(v.n) <> 0');
END
$$;
CREATE TRIGGER counts_after_truncate AFTER TRUNCATE ON pm_catalog.products
FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._after_statement(
  'SELECT pm_catalog._lock_table(''pm_catalog.categories'', false), pm_catalog._lock_table(''pm_catalog._category_counts'', true)',
  'DELETE FROM pm_catalog._category_deltas',
  'UPDATE pm_catalog._category_counts SET products = 0, products_below = 0 WHERE products <> 0 OR products_below <> 0');

-- Further categories of products: a row counts while its product is shown, and its main
-- category is another.  Both sides of that change by their own statements: who writes
-- rows first locks their products, and who writes products sees rows of others once
-- they have committed.
DO $$
DECLARE
  event record;
BEGIN
  FOR event IN
    SELECT * FROM (VALUES
      ('INSERT', 'NEW TABLE AS new_rows', 'SELECT r.product_id, r.category_id, 1 AS n FROM new_rows AS r'),
      ('DELETE', 'OLD TABLE AS old_rows', 'SELECT r.product_id, r.category_id, -1 AS n FROM old_rows AS r'),
      ('UPDATE', 'OLD TABLE AS old_rows NEW TABLE AS new_rows',
       'SELECT r.product_id, r.category_id, 1 AS n FROM new_rows AS r UNION ALL SELECT r.product_id, r.category_id, -1 FROM old_rows AS r')
    ) AS e(name, tables, counted)
  LOOP
    EXECUTE format($trigger$
      CREATE TRIGGER further_after_%s AFTER %s ON pm_catalog.product_categories REFERENCING %s
      FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._after_statement(%L, %L)
    $trigger$, lower(event.name), event.name, event.tables, format($lock$
      SELECT count(*) FROM (
        SELECT FROM pm_catalog.products AS p
        WHERE p.id IN (SELECT c.product_id FROM (%s) AS c) AND p.xmin <> (SELECT pg_current_xact_id()::xid)
        ORDER BY p.id FOR NO KEY UPDATE
      ) AS locked
    $lock$, event.counted), format($counts$
      INSERT INTO pm_catalog._category_deltas (category_id, further)
      SELECT c.category_id, sum(c.n)
      FROM (%s) AS c JOIN pm_catalog.products AS p ON p.id = c.product_id
      WHERE p.category_id IS DISTINCT FROM c.category_id AND pm_catalog._is_shown(p.status, p.is_active, p.deleted_at)
      GROUP BY c.category_id HAVING sum(c.n) <> 0
    $counts$, event.counted));
  END LOOP;
END
$$;
CREATE TRIGGER further_after_truncate AFTER TRUNCATE ON pm_catalog.product_categories
FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._after_statement(
  'SELECT pm_catalog._lock_table(''pm_catalog.categories'', false), pm_catalog._lock_table(''pm_catalog._category_counts'', true)',
  'DELETE FROM pm_catalog._category_deltas WHERE products = 0',
  'UPDATE pm_catalog._category_deltas SET further = 0 WHERE further <> 0',
  'UPDATE pm_catalog._category_counts SET further = 0, further_below = 0 WHERE further <> 0 OR further_below <> 0');

-- The rows of a category that goes are deleted before it, so that they are counted while
-- it is there; the foreign key would delete them after the statement's own triggers.
CREATE FUNCTION pm_catalog._empty_category() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
BEGIN
  DELETE FROM pm_catalog.product_categories AS c WHERE c.category_id = OLD.id;
  RETURN OLD;
END
$$;
CREATE TRIGGER empty_category BEFORE DELETE ON pm_catalog.categories FOR EACH ROW EXECUTE FUNCTION pm_catalog._empty_category();

-- A category that goes takes what has changed with it: its id may come again.  It has no
-- product, so what has changed is what its count, which goes too, still has too much or
-- too little of, and the counts above it with that.  As when folding, nobody else folds,
-- and no category is moved.
CREATE TRIGGER lock_before_delete BEFORE DELETE ON pm_catalog.categories
FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._lock_writers('together');
CREATE TRIGGER lock_counts_before_delete BEFORE DELETE ON pm_catalog.categories
FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._lock_writers('alone', 'pm_catalog._category_counts');
CREATE TRIGGER counts_after_delete AFTER DELETE ON pm_catalog.categories REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._after_statement($$
  WITH gone AS (
    DELETE FROM pm_catalog._category_deltas AS d USING old_rows AS o WHERE d.category_id = o.id RETURNING o.path, d.products, d.further
  )
  UPDATE pm_catalog._category_counts AS k SET products_below = k.products_below + s.products, further_below = k.further_below + s.further
  FROM (
    SELECT c.id, sum(g.products) AS products, sum(g.further) AS further
    FROM gone AS g CROSS JOIN LATERAL unnest(g.path) AS n(number) JOIN pm_catalog.categories AS c ON c.number = n.number
    GROUP BY c.id HAVING sum(g.products) <> 0 OR sum(g.further) <> 0
  ) AS s
  WHERE k.category_id = s.id
$$);

-- Folds what has changed into the counts; returns how many rows that was.  One at a
-- time, and not while categories are moved.
CREATE FUNCTION pm_catalog._fold_counts() RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  folded bigint;
BEGIN
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RAISE EXCEPTION 'counts are not folded in a transaction that is %', upper(current_setting('transaction_isolation'))
      USING ERRCODE = '25001', HINT = 'Its snapshot may be older than the tree of categories.';
  END IF;
  PERFORM pm_catalog._lock_table('pm_catalog.categories', false), pm_catalog._lock_table('pm_catalog._category_counts', true);
  WITH gone AS (
    DELETE FROM pm_catalog._category_deltas AS d RETURNING d.category_id, d.products, d.further
  ), changed AS (
    SELECT g.category_id, sum(g.products) AS products, sum(g.further) AS further FROM gone AS g
    GROUP BY g.category_id HAVING sum(g.products) <> 0 OR sum(g.further) <> 0
  ), counted AS (
    UPDATE pm_catalog._category_counts AS k SET products = k.products + s.products, products_below = k.products_below + s.products_below,
      further = k.further + s.further, further_below = k.further_below + s.further_below
    FROM (
      SELECT t.id, sum(CASE WHEN t.id = h.category_id THEN h.products ELSE 0 END) AS products, sum(h.products) AS products_below,
             sum(CASE WHEN t.id = h.category_id THEN h.further ELSE 0 END) AS further, sum(h.further) AS further_below
      FROM changed AS h JOIN pm_catalog.categories AS c ON c.id = h.category_id
      CROSS JOIN LATERAL unnest(c.path) AS n(number) JOIN pm_catalog.categories AS t ON t.number = n.number
      GROUP BY t.id
    ) AS s
    WHERE k.category_id = s.id
  )
  SELECT count(*) INTO folded FROM gone;
  RETURN folded;
END
$$;

CREATE VIEW pm_catalog.category_counts WITH (security_invoker = true) AS
SELECT c.id AS category_id, k.products + coalesce(p.products, 0) AS products, k.products_below + coalesce(p.products_below, 0) AS products_below,
  k.further + coalesce(p.further, 0) AS further, k.further_below + coalesce(p.further_below, 0) AS further_below
FROM pm_catalog.categories AS c
JOIN pm_catalog._category_counts AS k ON k.category_id = c.id
CROSS JOIN LATERAL (
  SELECT sum(d.products) FILTER (WHERE d.category_id = c.id)::bigint AS products, sum(d.products)::bigint AS products_below,
         sum(d.further) FILTER (WHERE d.category_id = c.id)::bigint AS further, sum(d.further)::bigint AS further_below
  FROM pm_catalog._category_deltas AS d JOIN pm_catalog.categories AS b ON b.id = d.category_id
  WHERE b.path BETWEEN c.path AND array_append(c.path, NULL)
) AS p;
COMMENT ON VIEW pm_catalog.category_counts IS 'how many products there are in each category, exact in every snapshot; those that are shown: active, not deleted, and with status active';
COMMENT ON COLUMN pm_catalog.category_counts.category_id IS 'the category';
COMMENT ON COLUMN pm_catalog.category_counts.products IS 'products whose main category it is';
COMMENT ON COLUMN pm_catalog.category_counts.products_below IS 'products whose main category is it or one below it';
COMMENT ON COLUMN pm_catalog.category_counts.further IS 'products that have it as a further category (product_categories) and another main one, or none: with products, all that are in it';
COMMENT ON COLUMN pm_catalog.category_counts.further_below IS 'the same of it and all below it, added up: a product that has several of them as further ones counts in each';

REVOKE ALL ON FUNCTION pm_catalog._is_shown(text, boolean, timestamptz), pm_catalog._empty_category(), pm_catalog._fold_counts() FROM PUBLIC;

SELECT pg_extension_config_dump('pm_catalog._category_deltas', '');
