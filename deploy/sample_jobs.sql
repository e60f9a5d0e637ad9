-- sample_jobs.sql - reading the codes of a file as a job: queue "sample", kind
-- "resolve codes"
--
-- The schema is made anew by every run; queue and kind stay.
\set ON_ERROR_STOP on
SET client_min_messages = warning;

CREATE FUNCTION sample.resolve_codes(job pm_jobs.job) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pm_gtin, pg_temp AS $$
DECLARE
  step CONSTANT bigint := 2000;
  file CONSTANT integer := job.payload ->> 'file_id';
  source CONSTANT text := format('sample.%I', job.payload ->> 'table');
  started timestamptz := clock_timestamp();
  total bigint;
  done bigint := 0;
BEGIN
  INSERT INTO sample.files (file_id, name) VALUES (file, job.payload ->> 'name');
  -- the count is there to have every code resolved
  EXECUTE format('SELECT max(r.line), count(r.gtin) FROM (SELECT (gtin_resolve(f.ean)).gtin, f.line FROM %s AS f) AS r', source)
  INTO total;
  UPDATE sample.files AS f SET seconds_to_resolve = extract(epoch FROM clock_timestamp() - started) WHERE f.file_id = file;
  started := clock_timestamp();
  WHILE done < total LOOP
    EXECUTE format('INSERT INTO sample.codes (file_id, line, code, gtin, method, confidence, suggestion, flags)
                    SELECT $1, f.line, f.ean, r.gtin, r.method, r.confidence, r.suggestion, r.flags
                    FROM %s AS f CROSS JOIN LATERAL gtin_resolve(f.ean) AS r WHERE f.line > $2 AND f.line <= $3', source)
    USING file, done, done + step;
    done := least(done + step, total);
    PERFORM pm_jobs.set_progress(done::double precision / total, format('%s of %s codes', done, total));
  END LOOP;
  UPDATE sample.files AS f SET seconds_to_store = extract(epoch FROM clock_timestamp() - started) WHERE f.file_id = file;
  RETURN jsonb_build_object('codes', total);
END $$;

SELECT pm_jobs.create_queue('sample', max_attempts => 1) WHERE NOT EXISTS (SELECT FROM pm_jobs.queues WHERE name = 'sample') \g /dev/null
SELECT pm_jobs.register_handler('resolve codes', 'sample.resolve_codes(pm_jobs.job)') \g /dev/null
