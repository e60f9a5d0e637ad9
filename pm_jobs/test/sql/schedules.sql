-- Schedules: what is refused, and what is enqueued when nobody looked for a while.  The specs themselves: cron.
\set SHOW_CONTEXT never
CREATE FUNCTION noop(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT pm_jobs.register_handler('noop', 'noop(pm_jobs.job)');
SELECT pm_jobs.create_queue('q');
-- as if the clock had gone on: the next run was due that long ago
CREATE FUNCTION pg_temp.due(schedule text, ago interval) RETURNS void LANGUAGE sql AS $$
  UPDATE pm_jobs._schedules SET next_run = clock_timestamp() - ago WHERE name = schedule $$;
CREATE FUNCTION pg_temp.fire() RETURNS TABLE (schedule text, jobs bigint, ahead boolean, last_error text) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pm_jobs._before_run(NULL);
  RETURN QUERY
    SELECT s.name, count(j.id), s.next_run > clock_timestamp(), s.last_error
    FROM pm_jobs.schedules AS s LEFT JOIN pm_jobs.jobs AS j ON j.payload ->> 'schedule' = s.name AND j.status = 'ready'
    GROUP BY s.name, s.next_run, s.last_error ORDER BY s.name;
  PERFORM pm_jobs.cancel(j.id) FROM pm_jobs.jobs AS j WHERE j.status = 'ready';
END $$;

SELECT pm_jobs.schedule('once', '10 min', 'q', 'noop', '{"schedule": "once"}') BETWEEN now() + interval '9 min' AND now() + interval '11 min' AS in_time;
SELECT pm_jobs.schedule('all', '10 min', 'q', 'noop', '{"schedule": "all"}', 'all') IS NOT NULL AS next;
SELECT pm_jobs.schedule('skip', '10 min', 'q', 'noop', '{"schedule": "skip"}', missed => 'skip') IS NOT NULL AS next;
SELECT name, spec, queue, kind, payload, missed, owner::text = current_user AS mine, last_run, last_error FROM pm_jobs.schedules ORDER BY name;
-- nothing is due
SELECT * FROM pg_temp.fire();
-- just due: one each
SELECT pg_temp.due(name, '2 s') FROM pm_jobs.schedules;
SELECT * FROM pg_temp.fire();
SELECT * FROM pg_temp.fire();
SELECT bool_and(last_run BETWEEN now() - interval '10 s' AND now()) AS last_run FROM pm_jobs.schedules;
-- five minutes late
SELECT pg_temp.due(name, '5 min') FROM pm_jobs.schedules;
SELECT * FROM pg_temp.fire();
-- over an hour late: 7 times have passed
SELECT pg_temp.due(name, '65 min') FROM pm_jobs.schedules;
SELECT * FROM pg_temp.fire();
-- 60 minutes and a few seconds late: the last of the 7 times is just due
SELECT pg_temp.due(name, '60 min 5 s') FROM pm_jobs.schedules;
SELECT * FROM pg_temp.fire();
-- ten years late: at most 1000 at a time
SELECT pg_temp.due(name, '3650 days') FROM pm_jobs.schedules;
SELECT * FROM pg_temp.fire();
SELECT * FROM pg_temp.fire();
SELECT pm_jobs.unschedule('all');
-- every second, unseen for a month: the last time is just due
SELECT pm_jobs.schedule('skip', '1 s', 'q', 'noop', '{"schedule": "skip"}', 'skip') IS NOT NULL AS next;
SELECT pm_jobs.schedule('once', '1 s', 'q', 'noop', '{"schedule": "once"}', 'once') IS NOT NULL AS next;
SELECT pg_temp.due(name, '30 days') FROM pm_jobs.schedules;
SELECT * FROM pg_temp.fire();
SELECT pm_jobs.unschedule(name) FROM pm_jobs.schedules;

-- only of the queue that is looked at
SELECT pm_jobs.create_queue('other');
SELECT pm_jobs.schedule('q', '1 day', 'q', 'noop') IS NOT NULL AND pm_jobs.schedule('other', '1 day', 'other', 'noop') IS NOT NULL AS both;
SELECT pg_temp.due(name, '1 s') FROM pm_jobs.schedules;
SELECT pm_jobs._before_run('other');
SELECT queue, count(*) FROM pm_jobs.jobs WHERE status = 'ready' GROUP BY queue;
-- a schedule that cannot enqueue says why and goes on
SELECT pm_jobs.unregister_handler('noop');
SELECT pg_temp.due(name, '1 s') FROM pm_jobs.schedules;
SELECT * FROM pg_temp.fire();
SELECT pm_jobs.register_handler('noop', 'noop(pm_jobs.job)');
SELECT pg_temp.due(name, '1 s') FROM pm_jobs.schedules;
SELECT schedule, last_error FROM pg_temp.fire();
-- replaced: the time stays unless the spec changes
SELECT next_run AS old FROM pm_jobs.schedules WHERE name = 'q' \gset
SELECT pm_jobs.schedule('q', '1 day', 'q', 'noop', '{"n": 2}', 'skip') = :'old' AS same;
SELECT pm_jobs.schedule('q', '2 days', 'q', 'noop') > :'old' AS later;
SELECT name, spec, payload, missed FROM pm_jobs.schedules ORDER BY name;

-- refused
SELECT pm_jobs.schedule(NULL, '1 day', 'q', 'noop');
SELECT pm_jobs.schedule('', '1 day', 'q', 'noop');
SELECT pm_jobs.schedule('bad', NULL, 'q', 'noop');
SELECT pm_jobs.schedule('bad', '1 day', 'none', 'noop');
SELECT pm_jobs.schedule('bad', '1 day', 'q', 'none');
SELECT pm_jobs.schedule('bad', '1 day', 'q', 'noop', '[]');
SELECT pm_jobs.schedule('bad', '1 day', 'q', 'noop', missed => 'twice');
SELECT pm_jobs.schedule('bad', '1 day', 'q', 'noop', missed => NULL);
SELECT pm_jobs.schedule('bad', '61 2 * * *', 'q', 'noop');
SELECT pm_jobs.schedule('bad', '0 2 30 2 *', 'q', 'noop');
SELECT pm_jobs.schedule('bad', '0 2 * * * Mars/Olympus', 'q', 'noop');
SELECT pm_jobs.schedule('bad', '0 seconds', 'q', 'noop');
SELECT pm_jobs.schedule('bad', 'every day', 'q', 'noop');
SELECT pm_jobs.unschedule('bad');
SELECT pm_jobs.unschedule(NULL);

SELECT pm_jobs.unschedule(name) FROM pm_jobs.schedules;
SELECT count(pm_jobs.cancel(id)) >= 0 AS cancelled FROM pm_jobs.jobs WHERE finished_at IS NULL;
SELECT count(pm_jobs.drop_queue(name)) AS dropped FROM pm_jobs.queues;
SELECT pm_jobs.unregister_handler('noop');
DROP FUNCTION noop;
