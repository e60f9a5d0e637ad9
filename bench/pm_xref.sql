-- pm_xref.sql - references to another database, beside PostgreSQL's own anti-join and
-- postgres_fdw's; uuid7() beside gen_random_uuid()
--
-- One session, no parallel query.  psql variable: refs, the references; half as many
-- keys; one reference in a hundred has none.
\set ON_ERROR_STOP on
\pset footer off
SET client_min_messages = warning;
\ir harness.sql
\getenv host PGHOST
\getenv port PGPORT
SET jit = off;
SET max_parallel_workers_per_gather = 0;

\o /dev/null
CREATE DATABASE other;
CREATE EXTENSION pm_xref CASCADE;
SELECT pm_xref.add_database('other', :'host', :port, 'other', current_user);
\o
CREATE TABLE keys (id uuid);
INSERT INTO keys SELECT md5(i::text)::uuid FROM generate_series(1, :refs / 2) AS i;
ALTER TABLE keys ADD PRIMARY KEY (id);
CREATE TABLE refs (id bigint PRIMARY KEY, key_id uuid);
INSERT INTO refs SELECT i, md5((i % (:refs / 2) + CASE WHEN i % 100 = 0 THEN :refs ELSE 1 END)::text)::uuid FROM generate_series(1, :refs) AS i;
CREATE FOREIGN TABLE far_keys (id uuid) SERVER other OPTIONS (schema_name 'public', table_name 'keys');
\connect other
CREATE TABLE keys (id uuid);
INSERT INTO keys SELECT md5(i::text)::uuid FROM generate_series(1, :refs / 2) AS i;
ALTER TABLE keys ADD PRIMARY KEY (id);
VACUUM ANALYZE keys;
\connect postgres
VACUUM ANALYZE keys;
VACUUM ANALYZE refs;
CHECKPOINT;
SET client_min_messages = warning;
SET jit = off;
SET max_parallel_workers_per_gather = 0;

\o /dev/null
SELECT pm_xref.add_reference('other', 'refs', 'key_id', 'other', 'public.keys');
SELECT pm_xref.add_reference('local', 'refs', 'key_id', NULL, 'public.keys');
\o
\echo 'The same orphans by every way:'
SELECT (SELECT count(*) FROM refs AS r WHERE NOT EXISTS (SELECT FROM keys AS k WHERE k.id = r.key_id)) AS "anti-join",
       (SELECT count(*) FROM pm_xref.find_orphans('other')) AS stream, (SELECT count(*) FROM pm_xref.find_orphans('other', 'fdw')) AS fdw,
       (SELECT count(*) FROM pm_xref.find_orphans('local')) AS "stream, local";

CALL bench.compare('orphans',
  ARRAY['anti-join in one database', 'the same, work_mem 256 MB', 'plain postgres_fdw', 'stream', 'stream, 32 MB', 'stream, 16 MB', 'stream, 8 MB',
        'stream, 4 MB', 'fdw', 'stream, one database'],
  ARRAY['SELECT count(*) FROM refs AS r WHERE NOT EXISTS (SELECT FROM keys AS k WHERE k.id = r.key_id)',
        'SELECT count(*) FROM refs AS r WHERE NOT EXISTS (SELECT FROM keys AS k WHERE k.id = r.key_id)',
        'SELECT count(*) FROM refs AS r WHERE NOT EXISTS (SELECT FROM far_keys AS k WHERE k.id = r.key_id)',
        'SELECT count(*) FROM pm_xref.find_orphans(''other'')', 'SELECT count(*) FROM pm_xref.find_orphans(''other'')',
        'SELECT count(*) FROM pm_xref.find_orphans(''other'')', 'SELECT count(*) FROM pm_xref.find_orphans(''other'')',
        'SELECT count(*) FROM pm_xref.find_orphans(''other'')', 'SELECT count(*) FROM pm_xref.find_orphans(''other'', ''fdw'')',
        'SELECT count(*) FROM pm_xref.find_orphans(''local'')'],
  ARRAY['RESET work_mem', 'SET work_mem = ''256MB''', 'RESET work_mem', 'RESET pm_xref.work_mem', 'SET pm_xref.work_mem = ''32MB''',
        'SET pm_xref.work_mem = ''16MB''', 'SET pm_xref.work_mem = ''8MB''', 'SET pm_xref.work_mem = ''4MB''', 'RESET work_mem', 'RESET pm_xref.work_mem']);
RESET work_mem;

-- mode incremental: a thousand keys change between two checks, half of them there
CREATE INDEX ON refs (key_id);
CREATE TABLE step AS SELECT 0 AS n;
\connect other
SET client_min_messages = warning;
CREATE EXTENSION pm_xref CASCADE;
\o /dev/null
SELECT pm_xref.watch_key('keys', 'id');
\o
-- 250 keys go, those of the step before come back
CREATE FUNCTION churn(step integer) RETURNS void LANGUAGE sql AS $$
  DELETE FROM public.keys WHERE id IN (SELECT md5(i::text)::uuid FROM generate_series(step * 250 + 1, step * 250 + 250) AS i);
  INSERT INTO public.keys SELECT md5(i::text)::uuid FROM generate_series((step - 1) * 250 + 1, step * 250) AS i WHERE step > 1;
$$;
\connect postgres
SET client_min_messages = warning;
SET jit = off;
SET max_parallel_workers_per_gather = 0;
\o /dev/null
SELECT pm_xref.watch_key('refs', 'key_id');
SELECT pm_xref.check('other');
\o
CREATE PROCEDURE churn() LANGUAGE plpgsql AS $$
DECLARE
  step integer;
  rows bigint := (SELECT max(id) FROM refs);
