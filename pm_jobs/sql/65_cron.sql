-- The next time of a schedule, strictly after a time.
CREATE FUNCTION pm_jobs._next_run(spec text, after timestamptz) RETURNS timestamptz
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'pm_jobs__next_run';
