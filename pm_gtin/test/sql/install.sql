-- What CREATE EXTENSION makes, and what it refuses.
CREATE EXTENSION pm_gtin;
SELECT extname, extnamespace::regnamespace, extrelocatable FROM pg_extension WHERE extname = 'pm_gtin';
ALTER EXTENSION pm_gtin SET SCHEMA public;
-- it owns its schema's contents and nothing outside
SELECT count(*) AS strangers
FROM pg_depend AS d JOIN pg_proc AS p ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pm_gtin') AND p.pronamespace <> 'pm_gtin'::regnamespace;
-- all pure functions are safe in parallel plans; none runs as its owner
SELECT count(*) FILTER (WHERE proparallel <> 's') AS not_parallel, count(*) FILTER (WHERE prosecdef) AS security_definer,
       string_agg(proname, ', ' ORDER BY proname) FILTER (WHERE provolatile = 'v') AS volatile,
       string_agg(proname, ', ' ORDER BY proname) FILTER (WHERE provolatile = 's') AS stable
FROM pg_proc WHERE pronamespace = 'pm_gtin'::regnamespace AND prokind = 'f';
-- operators need the schema on the search_path, types and functions a name
SELECT pm_gtin.gtin_try('4006381333931') = '4006381333931'::pm_gtin.gtin;
SELECT pm_gtin.gtin_try('4006381333931') OPERATOR(pm_gtin.=) '4006381333931'::pm_gtin.gtin AS qualified;
SELECT '4006381333931'::pm_gtin.gtin IN ('4006381333931', '40170725') AS member;
-- beside contrib/isn, whose names are different
CREATE EXTENSION isn;
SET search_path = public, pm_gtin;
SELECT '4006381333931'::ean13, '4006381333931'::gtin13, isbn10('9780306406157'), is_valid('4006381333931'::ean13);
DROP EXTENSION isn;
-- used columns keep it, unless all goes
CREATE TABLE item (code gtin PRIMARY KEY);
\set VERBOSITY terse
DROP EXTENSION pm_gtin;
DROP EXTENSION pm_gtin CASCADE;
SELECT count(*) AS columns FROM pg_attribute WHERE attrelid = 'item'::regclass AND attnum > 0 AND NOT attisdropped;
DROP TABLE item;
CREATE EXTENSION pm_gtin;
