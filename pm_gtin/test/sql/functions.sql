-- Strict functions on gtins.
\set VERBOSITY terse
SET search_path = public, pm_gtin;

SELECT gtin_kind('40170725'), gtin_kind('036000291452'), gtin_kind('4006381333931'), gtin_kind('14006381333938');
SELECT gtin_digits('40170725', 8), gtin_digits('40170725', 14), gtin_digits('036000291452', 13), gtin_digits('4006381333931', 14);
SELECT gtin_digits('4006381333931', 12);
SELECT gtin_digits('4006381333931', 10);
SELECT gtin_check_digit('400638133393'), gtin_check_digit('4017072'), gtin_check_digit('37610425002123456') AS sscc, gtin_check_digit('0');
SELECT gtin_check_digit('40063813339x');
SELECT gtin_check_digit('');
SELECT gtin_complete('400638133393'), gtin_complete('03600029145'), gtin_complete('4017072'), gtin_complete('1400638133393');
SELECT gtin_complete('40063813');
SELECT gtin_complete('000000000000');
SELECT gtin_complete('4-0638133393');

-- packaging
SELECT gtin_indicator('14006381333938'), gtin_indicator('4006381333931');
SELECT gtin_inner('14006381333938'), gtin_inner('94006381333934'), gtin_inner('4006381333931'), gtin_inner('40170725'), gtin_inner('10000000000007');
SELECT i, gtin_with_indicator('4006381333931', i), gtin_with_indicator('14006381333938', i) = gtin_with_indicator('4006381333931', i) AS same,
       gtin_with_indicator('40170725', i) AS of_ean8
FROM generate_series(0, 9) AS i;
SELECT gtin_with_indicator('4006381333931', 10);
SELECT count(*) AS inner_is_inverse FROM generate_series(1, 9) AS i WHERE gtin_inner(gtin_with_indicator('4006381333931', i)) = '4006381333931';

-- UPC-E
SELECT code, upc_e_to_gtin(code), gtin_to_upc_e(upc_e_to_gtin(code))
FROM unnest(ARRAY['04252614', '01234505', '01234531', '01234543', '01234558']) AS code;
SELECT upc_e_to_gtin('0425261', true), upc_e_to_gtin('425261', short_forms => true);
SELECT upc_e_to_gtin('425261');
SELECT upc_e_to_gtin('04252615');
SELECT upc_e_to_gtin('24252614');
SELECT upc_e_to_gtin('0425261a');
SELECT upc_e_to_gtin('00000000');
SELECT upc_e_to_gtin('', true);
SELECT gtin_to_upc_e('036000291452'), gtin_to_upc_e('4006381333931'), gtin_to_upc_e('042100005264');

-- books, serials, music
SELECT isbn10('9780306406157'), isbn10('9780804429573'), isbn10('9798886451740'), isbn10('4006381333931');
SELECT issn_of('9771144875007'), issn_of('9771144875038'), issn_variant('9771144875038'), issn_of('9780306406157'), issn_variant('4006381333931');
SELECT isbn_format('9780306406157'), isbn_format('9783161484100'), isbn_format('9798886451740'), isbn_format('9791090636071');
SELECT isbn_format('9790230671187') AS music, isbn_format('4006381333931') AS no_book, isbn_format('9786500000009') IS NOT NULL AS unknown_range;

-- classes
SELECT code, is_restricted(code), is_coupon(code), gtin_prefix_class(code), gtin_prefix_holder(code)
FROM unnest(ARRAY['4006381333931', '36000291452'::bigint::gtin, '2012345678903', '212345678909', '412345678903', '512345000107', '9812345678902', '9912345678909',
  '9802345678903', '9521234543213', '1402345678903', '9780306406157', '9770264359008', '9790230671187', '14006381333938', '94006381333934',
  '20123451', '00012348', '40170725', '96385074', '9501101530003']::gtin[]) AS code;
CREATE TEMP TABLE sold (code gtin CHECK (NOT is_restricted(code) AND NOT is_coupon(code)));
INSERT INTO sold VALUES ('4006381333931');
INSERT INTO sold VALUES ('2012345678903');

-- variable measure
SELECT m.* FROM gtin_measure('2211114002394', 'DE') AS m;
SELECT region, code, m.* FROM (VALUES
  (1, 'DE', '2211114002394'::gtin), (2, 'de', '2511119000129'), (3, 'DE', '2811111068708'), (4, 'DE', '2511118000120'), (5, 'DK', '2135040039753'),
  (6, 'GB', '2011122912346'), (7, 'FI', '2388060112344'), (8, 'SE', '2188060112340'), (9, 'NO', '2302148210869'), (10, 'LV', '2911111111111'),
  (11, 'SE', '4006381333931')) AS v(n, region, code), gtin_measure(code, region) AS m ORDER BY n;
SELECT gtin_measure('2388060112344', 'FR');

-- every function of one argument is strict
SELECT gtin_kind(NULL), gtin_inner(NULL), isbn10(NULL), is_restricted(NULL), gtin_prefix_class(NULL), isbn_format(NULL), gtin_complete(NULL);

-- ASINs
SELECT 'b07pgl2zsl'::asin, ' B00005N5PF '::asin, '080442957x'::asin, 'BT00LLINKI'::asin;
SELECT 'A07PGL2ZSL'::asin;
SELECT 'B07PGL2ZS'::asin;
SELECT 'B07PGL2ZS-'::asin;
SELECT '0804429570'::asin;
SELECT '0000000000'::asin;
SELECT ''::asin;
SELECT asin_try('B07PGL2ZSL'), asin_try('nonsense'), asin_isbn('080442957X'), asin_isbn('B07PGL2ZSL'), asin_of('9780804429573'), asin_of('4006381333931');
SELECT a, a::text < 'B00005N5PF' AS text_order, a < 'B00005N5PF' AS asin_order FROM unnest('{B000000000,B07PGL2ZSL,080442957X}'::asin[]) AS a ORDER BY a;
SELECT min(a), max(a) FROM unnest('{B07PGL2ZSL,080442957X}'::asin[]) AS a;
