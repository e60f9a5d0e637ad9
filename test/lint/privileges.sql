-- privileges.sql - what PUBLIC may do with the objects of an extension
--
-- A default privilege (EXECUTE on a function, USAGE on a type) counts like a
-- granted one.  The schema is listed too.  C collation: the order must not move.
SET search_path = pg_catalog;

WITH member AS (
  SELECT d.classid, d.objid
  FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
  WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = :'extension'
), acl AS (
  SELECT 'schema' AS kind, n.nspname::text AS name, coalesce(n.nspacl, acldefault('n', n.nspowner)) AS acl
  FROM pg_namespace AS n WHERE n.nspname = :'extension'
  UNION ALL
  SELECT 'function', p.oid::regprocedure::text, coalesce(p.proacl, acldefault('f', p.proowner))
  FROM pg_proc AS p JOIN member AS m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
  UNION ALL
  SELECT 'type', format_type(t.oid, NULL), coalesce(t.typacl, acldefault('T', t.typowner))
  FROM pg_type AS t JOIN member AS m ON m.classid = 'pg_type'::regclass AND m.objid = t.oid
  WHERE t.typelem = 0 AND (t.typrelid = 0 OR EXISTS (SELECT FROM pg_class WHERE oid = t.typrelid AND relkind = 'c'))
  UNION ALL
  SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'S' THEN 'sequence' ELSE 'table' END, c.oid::regclass::text,
         coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, c.relowner))
  FROM pg_class AS c JOIN member AS m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
)
SELECT a.kind || ' ' || a.name || ': ' || string_agg(p.privilege_type, ', ' ORDER BY p.privilege_type)
FROM acl AS a CROSS JOIN LATERAL aclexplode(a.acl) AS p
WHERE p.grantee = 0
GROUP BY a.kind, a.name
ORDER BY a.kind COLLATE "C", a.name COLLATE "C";
