-- What tells the workers that there is something to do: see src/report.c.  The
-- triggers fire ALWAYS, so that rows count whatever brings them: an INSERT, COPY,
-- a restore, logical replication.

CREATE FUNCTION pm_jobs._report() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs__report';

CREATE FUNCTION pm_jobs._report_settings() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs__report_settings';

-- A job that may have held its key is gone with this transaction.
CREATE FUNCTION pm_jobs._report_gone(queue text, priority integer, seq bigint) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs__report_gone';

CREATE TRIGGER report BEFORE INSERT OR UPDATE OF run_at, seq, crashes ON pm_jobs._job
FOR EACH ROW EXECUTE FUNCTION pm_jobs._report();
ALTER TABLE pm_jobs._job ENABLE ALWAYS TRIGGER report;

CREATE TRIGGER report AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pm_jobs._queues
FOR EACH STATEMENT EXECUTE FUNCTION pm_jobs._report_settings();
ALTER TABLE pm_jobs._queues ENABLE ALWAYS TRIGGER report;

CREATE TRIGGER report AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pm_jobs._handlers
FOR EACH STATEMENT EXECUTE FUNCTION pm_jobs._report_settings();
ALTER TABLE pm_jobs._handlers ENABLE ALWAYS TRIGGER report;

CREATE TRIGGER report AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pm_jobs._schedules
FOR EACH STATEMENT EXECUTE FUNCTION pm_jobs._report_settings();
ALTER TABLE pm_jobs._schedules ENABLE ALWAYS TRIGGER report;

REVOKE ALL ON FUNCTION pm_jobs._report(), pm_jobs._report_settings(), pm_jobs._report_gone(text, integer, bigint) FROM PUBLIC;
