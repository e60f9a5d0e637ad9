\echo Use "CREATE EXTENSION pm_jobs" to load this file. \quit

-- Everybody may name the objects; what may be done with them stands in the functions,
-- which know their caller, and in the row-level security of the tables.
GRANT USAGE ON SCHEMA pm_jobs TO PUBLIC;
COMMENT ON SCHEMA pm_jobs IS 'Job queue: queues with limits, jobs that run as who enqueued them, retries, dead letters, schedules';
