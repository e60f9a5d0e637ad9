-- harness.sql - measure statements side by side; included by every benchmark
--
-- bench.compare() runs the statements of a test in turn, in alternating order,
-- once unmeasured and then :rounds times, so that drift of the machine hits all
-- alike.  A ratio is the median of the ratios of each round; of the processor time of
-- the session too, which neighbours disturb less than the clock.

CREATE SCHEMA bench;

CREATE TABLE bench.runs (
  test text NOT NULL,
  variant text NOT NULL,
  round integer NOT NULL,
  seconds float8 NOT NULL,
  processor float8,  -- seconds of it
  PRIMARY KEY (test, variant, round)
);

-- The processor time that this session has used, in seconds, exact to 0.01.
CREATE FUNCTION bench.processor() RETURNS float8 LANGUAGE sql AS $$
  SELECT (f[12]::float8 + f[13]::float8) / 100
  FROM string_to_array(regexp_replace(pg_read_file('/proc/self/stat'), '^.*\) ', ''), ' ') AS f
$$;

-- What a ratio is measured against, and what it should be; less: a variant whose
-- time is taken off both first (an empty scan, say).
CREATE TABLE bench.targets (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  test text NOT NULL,
  variant text NOT NULL,
  baseline text NOT NULL,
  less text,
  at_most float8,
  note text
);

-- Figures that are no times: sizes, rates; limit is a floor when at_least.
CREATE TABLE bench.figures (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  test text NOT NULL,
  figure text NOT NULL,
  value float8 NOT NULL,
  at_least float8,
  at_most float8
);

CREATE PROCEDURE bench.compare(test text, variants text[], statements text[], before text[] DEFAULT NULL, rounds integer DEFAULT 5)
LANGUAGE plpgsql
AS $$
DECLARE
  i integer;
  started timestamptz;
  used float8;
BEGIN
  FOR round IN 0 .. rounds LOOP
    FOR step IN 1 .. array_length(variants, 1) LOOP
      i := CASE WHEN round % 2 = 0 THEN step ELSE array_length(variants, 1) + 1 - step END;
      IF before[i] IS NOT NULL THEN
        EXECUTE before[i];
        COMMIT;
      END IF;
      used := bench.processor();
      started := clock_timestamp();
      EXECUTE statements[i];
      IF round > 0 THEN
        INSERT INTO bench.runs
        SELECT test, variants[i], round, extract(epoch FROM clock_timestamp() - started), bench.processor() - used;
      END IF;
      COMMIT;
    END LOOP;
  END LOOP;
END
$$;

CREATE VIEW bench.ratios AS
SELECT t.id, t.test, t.variant, t.baseline,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY v.seconds - coalesce(l.seconds, 0)) AS seconds,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY b.seconds - coalesce(l.seconds, 0)) AS baseline_seconds,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY (v.seconds - coalesce(l.seconds, 0))
                                          / (b.seconds - coalesce(l.seconds, 0))) AS ratio,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY (v.processor - coalesce(l.processor, 0))
                                          / nullif(b.processor - coalesce(l.processor, 0), 0)) AS processor_ratio,
       t.at_most, t.note
FROM bench.targets AS t
JOIN bench.runs AS v ON v.test = t.test AND v.variant = t.variant
JOIN bench.runs AS b ON b.test = t.test AND b.variant = t.baseline AND b.round = v.round
LEFT JOIN bench.runs AS l ON l.test = t.test AND l.variant = t.less AND l.round = v.round
GROUP BY t.id;
