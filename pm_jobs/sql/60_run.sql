-- Running jobs in the session that asks for it.

CREATE FUNCTION pm_jobs.run_pending(queue text DEFAULT NULL, max_jobs integer DEFAULT NULL) RETURNS integer
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'pm_jobs_run_pending';
COMMENT ON FUNCTION pm_jobs.run_pending(text, integer) IS
  'Runs due jobs with transactional handlers inside the calling transaction, of one queue or of all, and returns how many attempts were made. Each is a subtransaction: one that fails takes no other down. Runs the jobs of roles that the caller is a member of; administrators run all.';

CREATE PROCEDURE pm_jobs.run(queue text DEFAULT NULL, max_jobs integer DEFAULT NULL)
LANGUAGE c
AS 'MODULE_PATHNAME', 'pm_jobs_run';
COMMENT ON PROCEDURE pm_jobs.run(text, integer) IS
  'Runs due jobs of one queue or of all, transactional or not, and commits each. Cannot be called inside a transaction block.';

CREATE FUNCTION pm_jobs.wait(id bigint, timeout interval DEFAULT '1 min') RETURNS text
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'pm_jobs_wait';
COMMENT ON FUNCTION pm_jobs.wait(bigint, interval) IS
  'Waits until a job is finished and returns its status: succeeded, dead or cancelled; NULL after the timeout. An error for a job of the own transaction.';

CREATE PROCEDURE pm_jobs.sleep(duration interval)
LANGUAGE c
AS 'MODULE_PATHNAME', 'pm_jobs_sleep';
COMMENT ON PROCEDURE pm_jobs.sleep(interval) IS
  'COMMITs, then waits so long holding no snapshot and no lock: for a handler that waits for the world outside, see register_handler. Cancelling the job ends it. Errors: 2D000 where COMMIT is not allowed, 22004 NULL, 22023 negative';

-- Is the job of this row of _job running, or claimed by a worker?
CREATE FUNCTION pm_jobs._is_running(job_row tid) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'pm_jobs__is_running';
REVOKE ALL ON FUNCTION pm_jobs._is_running(tid) FROM PUBLIC;

-- Waits until this transaction alone enqueues jobs of the key.
CREATE FUNCTION pm_jobs._lock_order(queue text, limit_key text) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'pm_jobs__lock_order';
REVOKE ALL ON FUNCTION pm_jobs._lock_order(text, text) FROM PUBLIC;
