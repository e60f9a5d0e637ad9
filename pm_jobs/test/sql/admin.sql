-- Role pm_admin: made by a deployment, which applies grants.sql.  Follows access, whose roles it uses.
\set SHOW_CONTEXT never
\set VERBOSITY terse
-- without such a role, administrators are superusers and the extension's owner
SELECT to_regrole('pm_admin') IS NULL AS absent, pm_jobs._is_admin() AS superuser;
CREATE ROLE pm_admin;
CREATE SCHEMA AUTHORIZATION jobs_boss;
\getenv abs_srcdir PG_ABS_SRCDIR
\set grants :abs_srcdir '/../sql/grants.sql'
\i :grants
GRANT pm_admin TO jobs_boss;
SET ROLE jobs_boss;
SELECT pm_jobs._is_admin();
CREATE FUNCTION jobs_boss.noop(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT pm_jobs.create_queue('boss');
SELECT pm_jobs.alter_queue('boss', concurrency => 3);
SELECT pm_jobs.register_handler('noop', 'jobs_boss.noop(pm_jobs.job)');
SELECT pm_jobs.enqueue('boss', 'noop') IS NOT NULL AS id;
SELECT pm_jobs.pause_queue('boss');
SELECT pm_jobs.resume_queue('boss');
SELECT pm_jobs.grant_queue('boss', 'jobs_ann');
RESET ROLE;
SELECT name, concurrency, owner, granted_to FROM pm_jobs.queues;
-- the tables stay out of reach
SET ROLE jobs_boss;
UPDATE pm_jobs._queues SET owner = 'jobs_boss';
-- it sees and cancels everybody's
SET ROLE jobs_ann;
SELECT pm_jobs.enqueue('boss', 'noop') AS ann \gset
SET ROLE jobs_boss;
SELECT enqueued_by FROM pm_jobs.jobs WHERE finished_at IS NULL ORDER BY id;
SELECT pm_jobs.cancel(:ann);
SELECT count(pm_jobs.cancel(id)) FROM pm_jobs.jobs WHERE finished_at IS NULL;
-- no longer a member, no longer an administrator; the queue's owner may still enqueue
RESET ROLE;
REVOKE pm_admin FROM jobs_boss;
SET ROLE jobs_boss;
SELECT pm_jobs.pause_queue('boss');
SELECT pm_jobs.enqueue('boss', 'noop') AS job \gset
SELECT pm_jobs.cancel(:job);
RESET ROLE;
SELECT pm_jobs.drop_queue('boss');
SELECT pm_jobs.unregister_handler('noop');
-- jobs outlive their role
DROP OWNED BY jobs_boss, jobs_ann, jobs_bob, pm_admin;
DROP ROLE jobs_boss, jobs_ann, jobs_bob, "Jobs ""Team""", pm_admin;
SELECT count(*) > 0 AS kept FROM pm_jobs.jobs WHERE enqueued_by::text ~ '^\d+$';
