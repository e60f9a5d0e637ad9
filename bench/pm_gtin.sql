-- pm_gtin.sql - identifiers against bigint and contrib/isn
--
-- psql variables: rows (5000000), dir (a directory the server may write to).
\set ON_ERROR_STOP on
\pset footer off
SET client_min_messages = warning;
\ir harness.sql
CREATE EXTENSION pm_gtin;
CREATE EXTENSION isn;
SET search_path = public, pm_gtin;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET work_mem = '512MB';
SET maintenance_work_mem = '1GB';
SET enable_mergejoin = off;
SET enable_nestloop = off;

-- The data: distinct EAN-13 in random order, the same in every table.
CREATE UNLOGGED TABLE codes AS
SELECT gtin_complete((300000000000 + (hashint8extended(i, 0) & 274877906943))::text)::text AS code
FROM generate_series(1, :rows) AS i;
SELECT format('%s/codes', :'dir') AS file \gset
COPY codes TO :'file';
CREATE UNLOGGED TABLE t_bigint (c bigint);
CREATE UNLOGGED TABLE t_gtin (c gtin);
CREATE UNLOGGED TABLE t_isn (c ean13);

CALL bench.compare('COPY in, text', '{bigint,gtin,isn}',
  ARRAY[format('COPY t_bigint FROM %L', :'file'), format('COPY t_gtin FROM %L', :'file'), format('COPY t_isn FROM %L', :'file')],
  '{TRUNCATE t_bigint,TRUNCATE t_gtin,TRUNCATE t_isn}');
INSERT INTO bench.targets (test, variant, baseline, at_most) VALUES
  ('COPY in, text', 'gtin', 'bigint', 1.06), ('COPY in, text', 'isn', 'bigint', NULL);
VACUUM (ANALYZE) codes, t_bigint, t_gtin, t_isn;

COPY t_bigint TO :'file' (FORMAT binary);
CREATE UNLOGGED TABLE b_bigint (c bigint);
CREATE UNLOGGED TABLE b_gtin (c gtin);
CALL bench.compare('COPY in, binary', '{bigint,gtin}',
  ARRAY[format('COPY b_bigint FROM %L (FORMAT binary)', :'file'), format('COPY b_gtin FROM %L (FORMAT binary)', :'file')],
  '{TRUNCATE b_bigint,TRUNCATE b_gtin}');
INSERT INTO bench.targets (test, variant, baseline, at_most) VALUES ('COPY in, binary', 'gtin', 'bigint', 1.03);
DROP TABLE b_bigint, b_gtin;

SELECT format('%s/out', :'dir') AS out \gset
CALL bench.compare('COPY out, text', '{bigint,gtin,isn}',
  ARRAY[format('COPY t_bigint TO %L', :'out'), format('COPY t_gtin TO %L', :'out'), format('COPY t_isn TO %L', :'out')]);
INSERT INTO bench.targets (test, variant, baseline, at_most) VALUES
  ('COPY out, text', 'gtin', 'bigint', 1.15), ('COPY out, text', 'isn', 'bigint', NULL);

CALL bench.compare('btree build', '{bigint,gtin,isn}',
  '{CREATE INDEX i_bigint ON t_bigint (c),CREATE INDEX i_gtin ON t_gtin (c),CREATE INDEX i_isn ON t_isn (c)}',
  '{DROP INDEX IF EXISTS i_bigint,DROP INDEX IF EXISTS i_gtin,DROP INDEX IF EXISTS i_isn}');
INSERT INTO bench.targets (test, variant, baseline, at_most) VALUES
  ('btree build', 'gtin', 'bigint', 1.03), ('btree build', 'isn', 'bigint', NULL);
INSERT INTO bench.figures (test, figure, value, at_most) VALUES
  ('table size', 'gtin / bigint', pg_relation_size('t_gtin')::float8 / pg_relation_size('t_bigint'), 1.03),
  ('index size', 'gtin / bigint', pg_relation_size('i_gtin')::float8 / pg_relation_size('i_bigint'), 1.03);
DROP INDEX i_bigint, i_gtin, i_isn;

CALL bench.compare('sort', '{bigint,gtin,isn}', ARRAY[
  format('SELECT c FROM t_bigint ORDER BY c OFFSET %s', :rows), format('SELECT c FROM t_gtin ORDER BY c OFFSET %s', :rows),
  format('SELECT c FROM t_isn ORDER BY c OFFSET %s', :rows)]);
INSERT INTO bench.targets (test, variant, baseline, at_most) VALUES
  ('sort', 'gtin', 'bigint', 1.03), ('sort', 'isn', 'bigint', NULL);

