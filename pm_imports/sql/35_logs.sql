-- What happened when, in partitions by month of UTC.
--
-- No partition comes with the extension: a restore in another month makes none that the
-- dump has too.  The first line makes its month and the two after it, and so does the
-- nightly job, so that one is there before it is needed.  There is no default one, which
-- would take the lines of a month that is missing and keep it from being made.

CREATE TABLE pm_imports.import_logs (
  id uuid NOT NULL DEFAULT pm_xref.uuid7(),
  job_id uuid,
  logged_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  level text NOT NULL DEFAULT 'info',
  message text NOT NULL,
  details jsonb,
  CONSTRAINT level_is_known CHECK (level IN ('info', 'warning', 'error'))
) PARTITION BY RANGE (logged_at);
COMMENT ON TABLE pm_imports.import_logs IS 'What happened to jobs, directories and configs when; only ever appended to. Partition import_logs_YYYY_MM has a month of UTC';
COMMENT ON COLUMN pm_imports.import_logs.id IS 'key, in order of time';
COMMENT ON COLUMN pm_imports.import_logs.job_id IS 'the job of import_jobs, which may be forgotten since; NULL: of none';
COMMENT ON COLUMN pm_imports.import_logs.logged_at IS 'when';
COMMENT ON COLUMN pm_imports.import_logs.level IS 'info, warning or error';
COMMENT ON COLUMN pm_imports.import_logs.message IS 'what, for people';
COMMENT ON COLUMN pm_imports.import_logs.details IS 'figures, for programs';

-- Makes the partitions of this month and the two after it.  As the extension's owner,
-- who alone can: it has no arguments.
CREATE FUNCTION pm_imports._add_log_partitions() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  month timestamp;
  partition text;
BEGIN
  FOR month IN SELECT date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => n) FROM generate_series(0, 2) AS n LOOP
    partition := 'import_logs_' || to_char(month, 'YYYY_MM');
    CONTINUE WHEN to_regclass('pm_imports.' || partition) IS NOT NULL;
    -- one at a time; who waited finds it made
    LOCK TABLE ONLY pm_imports.import_logs IN SHARE UPDATE EXCLUSIVE MODE;
    CONTINUE WHEN to_regclass('pm_imports.' || partition) IS NOT NULL;
    EXECUTE format('CREATE TABLE pm_imports.%I (LIKE pm_imports.import_logs INCLUDING ALL)', partition);
    EXECUTE format('ALTER TABLE pm_imports.%I ADD PRIMARY KEY (id)', partition);
    EXECUTE format('CREATE INDEX ON pm_imports.%I (job_id) WHERE job_id IS NOT NULL', partition);
    EXECUTE format('CREATE INDEX ON pm_imports.%I (logged_at)', partition);
    EXECUTE format('ALTER TABLE pm_imports.import_logs ATTACH PARTITION pm_imports.%I FOR VALUES FROM (%L) TO (%L)',
      partition, month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
  END LOOP;
END
$$;

CREATE FUNCTION pm_imports._log(job uuid, level text, message text, details jsonb DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  logged timestamptz := clock_timestamp();
BEGIN
  IF to_regclass('pm_imports.import_logs_' || to_char(logged AT TIME ZONE 'UTC', 'YYYY_MM')) IS NULL THEN
    PERFORM pm_imports._add_log_partitions();
  END IF;
  INSERT INTO pm_imports.import_logs (job_id, logged_at, level, message, details) VALUES (job, logged, level, message, details);
END
$$;

SELECT pg_extension_config_dump('pm_imports.import_logs', '');

REVOKE ALL ON FUNCTION pm_imports._add_log_partitions(), pm_imports._log(uuid, text, text, jsonb) FROM PUBLIC;
