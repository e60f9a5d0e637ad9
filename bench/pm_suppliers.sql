-- pm_suppliers.sql - codes resolved and recorded, beside gtin_resolve() alone and beside a
-- plain table that gets its answers; suppliers that are published, beside those that are not
--
-- One session, no parallel query.  psql variable: codes, how many; four in five are good as
-- they stand, the others lack a check digit, have a prefix, or are none.
\set ON_ERROR_STOP on
\pset footer off
SET client_min_messages = warning;
\ir harness.sql
SET jit = off;
SET max_parallel_workers_per_gather = 0;
CREATE EXTENSION pm_suppliers CASCADE;
SET search_path = "$user", public, pm_gtin;

INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('plain', 'Plain'), ('ruled', 'Ruled');
SELECT FROM pm_suppliers.set_identifier_rules('ruled', '{"check_digit": "sometimes_missing", "none_codes": ["4000000000006"], "min_confidence": 0.4}') \g /dev/null
CREATE TABLE codes AS
SELECT array_agg(CASE n % 20 WHEN 17 THEN (400000000000 + n)::text WHEN 18 THEN 'ART ' || gtin_complete((400000000000 + n)::text) WHEN 19 THEN 'none ' || n
                   ELSE gtin_complete((400000000000 + n)::text)::text END ORDER BY hashint4(n)) AS list
FROM generate_series(1, :codes) AS n;
CREATE TABLE answers (supplier_id uuid NOT NULL, code text NOT NULL, gtin gtin, method text NOT NULL, confidence real NOT NULL);
CREATE UNIQUE INDEX ON answers (supplier_id, code COLLATE "C");
CREATE TABLE suppliers (LIKE pm_suppliers.suppliers INCLUDING ALL);
VACUUM ANALYZE;

CALL bench.compare('codes',
  ARRAY['gtin_resolve', 'gtin_resolve, INSERT', 'resolve_eans, new', 'resolve_eans, known', 'resolve_eans, new, by rules'],
  ARRAY['SELECT count(r.gtin) FROM codes, unnest(list) AS c, gtin_resolve(c) AS r',
        'INSERT INTO answers SELECT (SELECT pm_suppliers._supplier(''plain'')), c, r.gtin, r.method, r.confidence FROM codes, unnest(list) AS c, gtin_resolve(c) AS r',
        'SELECT count(r.gtin) FROM codes, pm_suppliers.resolve_eans(''plain'', list) AS r',
        'SELECT count(r.gtin) FROM codes, pm_suppliers.resolve_eans(''plain'', list) AS r',
        'SELECT count(r.gtin) FROM codes, pm_suppliers.resolve_eans(''ruled'', list) AS r'],
  ARRAY[NULL, 'TRUNCATE answers', 'TRUNCATE pm_suppliers._resolutions', NULL, 'DELETE FROM pm_suppliers._resolutions WHERE supplier_id = pm_suppliers._supplier(''ruled'')']);
CALL bench.compare('1 000 codes, one by one', ARRAY['gtin_resolve', 'resolve_ean'],
  ARRAY['SELECT count(r.gtin) FROM codes, unnest(list[1:1000]) AS c, gtin_resolve(c) AS r',
        'SELECT count(r.gtin) FROM codes, unnest(list[1:1000]) AS c, pm_suppliers.resolve_ean(''plain'', c) AS r']);
CALL bench.compare('10 000 suppliers',
  ARRAY['INSERT, no triggers', 'INSERT', 'UPDATE of names', 'UPDATE of addresses'],
  ARRAY['INSERT INTO suppliers (code, name) SELECT ''s'' || n, ''S'' FROM generate_series(1, 10000) AS n',
        'INSERT INTO pm_suppliers.suppliers (code, name) SELECT ''s'' || n, ''S'' FROM generate_series(1, 10000) AS n',
        'UPDATE pm_suppliers.suppliers SET name = name || ''!'' WHERE code LIKE ''s%''',
        'UPDATE pm_suppliers.suppliers SET address = random() WHERE code LIKE ''s%'''],
  ARRAY['TRUNCATE suppliers', 'DELETE FROM pm_suppliers.suppliers WHERE code LIKE ''s%''', NULL, NULL]);
INSERT INTO bench.targets (test, variant, baseline) VALUES
  ('codes', 'gtin_resolve, INSERT', 'gtin_resolve'),
  ('codes', 'resolve_eans, new', 'gtin_resolve'),
  ('codes', 'resolve_eans, new', 'gtin_resolve, INSERT'),
  ('codes', 'resolve_eans, known', 'gtin_resolve, INSERT'),
  ('codes', 'resolve_eans, new, by rules', 'gtin_resolve, INSERT'),
  ('1 000 codes, one by one', 'resolve_ean', 'gtin_resolve'),
  ('10 000 suppliers', 'INSERT', 'INSERT, no triggers'),
  ('10 000 suppliers', 'UPDATE of names', 'INSERT, no triggers'),
  ('10 000 suppliers', 'UPDATE of addresses', 'INSERT, no triggers');
\echo 'Times: medians of five rounds of' :codes 'codes; ratio: median of the rounds'' ratios. INSERT: one table, one unique index, no row per supplier and code that is there already.'
SELECT test, variant, round(seconds::numeric, 3) AS seconds, baseline, round(baseline_seconds::numeric, 3) AS "its seconds", round(ratio::numeric, 2) AS ratio
FROM bench.ratios ORDER BY id;
