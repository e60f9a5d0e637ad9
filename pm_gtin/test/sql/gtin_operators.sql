-- Operators of gtin and what the planner makes of them.
SET search_path = public, pm_gtin;
SET max_parallel_workers_per_gather = 0;

-- every operator class is complete and consistent
SELECT opcname, amname, opcintype::regtype, opcdefault, amvalidate(c.oid)
FROM pg_opclass AS c JOIN pg_am AS a ON a.oid = opcmethod
WHERE opcnamespace = 'pm_gtin'::regnamespace ORDER BY opcname COLLATE "C", amname COLLATE "C";

SELECT a, b, a = b AS eq, a <> b AS ne, a < b AS lt, a <= b AS le, a > b AS gt, a >= b AS ge, gtin_cmp(a, b) AS cmp
FROM (VALUES ('40170725'::gtin, '4006381333931'::gtin), ('4006381333931', '4006381333931'), ('14006381333938', '4006381333931')) AS v(a, b);

-- 20 000 items, each twice, and packages of some
CREATE TABLE item AS
SELECT gtin_complete((300000000000 + i * 7919)::text) AS code, i FROM generate_series(1, 20000) AS i, generate_series(1, 2);
INSERT INTO item SELECT gtin_with_indicator(code, 1), i FROM item WHERE i <= 100;
CREATE INDEX item_btree ON item (code);
VACUUM ANALYZE item;
EXPLAIN (COSTS OFF) SELECT * FROM item WHERE code = '3000000079195';
SELECT count(*) FROM item WHERE code = (SELECT code FROM item WHERE i = 5 ORDER BY code LIMIT 1);
EXPLAIN (COSTS OFF) SELECT min(code), max(code) FROM item;
SELECT min(code) = (SELECT code FROM item ORDER BY code LIMIT 1) AS min, max(code) = (SELECT code FROM item ORDER BY code DESC LIMIT 1) AS max FROM item;
SELECT min(code::gtin14) AS min_of_subtype FROM item;

-- equal values share index space
CREATE TABLE repeated AS SELECT '4006381333931'::gtin AS code FROM generate_series(1, 20000);
CREATE INDEX repeated_btree ON repeated (code);
CREATE INDEX repeated_plain ON repeated (code) WITH (deduplicate_items = off);
SELECT pg_relation_size('repeated_btree') * 2 < pg_relation_size('repeated_plain') AS deduplicated;
SELECT count(*) FROM repeated WHERE code = '4006381333931';

-- prefixes: the index gives the range exactly
EXPLAIN (COSTS OFF) SELECT count(*) FROM item WHERE code ^@ '30001';
SELECT count(*) FROM item WHERE code ^@ '30001';
SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM item WHERE code ^@ '30001';
SELECT count(*) FROM item WHERE code ^@ '30001';
SELECT count(*) FROM item WHERE gtin_digits(code, 14) LIKE '030001%';
RESET enable_indexscan; RESET enable_indexonlyscan; RESET enable_bitmapscan;
SELECT prefix, (SELECT count(*) FROM item WHERE code ^@ prefix) AS rows
FROM unnest(ARRAY['', '3', '30', '1', '13', 'abc', '3000x', ' 3', '3000000079195', '30000000791970', NULL]) AS prefix;
-- a prefix that is known only at run time, or comes from a join
SET plan_cache_mode = force_generic_plan;
PREPARE by_prefix(text) AS SELECT count(*) FROM item WHERE code ^@ $1;
EXPLAIN (COSTS OFF) EXECUTE by_prefix('30001');
EXECUTE by_prefix('30001');
EXECUTE by_prefix('abc');
EXECUTE by_prefix(NULL);
RESET plan_cache_mode;
CREATE TABLE prefix (p text);
INSERT INTO prefix VALUES ('30001'), ('30002'), ('x');
ANALYZE prefix;
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT p, count(code) FROM prefix LEFT JOIN item ON code ^@ p GROUP BY p;
SELECT p, count(code) FROM prefix LEFT JOIN item ON code ^@ p GROUP BY p ORDER BY p;
RESET enable_seqscan;
-- the 13-digit form: a UPC begins with 0, a package never matches
SELECT '036000291452'::gtin ^@ '0036' AS upc, '036000291452'::gtin ^@ '036' AS no_upc, '40170725'::gtin ^@ '00000401' AS ean8,
       '14006381333938'::gtin ^@ '1400' AS package, '14006381333938'::gtin ^@ '' AS package_empty, '4006381333931'::gtin14 ^@ '400' AS subtype;
-- the function alone uses the index too
EXPLAIN (COSTS OFF) SELECT count(*) FROM item WHERE gtin_starts_with(code, '30001');

-- hash, BRIN, GIN
DROP INDEX item_btree;
CREATE INDEX item_hash ON item USING hash (code);
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT * FROM item WHERE code = '3000000079195';
EXPLAIN (COSTS OFF) SELECT count(*) FROM item WHERE code ^@ '30001';
DROP INDEX item_hash;
CREATE INDEX item_brin ON item USING brin (code) WITH (pages_per_range = 4);
EXPLAIN (COSTS OFF) SELECT count(*) FROM item WHERE code ^@ '30001';
SELECT count(*) FROM item WHERE code ^@ '30001';
SELECT count(*) FROM item WHERE code BETWEEN '3000000079195' AND '3000100000006';
DROP INDEX item_brin;
CREATE TABLE bundle AS SELECT array_agg(code) AS codes FROM item GROUP BY i / 10;
CREATE INDEX bundle_gin ON bundle USING gin (codes);
EXPLAIN (COSTS OFF) SELECT count(*) FROM bundle WHERE codes @> ARRAY['3000000079195'::gtin];
RESET enable_seqscan;

-- joins, grouping, hash partitions
SET enable_nestloop = off; SET enable_mergejoin = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM item AS a JOIN item AS b USING (code);
SET enable_hashjoin = off; SET enable_mergejoin = on;
EXPLAIN (COSTS OFF) SELECT count(*) FROM item AS a JOIN item AS b USING (code);
RESET enable_nestloop; RESET enable_mergejoin; RESET enable_hashjoin;
SELECT count(*) FROM (SELECT code FROM item GROUP BY code) AS g;
CREATE TABLE part (code gtin13 PRIMARY KEY) PARTITION BY HASH (code);
CREATE TABLE part_0 PARTITION OF part FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE part_1 PARTITION OF part FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO part SELECT DISTINCT code FROM item WHERE gtin_indicator(code) = 0;
SELECT count(*) > 9000 AS balanced FROM part GROUP BY tableoid;
INSERT INTO part SELECT code FROM part LIMIT 1;
DROP TABLE item, repeated, prefix, bundle, part;
