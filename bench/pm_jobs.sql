-- pm_jobs.sql - the queue against a plain table with SKIP LOCKED
--
-- One session, durable commits.  psql variables: jobs (100000) for batches; one
-- commit a job is measured with a twentieth of them.
\set ON_ERROR_STOP on
\pset footer off
SET client_min_messages = warning;
\ir harness.sql
CREATE EXTENSION pm_jobs;
SET jit = off;

\o /dev/null
\ir trivial.sql
SELECT pm_jobs.create_queue('bench');
\o

-- Takes jobs of the plain table, so many at a time, and commits each time.
CREATE PROCEDURE drain_plain(at_once int) LANGUAGE plpgsql AS $$
DECLARE
  taken int;
BEGIN
  LOOP
    WITH claimed AS (
      SELECT id FROM plain WHERE queue = 'bench' ORDER BY priority DESC, id LIMIT at_once FOR UPDATE SKIP LOCKED
    ), gone AS (
      DELETE FROM plain AS p USING claimed AS c WHERE p.id = c.id RETURNING p.payload
    )
    SELECT count(*) INTO taken FROM (SELECT handle_plain(g.payload) FROM gone AS g OFFSET 0) AS t;
    COMMIT;
    EXIT WHEN taken = 0;
  END LOOP;
END $$;

-- The same by run_pending.
CREATE PROCEDURE drain_pending(at_once int) LANGUAGE plpgsql AS $$
DECLARE
  taken int;
BEGIN
  LOOP
    taken := pm_jobs.run_pending('bench', at_once);
    COMMIT;
    EXIT WHEN taken = 0;
  END LOOP;
END $$;

CREATE PROCEDURE enqueue_one_by_one(n int) LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. n LOOP
    PERFORM pm_jobs.enqueue('bench', 'none', '{}');
  END LOOP;
END $$;
CREATE PROCEDURE insert_one_by_one(n int) LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. n LOOP
    INSERT INTO plain (queue, kind, payload) VALUES ('bench', 'none', '{}');
  END LOOP;
END $$;

SELECT :jobs / 20 AS few \gset
\set round 0
\ir pm_jobs_round.sql
\set round 1
\ir pm_jobs_round.sql
\set round 2
\ir pm_jobs_round.sql
\set round 3
\ir pm_jobs_round.sql
DELETE FROM bench.runs WHERE round = 0;

INSERT INTO bench.targets (test, variant, baseline, at_most) VALUES
  ('enqueue in one statement', 'enqueue_many', 'INSERT', NULL),
  ('enqueue one by one', 'enqueue', 'INSERT', NULL),
  ('drain, one commit a job', 'CALL run', 'DELETE SKIP LOCKED', NULL),
  ('drain, 60 a commit', 'run_pending', 'DELETE SKIP LOCKED', NULL),
  ('drain, one transaction', 'run_pending', 'DELETE SKIP LOCKED 1000', NULL);
INSERT INTO bench.figures (test, figure, value, at_least)
SELECT test, variant || ' jobs/s', percentile_cont(0.5) WITHIN GROUP (ORDER BY CASE WHEN test LIKE '%one commit%' OR test LIKE '%one by one' THEN :few ELSE :jobs END / seconds),
       CASE WHEN test = 'drain, one transaction' AND variant = 'run_pending' THEN 20000
            WHEN variant = 'enqueue_many' THEN 300000 END
FROM bench.runs GROUP BY test, variant ORDER BY test, variant;

\echo 'Times: medians of three rounds of' :jobs 'jobs,' :few 'where each has its own commit or statement; ratio: median of the rounds'' ratios.'
SELECT test, variant, round(seconds::numeric, 3) AS seconds, baseline, round(baseline_seconds::numeric, 3) AS "its seconds",
       round(ratio::numeric, 2) AS ratio
FROM bench.ratios ORDER BY id;
SELECT test, figure, round(value::numeric) AS value, 'at least ' || at_least AS target,
       CASE WHEN value >= at_least THEN 'met' WHEN at_least IS NOT NULL THEN 'MISSED' END AS verdict
FROM bench.figures ORDER BY id;
