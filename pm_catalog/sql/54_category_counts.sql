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
  'UPDATE pm_catalog._category_counts SET products = 0 WHERE products <> 0');

-- A category that goes takes what has changed with it: its id may come again.  As when
-- folding, nobody else folds, and no category is moved.
CREATE TRIGGER lock_before_delete BEFORE DELETE ON pm_catalog.categories
FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._lock_writers('together');
CREATE TRIGGER lock_counts_before_delete BEFORE DELETE ON pm_catalog.categories
FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._lock_writers('alone', 'pm_catalog._category_counts');
CREATE TRIGGER counts_after_delete AFTER DELETE ON pm_catalog.categories REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._after_statement(
  'DELETE FROM pm_catalog._category_deltas AS d USING old_rows AS o WHERE d.category_id = o.id');

-- Folds what has changed into the counts; returns how many rows that was.  One at a
-- time, and not while categories are moved.
CREATE FUNCTION pm_catalog._fold_counts() RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  folded bigint;
BEGIN
  PERFORM pm_catalog._lock_table('pm_catalog.categories', false), pm_catalog._lock_table('pm_catalog._category_counts', true);
  WITH gone AS (
    DELETE FROM pm_catalog._category_deltas AS d RETURNING d.category_id, d.products
  ), counted AS (
    UPDATE pm_catalog._category_counts AS k SET products = k.products + s.products
    FROM (SELECT g.category_id, sum(g.products) AS products FROM gone AS g GROUP BY g.category_id HAVING sum(g.products) <> 0) AS s
    WHERE k.category_id = s.category_id
  )
  SELECT count(*) INTO folded FROM gone;
  RETURN folded;
END
$$;

CREATE VIEW pm_catalog.category_counts WITH (security_invoker = true) AS
SELECT c.id AS category_id, o.products + coalesce(p.products, 0) AS products, b.products + coalesce(q.products, 0) AS products_below
FROM pm_catalog.categories AS c
JOIN pm_catalog._category_counts AS o ON o.category_id = c.id
LEFT JOIN LATERAL (SELECT sum(d.products)::bigint AS products FROM pm_catalog._category_deltas AS d WHERE d.category_id = c.id) AS p ON true
CROSS JOIN LATERAL (
  SELECT sum(k.products)::bigint AS products FROM pm_catalog._category_counts AS k WHERE k.path BETWEEN c.path AND array_append(c.path, NULL)
) AS b
LEFT JOIN LATERAL (
  SELECT sum(d.products)::bigint AS products
  FROM pm_catalog._category_deltas AS d JOIN pm_catalog._category_counts AS k ON k.category_id = d.category_id
  WHERE k.path BETWEEN c.path AND array_append(c.path, NULL)
) AS q ON true;
COMMENT ON VIEW pm_catalog.category_counts IS 'how many products there are in each category, exact in every snapshot; those that are shown: active, not deleted, and with status active';
COMMENT ON COLUMN pm_catalog.category_counts.category_id IS 'the category';
COMMENT ON COLUMN pm_catalog.category_counts.products IS 'products whose main category it is';
COMMENT ON COLUMN pm_catalog.category_counts.products_below IS 'products whose main category is it or one below it';

REVOKE ALL ON FUNCTION pm_catalog._is_shown(text, boolean, timestamptz), pm_catalog._fold_counts() FROM PUBLIC;

SELECT pg_extension_config_dump('pm_catalog._category_deltas', '');
