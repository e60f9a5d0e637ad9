-- Merging, third step, when a range has failed: which rows break a rule is found by
-- asking the rules that the tables declare, for all rows at once.  What is not found
-- so is found by halving the range.

-- Marks the rows of a range that break a CHECK, that do not fit a numeric column or their
-- family, or whose code another product or an earlier row has; returns how many there are.  Rows
-- are looked at only for columns that they would write.
CREATE FUNCTION pm_catalog._merge_find_broken(merge pm_catalog._merge, low bigint, high bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  known text;
  rule record;
  product text;
  before text;
  after text;
  groups text;
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
      SELECT a.attrelid::regclass, '22003: numeric field overflow', format('round(%1$I, %2$s) >= 10 ^ %3$s AND %1$I <> ''NaN''', a.attname, (a.atttypmod - 4) & 65535, (a.atttypmod - 4 >> 16) - ((a.atttypmod - 4) & 65535)), ARRAY[a.attname::text]
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

  IF 'family' = ANY (merge.columns) OR 'technical_specs' = ANY (merge.columns) THEN
    -- each product as it would be written; brands and categories need only be there
    SELECT string_agg(CASE WHEN a.attgenerated <> '' THEN 'NULL'
                           ELSE format('CASE WHEN f.pos IS NULL THEN %s ELSE %s END',
                                       CASE a.attname WHEN 'id' THEN 'w.new_id' WHEN 'supplier_id' THEN format('%L::uuid', merge.supplier)
                                                      ELSE coalesce(v.value, CASE WHEN a.attnotnull THEN pg_get_expr(d.adbin, d.adrelid) END, 'NULL') END,
                                       coalesce(x.after, format('p.%I', a.attname))) END, ', ' ORDER BY a.attnum),
           string_agg('p.' || quote_ident(x.name), ', ' ORDER BY a.attnum), string_agg(x.after, ', ' ORDER BY a.attnum)
    INTO product, before, after
    FROM pg_attribute AS a
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN pm_catalog._merge_values(merge) AS v ON v.target = a.attrelid AND v.name = a.attname
    LEFT JOIN pm_catalog._merge_after(merge, 'f.writes') AS x ON x.name = a.attname
    WHERE a.attrelid = 'pm_catalog.products'::regclass AND a.attnum > 0 AND NOT a.attisdropped;
    SELECT string_agg(format(CASE c WHEN 'family' THEN ' LEFT JOIN pm_catalog.families AS family ON family.code = w.family'
                                    ELSE ' CROSS JOIN LATERAL (SELECT CASE WHEN w.%1$I IS NOT NULL THEN uuid_nil.id END AS id FROM (VALUES (''00000000-0000-0000-0000-000000000000''::uuid)) AS uuid_nil(id)) AS %1$I' END, c), '')
    INTO groups FROM unnest(ARRAY['brand', 'category', 'family']) AS c WHERE c = ANY (merge.columns);
    EXECUTE format('UPDATE pg_temp._merge_rows AS m SET reason = ''23514: '' || b.reason FROM ('
                   'SELECT r.pos, pm_catalog._unfit_product(r.product) AS reason FROM (SELECT w.pos, ROW(%s)::pm_catalog.products AS product '
                   'FROM pg_temp._merge_rows AS w LEFT JOIN pg_temp._merge_found AS f USING (pos) LEFT JOIN pm_catalog.products AS p ON p.id = f.product_id%s '
                   'WHERE w.pos BETWEEN $1 AND $2 AND w.new_id IS NOT NULL AND w.reason IS NULL AND (f.pos IS NULL OR %s) OFFSET 0) AS r OFFSET 0) AS b '
                   'WHERE m.pos = b.pos AND b.reason IS NOT NULL',
                   product, groups, coalesce(format('ROW(%s) IS DISTINCT FROM ROW(%s)', before, after), 'false'))
    USING low, high;
    GET DIAGNOSTICS more = ROW_COUNT;
    broken := broken + more;
  END IF;
  DROP TABLE pg_temp._merge_found;
  RETURN broken;
END
$$;

REVOKE ALL ON FUNCTION pm_catalog._merge_find_broken(pm_catalog._merge, bigint, bigint) FROM PUBLIC;
