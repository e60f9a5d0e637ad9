-- gtin_resolve: a row of every method, what must not resolve, arguments.
\set VERBOSITY terse
SET search_path = public, pm_gtin;

SELECT code, r.* FROM (VALUES
  (1, '4006381333931'), (2, E'\t4006381333931\r\n'), (3, U&'\FEFF4006381333931\00A0'), (4, U&'\200E4006381333931\200B'),
  (5, '4 006381 333931'), (6, '400-6381-33393-1'), (7, '4.006.381.333.931'), (8, U&'400\201363813\00A033931'), (9, '-4006381333931'),
  (10, '''4006381333931'), (11, '"4006381333931"'), (12, '="4006381333931"'),
  (13, U&'\FF14\FF10\FF10\FF16\FF13\FF18\FF11\FF13\FF13\FF13\FF19\FF13\FF11'), (14, U&'\0664\0660\0660\0666\0663\0668\0661\0663\0663\0663\0669\0663\0661'),
  (15, '4006381333931.0'), (16, '4006381333931,00'), (17, 'EAN13: 4006381333931'), (18, 'GTIN-13 4006381333931'), (19, 'UPC 036000291452'),
  (20, '(01)04006381333931(10)ABC'), (21, ']C10104006381333931'), (22, '0104006381333931'),
  (23, 'https://id.gs1.org/01/04006381333931/10/A'), (24, 'https://example.com/gtin/4006381333931'),
  (25, '0-306-40615-2'), (26, 'ISBN 0306406152'), (27, '080442957X'), (28, 'ISSN 0264-3596'), (29, '9780306406157 51999'),
  (30, '4.006381333931E+12'), (31, '4,006381333931E+12'), (32, '000004006381333931'), (33, '40063813339314006381333931'),
  (34, '4006381333931;4006381333931'), (35, '36000291452'), (36, '4252614006'), (37, '42526140'), (38, '04252614'),
  (39, 'SKU-4006381333931-BLK'), (40, 'art. 4006381333931 rouge'), (41, '4OO638l33393I'), (42, '4006381333932;4006381333931')) AS v(n, code),
  gtin_resolve(code) AS r ORDER BY n;

-- unresolved, with the reason
SELECT code, r.* FROM (VALUES
  (1, '400638133393'), (2, '4017072'), (3, '03600029145'), (4, '4006381333932'), (5, '4.00638E+12'), (6, '4006381333931;40170725'),
  (7, '0000000000000'), (8, '1111111111111'), (9, '9999999999999'), (10, '1234567890128'), (11, 'N/A'), (12, '#N/A'), (13, 'Does not apply'),
  (14, 'kein EAN'), (15, '0'), (16, 'B07PGL2ZSL'), (17, '376104250021234569'), (18, 'hello'), (19, ''), (20, '   '), (21, '1234567')) AS v(n, code), gtin_resolve(code) AS r ORDER BY n;

SELECT r.* FROM gtin_resolve(repeat('4006381333931 ', 400)) AS r;

-- flags do not lower confidence
SELECT code, r.* FROM (VALUES
  (1, '2012345678903'), (2, '9812345678902'), (3, '9802345678903'), (4, '9521234543213'), (5, '1402345678903'), (6, '9770264359008'),
  (7, '9790230671187'), (8, '94006381333934'), (9, '12345670')) AS v(n, code), gtin_resolve(code) AS r ORDER BY n;

-- min_confidence: below it the number is a suggestion
SELECT m, r.* FROM unnest('{0,0.5,0.75,0.9,0.95,1}'::real[]) AS m, gtin_resolve('36000291452', m) AS r;
SELECT r.* FROM gtin_resolve('400638133393', 0) AS r;
SELECT r.* FROM gtin_resolve('4006381333932', 0) AS r;
SELECT gtin_resolve('4006381333931', 1.5);
SELECT gtin_resolve('4006381333931', 'NaN');
-- words of one's own
SELECT r.* FROM gtin_resolve('SANS CODE 4006381333931', placeholders => '{sans code}') AS r;
SELECT r.* FROM gtin_resolve(' Sur Demande ', placeholders => '{sur demande,NULL,""}') AS r;
SELECT r.* FROM gtin_resolve(' Sur Demande ') AS r;
-- NULL
SELECT gtin_resolve(NULL), gtin_resolve('4006381333931', NULL), gtin_resolve(NULL, 0.5, NULL);
SELECT count(*) FROM gtin_resolve_all(NULL);

-- every code of a text
SELECT * FROM gtin_resolve_all('4006381333931; 40170725 / 4006381333932');
SELECT * FROM gtin_resolve_all(E'036000291452\n4.00638E+12');
SELECT * FROM gtin_resolve_all('4,006381333931E+12');
SELECT * FROM gtin_resolve_all('');
SELECT gtin_valid(gtin_digits(low, 14)) AS low_valid, gtin_valid(gtin_digits(high, 14)) AS high_valid, '4006381333931' BETWEEN low AND high AS within
FROM gtin_resolve_all('4.00638E+12');
-- one code: the same answer as gtin_resolve
SELECT count(*) AS differ
FROM (SELECT gtin_digits(gtin_complete((300000000000 + i * 7919)::text), 13) AS code FROM generate_series(1, 1000) AS i) AS c,
     unnest(ARRAY[code, ' ' || code, 'EAN ' || code, code || '.0', 'x-' || code || '-y', left(code, 12)]) AS dirty,
     gtin_resolve(dirty) AS one, gtin_resolve_all(dirty) AS every
WHERE (one.gtin, one.method, one.confidence, one.suggestion, one.flags)
  IS DISTINCT FROM (every.gtin, every.method, every.confidence, every.suggestion, every.flags);
-- resolved numbers fit the columns of a supplier's resolutions, and an index on the expression
CREATE TABLE supplier_code (raw text);
INSERT INTO supplier_code VALUES ('4 006381 333931'), ('36000291452'), ('junk');
CREATE INDEX ON supplier_code (((gtin_resolve(raw)).gtin));
SELECT raw, (gtin_resolve(raw)).gtin, (gtin_resolve(raw)).method FROM supplier_code WHERE (gtin_resolve(raw)).gtin = '4006381333931';
DROP TABLE supplier_code;
