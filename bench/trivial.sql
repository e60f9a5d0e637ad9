-- trivial.sql - the least that works: what pm_jobs is compared with, and handlers that do nothing
--
-- The plain table has no history, no attempts, no roles and no limits.  pm_jobs is
-- there when this is read.
CREATE TABLE plain (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  queue text NOT NULL,
  kind text NOT NULL,
  payload jsonb NOT NULL,
  priority integer NOT NULL DEFAULT 0
);
CREATE INDEX ON plain (queue, priority DESC, id);

CREATE FUNCTION handle(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION handle_plain(payload jsonb) RETURNS jsonb LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
SELECT pm_jobs.register_handler('none', 'handle(pm_jobs.job)');
