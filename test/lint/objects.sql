-- objects.sql - rules of the house that the catalog shows; every row is a fault
SET search_path = pg_catalog;

CREATE TEMPORARY VIEW member AS
SELECT d.classid, d.objid
FROM pg_depend AS d
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = :'extension');

-- Functions that work behind an object with a comment of its own: input and
-- output of a type, operators, casts, operator classes, planner support.
CREATE TEMPORARY VIEW behind AS
SELECT unnest(ARRAY[typinput, typoutput, typreceive, typsend, typmodin, typmodout, typanalyze, typsubscript]::oid[]) AS oid
FROM pg_type
UNION SELECT oprcode::oid FROM pg_operator
UNION SELECT castfunc FROM pg_cast
UNION SELECT amproc::oid FROM pg_amproc
UNION SELECT prosupport::oid FROM pg_proc
UNION SELECT unnest(ARRAY[aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn]::oid[]) FROM pg_aggregate;

-- What a user may touch has a comment.
SELECT 'no comment: ' || i.type || ' ' || i.identity
FROM (
  SELECT 'pg_proc'::regclass AS classid, p.oid, 0 AS sub
  FROM pg_proc AS p WHERE p.proname NOT LIKE '\_%' AND p.oid NOT IN (SELECT b.oid FROM behind AS b WHERE b.oid IS NOT NULL)
  UNION ALL
  SELECT 'pg_type'::regclass, t.oid, 0
  FROM pg_type AS t LEFT JOIN pg_class AS c ON c.oid = t.typrelid
  WHERE t.typname NOT LIKE '\_%' AND t.typelem = 0 AND (c.oid IS NULL OR c.relkind = 'c')
  UNION ALL
  SELECT 'pg_class'::regclass, c.oid, 0 FROM pg_class AS c WHERE c.relname NOT LIKE '\_%' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  UNION ALL
  SELECT 'pg_class'::regclass, a.attrelid, a.attnum
  FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
  WHERE c.relname NOT LIKE '\_%' AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT 'pg_operator'::regclass, oid, 0 FROM pg_operator
  UNION ALL
  SELECT 'pg_cast'::regclass, oid, 0 FROM pg_cast
  UNION ALL
  SELECT 'pg_opclass'::regclass, oid, 0 FROM pg_opclass
) AS o
JOIN member AS m ON m.classid = o.classid AND m.objid = o.oid
CROSS JOIN LATERAL pg_identify_object(o.classid, o.oid, o.sub) AS i
LEFT JOIN pg_description AS d ON d.classoid = o.classid AND d.objoid = o.oid AND d.objsubid = o.sub
WHERE d.description IS NULL OR d.description = ''
ORDER BY 1;

-- Only what changes something may be unsafe in a parallel plan.
SELECT 'parallel unsafe though not volatile: ' || p.oid::regprocedure
FROM pg_proc AS p JOIN member AS m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
WHERE p.proparallel = 'u' AND p.provolatile <> 'v'
ORDER BY 1;

-- A body that is parsed when it runs must not depend on the caller's search_path.  Those
-- that the planner is to put in their place have none, and qualify all names instead.
SELECT 'search_path is not set: ' || p.oid::regprocedure
FROM pg_proc AS p JOIN member AS m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
JOIN pg_language AS l ON l.oid = p.prolang
WHERE l.lanname NOT IN ('c', 'internal') AND p.prosqlbody IS NULL
  AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS c WHERE c LIKE 'search\_path=pg\_catalog%')
  AND p.oid::regprocedure::text NOT IN ('pm_catalog.category_subtree(uuid)', 'pm_catalog.category_ancestors(uuid)')
ORDER BY 1;

-- What a user's rows can be in is dumped, unless its comment says why not.
SELECT 'not registered with pg_extension_config_dump: ' || c.oid::regclass
FROM pg_class AS c JOIN member AS m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
WHERE c.relkind IN ('r', 'p', 'S') AND c.relpersistence = 'p'
  AND NOT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = :'extension' AND c.oid = ANY (e.extconfig))
  AND coalesce(obj_description(c.oid, 'pg_class'), '') NOT LIKE 'Not dumped: %'
ORDER BY 1;

-- Views take the rights of who reads them.
SELECT 'view without security_invoker: ' || c.oid::regclass
FROM pg_class AS c JOIN member AS m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
WHERE c.relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY (c.reloptions) OR 'security_invoker=on' = ANY (c.reloptions), false)
ORDER BY 1;
