-- Merging, third step, when a range has failed: which rows break a rule is found by
-- asking the rules that the tables declare, for all rows at once.  What is not found
-- so is found by halving the range.

-- Marks the rows of a range that break a CHECK, that do not fit a numeric column, or
-- whose code another product or an earlier row has; returns how many there are.  Rows
-- are looked at only for columns that they would write.
CREATE FUNCTION pm_catalog._merge_find_broken(merge pm_catalog._merge, low bigint, high bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  known text;
  rule record;
  broken bigint := 0;
  more bigint;
BEGIN
  CREATE TEMP TABLE _merge_found (pos bigint PRIMARY KEY, product_id uuid, writes boolean);
  FOREACH known IN ARRAY array_remove(pm_catalog._merge_joins(merge), NULL) LOOP
    EXECUTE format('INSERT INTO pg_temp._merge_found SELECT DISTINCT ON (w.pos) w.pos, p.id, p.supplier_id = %L::uuid OR %L FROM pg_temp._merge_rows AS w %s '
                   'WHERE w.pos BETWEEN $1 AND $2 AND w.new_id IS NOT NULL AND w.reason IS NULL ON CONFLICT DO NOTHING',
                   merge.supplier, merge.content = 'always', known)
    USING low, high;
  END LOOP;
  FOR rule IN
    SELECT r.target::text AS table_name, r.target = 'pm_catalog.products'::regclass AS of_products, r.reason, r.condition, string_agg(format('%s AS %I', v.value, v.name), ', ') AS list
    FROM (
      SELECT k.conrelid::regclass AS target, format('23514: new row for relation "%s" violates check constraint "%s"', c.relname, k.conname) AS reason,
             format('NOT (%s)', pg_get_expr(k.conbin, k.conrelid)) AS condition,
             ARRAY(SELECT a.attname::text FROM pg_attribute AS a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)) AS columns
      FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid
      WHERE k.contype = 'c' AND k.conrelid IN ('pm_catalog.products'::regclass, 'pm_catalog.supplier_products'::regclass, 'pm_catalog.product_prices'::regclass, 'pm_catalog.product_stocks'::regclass)
      UNION ALL
      SELECT a.attrelid::regclass, '22003: numeric field overflow', format('round(%I, %s) >= 10 ^ %s', a.attname, (a.atttypmod - 4) & 65535, (a.atttypmod - 4 >> 16) - ((a.atttypmod - 4) & 65535)), ARRAY[a.attname::text]
      FROM pg_attribute AS a
      WHERE a.attrelid = 'pm_catalog.products'::regclass AND a.atttypid = 'numeric'::regtype AND a.atttypmod >= 0
    ) AS r
    JOIN (SELECT v.target, v.name, CASE WHEN v.name IN ('weight', 'width', 'height', 'depth') THEN format('w.%I', v.name) ELSE v.value END AS value
          FROM pm_catalog._merge_values(merge) AS v WHERE v.value LIKE '%w.%') AS v ON v.target = r.target AND v.name = ANY (r.columns)
    GROUP BY r.target, r.reason, r.condition, r.columns
    HAVING count(*) = cardinality(r.columns)
    ORDER BY r.target, r.reason
  LOOP
    EXECUTE format('UPDATE pg_temp._merge_rows AS m SET reason = %L FROM ('
                   'SELECT r.pos FROM (SELECT w.pos, w.price AS asked, w.on_hand AS there, %s FROM pg_temp._merge_rows AS w LEFT JOIN pg_temp._merge_found AS f USING (pos) '
                   'WHERE w.pos BETWEEN $1 AND $2 AND w.new_id IS NOT NULL AND w.reason IS NULL AND %s) AS r WHERE %s) AS b WHERE m.pos = b.pos',
                   rule.reason, rule.list,
                   CASE rule.table_name WHEN 'pm_catalog.products' THEN format('(f.pos IS NULL OR f.writes AND %L)', merge.content <> 'never')
                                        WHEN 'pm_catalog.product_prices' THEN 'w.price IS NOT NULL' WHEN 'pm_catalog.product_stocks' THEN 'w.on_hand IS NOT NULL' ELSE 'true' END,
                   rule.condition)
    USING low, high;
    GET DIAGNOSTICS more = ROW_COUNT;
    broken := broken + more;
  END LOOP;

  FOR rule IN
    SELECT c.name, c.index FROM (VALUES ('gtin', 'products_gtin'), ('sku', 'products_sku'), ('slug', 'products_slug'), ('supplier_sku', 'supplier_products_supplier_sku')) AS c(name, index)
    WHERE c.name = ANY (merge.columns) AND c.name <> merge.key
  LOOP
    EXECUTE format($taken$
      UPDATE pg_temp._merge_rows AS m SET reason = %1$L
      FROM (SELECT w.pos, w.%2$I AS code, f.product_id, row_number() OVER (PARTITION BY w.%2$I ORDER BY w.pos) AS nth
            FROM pg_temp._merge_rows AS w LEFT JOIN pg_temp._merge_found AS f USING (pos)
            WHERE w.pos BETWEEN $1 AND $2 AND w.new_id IS NOT NULL AND w.reason IS NULL AND w.%2$I IS NOT NULL AND %3$s) AS n
      WHERE m.pos = n.pos AND (n.nth > 1 OR EXISTS (SELECT FROM %4$s AND t.%2$I = n.code AND t.%5$I IS DISTINCT FROM n.product_id))$taken$,
      format('23505: duplicate key value violates unique constraint "%s"', rule.index), rule.name,
      CASE rule.name WHEN 'supplier_sku' THEN 'true' ELSE format('(f.pos IS NULL OR f.writes AND %L)', merge.content <> 'never') END,
      CASE rule.name WHEN 'supplier_sku' THEN format('pm_catalog.supplier_products AS t JOIN pm_catalog.products AS p ON p.id = t.product_id AND p.deleted_at IS NULL WHERE t.supplier_id = %L', merge.supplier)
                     ELSE 'pm_catalog.products AS t WHERE t.deleted_at IS NULL' END,
      CASE rule.name WHEN 'supplier_sku' THEN 'product_id' ELSE 'id' END)
    USING low, high;
    GET DIAGNOSTICS more = ROW_COUNT;
    broken := broken + more;
  END LOOP;
  DROP TABLE pg_temp._merge_found;
  RETURN broken;
END
$$;

REVOKE ALL ON FUNCTION pm_catalog._merge_find_broken(pm_catalog._merge, bigint, bigint) FROM PUBLIC;
