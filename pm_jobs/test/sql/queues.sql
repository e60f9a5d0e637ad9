-- Queues: made, changed, paused, granted, dropped; every setting checked.
\set SHOW_CONTEXT never
SELECT pm_jobs.create_queue('mail');
SELECT pm_jobs.create_queue('mail');
SELECT name, paused, concurrency, max_attempts, backoff, rate_per_second, rate_burst, key_concurrency, retention, events, ordered
FROM pm_jobs.queues;
SELECT pm_jobs.create_queue('slow', concurrency => 1, max_attempts => 3, backoff => '{10 s}', rate_per_second => 2.5, rate_burst => 10,
  key_concurrency => 1, retention => '1 hour', events => true, ordered => true);
SELECT name, paused, concurrency, max_attempts, backoff, rate_per_second, rate_burst, key_concurrency, retention, events, ordered
FROM pm_jobs.queues WHERE name = 'slow';
-- the burst follows the rate
SELECT pm_jobs.create_queue('tenth', rate_per_second => 0.1);
SELECT pm_jobs.create_queue('fast', rate_per_second => 99.5);
SELECT name, rate_per_second, rate_burst FROM pm_jobs.queues WHERE name IN ('tenth', 'fast') ORDER BY name;
-- names of any kind
SELECT pm_jobs.create_queue('Größe "1" %I; --');
SELECT pm_jobs.drop_queue('Größe "1" %I; --');

-- bad settings
SELECT pm_jobs.create_queue(NULL);
SELECT pm_jobs.create_queue('');
SELECT pm_jobs.create_queue(repeat('x', 64));
SELECT pm_jobs.create_queue('bad', concurrency => -1);
SELECT pm_jobs.create_queue('bad', concurrency => NULL);
SELECT pm_jobs.create_queue('bad', max_attempts => 0);
SELECT pm_jobs.create_queue('bad', backoff => '{}');
SELECT pm_jobs.create_queue('bad', backoff => '{1 min,NULL}');
SELECT pm_jobs.create_queue('bad', backoff => '{1 min,-1 s}');
SELECT pm_jobs.create_queue('bad', rate_per_second => 0);
SELECT pm_jobs.create_queue('bad', rate_per_second => 'NaN');
SELECT pm_jobs.create_queue('bad', rate_per_second => 'Infinity');
SELECT pm_jobs.create_queue('bad', rate_per_second => 1e12);
SELECT pm_jobs.create_queue('bad', rate_burst => 5);
SELECT pm_jobs.create_queue('bad', rate_per_second => 1, rate_burst => 0);
SELECT pm_jobs.create_queue('bad', key_concurrency => 0);
SELECT pm_jobs.create_queue('bad', retention => '-1 day');
SELECT pm_jobs.create_queue('bad', events => NULL);
SELECT count(*) FROM pm_jobs.queues WHERE name = 'bad' OR name = '';

-- what is not given stays; 0 takes limits away
SELECT pm_jobs.alter_queue('slow', concurrency => 7);
SELECT pm_jobs.alter_queue('slow', rate_per_second => 20);
SELECT concurrency, max_attempts, rate_per_second, rate_burst, key_concurrency, retention, ordered FROM pm_jobs.queues WHERE name = 'slow';
SELECT pm_jobs.alter_queue('slow', rate_per_second => 0, key_concurrency => 0, ordered => false);
-- an ordered queue takes jobs with a key only: none without may be left
BEGIN;
INSERT INTO pm_jobs._job (id, seq, queue, kind, payload, priority, max_attempts, enqueued_by) VALUES (0, 0, 'slow', 'none', '{}', 0, 1, current_user::regrole);
SAVEPOINT before;
SELECT pm_jobs.alter_queue('slow', ordered => true);
ROLLBACK TO before;
UPDATE pm_jobs._job SET limit_key = 'a';
SELECT pm_jobs.alter_queue('slow', ordered => true);
ROLLBACK;
SELECT concurrency, max_attempts, rate_per_second, rate_burst, key_concurrency, retention, ordered FROM pm_jobs.queues WHERE name = 'slow';
SELECT pm_jobs.alter_queue('slow', rate_burst => 3);
SELECT pm_jobs.alter_queue('slow', concurrency => 0);
SELECT pm_jobs.alter_queue('none', concurrency => 1);
SELECT pm_jobs.alter_queue(NULL);

SELECT pm_jobs.pause_queue('mail');
SELECT pm_jobs.pause_queue('mail');
SELECT name, paused FROM pm_jobs.queues WHERE paused;
SELECT pm_jobs.resume_queue('mail');
SELECT name, paused FROM pm_jobs.queues WHERE paused;
SELECT pm_jobs.pause_queue('none');
SELECT pm_jobs.resume_queue('none');

CREATE ROLE jobs_one;
SELECT pm_jobs.grant_queue('mail', 'jobs_one');
SELECT pm_jobs.grant_queue('mail', 'jobs_one');
SELECT pm_jobs.grant_queue('mail', '-');
SELECT granted_to FROM pm_jobs.queues WHERE name = 'mail';
SELECT pm_jobs.revoke_queue('mail', '-');
SELECT granted_to FROM pm_jobs.queues WHERE name = 'mail';
SELECT pm_jobs.grant_queue('mail', NULL);
SELECT pm_jobs.grant_queue('mail', 4294967295::oid::regrole);
SELECT pm_jobs.grant_queue('none', 'jobs_one');
SELECT pm_jobs.revoke_queue('mail', 'jobs_one');
DROP ROLE jobs_one;

-- a queue in use stays
CREATE FUNCTION noop(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT pm_jobs.register_handler('noop', 'noop(pm_jobs.job)');
SELECT pm_jobs.enqueue('mail', 'noop') AS job \gset
SELECT pm_jobs.schedule('daily', '1 day', 'mail', 'noop') > now() AS scheduled;
SELECT pm_jobs.drop_queue('mail');
SELECT pm_jobs.cancel(:job);
SELECT pm_jobs.drop_queue('mail');
SELECT pm_jobs.unschedule('daily');
SELECT pm_jobs.drop_queue('mail');
SELECT pm_jobs.drop_queue('mail');
SELECT queue, status FROM pm_jobs.jobs;

SELECT pm_jobs.drop_queue(name) FROM pm_jobs.queues;
SELECT pm_jobs.unregister_handler('noop');
DROP FUNCTION noop;
