-- What is forgotten, and what jobs do again and again.

-- Drops the partitions of months that ended longer ago; returns how many.  As the
-- extension's owner, who alone can.
CREATE FUNCTION pm_imports._drop_logs(older_than interval) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  p record;
  dropped integer := 0;
BEGIN
  FOR p IN
    SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'pm_imports.import_logs'::regclass AND c.relname ~ '^import_logs_[0-9]{4}_[0-9]{2}$'
      AND (to_date(substr(c.relname, 13), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC' <= now() - older_than
    ORDER BY c.relname
  LOOP
    EXECUTE format('DROP TABLE pm_imports.%I', p.relname);
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END
$$;

-- Forgets the content of uploads whose jobs all ended longer ago, and files of none.
CREATE FUNCTION pm_imports._forget_content(older_than interval) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  gone bigint;
BEGIN
  WITH old AS (
    UPDATE pm_imports.import_files AS f SET chunks = 0
    WHERE f.chunks > 0 AND f.finished_at < now() - older_than AND NOT EXISTS (
      SELECT FROM pm_imports.import_jobs AS j WHERE j.file_id = f.id AND (j.completed_at IS NULL OR j.completed_at >= now() - older_than))
    RETURNING f.id
  ), chunk AS (
    DELETE FROM pm_imports.import_file_chunks AS c USING old AS o WHERE c.file_id = o.id
  )
  SELECT count(*) INTO gone FROM old;
  RETURN gone;
END
$$;

CREATE FUNCTION pm_imports.forget(older_than interval DEFAULT '1 year') RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  gone bigint;
BEGIN
  IF (older_than >= '0') IS NOT TRUE THEN
    RAISE EXCEPTION 'invalid age of imports: %', coalesce('"' || older_than || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'It is an interval of 0 or more, such as ''1 year''.';
  END IF;
  -- the last import of a config stays: the same file is known by it
  DELETE FROM pm_imports.import_jobs AS j
  WHERE j.completed_at < now() - older_than
    AND (j.config_id IS NULL OR j.dry_run OR EXISTS (
      SELECT FROM pm_imports.import_jobs AS n WHERE n.config_id = j.config_id AND n.completed_at > j.completed_at AND NOT n.dry_run));
  GET DIAGNOSTICS gone = ROW_COUNT;
  DELETE FROM pm_imports.import_files AS f
  WHERE f.finished_at < now() - older_than AND NOT EXISTS (SELECT FROM pm_imports.import_jobs AS j WHERE j.file_id = f.id);
  DELETE FROM pm_imports.import_statistics AS s WHERE s.day < (now() - older_than - interval '10 years')::date;
  RETURN gone;
END
$$;
COMMENT ON FUNCTION pm_imports.forget(interval) IS
'forgets imports that ended longer ago, with their batches and errors, and files that no import has any more; returns how many imports. The last import of each config stays; statistics stay ten years longer. Errors: 22023';

-- What is done each night.
CREATE FUNCTION pm_imports._run_nightly(job pm_jobs.job) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  uploads bigint;
BEGIN
  PERFORM pm_imports._add_log_partitions();
  DELETE FROM pm_imports.import_files AS f WHERE f.finished_at IS NULL AND f.modified_at < now() - pm_imports._setting('keep_uploads')::interval;
  GET DIAGNOSTICS uploads = ROW_COUNT;
  RETURN jsonb_build_object('uploads', uploads, 'contents', pm_imports._forget_content(pm_imports._setting('keep_content')::interval),
    'imports', pm_imports.forget(pm_imports._setting('keep_jobs')::interval), 'log_months', pm_imports._drop_logs(pm_imports._setting('keep_logs')::interval));
END
$$;

CREATE FUNCTION pm_imports._run_settle(job pm_jobs.job) RETURNS jsonb
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT jsonb_build_object('settled', pm_imports._settle());
END;

CREATE FUNCTION pm_imports.schedule_upkeep() RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  first_runs timestamptz[] := pm_jobs.set_up_queue('imports', ARRAY[
    ('run_import', 'pm_imports.run_import(pm_jobs.job)', false, NULL, NULL),
    ('pm_imports.poll', 'pm_imports._run_poll(pm_jobs.job)', true, NULL, NULL),
    ('pm_imports.nightly', 'pm_imports._run_nightly(pm_jobs.job)', true, '10 3 * * *', 'skip'),
    ('pm_imports.settle', 'pm_imports._run_settle(pm_jobs.job)', true, '1 min', 'skip')]::pm_jobs.task[], concurrency => 4, key_concurrency => 1);
BEGIN
  IF (SELECT q.key_concurrency FROM pm_jobs._queues AS q WHERE q.name = 'imports') IS DISTINCT FROM 1 THEN
    PERFORM pm_jobs.alter_queue('imports', key_concurrency => 1);
  END IF;
  PERFORM pm_imports._add_log_partitions();
  RETURN cardinality(first_runs);
END
$$;
COMMENT ON FUNCTION pm_imports.schedule_upkeep() IS
'makes imports run: the queue "imports", unless it is there, in which one import of a supplier runs at a time and which pm_worker may use, the handlers of its jobs, and what is done each night and minute; returns how many schedules that are. They run as role pm_worker if there is one that the caller is a member of, else as the caller. To be called once in each database, and again after an update of the extension. Administrators only. Errors: 42501 no administrator, or the schedules are another role''s';

REVOKE ALL ON FUNCTION pm_imports._drop_logs(interval), pm_imports._forget_content(interval), pm_imports.forget(interval), pm_imports._run_nightly(pm_jobs.job),
  pm_imports._run_settle(pm_jobs.job), pm_imports.schedule_upkeep() FROM PUBLIC;
