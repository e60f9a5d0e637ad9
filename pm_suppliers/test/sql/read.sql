-- What each rule does to the reading of a code, without anything being recorded.
SET search_path = "$user", public, pm_gtin;
CREATE FUNCTION rules(j jsonb DEFAULT '{}') RETURNS pm_suppliers.identifier_rules LANGUAGE sql
RETURN jsonb_populate_record(NULL::pm_suppliers.identifier_rules, j);
CREATE FUNCTION read(codes text[], j jsonb DEFAULT '{}')
RETURNS TABLE (code text, gtin gtin, method text, confidence real, suggestion gtin, reason text) LANGUAGE sql
BEGIN ATOMIC
  SELECT u.code, r.* FROM unnest(codes) WITH ORDINALITY AS u(code, n) CROSS JOIN LATERAL pm_suppliers._read(u.code, rules(j)) AS r ORDER BY u.n;
END;

-- without rules a code is what gtin_resolve() makes of it
CREATE TABLE codes (code text);
INSERT INTO codes SELECT c.code FROM (VALUES ('4006381333931'), (' 4006381333931'), ('4 006381 333931'), ('="4006381333931"'), ('36000291452'), ('4.00638E+12'), ('400638133393'),
  ('n/a'), (''), ('4006381333932'), ('SKU-4006381333931-BLK'), ('SKU-40170725'), ('40170725'), ('4006381333931;4006381333931'), ('4006381333931;40170725'), ('B07PGL2ZSL'),
  ('ISBN 0-306-40615-2'), ('4OO6381333931'), ('https://example.com/01/04006381333931'), ('(01)04006381333931(10)ABC'), ('0000000000000'), ('12345670'), ('0012345'), (repeat('9', 5000)),
  ('0000004017072'), (E'4006381333931\n'), ('۴۰۰۶۳۸۱۳۳۳۹۳۱')) AS c(code);
INSERT INTO codes SELECT substr(gtin_complete((400000000000 + n * 7919)::text)::text, 1, 6 + n % 8) FROM generate_series(1, 4000) AS n;
INSERT INTO codes SELECT left(gtin_complete(lpad((n * 104729)::text, 12, '0'))::text, 8 + n % 6) FROM generate_series(1, 4000) AS n;
SELECT count(*), count(r.gtin) > 100 AS some_good, count(r.suggestion) > 100 AS some_held,
       count(*) FILTER (WHERE (r.gtin, r.method, r.confidence, r.suggestion) IS DISTINCT FROM (g.gtin, g.method, g.confidence, g.suggestion)) AS differ
FROM codes AS c, pm_suppliers._read(c.code, NULL) AS r, gtin_resolve(c.code) AS g;
SELECT m AS min_confidence, count(*) FILTER (WHERE (r.gtin, r.method, r.confidence, r.suggestion) IS DISTINCT FROM (g.gtin, g.method, g.confidence, g.suggestion)) AS differ
FROM codes AS c, unnest('{0,0.45,0.6,0.9,0.95,1}'::real[]) AS m, pm_suppliers._read(c.code, rules(jsonb_build_object('min_confidence', m))) AS r, gtin_resolve(c.code, m) AS g
GROUP BY m ORDER BY m;
-- the key of a code does not change what it is
SELECT count(*) FILTER (WHERE (k.gtin, k.suggestion) IS DISTINCT FROM (g.gtin, g.suggestion)) AS differ
FROM codes AS c, gtin_resolve(c.code) AS g, gtin_resolve(pm_suppliers.code_key(c.code)) AS k;
SELECT quote_literal(pm_suppliers.code_key(c)) FROM unnest(ARRAY[E' \t\n\x0B\f\rab c\r\n', 'É ß ﬁ', '', ' ', E'\u00a0x\u00a0', NULL]) AS c;

-- min_confidence
SELECT * FROM read('{36000291452,4 006381 333931,SKU-40170725}');
SELECT * FROM read('{36000291452,4 006381 333931,SKU-40170725}', '{"min_confidence": 0.95}');
SELECT * FROM read('{36000291452,4 006381 333931,SKU-40170725}', '{"min_confidence": 0.4}');
-- a check digit that is missing: sometimes, and then only; always
SELECT * FROM read('{400638133393,40063813339,4017072,4006381333931,036000291452,4006381333932}');
SELECT * FROM read('{400638133393,40063813339,4017072,4006381333931,036000291452,4006381333932}', '{"check_digit": "sometimes_missing"}');
SELECT * FROM read('{400638133393,4017072,036000291452,4-006381 33393,0400638133393,000000000000,111111111111,12 12,SKU 12}', '{"check_digit": "always_missing"}');
-- zeros in front that are missing
SELECT * FROM read('{36000291452,123456784,6000291452}');
SELECT * FROM read('{36000291452,123456784,6000291452}', '{"zero_padding": "refuse"}');
SELECT * FROM read('{36000291452,123456784,6000291452}', '{"zero_padding": "accept", "min_confidence": 0.9}');
-- what is stripped: the longest that fits, once, in any case, around white space
SELECT * FROM read('{ART-4006381333931,art-4006381333931/fr," art-x4006381333931 ",ART-ART-4006381333931,ART-,4006381333931/fr/fr}',
  '{"strip_prefixes": ["ART-", "ART-X", "A"], "strip_suffixes": ["/FR", "R"], "min_confidence": 0.9}');
-- words and codes that mean none
SELECT * FROM read('{sur demande,SUR DEMANDE,à venir}');
SELECT * FROM read('{sur demande,SUR DEMANDE,à venir}', '{"placeholders": ["sur demande", "à venir"]}');
SELECT * FROM read('{4000000000006,04000000000006,4 000000 000006,x-1,X-1,x-2,4006381333931}', '{"none_codes": ["4000000000006", "x-1"]}');
-- prefixes of GS1
SELECT * FROM read('{4006381333931,036000291452,5010029000016,14006381333938,n/a,400638133393}', '{"allowed_prefixes": ["400", "0"]}');
SELECT * FROM read('{4006381333931,5010029000016,400638133393}', '{"allowed_prefixes": ["50"], "check_digit": "sometimes_missing"}');
-- NULL is no code
SELECT count(*), count(r.method) FROM pm_suppliers._read(NULL, rules()) AS r;
DROP TABLE codes;
DROP FUNCTION read(text[], jsonb), rules(jsonb);
