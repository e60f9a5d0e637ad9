-- Directories that are looked into by schedule.

-- Keeps import_schedules, and the schedule of pm_jobs, as schedule_config says.
CREATE FUNCTION pm_imports._set_schedule() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  name text := 'pm_imports.poll ' || coalesce(NEW.id, OLD.id);
  is_wanted boolean := false;
BEGIN
  IF TG_OP <> 'DELETE' THEN
    is_wanted := NEW.is_active AND jsonb_typeof(NEW.schedule_config) = 'object';
  END IF;
  IF is_wanted THEN
    PERFORM pm_jobs.schedule(name, NEW.schedule_config ->> 'spec', 'imports', 'pm_imports.poll', jsonb_build_object('config', NEW.id),
      missed => coalesce(NEW.schedule_config ->> 'missed', 'once'));
    INSERT INTO pm_imports.import_schedules AS s (config_id, schedule_name, spec, missed)
    VALUES (NEW.id, name, NEW.schedule_config ->> 'spec', coalesce(NEW.schedule_config ->> 'missed', 'once'))
    ON CONFLICT ON CONSTRAINT import_schedules_pkey DO UPDATE SET spec = EXCLUDED.spec, missed = EXCLUDED.missed, role = EXCLUDED.role;
  ELSIF EXISTS (SELECT FROM pm_imports.import_schedules AS s WHERE s.schedule_name = name) THEN
    DELETE FROM pm_imports.import_schedules AS s WHERE s.schedule_name = name;
    PERFORM pm_jobs.unschedule(name);
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER schedule_inserted AFTER INSERT ON pm_imports.import_configs
FOR EACH ROW WHEN (NEW.schedule_config IS NOT NULL) EXECUTE FUNCTION pm_imports._set_schedule();
CREATE TRIGGER schedule_updated AFTER UPDATE ON pm_imports.import_configs
FOR EACH ROW WHEN ((OLD.schedule_config, OLD.is_active) IS DISTINCT FROM (NEW.schedule_config, NEW.is_active)) EXECUTE FUNCTION pm_imports._set_schedule();
-- before the row goes, with which the one of import_schedules would
CREATE TRIGGER schedule_deleted BEFORE DELETE ON pm_imports.import_configs
FOR EACH ROW EXECUTE FUNCTION pm_imports._set_schedule();

-- One file of a directory: imported unless its bytes are what was, or is being, imported
-- last.  Returns the import, or NULL.
CREATE FUNCTION pm_imports._poll_file(c pm_imports.import_configs, path text) RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  file uuid := pm_imports._server_file(path);
  wanted jsonb := pm_imports._plan(c.config_name);
BEGIN
  IF wanted #>> '{import_options,same_file}' = 'skip' AND (pm_imports._same_job(c.id, file, wanted) IS NOT NULL OR EXISTS (
    SELECT FROM pm_imports.import_jobs AS j JOIN pm_imports.import_files AS f ON f.id = j.file_id
    WHERE j.config_id = c.id AND NOT j.dry_run AND j.status IN ('pending', 'running') AND j.plan = wanted
      AND f.sha256 = (SELECT n.sha256 FROM pm_imports.import_files AS n WHERE n.id = file))) THEN
    RETURN NULL;
  END IF;
  RETURN pm_imports._add_job(c.config_name, file, false, false);
END
$$;

-- Looks into the directory of a config: files of its pattern, oldest first, that were not
-- written for a while, and were not met before as they are.  What cannot be taken is said
-- and left.
CREATE FUNCTION pm_imports._poll(c pm_imports.import_configs, OUT files integer, OUT imports uuid[], OUT troubles text[])
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  settled timestamptz := clock_timestamp() - make_interval(secs => coalesce((c.connection_config ->> 'settle_seconds')::integer,
    (pm_imports._defaults('connection') ->> 'settle_seconds')::integer));
  f record;
  job uuid;
