-- The life of a job: states, and what happens when they change.

CREATE FUNCTION pm_imports._check_status() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.status <> 'pending' THEN
      RAISE EXCEPTION 'an import cannot begin as "%"', NEW.status USING ERRCODE = '55000', HINT = 'It begins as "pending".';
    END IF;
    RETURN NEW;
  END IF;
  NEW.updated_at := clock_timestamp();
  IF OLD.status <> NEW.status AND NOT (CASE OLD.status
    WHEN 'pending' THEN NEW.status IN ('running', 'completed', 'failed', 'cancelled')
    WHEN 'running' THEN NEW.status IN ('completed', 'completed_with_errors', 'failed', 'cancelled')
    WHEN 'undone' THEN false
    ELSE NEW.status = 'undone' END)
  THEN
    RAISE EXCEPTION 'import "%" cannot go from "%" to "%"', OLD.id, OLD.status, NEW.status
      USING ERRCODE = '55000', HINT = 'ARCHITECTURE.md has the states.';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER check_status BEFORE INSERT OR UPDATE ON pm_imports.import_jobs
FOR EACH ROW EXECUTE FUNCTION pm_imports._check_status();

-- The import; P0002 if there is none.
CREATE FUNCTION pm_imports._no_job(job uuid) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'import % does not exist', coalesce('"' || job || '"', 'NULL') USING ERRCODE = 'P0002', HINT = 'Table pm_imports.import_jobs has them.';
END
$$;

CREATE FUNCTION pm_imports._job(job uuid) RETURNS pm_imports.import_jobs
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  j pm_imports.import_jobs;
BEGIN
  SELECT * INTO j FROM pm_imports.import_jobs AS s WHERE s.id = job;
  IF NOT FOUND THEN
    PERFORM pm_imports._no_job(job);
  END IF;
  RETURN j;
END
$$;

-- The same, locked against other changes.
CREATE FUNCTION pm_imports._hold_job(job uuid) RETURNS pm_imports.import_jobs
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  j pm_imports.import_jobs;
BEGIN
  SELECT * INTO j FROM pm_imports.import_jobs AS s WHERE s.id = job FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM pm_imports._no_job(job);
  END IF;
  RETURN j;
END
$$;

-- Throws unless the caller asked for the import, or administers.
CREATE FUNCTION pm_imports._require_own(j pm_imports.import_jobs) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT (pg_has_role(j.role, 'USAGE') OR pm_jobs._is_admin()) THEN
    RAISE EXCEPTION 'import "%" is of role "%"', j.id, pg_get_userbyid(j.role)
      USING ERRCODE = '42501', HINT = 'Who asked for an import and administrators may do this.';
  END IF;
END
$$;

