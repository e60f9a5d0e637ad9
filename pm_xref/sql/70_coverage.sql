-- A uuid column looks like a reference unless it is the whole primary key of its table
-- and nothing covers it.  Partitions are left out: their table stands for them.
CREATE VIEW pm_xref.coverage WITH (security_invoker) AS
SELECT n.nspname AS schema_name, c.relname AS table_name, a.attname AS column_name, coalesce(k.conname, f.name) AS covered_by,
       CASE WHEN k.conname IS NOT NULL THEN 'foreign key' WHEN f.name IS NOT NULL THEN 'reference' ELSE 'none' END AS kind
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
LEFT JOIN LATERAL (
  SELECT o.conname::text FROM pg_catalog.pg_constraint AS o
  WHERE o.conrelid = c.oid AND o.contype = 'f' AND a.attnum = ANY (o.conkey) ORDER BY o.conname LIMIT 1
) AS k ON true
LEFT JOIN LATERAL (
  SELECT r.name FROM pm_xref._references AS r WHERE r.local_table = c.oid AND r.local_column = a.attname ORDER BY r.name LIMIT 1
) AS f ON true
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't' AND a.attnum > 0 AND NOT a.attisdropped
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'pm_xref')
  AND (f.name IS NOT NULL
    OR ('uuid'::pg_catalog.regtype IN (t.oid, t.typbasetype)
      AND (k.conname IS NOT NULL
        OR NOT EXISTS (SELECT FROM pg_catalog.pg_index AS i
                       WHERE i.indrelid = c.oid AND i.indisprimary AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum))));
COMMENT ON VIEW pm_xref.coverage IS 'Every uuid column that looks like a reference (it is not the whole primary key of its table), and every column with a declared one: what makes sure that it holds.';
COMMENT ON COLUMN pm_xref.coverage.schema_name IS 'schema of the table';
COMMENT ON COLUMN pm_xref.coverage.table_name IS 'the table; a partitioned one stands for its partitions';
COMMENT ON COLUMN pm_xref.coverage.column_name IS 'the column';
COMMENT ON COLUMN pm_xref.coverage.covered_by IS 'name of the foreign key or of the declared reference; NULL: nothing covers it';
COMMENT ON COLUMN pm_xref.coverage.kind IS 'foreign key, reference or none';