BEGIN
  UPDATE step AS s SET n = s.n + 1 RETURNING s.n INTO step;
  PERFORM pm_xref._call('bench', 'other', 'SELECT public.churn($1::integer)', step::text);
  UPDATE refs SET key_id = md5((id + 7 + CASE WHEN id % 50 = 0 THEN rows ELSE 0 END)::text)::uuid
  WHERE id IN (SELECT (step * 1000 + i * (rows / 600)) % (rows / 2) FROM generate_series(1, 250) AS i);
END
$$;
VACUUM ANALYZE refs;
CHECKPOINT;
CALL bench.compare('check', ARRAY['incremental', 'full'],
  ARRAY['SELECT pm_xref.check(''other'', ''incremental'')', 'SELECT pm_xref.check(''other'', ''full'')'],
  ARRAY['CALL churn()', 'CALL churn()']);
\echo 'What the checks found:'
SELECT mode, engine, min(rows_checked) AS "least checked", max(rows_checked) AS "most checked", min(new_orphans) AS "least new", max(new_orphans) AS "most new", max(orphans) AS orphans
FROM pm_xref.checks WHERE started_at > (SELECT min(started_at) FROM pm_xref.checks) GROUP BY mode, engine;
CREATE TABLE plain (id bigint PRIMARY KEY, key_id uuid, price numeric);
CREATE TABLE watched (LIKE plain INCLUDING ALL);
\o /dev/null
SELECT pm_xref.watch_key('watched', 'key_id');
\o
CREATE PROCEDURE fill("table" regclass) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('TRUNCATE %s', "table");
  EXECUTE format('INSERT INTO %s SELECT i, md5(i::text)::uuid, 1 FROM generate_series(1, 50000) AS i', "table");
END
$$;
CALL bench.compare('50 000 rows',
  ARRAY['INSERT', 'INSERT, watched', 'UPDATE of a price', 'UPDATE of a price, watched', 'DELETE', 'DELETE, watched'],
  ARRAY['INSERT INTO plain SELECT i, md5(i::text)::uuid, 1 FROM generate_series(1, 50000) AS i',
        'INSERT INTO watched SELECT i, md5(i::text)::uuid, 1 FROM generate_series(1, 50000) AS i',
        'UPDATE plain SET price = price + 1', 'UPDATE watched SET price = price + 1', 'DELETE FROM plain', 'DELETE FROM watched'],
  ARRAY['TRUNCATE plain', 'TRUNCATE watched', 'CALL fill(''plain'')', 'CALL fill(''watched'')', 'CALL fill(''plain'')', 'CALL fill(''watched'')']);

CALL bench.compare('1 M UUIDs', ARRAY['gen_random_uuid', 'uuid7', 'nothing'],
  ARRAY['SELECT count(gen_random_uuid()) FROM generate_series(1, 1000000)', 'SELECT count(pm_xref.uuid7()) FROM generate_series(1, 1000000)',
        'SELECT count(random()) FROM generate_series(1, 1000000)']);

INSERT INTO bench.targets (test, variant, baseline, less, at_most) VALUES
  ('orphans', 'stream', 'anti-join in one database', NULL, 0.6),
  ('orphans', 'stream', 'the same, work_mem 256 MB', NULL, NULL),
  ('orphans', 'stream', 'plain postgres_fdw', NULL, 0.25),
  ('orphans', 'fdw', 'plain postgres_fdw', NULL, NULL),
  ('orphans', 'stream, 32 MB', 'stream', NULL, NULL),
  ('orphans', 'stream, 16 MB', 'stream', NULL, NULL),
  ('orphans', 'stream, 8 MB', 'stream', NULL, NULL),
  ('orphans', 'stream, 4 MB', 'stream', NULL, NULL),
  ('orphans', 'stream, one database', 'anti-join in one database', NULL, NULL),
  ('check', 'incremental', 'full', NULL, NULL),
  ('50 000 rows', 'INSERT, watched', 'INSERT', NULL, NULL),
  ('50 000 rows', 'UPDATE of a price, watched', 'UPDATE of a price', NULL, NULL),
  ('50 000 rows', 'DELETE, watched', 'DELETE', NULL, NULL),
  ('1 M UUIDs', 'uuid7', 'gen_random_uuid', NULL, 1.2),
  ('1 M UUIDs', 'uuid7', 'gen_random_uuid', 'nothing', NULL);
INSERT INTO bench.figures (test, figure, value, at_most)
SELECT 'check', 'incremental, ms', 1000 * percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds), 50 FROM bench.runs WHERE test = 'check' AND variant = 'incremental';
\echo 'Times: medians of five rounds of' :refs 'references; ratio: median of the rounds'' ratios. stream confirms every orphan by newer snapshots of both databases; the anti-joins only count.'
SELECT test, variant, round(seconds::numeric, 3) AS seconds, baseline, round(baseline_seconds::numeric, 3) AS "its seconds",
       round(ratio::numeric, 2) AS ratio, 'at most ' || at_most AS target,
       CASE WHEN ratio <= at_most THEN 'met' WHEN at_most IS NOT NULL THEN 'MISSED' END AS verdict
FROM bench.ratios ORDER BY id;
SELECT test, figure, round(value::numeric, 1) AS value, 'at most ' || at_most AS target, CASE WHEN value <= at_most THEN 'met' ELSE 'MISSED' END AS verdict FROM bench.figures ORDER BY id;