CREATE UNLOGGED TABLE s_bigint AS SELECT c FROM t_bigint LIMIT :rows / 5;
CREATE UNLOGGED TABLE s_gtin AS SELECT c FROM t_gtin LIMIT :rows / 5;
CREATE UNLOGGED TABLE s_isn AS SELECT c FROM t_isn LIMIT :rows / 5;
VACUUM (ANALYZE) s_bigint, s_gtin, s_isn;
CALL bench.compare('hash join 5:1', '{bigint,gtin,isn}',
  '{SELECT count(*) FROM t_bigint JOIN s_bigint USING (c),SELECT count(*) FROM t_gtin JOIN s_gtin USING (c),SELECT count(*) FROM t_isn JOIN s_isn USING (c)}');
INSERT INTO bench.targets (test, variant, baseline, at_most) VALUES
  ('hash join 5:1', 'gtin', 'bigint', 1.03), ('hash join 5:1', 'isn', 'bigint', NULL);

-- The cast alone: the time of the scan without it is taken off.
CALL bench.compare('cast from text, own time', '{scan,bigint,gtin,isn}',
  '{SELECT count(code) FROM codes,SELECT count(code::bigint) FROM codes,SELECT count(code::gtin) FROM codes,SELECT count(code::ean13) FROM codes}');
INSERT INTO bench.targets (test, variant, baseline, less, at_most) VALUES
  ('cast from text, own time', 'gtin', 'isn', 'scan', 0.4), ('cast from text, own time', 'gtin', 'bigint', 'scan', 1.5);

CALL bench.compare('gtin_valid scan', '{length,gtin_valid}',
  '{SELECT count(*) FROM codes WHERE length(code) > 0,SELECT count(*) FROM codes WHERE gtin_valid(code)}');
INSERT INTO bench.targets (test, variant, baseline, at_most) VALUES ('gtin_valid scan', 'gtin_valid', 'length', 1.3);

-- The resolver: codes a second of the whole query, scan included.
CREATE UNLOGGED TABLE dirty AS
SELECT CASE n % 10
         WHEN 0 THEN substr(code, 1, 1) || ' ' || substr(code, 2, 6) || ' ' || substr(code, 8)
         WHEN 1 THEN chr(65279) || code
         WHEN 2 THEN code || '.0'
         WHEN 3 THEN '="' || code || '"'
         WHEN 4 THEN 'EAN: ' || code
         WHEN 5 THEN '0000' || code
         WHEN 6 THEN substr(code, 1, 1) || '.' || substr(code, 2) || 'E+12'
         WHEN 7 THEN code || ';' || code
         WHEN 8 THEN 'REF-' || code || '-X'
         ELSE substr(code, 1, 12) || (((substr(code, 13))::integer + 1) % 10)::text
       END AS code
FROM (SELECT code, row_number() OVER () AS n FROM codes LIMIT :rows / 5) AS c;
CREATE UNLOGGED TABLE clean AS SELECT code FROM codes LIMIT :rows / 5;
VACUUM (ANALYZE) dirty, clean;
CALL bench.compare('gtin_resolve', '{clean,dirty,clean in FROM,dirty in FROM}', ARRAY[
  'SELECT count(gtin_resolve(code)) FROM clean', 'SELECT count(gtin_resolve(code)) FROM dirty',
  'SELECT count(r.gtin) FROM clean, gtin_resolve(code) AS r', 'SELECT count(r.gtin) FROM dirty, gtin_resolve(code) AS r']);
INSERT INTO bench.figures (test, figure, value, at_least)
SELECT 'gtin_resolve', variant || ' codes/s', :rows / 5 / percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds),
       CASE variant WHEN 'clean' THEN 2e6 WHEN 'dirty' THEN 4e5 END
FROM bench.runs WHERE test = 'gtin_resolve' GROUP BY variant ORDER BY variant;

\echo 'Times: medians of five rounds, seconds for' :rows 'rows; ratio: median of the rounds'' ratios.'
SELECT test, variant, round(seconds::numeric, 3) AS seconds, baseline, round(baseline_seconds::numeric, 3) AS "its seconds",
       round(ratio::numeric, 2) AS ratio, at_most AS target,
       CASE WHEN ratio <= at_most THEN 'met' WHEN at_most IS NOT NULL THEN 'MISSED' END AS verdict
FROM bench.ratios ORDER BY id;
SELECT test, figure, round(value::numeric, CASE WHEN value > 1000 THEN 0 ELSE 3 END) AS value,
       coalesce('at least ' || at_least, 'at most ' || at_most) AS target,
       CASE WHEN value >= at_least OR value <= at_most THEN 'met' WHEN coalesce(at_least, at_most) IS NOT NULL THEN 'MISSED' END AS verdict
FROM bench.figures ORDER BY id;