-- How far an import is, 0 to 1: by its bytes, as nobody knows the records before the end.
CREATE FUNCTION pm_imports._fraction(status text, bytes_read bigint, size bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN status IN ('completed', 'completed_with_errors', 'undone') THEN 1 WHEN status = 'pending' THEN 0 WHEN size > 0 THEN least(bytes_read::double precision / size, 1) END;

-- How fast it was, or is until now, and when it should end: by what it took so far.
CREATE FUNCTION pm_imports._pace(j pm_imports.import_jobs, size bigint, OUT fraction double precision, OUT rows_per_second numeric, OUT eta timestamptz)
LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT f.fraction, round((j.processed_rows / nullif(extract(epoch FROM s.elapsed), 0))::numeric, 1),
         CASE WHEN j.status = 'running' AND f.fraction > 0 THEN j.started_at + s.elapsed / f.fraction END
  FROM (SELECT coalesce(j.completed_at, clock_timestamp()) - j.started_at AS elapsed) AS s,
       (SELECT pm_imports._fraction(j.status, j.bytes_read, _pace.size) AS fraction) AS f
$$;

-- Tells others about the import as it is.
CREATE FUNCTION pm_imports._publish(topic text, j pm_imports.import_jobs) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT pm_xref.publish(topic, j.id::text, jsonb_build_object('id', j.id, 'config', j.config_name, 'supplier_code', j.supplier_code, 'status', j.status,
    'dry_run', j.dry_run, 'total_rows', j.total_rows, 'processed_rows', j.processed_rows, 'successful_rows', j.successful_rows, 'failed_rows', j.failed_rows,
    'products_unchanged', j.products_unchanged, 'duplicate_rows', j.duplicate_rows, 'products_created', j.products_created, 'products_updated', j.products_updated,
    'error_count', j.error_count, 'last_error', j.last_error, 'fraction', p.fraction, 'rows_per_second', p.rows_per_second, 'eta', p.eta))
  FROM pm_imports.import_files AS f, pm_imports._pace(j, f.size) AS p WHERE f.id = j.file_id
$$;

-- The job that had imported the same bytes by the same plan, so that there is nothing to
-- do: the last one of the config, or its last one of a file of this name.  None if an import
-- of the supplier was undone since: what that has put back may be what the file says.
CREATE FUNCTION pm_imports._same_job(config uuid, file uuid, plan jsonb) RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  WITH this AS (
    SELECT f.sha256, f.file_name FROM pm_imports.import_files AS f WHERE f.id = file
  ), earlier AS (
    SELECT j.id, j.supplier_code, j.completed_at, j.plan = _same_job.plan AND f.sha256 = t.sha256 AND j.status IN ('completed', 'completed_with_errors') AS is_same,
           f.file_name = t.file_name AS has_name
    FROM pm_imports.import_jobs AS j JOIN pm_imports.import_files AS f ON f.id = j.file_id CROSS JOIN this AS t
    WHERE j.config_id = config AND j.same_as IS NULL AND j.retry_of IS NULL AND NOT j.dry_run AND j.status NOT IN ('pending', 'running')
  ), newest AS (
    (SELECT * FROM earlier AS e ORDER BY e.completed_at DESC, e.id DESC LIMIT 1)
    UNION ALL
    (SELECT * FROM earlier AS e WHERE e.has_name ORDER BY e.completed_at DESC, e.id DESC LIMIT 1)
  )
  SELECT n.id FROM newest AS n
  WHERE n.is_same AND NOT EXISTS (SELECT FROM pm_imports.import_jobs AS u WHERE u.supplier_code = n.supplier_code AND u.status = 'undone' AND u.updated_at > n.completed_at)
  LIMIT 1
$$;

-- Why an import failed, or its last attempt did: then pm_jobs knows it, as what the attempt
-- wrote is undone.
CREATE FUNCTION pm_imports._last_error(j pm_imports.import_jobs) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(j.last_error, CASE WHEN j.status IN ('pending', 'running') THEN (SELECT q.last_error FROM pm_jobs.jobs AS q WHERE q.id = j.job_id) END);

-- Begins a job, or goes on with one whose session died; returns it as it is then.  One
-- that has ended, or has nothing to do, is returned with a status other than running.
CREATE FUNCTION pm_imports._begin_job(job uuid) RETURNS pm_imports.import_jobs
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  j pm_imports.import_jobs := pm_imports._hold_job(job);
  same uuid;
BEGIN
  IF j.status = 'running' AND j.dry_run THEN
    -- what its rows would have left was known to the session that has ended
    DELETE FROM pm_imports.import_errors AS e WHERE e.job_id = job;
    DELETE FROM pm_imports.import_batches AS b WHERE b.job_id = job;
    UPDATE pm_imports.import_jobs AS s
    SET bytes_read = 0, processed_rows = 0, successful_rows = 0, failed_rows = 0, products_created = 0, products_updated = 0, products_unchanged = 0,
        duplicate_rows = 0, error_count = 0, warning_count = 0
    WHERE s.id = job RETURNING * INTO j;
    PERFORM pm_imports._log(job, 'warning', 'begins again', jsonb_build_object('last_error', pm_imports._last_error(j)));
  ELSIF j.status = 'running' THEN
    PERFORM pm_imports._log(job, 'warning', 'goes on', jsonb_build_object('processed_rows', j.processed_rows, 'last_error', pm_imports._last_error(j)));
  ELSIF j.status = 'pending' AND j.cancel_requested THEN
    RETURN pm_imports._end_job(job, 'cancelled');
  ELSIF j.status = 'pending' THEN
    IF NOT j.forced AND NOT j.dry_run AND j.retry_of IS NULL AND j.plan #>> '{import_options,same_file}' = 'skip' THEN
      same := pm_imports._same_job(j.config_id, j.file_id, j.plan);
    END IF;
    UPDATE pm_imports.import_jobs AS s SET status = 'running', started_at = clock_timestamp(), same_as = same, total_rows = CASE WHEN same IS NOT NULL THEN 0 END
    WHERE s.id = job RETURNING * INTO j;
    IF same IS NOT NULL THEN
      RETURN pm_imports._end_job(job, 'completed');
    END IF;
    PERFORM pm_imports._log(job, 'info', 'started');
    PERFORM pm_imports._publish('imports.job.started', j);
  END IF;
  RETURN j;
END
$$;

-- Counts a batch, after what was wrong with its rows is in import_errors.  False: the job
-- is to end as cancelled.
CREATE FUNCTION pm_imports._count_batch(b pm_imports.import_batches, bytes_read bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  j pm_imports.import_jobs;
BEGIN
  INSERT INTO pm_imports.import_batches VALUES (b.job_id, b.batch, b.last_record, b.line, b.byte_offset, b.successful_rows, b.failed_rows, b.products_created,
    b.products_updated, b.products_unchanged, b.duplicate_rows, b.error_count, b.warning_count, clock_timestamp());
  UPDATE pm_imports.import_jobs AS s
  SET processed_rows = s.processed_rows + b.successful_rows + b.failed_rows + b.products_unchanged + b.duplicate_rows,
      successful_rows = s.successful_rows + b.successful_rows, failed_rows = s.failed_rows + b.failed_rows,
      products_created = s.products_created + b.products_created, products_updated = s.products_updated + b.products_updated,
      products_unchanged = s.products_unchanged + b.products_unchanged, duplicate_rows = s.duplicate_rows + b.duplicate_rows,
      error_count = s.error_count + b.error_count, warning_count = s.warning_count + b.warning_count,
      bytes_read = greatest(s.bytes_read, _count_batch.bytes_read)
  WHERE s.id = b.job_id AND s.status = 'running' RETURNING * INTO j;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'import "%" is not running', b.job_id USING ERRCODE = '55000';
  END IF;
  IF pm_xref.is_subscribed('imports.job.progress') THEN
    PERFORM pm_imports._publish('imports.job.progress', j);
  END IF;
  RETURN NOT j.cancel_requested;
END
$$;

-- Ends a job as completed (with errors, if it has any), failed or cancelled.  Of one that
-- completed the records that were read are the records of the file.
CREATE FUNCTION pm_imports._end_job(job uuid, status text, last_error text DEFAULT NULL) RETURNS pm_imports.import_jobs
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  j pm_imports.import_jobs;
BEGIN
  UPDATE pm_imports.import_jobs AS s
  SET status = CASE WHEN _end_job.status = 'completed' AND s.error_count > 0 THEN 'completed_with_errors' ELSE _end_job.status END,
      completed_at = clock_timestamp(), last_error = coalesce(_end_job.last_error, CASE WHEN _end_job.status <> 'completed' THEN s.last_error END),
      total_rows = CASE WHEN _end_job.status = 'completed' THEN s.processed_rows ELSE s.total_rows END
  WHERE s.id = job RETURNING * INTO j;
  IF NOT FOUND THEN
    PERFORM pm_imports._no_job(job);
  END IF;
  DELETE FROM pm_imports._job_codes AS c WHERE c.job_id = job;
  IF NOT j.dry_run AND j.same_as IS NULL THEN
    INSERT INTO pm_imports.import_statistics AS t (supplier_code, day, imports, failed_imports, total_rows, successful_rows, failed_rows, products_created,
      products_updated, products_unchanged, duplicate_rows, error_count, bytes, duration)
    VALUES (j.supplier_code, (j.completed_at AT TIME ZONE 'UTC')::date, 1, (j.status IN ('failed', 'cancelled'))::integer, j.processed_rows, j.successful_rows, j.failed_rows,
      j.products_created, j.products_updated, j.products_unchanged, j.duplicate_rows, j.error_count, j.bytes_read, coalesce(j.completed_at - j.started_at, '0'))
    ON CONFLICT ON CONSTRAINT import_statistics_pkey DO UPDATE
    SET imports = t.imports + EXCLUDED.imports, failed_imports = t.failed_imports + EXCLUDED.failed_imports, total_rows = t.total_rows + EXCLUDED.total_rows,
        successful_rows = t.successful_rows + EXCLUDED.successful_rows, failed_rows = t.failed_rows + EXCLUDED.failed_rows,
        products_created = t.products_created + EXCLUDED.products_created, products_updated = t.products_updated + EXCLUDED.products_updated,
        products_unchanged = t.products_unchanged + EXCLUDED.products_unchanged, duplicate_rows = t.duplicate_rows + EXCLUDED.duplicate_rows,
        error_count = t.error_count + EXCLUDED.error_count, bytes = t.bytes + EXCLUDED.bytes, duration = t.duration + EXCLUDED.duration;
  END IF;
  PERFORM pm_imports._log(job, CASE j.status WHEN 'failed' THEN 'error' WHEN 'completed' THEN 'info' ELSE 'warning' END,
    CASE WHEN j.same_as IS NOT NULL THEN 'the same file was imported last' ELSE replace(j.status, '_', ' ') END,
    jsonb_strip_nulls(jsonb_build_object('processed_rows', j.processed_rows, 'failed_rows', j.failed_rows, 'last_error', j.last_error, 'same_as', j.same_as)));
  PERFORM pm_imports._publish('imports.job.finished', j);
  RETURN j;
END
$$;

-- Ends imports whose job of pm_jobs is no more: it died too often, or was cancelled there.
-- As the extension's owner, who sees the jobs of all roles: it does nothing but say what
-- happened.
CREATE FUNCTION pm_imports._settle(job uuid DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  j pm_imports.import_jobs;
  ended record;
  settled integer := 0;
BEGIN
  FOR j IN
    SELECT * FROM pm_imports.import_jobs AS s
    WHERE s.status IN ('pending', 'running') AND (job IS NULL OR s.id = job) AND NOT EXISTS (SELECT FROM pm_jobs._job AS q WHERE q.id = s.job_id)
    ORDER BY s.id FOR NO KEY UPDATE SKIP LOCKED
  LOOP
    SELECT f.status, f.last_error INTO ended FROM pm_jobs._finished AS f WHERE f.id = j.job_id;
    PERFORM pm_imports._end_job(j.id, CASE WHEN ended.status = 'cancelled' OR j.cancel_requested THEN 'cancelled' ELSE 'failed' END,
      coalesce(ended.last_error, CASE WHEN ended.status IS NULL THEN 'its job is gone' WHEN ended.status = 'succeeded' THEN 'its job ended without it' END));
    settled := settled + 1;
  END LOOP;
  RETURN settled;
END
$$;

CREATE FUNCTION pm_imports.cancel(job uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  j pm_imports.import_jobs := pm_imports._hold_job(job);
BEGIN
  PERFORM pm_imports._require_own(j);
  IF j.status NOT IN ('pending', 'running') THEN
    RETURN false;
  END IF;
  UPDATE pm_imports.import_jobs AS s SET cancel_requested = true WHERE s.id = job;
  PERFORM pm_imports._log(job, 'info', 'cancel requested', jsonb_build_object('role', current_user));
  IF j.status = 'pending' THEN
    BEGIN
      IF pm_jobs.cancel(j.job_id) THEN
        PERFORM pm_imports._end_job(job, 'cancelled');
      END IF;
    EXCEPTION WHEN object_in_use THEN
      NULL;  -- a session is about to begin it: it waits for our row, and sees what we ask
    END;
  END IF;
  RETURN true;
END
$$;
COMMENT ON FUNCTION pm_imports.cancel(uuid) IS
'cancels an import; false if it had ended already. One that waits ends with the caller''s transaction; one that runs ends after the batch of the moment, and wait() tells how: it may complete before. What it has merged stays and is counted; undo() takes it back. For who asked for it and administrators. Errors: P0002 no such import, 42501 of another role';

CREATE FUNCTION pm_imports.wait(job uuid, timeout interval DEFAULT '10 min') RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  until timestamptz := clock_timestamp() + timeout;
  j pm_imports.import_jobs;
BEGIN
  IF timeout IS NULL THEN
    RAISE EXCEPTION 'timeout is NULL' USING ERRCODE = '22004', HINT = 'It is an interval, such as ''10 min''.';
  ELSIF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RAISE EXCEPTION 'an import cannot be waited for in a % transaction', current_setting('transaction_isolation')
      USING ERRCODE = '25001', HINT = 'Its snapshot would never show the end. Use READ COMMITTED.';
  END IF;
  LOOP
    j := pm_imports._job(job);
    IF j.status NOT IN ('pending', 'running') OR clock_timestamp() >= until THEN
      RETURN j.status;
    END IF;
    IF pm_jobs.wait(j.job_id, greatest(until - clock_timestamp(), interval '0')) IS NOT NULL THEN
      PERFORM pm_imports._settle(job);
    END IF;
  END LOOP;
END
$$;
COMMENT ON FUNCTION pm_imports.wait(uuid, interval) IS
'waits until an import has ended, and returns its status; after the timeout the status that it has then. Errors: P0002 no such import, 42704 it is of another role, 55000 it was asked for in the own transaction, 25001 not READ COMMITTED';

REVOKE ALL ON FUNCTION pm_imports._fraction(text, bigint, bigint), pm_imports._pace(pm_imports.import_jobs, bigint), pm_imports._last_error(pm_imports.import_jobs), pm_imports._check_status(), pm_imports._no_job(uuid), pm_imports._job(uuid), pm_imports._hold_job(uuid), pm_imports._require_own(pm_imports.import_jobs),
  pm_imports._publish(text, pm_imports.import_jobs), pm_imports._same_job(uuid, uuid, jsonb), pm_imports._begin_job(uuid),
  pm_imports._count_batch(pm_imports.import_batches, bigint), pm_imports._end_job(uuid, text, text), pm_imports._settle(uuid), pm_imports.cancel(uuid),
  pm_imports.wait(uuid, interval) FROM PUBLIC;
