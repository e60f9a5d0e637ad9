-- entities.sql - prints docs/entities.md: for each extension that is installed here, its
-- public tables and the foreign keys between them, as a diagram.  Run by docs/generate.sh.
\set ON_ERROR_STOP on
\pset format unaligned
\pset tuples_only on
\pset footer off
SET search_path = pg_catalog;

\echo '# Tables and how they refer to each other'
\echo
\echo 'Written by `make docs` from the catalog of a database, as Mermaid diagrams. `PK` is the primary key, `FK` a foreign key, `UK` unique alone.'
\echo 'References between databases are declared with pm_xref and are not foreign keys. What each column means is in [reference.md](reference.md).'

CREATE TEMPORARY VIEW entity AS
SELECT e.extname AS extension, c.oid, c.relname
FROM pg_extension AS e
JOIN pg_depend AS d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e' AND d.classid = 'pg_class'::regclass
JOIN pg_class AS c ON c.oid = d.objid
WHERE e.extname LIKE 'pm\_%' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname NOT LIKE '\_%';

-- Which key a column is part of.
CREATE FUNCTION pg_temp.keys_of(entity oid, attribute int2) RETURNS text LANGUAGE sql STABLE
RETURN (SELECT concat_ws(', ', CASE WHEN bool_or(contype = 'p') THEN 'PK' END, CASE WHEN bool_or(contype = 'f') THEN 'FK' END,
                         CASE WHEN bool_or(contype = 'u' AND cardinality(conkey) = 1) THEN 'UK' END)
        FROM pg_constraint WHERE conrelid = entity AND attribute = ANY (conkey) AND contype IN ('p', 'f', 'u'));

-- The name of a type as one word.
CREATE FUNCTION pg_temp.type_of(type oid) RETURNS text LANGUAGE sql STABLE
RETURN replace(replace(regexp_replace(format_type(type, NULL), '^.*\.', ''), 'timestamp with time zone', 'timestamptz'), ' ', '_');

SELECT line FROM (
  SELECT DISTINCT extension, 0 AS part, '' AS name, 0 AS number, format(E'\n## %s\n\n```mermaid\nerDiagram', extension) AS line FROM entity
  UNION ALL
  SELECT extension, 1, relname, 0, format('  %s {', relname) FROM entity
  UNION ALL
  SELECT extension, 1, relname, a.attnum,
         rtrim(format('    %s %s %s', pg_temp.type_of(a.atttypid), a.attname, pg_temp.keys_of(entity.oid, a.attnum)))
  FROM entity JOIN pg_attribute AS a ON a.attrelid = entity.oid AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT extension, 1, relname, 10000, '  }' FROM entity
  UNION ALL
  -- the end that is referred to has one row or, where the column may be NULL, none
  SELECT child.extension, 2, child.relname, 0,
         format('  %s %s--o{ %s : "%s"', parent.relname, CASE WHEN bool_or(NOT a.attnotnull) THEN '|o' ELSE '||' END, child.relname,
                string_agg(a.attname, ', ' ORDER BY a.attnum))
  FROM pg_constraint AS k JOIN entity AS child ON child.oid = k.conrelid JOIN entity AS parent ON parent.oid = k.confrelid
  JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
  WHERE k.contype = 'f'
  GROUP BY child.extension, child.relname, parent.relname, k.conname
  UNION ALL
  SELECT DISTINCT extension, 3, '', 0, '```' FROM entity
) AS lines
ORDER BY extension, part, name, number, line;
