-- gtin8 to gtin14, gtin_isbn, gtin_issn, gtin_ismn: which numbers they take, how they print, casts.
SET search_path = public, pm_gtin;

SELECT '40170725'::gtin8, '0000040170725'::gtin8, '036000291452'::gtin12, '00036000291452'::gtin12;
SELECT '4006381333931'::gtin13, '036000291452'::gtin13, '04006381333931'::gtin13;
SELECT '14006381333938'::gtin14, '4006381333931'::gtin14, '036000291452'::gtin14, '40170725'::gtin14;
SELECT '9780306406157'::gtin_isbn, '0-306-40615-2'::gtin_isbn, '080442957x'::gtin_isbn, '9798886451740'::gtin_isbn;
SELECT '9771144875038'::gtin_issn, '0264-3596'::gtin_issn, '4857-3566'::gtin_issn AS gtin8_too, '9790230671187'::gtin_ismn, 'M-2306-7118-7'::gtin_ismn;

-- what a statement is refused with
CREATE FUNCTION pg_temp.refusal(statement text, OUT state text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE statement;
EXCEPTION WHEN others THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END $$;

\pset format unaligned
\pset tuples_only on
-- numbers of another form, wrong numbers, wrong short forms
SELECT type, code, r.* FROM (VALUES
  (1, 'gtin8', '4006381333931'), (2, 'gtin12', '40170725'), (3, 'gtin12', '4006381333931'), (4, 'gtin13', '40170725'),
  (5, 'gtin13', '14006381333938'), (6, 'gtin_isbn', '4006381333931'), (7, 'gtin_isbn', '9790230671187'),
  (8, 'gtin_issn', '9780306406157'), (9, 'gtin_ismn', '9780306406157'), (10, 'gtin13', '4006381333932'), (11, 'gtin_isbn', '0306406153'),
  (12, 'gtin_issn', '0264-3597'), (13, 'gtin_ismn', 'M-2306-7118-8'), (14, 'gtin_ismn', 'M-2306'), (15, 'gtin_isbn', '0000000000'),
  (16, 'gtin_isbn', ''), (17, 'gtin8', '00000000')) AS v(n, type, code),
  pg_temp.refusal(format('SELECT %L::%s', code, type)) AS r ORDER BY n;
-- casts and numbers
SELECT statement, r.* FROM (VALUES
  (1, $$SELECT '14006381333938'::gtin::gtin13$$), (2, $$SELECT '4006381333931'::gtin::gtin_isbn$$), (3, 'SELECT 4006381333932::gtin'),
  (4, 'SELECT 0::gtin'), (5, 'SELECT (-1)::gtin'), (6, 'SELECT 100000000000000::gtin'), (7, 'SELECT 12::gtin'),
  (8, $$SELECT '4006381333931'::gtin = 4006381333931$$), (9, $$SELECT '40170725'::gtin8::gtin13$$)) AS v(n, statement),
  pg_temp.refusal(statement) AS r ORDER BY n;
\pset tuples_only off
\pset format aligned

-- to gtin for nothing, back with a check
SELECT '036000291452'::gtin13::gtin, '40170725'::gtin14::gtin, '0-306-40615-2'::gtin_isbn::gtin;
SELECT castsource::regtype, casttarget::regtype, castcontext, castmethod
FROM pg_cast WHERE castsource::regtype::text LIKE '%gtin%' OR casttarget::regtype::text LIKE '%gtin%' OR castsource::regtype::text = 'asin'
ORDER BY castsource::regtype::text COLLATE "C", casttarget::regtype::text COLLATE "C";

-- numbers
SELECT 4006381333931::gtin, 40170725::gtin, '4006381333931'::gtin::bigint, '036000291452'::gtin13::bigint;

-- assignment
CREATE TEMP TABLE item (gtin gtin, gtin13 gtin13, isbn gtin_isbn, code text);
INSERT INTO item (gtin) VALUES ('9780306406157'::gtin_isbn);
INSERT INTO item (isbn) SELECT gtin FROM item;
INSERT INTO item (code) SELECT gtin FROM item WHERE gtin IS NOT NULL;
INSERT INTO item (gtin13) VALUES ('14006381333938'::gtin);
INSERT INTO item (gtin) VALUES (text '4006381333931');
TABLE item;

-- mixed types compare as trade items
SELECT '036000291452'::gtin12 = '0036000291452'::gtin13 AS upc_as_ean, '40170725'::gtin8 < '036000291452'::gtin12 AS smaller,
       '4006381333931'::gtin13 = '4006381333931' AS literal, '14006381333938'::gtin14 <> '4006381333931'::gtin13 AS package;

-- eight bytes by value, as bigint
SELECT typname, typlen, typbyval, typalign, typstorage FROM pg_type
WHERE typnamespace = 'pm_gtin'::regnamespace AND typtype = 'b' AND typelem = 0 ORDER BY typname COLLATE "C";
