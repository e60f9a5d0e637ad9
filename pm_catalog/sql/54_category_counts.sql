-- How many products are in a category: a count, and what has changed since.  Whoever
-- writes products adds rows to what has changed and waits for nobody; a job folds them
-- into the counts.  Who reads adds both.

CREATE TABLE pm_catalog._category_deltas (
  category_id uuid NOT NULL,
  products bigint NOT NULL
);

-- Is a product shown?
CREATE FUNCTION pm_catalog._is_shown(status text, is_active boolean, deleted_at timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN deleted_at IS NULL AND is_active AND status = 'active';

DO $$
DECLARE
  event record;
BEGIN
  FOR event IN
    SELECT * FROM (VALUES
      ('INSERT', 'NEW TABLE AS new_rows', 'SELECT r.*, 1 AS n FROM new_rows AS r'),
      ('DELETE', 'OLD TABLE AS old_rows', 'SELECT r.*, -1 AS n FROM old_rows AS r'),
      ('UPDATE', 'OLD TABLE AS old_rows NEW TABLE AS new_rows',
       'SELECT r.*, 1 AS n FROM new_rows AS r UNION ALL SELECT r.*, -1 FROM old_rows AS r')
    ) AS e(name, tables, counted)
  LOOP
    EXECUTE format($trigger$
      CREATE TRIGGER counts_after_%s AFTER %s ON pm_catalog.products REFERENCING %s
      FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._after_statement(%L)
    $trigger$, lower(event.name), event.name, event.tables, format($counts$
      INSERT INTO pm_catalog._category_deltas (category_id, products)
      SELECT p.category_id, sum(p.n)
      FROM (%s) AS p
      WHERE p.category_id IS NOT NULL AND pm_catalog._is_shown(p.status, p.is_active, p.deleted_at)
      GROUP BY p.category_id HAVING sum(p.n) <> 0
    $counts$, event.counted));
  END LOOP;
END
$$;
CREATE TRIGGER counts_after_truncate AFTER TRUNCATE ON pm_catalog.products
FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._after_statement(
  'SELECT pm_catalog._lock_table(''pm_catalog.categories'', false), pm_catalog._lock_table(''pm_catalog._category_counts'', true)',
  'DELETE FROM pm_catalog._category_deltas',
  'UPDATE pm_catalog._category_counts SET products = 0, products_below = 0 WHERE products <> 0 OR products_below <> 0');

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
    DELETE FROM pm_catalog._category_deltas AS d USING old_rows AS o WHERE d.category_id = o.id RETURNING o.path, d.products
  )
  UPDATE pm_catalog._category_counts AS k SET products_below = k.products_below + s.products
  FROM (
    SELECT c.id, sum(g.products) AS products
    FROM gone AS g CROSS JOIN LATERAL unnest(g.path) AS n(number) JOIN pm_catalog.categories AS c ON c.number = n.number
    GROUP BY c.id HAVING sum(g.products) <> 0
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
    DELETE FROM pm_catalog._category_deltas AS d RETURNING d.category_id, d.products
  ), changed AS (
    SELECT g.category_id, sum(g.products) AS products FROM gone AS g GROUP BY g.category_id HAVING sum(g.products) <> 0
  ), counted AS (
    UPDATE pm_catalog._category_counts AS k SET products = k.products + s.own, products_below = k.products_below + s.below
    FROM (
      SELECT t.id, sum(CASE WHEN t.id = h.category_id THEN h.products ELSE 0 END) AS own, sum(h.products) AS below
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
SELECT c.id AS category_id, k.products + coalesce(p.products, 0) AS products, k.products_below + coalesce(p.products_below, 0) AS products_below
FROM pm_catalog.categories AS c
JOIN pm_catalog._category_counts AS k ON k.category_id = c.id
CROSS JOIN LATERAL (
  SELECT sum(d.products) FILTER (WHERE d.category_id = c.id)::bigint AS products, sum(d.products)::bigint AS products_below
  FROM pm_catalog._category_deltas AS d JOIN pm_catalog.categories AS b ON b.id = d.category_id
  WHERE b.path BETWEEN c.path AND array_append(c.path, NULL)
) AS p;
COMMENT ON VIEW pm_catalog.category_counts IS 'how many products there are in each category, exact in every snapshot; those that are shown: active, not deleted, and with status active';
COMMENT ON COLUMN pm_catalog.category_counts.category_id IS 'the category';
COMMENT ON COLUMN pm_catalog.category_counts.products IS 'products whose main category it is';
COMMENT ON COLUMN pm_catalog.category_counts.products_below IS 'products whose main category is it or one below it';

REVOKE ALL ON FUNCTION pm_catalog._is_shown(text, boolean, timestamptz), pm_catalog._fold_counts() FROM PUBLIC;

SELECT pg_extension_config_dump('pm_catalog._category_deltas', '');
