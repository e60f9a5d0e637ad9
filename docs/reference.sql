-- reference.sql - prints docs/reference.md: every public SQL object of the
-- extensions that are installed here, with its comment.  Run by docs/generate.sh.
\set ON_ERROR_STOP on
\pset format unaligned
\pset tuples_only on
\pset footer off
SET search_path = pg_catalog;

\echo '# Reference of SQL objects'
\echo
\echo 'Written by `make docs` from the comments in the database: `\\df+`, `\\dT+` and `\\d+` in psql show the same.'
\echo 'Objects whose names begin with `_` are internal. Error codes are SQLSTATEs.'

-- A member of an extension of ours that is not internal.
CREATE TEMPORARY VIEW member AS
SELECT e.extname AS extension, d.classid, d.objid
FROM pg_extension AS e JOIN pg_depend AS d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
WHERE e.extname LIKE 'pm\_%';

-- One line of text for a table cell or list item.
CREATE FUNCTION pg_temp.line(comment text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN replace(regexp_replace(comment, E'\\s*\\n\\s*', ' ', 'g'), '|', '\|');

-- Does nothing but serve a type, operator or index?
CREATE TEMPORARY VIEW support_function AS
SELECT unnest(ARRAY[typinput, typoutput, typreceive, typsend])::oid AS oid FROM pg_type
UNION SELECT oprcode FROM pg_operator UNION SELECT amproc FROM pg_amproc UNION SELECT castfunc FROM pg_cast
UNION SELECT aggtransfn FROM pg_aggregate;

SELECT line FROM (
  SELECT extension, 0 AS part, '' AS name, '' AS sub, format(E'\n## %s\n\n%s', extension, pg_temp.line(obj_description(e.oid, 'pg_extension'))) AS line
  FROM pg_extension AS e JOIN (SELECT DISTINCT extension FROM member) AS m ON m.extension = e.extname
  UNION ALL
  SELECT extension, part, '', '', format(E'\n### %s\n', title)
  FROM (SELECT DISTINCT extension FROM member) AS m,
       (VALUES (10, 'Types'), (20, 'Functions'), (30, 'Aggregates'), (40, 'Operators'), (50, 'Casts'), (60, 'Operator classes'),
               (70, 'Tables and views')) AS t(part, title)
  UNION ALL
  SELECT extension, 11, t.typname COLLATE "C", '', format('- **`%s`**: %s', t.typname, pg_temp.line(obj_description(t.oid, 'pg_type')))
  FROM member JOIN pg_type AS t ON classid = 'pg_type'::regclass AND objid = t.oid
  LEFT JOIN pg_class AS c ON c.oid = t.typrelid
  WHERE t.typelem = 0 AND (c.oid IS NULL OR c.relkind = 'c') AND t.typname NOT LIKE '\_%'
  UNION ALL
  SELECT extension, CASE p.prokind WHEN 'a' THEN 31 ELSE 21 END, p.proname COLLATE "C", pg_get_function_arguments(p.oid) COLLATE "C",
         format('- **`%s(%s)`**%s%s: %s', p.proname, pg_get_function_arguments(p.oid),
                CASE WHEN p.prokind = 'p' THEN ', procedure' ELSE format(' → `%s`', pg_get_function_result(p.oid)) END,
                CASE WHEN p.prokind IN ('a', 'p') THEN '' ELSE ', ' || CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END
                  || CASE WHEN p.proisstrict THEN ', strict' ELSE '' END END,
                pg_temp.line(obj_description(p.oid, 'pg_proc')))
  FROM member JOIN pg_proc AS p ON classid = 'pg_proc'::regclass AND objid = p.oid
  WHERE p.proname NOT LIKE '\_%' AND (p.oid NOT IN (SELECT oid FROM support_function) OR p.prokind = 'a')
  UNION ALL
  SELECT extension, 41, format('%s %s', o.oprleft::regtype, o.oprname) COLLATE "C", '',
         format('- `%s %s %s`: %s', o.oprleft::regtype, replace(o.oprname, '|', '\|'), o.oprright::regtype, pg_temp.line(obj_description(o.oid, 'pg_operator')))
  FROM member JOIN pg_operator AS o ON classid = 'pg_operator'::regclass AND objid = o.oid
  UNION ALL
  SELECT extension, 51, format('%s %s', c.castsource::regtype, c.casttarget::regtype) COLLATE "C", '',
         format('- `%s` → `%s`, %s: %s', c.castsource::regtype, c.casttarget::regtype,
                CASE c.castcontext WHEN 'i' THEN 'implicit' WHEN 'a' THEN 'on assignment' ELSE 'explicit' END, pg_temp.line(obj_description(c.oid, 'pg_cast')))
  FROM member JOIN pg_cast AS c ON classid = 'pg_cast'::regclass AND objid = c.oid
  UNION ALL
  SELECT extension, 61, format('%s %s', c.opcname, a.amname) COLLATE "C", '',
         format('- `%s` (%s%s): %s', c.opcname, a.amname, CASE WHEN c.opcdefault THEN ', default' ELSE '' END, pg_temp.line(obj_description(c.oid, 'pg_opclass')))
  FROM member JOIN pg_opclass AS c ON classid = 'pg_opclass'::regclass AND objid = c.oid JOIN pg_am AS a ON a.oid = c.opcmethod
  UNION ALL
  SELECT extension, 71, r.relname COLLATE "C", '', format(E'- **`%s`** (%s): %s', r.relname, CASE r.relkind WHEN 'v' THEN 'view' ELSE 'table' END,
                                              pg_temp.line(obj_description(r.oid, 'pg_class')))
  FROM member JOIN pg_class AS r ON classid = 'pg_class'::regclass AND objid = r.oid
  WHERE r.relkind IN ('r', 'v', 'p', 'm') AND r.relname NOT LIKE '\_%'
  UNION ALL
  SELECT extension, 71, r.relname COLLATE "C", to_char(a.attnum, 'FM0000'),
         format('  - `%s %s`: %s', a.attname, format_type(a.atttypid, a.atttypmod), pg_temp.line(col_description(r.oid, a.attnum)))
  FROM member JOIN pg_class AS r ON classid = 'pg_class'::regclass AND objid = r.oid
  JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE r.relkind IN ('r', 'v', 'p', 'm') AND r.relname NOT LIKE '\_%'
) AS l
-- no heading without content
WHERE part = 0 OR sub <> '' OR name <> '' OR part + 1 IN (
  SELECT CASE classid::regclass::text WHEN 'pg_type' THEN 11 WHEN 'pg_operator' THEN 41 WHEN 'pg_cast' THEN 51 WHEN 'pg_opclass' THEN 61
                                      WHEN 'pg_class' THEN 71 END FROM member AS m WHERE m.extension = l.extension
  UNION SELECT CASE p.prokind WHEN 'a' THEN 31 ELSE 21 END FROM member AS m JOIN pg_proc AS p ON classid = 'pg_proc'::regclass AND objid = p.oid
  WHERE m.extension = l.extension)
ORDER BY extension COLLATE "C", part, name, sub;
