-- pm_imports_report.sql - what pm_imports.sh has measured
\pset footer off
SET client_min_messages = warning;
INSERT INTO bench.targets (test, variant, baseline, at_most, note) VALUES
  ('first', 'import', 'COPY', 1.5, NULL),
  ('first', 'import', 'COPY, with versions and events', NULL, NULL),
  ('first', 'import', 'staging, ON CONFLICT', 0.5, NULL),
  ('first', 'import', 'pgloader, ON CONFLICT', 0.5, NULL),
  ('first', 'import', 'Node, batches of 1000', 0.33, NULL),
  ('first', 'import, two databases', 'COPY', 1.5, NULL),
  ('first', 'import, two databases', 'staging, ON CONFLICT', 0.5, NULL),
  ('first', 'import, two databases', 'Node, batches of 1000', 0.33, NULL),
  ('first', 'import, two databases', 'pgloader, ON CONFLICT', 0.5, NULL),
  ('lean', 'import', 'staging, two tables', NULL, NULL),
  ('lean', 'import, two databases', 'staging, two tables', NULL, NULL),
  ('10 % changed', 'import', 'staging, rows that differ', 0.33, NULL),
  ('10 % changed', 'import, two databases', 'staging, rows that differ', 0.33, NULL),
  ('unchanged', 'dry run', 'COPY WHERE false', 1.0, NULL),
  ('unchanged', 'import', 'COPY WHERE false', NULL, NULL);
INSERT INTO bench.figures (test, figure, value, at_least)
SELECT r.test, r.variant || ', rows/s', :rows / percentile_cont(0.5) WITHIN GROUP (ORDER BY r.seconds), CASE WHEN r.test = 'lean' THEN 30000 END
FROM bench.runs AS r WHERE r.variant ~ '^(import|dry run)' GROUP BY r.test, r.variant ORDER BY r.test, r.variant;
-- where one process does all, what is asked for is asked of a core; others may work on it
INSERT INTO bench.figures (test, figure, value, at_least)
SELECT s.test, s.variant || ', rows a second of processor time', :rows / percentile_cont(0.5) WITHIN GROUP (ORDER BY s.processor),
       CASE WHEN s.variant ~ '^(import|dry run)' AND s.test = 'unchanged' THEN 400000 END
FROM bench.sessions AS s WHERE s.variant <> 'COPY WHERE false' AND s.variant !~ 'two databases' GROUP BY s.test, s.variant ORDER BY s.test, s.variant;
INSERT INTO bench.figures (test, figure, value, at_most)
SELECT s.test, s.variant || ', MB of its own', max(s.megabytes), 128 FROM bench.sessions AS s WHERE s.variant ~ '^(import|dry run)' GROUP BY s.test, s.variant ORDER BY s.test, s.variant;

\echo 'Times: medians of' :rounds 'rounds of' :rows 'records; ratio: median of the rounds'' ratios.  COPY is of rows'
\echo 'that are clean and have their keys, into the same tables with their indexes and constraints.'
SELECT r.test, r.variant, round(r.seconds::numeric, 3) AS seconds, r.baseline, round(r.baseline_seconds::numeric, 3) AS "its seconds",
       round(r.ratio::numeric, 2) AS ratio, round((v.processor / b.processor)::numeric, 2) AS "of processor time", 'at most ' || r.at_most AS target,
       CASE WHEN r.ratio <= r.at_most THEN 'met' WHEN r.at_most IS NOT NULL THEN 'MISSED' END AS verdict
FROM bench.ratios AS r
LEFT JOIN LATERAL (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY s.processor) AS processor FROM bench.sessions AS s WHERE s.test = r.test AND s.variant = r.variant) AS v ON r.variant !~ 'two databases'
LEFT JOIN LATERAL (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY s.processor) AS processor FROM bench.sessions AS s WHERE s.test = r.test AND s.variant = r.baseline) AS b ON true
ORDER BY r.id;
SELECT test, figure, round(value::numeric) AS value, coalesce('at least ' || at_least, 'at most ' || at_most) AS target,
       CASE WHEN value >= at_least OR value <= at_most THEN 'met' WHEN at_least IS NOT NULL OR at_most IS NOT NULL THEN 'MISSED' END AS verdict
FROM bench.figures ORDER BY id;
