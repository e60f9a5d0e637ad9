-- GS1 element strings and Digital Links.
\set VERBOSITY terse
SET search_path = public, pm_gtin;

-- written forms of one message
SELECT form, code::gs1_elements FROM (VALUES
  (1, 'bracketed', '(01)04006381333931(10)ABC(17)251231'),
  (2, 'scanned', E'010400638133393110ABC\x1D17251231'),
  (3, 'with symbology', E']C1010400638133393110ABC\x1D17251231'),
  (4, 'with symbology', E']d2010400638133393110ABC\x1D17251231'),
  (5, 'plain EAN-13', ']E04006381333931'),
  (6, 'plain EAN-8', ']E440170725'),
  (7, 'escaped', '(01)04006381333931(10)A\(B')) AS v(n, form, code) ORDER BY n;
SELECT * FROM gs1_parse('(01)04006381333931(10)A\(B(3103)001250(21)S-1') WITH ORDINALITY;
SELECT * FROM gs1_parse('(01)04006381333931(8110)106141416543213150110120'::text);
SELECT gs1_gtin('(01)04006381333931(10)ABC'), gs1_gtin('(00)376104250021234569(02)04006381333931(37)12'), gs1_gtin('(00)376104250021234569') AS no_gtin,
       gs1_gtin('(01)04006381333931'::gs1_elements) AS of_type, gs1_gtin(NULL::text);
SELECT gs1_value(e, '10') AS batch, gs1_value(e, '17') AS expiry, gs1_value(e, '99') AS absent
FROM (SELECT '(01)04006381333931(10)ABC(17)251231'::gs1_elements) AS v(e);

-- invalid
SELECT ''::gs1_elements;
SELECT 'hello'::gs1_elements;
SELECT '(01)4006381333931'::gs1_elements;
SELECT '(01)04006381333932'::gs1_elements;
SELECT '(01)0400638133393x'::gs1_elements;
SELECT '(05)123'::gs1_elements;
SELECT '(01)04006381333931(17)251341'::gs1_elements;
SELECT '(01)04006381333931(10)'::gs1_elements;
SELECT '(01)04006381333931(10)ABCDEFGHIJKLMNOPQRSTU'::gs1_elements;
SELECT '(01)04006381333931(10)é'::gs1_elements;
SELECT '(01)04006381333931(01)14006381333938'::gs1_elements;
SELECT '(01)04006381333931(01)04006381333931'::gs1_elements AS repeated_same;
SELECT '(01)04006381333931(37)12'::gs1_elements;
SELECT '(10)ABC'::gs1_elements;
SELECT '(01)04006381333931(422)999'::gs1_elements;
SELECT repeat('(01)04006381333931', 100)::gs1_elements;
SELECT left(gs1_gtin('x' || repeat('9', 100))::text, 1);
\set VERBOSITY default
SELECT '(01)04006381333932(10)ABC'::gs1_elements;
SELECT '(10)ABC'::gs1_elements;
SELECT '(01)04006381333931(17)251341'::gs1_elements;
SELECT '(01)4006381333931'::gs1_elements;
SELECT '(01)04006381333931(10)A#'::gs1_elements;
SELECT '(01)04006381333931(02)04006381333931'::gs1_elements;
SELECT gs1_digital_link('(90)X'::gs1_elements);
SELECT digital_link_gtin('https://example.com/gtin/4006381333931');
\set VERBOSITY terse

-- a column of them
CREATE TABLE scan (e gs1_elements);
INSERT INTO scan SELECT format('(01)%s(10)LOT%s', gtin_digits(gtin_complete((300000000000 + i)::text), 14), i)::gs1_elements FROM generate_series(1, 2000) AS i;
CREATE UNIQUE INDEX scan_btree ON scan (e);
CREATE INDEX scan_gtin ON scan (gs1_gtin(e));
CREATE INDEX scan_brin ON scan USING brin (e);
CREATE INDEX scan_hash ON scan USING hash (e);
ANALYZE scan;
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT * FROM scan WHERE gs1_gtin(e) = '3000000000076';
SELECT * FROM scan WHERE gs1_gtin(e) = '3000000000076';
EXPLAIN (COSTS OFF) SELECT * FROM scan ORDER BY e LIMIT 1;
INSERT INTO scan SELECT e FROM scan LIMIT 1;
SELECT e = '(01)03000000000014(10)LOT1' AS eq, e < '(01)03000000000021(10)LOT2' AS lt FROM scan ORDER BY e LIMIT 1;
SELECT count(*) FROM (SELECT e FROM scan GROUP BY e) AS g;
RESET enable_seqscan;
DROP TABLE scan;

-- Digital Links
SELECT gs1_digital_link('4006381333931'::gtin), gs1_digital_link('40170725'::gtin, stem => 'https://example.com/p');
SELECT gs1_digital_link('4006381333931'::gtin, batch => 'A/B(1', serial => 'S:1', expiry => '2031-02-03');
SELECT gs1_digital_link('(01)04006381333931(10)ABC(3103)001250(17)251231'::gs1_elements);
SELECT gs1_digital_link('(00)376104250021234569'::gs1_elements);
SELECT gs1_digital_link('(90)X'::gs1_elements);
SELECT gs1_digital_link('4006381333931'::gtin, batch => 'é');
SELECT gs1_digital_link('4006381333931'::gtin, stem => 'ftp://example.com');
SELECT gs1_digital_link(NULL::gtin, 'A'), gs1_digital_link(NULL::gs1_elements);
SELECT digital_link_gtin(uri), digital_link_elements(uri) FROM unnest(ARRAY[
  'https://id.gs1.org/01/04006381333931', 'http://example.com/some/stem/01/04006381333931/10/ABC/21/S1?17=251231&x=y#part',
  'HTTPS://EXAMPLE.COM/01/04006381333931/10/A%2FB', 'https://example.com/00/376104250021234569']) AS uri;
SELECT digital_link_gtin('https://example.com/gtin/4006381333931');
SELECT digital_link_gtin('https://example.com/gtin/4006381333931', legacy => true);
SELECT digital_link_gtin('https://example.com/01/4006381333931', true);
SELECT digital_link_gtin('https://example.com/01/04006381333932');
SELECT digital_link_gtin('https://example.com/01/04006381333931/21/S/10/B');
SELECT digital_link_gtin('https://example.com/01/04006381333931?9999=1');
SELECT digital_link_gtin('https://example.com/01/04006381333931/10/A%00B');
SELECT digital_link_gtin('https://example.com/');
SELECT digital_link_gtin('not a uri');
SELECT digital_link_gtin('');
-- there and back
SELECT count(*) AS round_trips FROM generate_series(1, 500) AS i, gtin_complete((300000000000 + i * 7919)::text) AS code
WHERE digital_link_gtin(gs1_digital_link(code, 'L' || i)) = code
  AND gs1_value(digital_link_elements(gs1_digital_link(code, 'L' || i)), '10') = 'L' || i;
