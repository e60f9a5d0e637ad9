-- What the roles of a deployment may do beyond PUBLIC: everybody may enqueue where a
-- queue is granted and see its own jobs; pm_admin administers.

GRANT EXECUTE ON FUNCTION
  pm_jobs.create_queue(text, integer, integer, interval[], numeric, integer, integer, interval, boolean, boolean, boolean),
  pm_jobs.alter_queue(text, integer, integer, interval[], numeric, integer, integer, interval, boolean, boolean, boolean),
  pm_jobs.drop_queue(text), pm_jobs.pause_queue(text), pm_jobs.resume_queue(text),
  pm_jobs.grant_queue(text, regrole), pm_jobs.revoke_queue(text, regrole),
  pm_jobs.register_handler(text, regprocedure, boolean), pm_jobs.unregister_handler(text), pm_jobs.purge() TO pm_admin;