BEGIN
  files := 0;
  imports := '{}';
  troubles := '{}';
  FOR f IN
    SELECT l.*, EXISTS (
        SELECT FROM pm_imports.import_files AS k
        WHERE k.path = l.path AND k.size = l.size AND k.device = l.device AND k.inode = l.inode AND k.modified_at = l.modified_at
          AND (k.polled_for = c.id OR EXISTS (SELECT FROM pm_imports.import_jobs AS j WHERE j.file_id = k.id AND j.config_id = c.id AND NOT j.dry_run))) AS is_known
    FROM pm_imports._list_directory(c.connection_config ->> 'path', coalesce(c.file_pattern, '*')) AS l
    ORDER BY l.modified_at, l.path
  LOOP
    files := files + 1;
    CONTINUE WHEN f.is_known OR f.modified_at > settled;
    BEGIN
      job := pm_imports._poll_file(c, f.path);
      IF job IS NOT NULL THEN
        imports := imports || job;
      ELSE
        UPDATE pm_imports.import_files AS k SET polled_for = c.id
        WHERE k.path = f.path AND k.device = f.device AND k.inode = f.inode AND k.modified_at = f.modified_at AND k.polled_for IS DISTINCT FROM c.id;
      END IF;
    EXCEPTION WHEN OTHERS THEN
      IF left(SQLSTATE, 2) NOT IN ('22', '23', '55', '58') AND SQLSTATE NOT IN ('42501', '42809') THEN
        RAISE;
      END IF;
      troubles := troubles || SQLERRM;
    END;
  END LOOP;
END
$$;

CREATE FUNCTION pm_imports.poll_directory(config text) RETURNS SETOF uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  c pm_imports.import_configs := pm_imports._config(config);
  outcome record;
BEGIN
  IF NOT c.is_active OR c.connection_config ->> 'type' <> 'directory' THEN
    RAISE EXCEPTION 'config "%" %', c.config_name, CASE WHEN c.is_active THEN 'has no directory' ELSE 'is not active' END
      USING ERRCODE = '55000', HINT = 'Its connection_config is such as {"type": "directory", "path": "/srv/in"}.';
  END IF;
  -- one look at a time: two would both find a file new
  PERFORM FROM pm_imports.import_configs AS s WHERE s.id = c.id FOR NO KEY UPDATE;
  SELECT * INTO outcome FROM pm_imports._poll(c) AS p;
  UPDATE pm_imports.import_schedules AS s
  SET last_run_at = clock_timestamp(), last_files = outcome.files, last_imports = cardinality(outcome.imports),
      last_error = nullif(array_to_string(outcome.troubles[1:20], E'\n'), '')
  WHERE s.config_id = c.id;
  IF cardinality(outcome.troubles) > 0 THEN
    PERFORM pm_imports._log(NULL, 'warning', format('config "%s": files could not be taken', c.config_name), to_jsonb(outcome.troubles[1:20]));
  END IF;
  RETURN QUERY SELECT u.job FROM unnest(outcome.imports) AS u(job);
END
$$;
COMMENT ON FUNCTION pm_imports.poll_directory(text) IS
'looks into the directory of a config, as its schedule does, and imports files of its pattern that are new there, oldest first, unless they have the SHA-256 of what it imported last, or last under this name; returns the imports. A file that was written in the last settle_seconds is left for the next look; one that cannot be taken is named in import_schedules.last_error and import_logs. Errors: 23503 no such config, 55000 it is not active or has no directory, 42501 the role is no member of pg_read_server_files or the directory is not listed in pm_imports.directories, 58P01 there is none';

CREATE FUNCTION pm_imports._run_poll(job pm_jobs.job) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  name text;
BEGIN
  SELECT c.config_name INTO name FROM pm_imports.import_configs AS c WHERE c.id = (job.payload ->> 'config')::uuid AND c.is_active;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  RETURN jsonb_build_object('imports', coalesce((SELECT jsonb_agg(p.id) FROM pm_imports.poll_directory(name) AS p(id)), '[]'));
END
$$;

REVOKE ALL ON FUNCTION pm_imports._set_schedule(), pm_imports._poll_file(pm_imports.import_configs, text), pm_imports._poll(pm_imports.import_configs),
  pm_imports.poll_directory(text), pm_imports._run_poll(pm_jobs.job) FROM PUBLIC;
