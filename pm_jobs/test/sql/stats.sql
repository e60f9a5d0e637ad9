-- View stats: what it counts, and that its percentiles are those of percentile_cont.
CREATE FUNCTION noop(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  IF job.payload ? 'fail' THEN
    RAISE EXCEPTION 'refused';
  END IF;
  RETURN NULL;
END $$;
SELECT pm_jobs.register_handler('noop', 'noop(pm_jobs.job)');
SELECT count(pm_jobs.create_queue('s' || n, max_attempts => 1)) FROM generate_series(0, 40) AS n;

SELECT count(pm_jobs.enqueue('s0', 'noop', payload, run_at))
FROM (VALUES ('{}'::jsonb, NULL), ('{}', NULL), ('{"fail": 1}', NULL), ('{}', now() + interval '1 day')) AS j(payload, run_at);
SELECT pm_jobs.run_pending('s0', 2);
SELECT queue, scheduled, ready, running, dead, oldest_ready > '0' AS waits, succeeded_hour, failed_hour, per_minute, run_p50 <= run_p95 AS runs, wait_p50 <= wait_p95 AS waited
FROM pm_jobs.stats WHERE queue = 's0';
SELECT pm_jobs.run_pending('s0');
SELECT pm_jobs.pause_queue('s0');
SELECT queue, paused, scheduled, ready, dead, oldest_ready, succeeded_hour, failed_hour, per_minute FROM pm_jobs.stats WHERE queue = 's0';
SELECT queue, dead, succeeded_hour, run_p50, run_p95, wait_p50, wait_p95 FROM pm_jobs.stats WHERE queue = 's1';

-- Queue sN has finished N times N jobs in the last hour (s40 many), at random times,
-- and as many before; some were cancelled before they began, some were due later.
INSERT INTO pm_jobs._finished (id, queue, kind, payload, priority, run_at, dedup_running, max_attempts, attempts, earlier_attempts, crashes, enqueued_by,
                               enqueued_at, started_at, finished_at, status)
SELECT 1000000 + row_number() OVER (), 's' || n, 'noop', '{}', 0, CASE WHEN i % 3 = 0 THEN t.began - random() * interval '1 s' END, false, 1, 1, 0, 0, current_user::regrole,
       t.began - random() * interval '30 h', CASE WHEN i % 12 <> 8 THEN t.began END,
       t.began + random() * random() * interval '100 s', CASE WHEN i % 12 <> 8 THEN 'succeeded' ELSE 'cancelled' END
FROM generate_series(1, 40) AS n, generate_series(1, CASE n WHEN 40 THEN 20000 ELSE 2 * n * n END) AS i,
     LATERAL (SELECT now() - CASE WHEN i % 2 = 0 THEN interval '30 min' * random() ELSE interval '2 h' + random() * interval '5 h' END - interval '2 min' AS began) AS t;
CREATE VIEW expected AS
SELECT f.queue, count(*) FILTER (WHERE f.status = 'succeeded') AS succeeded,
       round(count(*) FILTER (WHERE f.status = 'succeeded' AND f.finished_at > now() - interval '5 min') / 5.0, 1) AS per_minute,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY f.finished_at - f.started_at) AS run_p50,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY f.finished_at - f.started_at) AS run_p95,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY f.started_at - greatest(f.enqueued_at, f.run_at)) AS wait_p50,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY f.started_at - greatest(f.enqueued_at, f.run_at)) AS wait_p95
FROM pm_jobs._finished AS f WHERE f.finished_at > now() - interval '1 hour' AND f.queue <> 's0'
GROUP BY f.queue;
CREATE FUNCTION agree() RETURNS TABLE(queues bigint, counts boolean, times boolean) LANGUAGE sql AS $$
  SELECT count(*), bool_and(s.succeeded_hour = e.succeeded AND s.per_minute = e.per_minute),
         -- they round differently
         bool_and(greatest(s.run_p50 - e.run_p50, e.run_p50 - s.run_p50, s.run_p95 - e.run_p95, e.run_p95 - s.run_p95,
                           s.wait_p50 - e.wait_p50, e.wait_p50 - s.wait_p50, s.wait_p95 - e.wait_p95, e.wait_p95 - s.wait_p95)
                  <= interval '2 microseconds')
  FROM pm_jobs.stats AS s JOIN expected AS e USING (queue)
$$;
SELECT * FROM agree();
SELECT s.queue FROM pm_jobs.stats AS s JOIN expected AS e USING (queue)
WHERE (s.run_p50 IS NULL) <> (e.run_p50 IS NULL) OR (s.wait_p95 IS NULL) <> (e.wait_p95 IS NULL);
-- with sorts that go to disk, and groups that do; with groups that are sorted
SET work_mem = '64kB';
SELECT * FROM agree();
SET enable_hashagg = off;
SELECT * FROM agree();
RESET enable_hashagg;
RESET work_mem;

DROP FUNCTION agree;
DROP VIEW expected;
SELECT count(pm_jobs.cancel(id)) AS cancelled FROM pm_jobs.jobs WHERE status = 'scheduled';
DELETE FROM pm_jobs._finished;
DELETE FROM pm_jobs._attempts;
SELECT count(pm_jobs.drop_queue(name)) AS dropped FROM pm_jobs.queues;
SELECT pm_jobs.unregister_handler('noop');
DROP FUNCTION noop;
