-- The next time of a schedule, where the clock is changed and where it is not.
SET timezone = 'UTC';
SET datestyle = 'ISO';

-- Times after one another, as many as asked for.
CREATE FUNCTION times(spec text, after timestamptz, n int) RETURNS SETOF timestamptz LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. n LOOP
    after := pm_jobs._next_run(spec, after);
    RETURN NEXT after;
  END LOOP;
END $$;

SELECT * FROM times('*/20 8 * * mon-fri', '2026-01-02 08:30Z', 4);
SELECT * FROM times('@hourly', '2026-01-02 08:59:59.999Z', 2);
-- UTC unless the schedule says otherwise, whatever the session's zone is
SET timezone = 'Asia/Tokyo';
SELECT pm_jobs._next_run('0 4 * * *', '2026-01-01 00:00Z') = '2026-01-01 04:00Z' AS utc;
SET timezone = 'UTC';
SELECT * FROM times('0 4 * * * Asia/Kolkata', '2026-01-01 00:00Z', 2);

-- the gap of 29 March 2026, 01:00Z: 02:30 does not exist and becomes 03:00
SELECT t AT TIME ZONE 'Europe/Paris' AS local FROM times('30 2 * * * Europe/Paris', '2026-03-27 12:00Z', 4) AS t;
-- every quarter of an hour: those of the gap are one, and nothing comes twice
SELECT t AT TIME ZONE 'Europe/Paris' AS local, t FROM times('*/15 * * * * Europe/Paris', '2026-03-29 00:30Z', 4) AS t;
-- 25 October 2026: 02:30 comes twice and runs once, the first time
SELECT t AT TIME ZONE 'Europe/Paris' AS local, t FROM times('30 2 * * * Europe/Paris', '2026-10-23 12:00Z', 4) AS t;
SELECT t AT TIME ZONE 'Europe/Paris' AS local, t FROM times('*/30 * * * * Europe/Paris', '2026-10-25 00:00Z', 4) AS t;
-- asked within the second pass
SELECT pm_jobs._next_run('*/30 * * * * Europe/Paris', '2026-10-25 01:10Z');
-- half an hour at Lord Howe; a whole day that Samoa left out
SELECT t AT TIME ZONE 'Australia/Lord_Howe' AS local, t FROM times('15 2 * * * Australia/Lord_Howe', '2026-10-02 16:00Z', 3) AS t;
SELECT t AT TIME ZONE 'Pacific/Apia' AS local FROM times('0 12 * * * Pacific/Apia', '2011-12-29 00:00Z', 3) AS t;

-- No time is skipped or told twice: a year of every zone that changes its clock
-- against the minutes that match.
CREATE FUNCTION expected(zone text, minute int, hour int) RETURNS SETOF timestamptz LANGUAGE sql AS $$
  SELECT min(i) FROM generate_series('2026-01-01 00:00Z'::timestamptz, '2026-12-31 00:00Z', '15 min') AS i
  WHERE extract(minute FROM i AT TIME ZONE zone) = minute AND extract(hour FROM i AT TIME ZONE zone) = hour
  GROUP BY (i AT TIME ZONE zone)::date
$$;
SELECT count(*) AS zones, sum(missing) AS missing, sum(more) <= count(*) AS only_for_gaps
FROM (VALUES ('Europe/Paris'), ('America/New_York'), ('Australia/Sydney'), ('America/Sao_Paulo'), ('Africa/Casablanca')) AS z(zone)
CROSS JOIN (VALUES (2, 30), (0, 0), (1, 15), (3, 45)) AS h(hour, minute)
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE got IS NULL AND e BETWEEN '2026-01-02' AND '2026-12-29') AS missing,
         count(*) FILTER (WHERE e IS NULL AND got BETWEEN '2026-01-02' AND '2026-12-29') AS more
  FROM expected(zone, minute, hour) AS e
  FULL JOIN times(format('%s %s * * * %s', minute, hour, zone), '2025-12-31 00:00Z', 364) AS got ON got = e
) AS c;

-- intervals
SELECT * FROM times('90 seconds', '2026-01-01 00:00Z', 2);
SELECT pm_jobs._next_run(s, '2026-01-31 10:00Z') FROM unnest(ARRAY['1 month', '1 day 2 hours 3 min', '1 s', '00:00:01']) AS s;

-- what is wrong with it
CREATE FUNCTION complaint(spec text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  m text; d text; h text; s text;
BEGIN
  RETURN pm_jobs._next_run(spec, '2026-01-01');
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, s = RETURNED_SQLSTATE, h = PG_EXCEPTION_HINT;
  RETURN concat_ws(' / ', s, m, nullif(d, ''), CASE WHEN h <> '' THEN 'hint' END);
END $$;
SELECT complaint(s) FROM unnest(ARRAY['', '   ', 'x', '* * * *', '60 * * * *', '* * * foo *', '5-1 * * * *', '*/0 * * * *', '1;2 * * * *',
  '0 0 31 2 *', '@reboot', '0 0 * * * Mars/Base', '0 sec', '500 ms', '-1 hour', '1 day -24 hours', '2026-01-01']) AS s;
SELECT complaint(NULL) IS NULL AS strict;
DROP FUNCTION times(text, timestamptz, int), expected(text, int, int), complaint(text);
