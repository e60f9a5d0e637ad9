-- Who may do and see what.  A job belongs to the role that was effective when it was enqueued.
\set SHOW_CONTEXT never
CREATE ROLE jobs_boss;
CREATE ROLE jobs_ann;
CREATE ROLE jobs_bob;
CREATE ROLE "Jobs ""Team""";
GRANT "Jobs ""Team""" TO jobs_bob;
CREATE FUNCTION noop(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT pm_jobs.register_handler('noop', 'noop(pm_jobs.job)');
SELECT pm_jobs.create_queue('shared');
SELECT pm_jobs.create_queue('private');
SELECT pm_jobs.grant_queue('shared', 'jobs_ann');
SELECT pm_jobs.grant_queue('shared', '"Jobs ""Team"""');

-- administration is for administrators: EXECUTE alone does not make one
SET ROLE jobs_ann;
\set VERBOSITY terse
SELECT pm_jobs.create_queue('mine');
SELECT pm_jobs.drop_queue('shared');
SELECT pm_jobs.register_handler('mine', 'noop(pm_jobs.job)');
SELECT pm_jobs.purge();
SELECT pm_jobs._create_queue('pg_database_owner', 'mine', 1, 1, '{0}', NULL, NULL, NULL, '1 day', false, false, false);
SELECT pm_jobs._enqueue('pg_database_owner', 'shared', 'noop', '{}', NULL, 0, NULL, NULL, NULL, false);
INSERT INTO pm_jobs._job (queue, kind, payload, priority, max_attempts, enqueued_by) VALUES ('shared', 'noop', '{}', 0, 1, 'pg_database_owner');
DELETE FROM pm_jobs._finished;
UPDATE pm_jobs.jobs SET payload = '{}';
SELECT * FROM pm_jobs._finished_0;
SELECT nextval('pm_jobs._job_id');
RESET ROLE;

-- for another role: its members and superusers, where the queue is granted to that role
SELECT pm_jobs.enqueue_as('jobs_ann', 'shared', 'noop', '{"as": 1}') > 0 AS enqueued;
SELECT pm_jobs.enqueue_as('jobs_ann', 'shared', 'noop', '{"as": 2}', dedup_key => 'as') > 0 AS enqueued;
SELECT pm_jobs.enqueue_as('jobs_ann', 'private', 'noop');
SELECT pm_jobs.enqueue_as(0::regrole, 'shared', 'noop');
SELECT pm_jobs.enqueue_as(NULL, 'shared', 'noop');
SET ROLE jobs_bob;
SELECT pm_jobs.enqueue_as('"Jobs ""Team"""', 'shared', 'noop', '{"as": 3}') > 0 AS enqueued;
SELECT pm_jobs.enqueue_as('jobs_bob', 'shared', 'noop', '{"as": 4}') > 0 AS enqueued;
SELECT pm_jobs.enqueue_as('jobs_ann', 'shared', 'noop');
SELECT pm_jobs.enqueue_as('pg_database_owner', 'shared', 'noop');
SELECT pm_jobs._enqueue_as('pg_database_owner', 'pg_database_owner', 'shared', 'noop', '{}', NULL, 0, NULL, NULL, NULL, false);
SELECT payload FROM pm_jobs.jobs WHERE payload ? 'as';
RESET ROLE;
SELECT payload, enqueued_by, status FROM pm_jobs.jobs WHERE payload ? 'as' ORDER BY id;
DELETE FROM pm_jobs._job WHERE payload ? 'as';
GRANT EXECUTE ON FUNCTION pm_jobs.pause_queue(text) TO jobs_ann;
SET ROLE jobs_ann;
\set VERBOSITY default
SELECT pm_jobs.pause_queue('shared');
SELECT pm_jobs._is_admin();

-- enqueuing needs the queue
SELECT pm_jobs.enqueue('private', 'noop');
SELECT pm_jobs.enqueue_many('private', 'noop', '{"{}"}');
SELECT pm_jobs.schedule('mine', '1 hour', 'private', 'noop');
SELECT pm_jobs.enqueue('shared', 'noop', '{"by": "ann"}') AS ann \gset
SELECT pm_jobs.schedule('ann', '1 hour', 'shared', 'noop') > now() AS scheduled;
SET ROLE jobs_bob;
SELECT pm_jobs.enqueue('shared', 'noop', '{"by": "bob"}') AS bob \gset
SET ROLE "Jobs ""Team""";
SELECT pm_jobs.enqueue('shared', 'noop', '{"by": "team"}') AS team \gset
RESET ROLE;
SELECT payload ->> 'by' AS by, enqueued_by FROM pm_jobs.jobs WHERE payload ? 'by' ORDER BY id;
-- inside a function with its owner's rights it is the owner
CREATE FUNCTION for_everybody() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$
  SELECT pm_jobs.enqueue('private', 'noop', '{"by": "definer"}') $$;
SET ROLE jobs_ann;
SELECT for_everybody() AS definer \gset
RESET ROLE;
SELECT enqueued_by::text = current_user AS mine FROM pm_jobs.jobs WHERE id = :definer;

-- each sees its own, administrators all; a member of a role does not see the role's
SET ROLE jobs_ann;
SELECT payload ->> 'by' AS by FROM pm_jobs.jobs ORDER BY id;
SELECT name FROM pm_jobs.schedules;
SELECT queue, ready FROM pm_jobs.stats;
SELECT pm_jobs.cancel(:bob);
SELECT pm_jobs.unschedule('bob');
SET ROLE jobs_bob;
SELECT payload ->> 'by' AS by FROM pm_jobs.jobs ORDER BY id;
SELECT pm_jobs.cancel(:bob);
SELECT pm_jobs.cancel(:ann);
SELECT pm_jobs.cancel(:definer);
SELECT count(*) FROM pm_jobs.schedules;
\set VERBOSITY terse
SELECT pm_jobs.unschedule('ann');
SELECT pm_jobs.schedule('ann', '1 hour', 'shared', 'noop');
-- neither by a function that looks cheap to the planner
CREATE FUNCTION pg_temp.peek(payload jsonb) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$
BEGIN
  RAISE NOTICE 'seen: %', payload;
  RETURN true;
END $$;
SELECT count(*) FROM pm_jobs.jobs WHERE pg_temp.peek(payload);
RESET ROLE;

-- a dead one's error is for its owner
SELECT pm_jobs.cancel(:ann);
UPDATE pm_jobs._finished SET status = 'dead', attempts = 1 WHERE id IN (:ann, :bob);
INSERT INTO pm_jobs._attempts VALUES (:ann, 1, now(), now(), 'failed', 'P0001', 'ann''s secret', NULL, NULL, NULL, 1),
                                     (:bob, 1, now(), now(), 'failed', 'P0001', 'bob''s secret', NULL, NULL, NULL, 1);
SET ROLE jobs_ann;
SELECT message FROM pm_jobs.attempts;
SELECT queue, sqlstate FROM pm_jobs.dead;
SELECT pm_jobs.retry(:bob);
SELECT pm_jobs.redrive('shared');
RESET ROLE;
SELECT payload ->> 'by' AS still_dead FROM pm_jobs.dead;

-- taken back, for what is to come and for what comes again
SELECT pm_jobs.revoke_queue('shared', '"Jobs ""Team"""');
SET ROLE jobs_bob;
SELECT pm_jobs.enqueue('shared', 'noop');
SELECT pm_jobs.retry(:bob);
SELECT pm_jobs.redrive('shared');
RESET ROLE;
SELECT pm_jobs.redrive('shared');
-- for everybody
SELECT pm_jobs.grant_queue('shared', '-');
SET ROLE jobs_boss;
SELECT pm_jobs.enqueue('shared', 'noop') IS NOT NULL AS id;
RESET ROLE;

SELECT pm_jobs.unschedule('ann');
SELECT count(pm_jobs.cancel(id)) AS cancelled FROM pm_jobs.jobs WHERE finished_at IS NULL;
SELECT count(pm_jobs.drop_queue(name)) AS dropped FROM pm_jobs.queues;
SELECT pm_jobs.unregister_handler('noop');
DROP FUNCTION noop, for_everybody;
