-- How far an import is while it runs: by view, and by event after each batch.
\set VERBOSITY terse
SET client_min_messages = warning;
SET search_path = pm_imports, pm_gtin, public;
\set run 'CALL pm_imports.run_import(ROW(NULL, ''imports'', ''run_import'', jsonb_build_object(''job'', :''job''), 1, 1, now())::pm_jobs.job);'
INSERT INTO pm_catalog.suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-00000000000d', 'pacer', 'Pacer');
INSERT INTO import_configs (supplier_code, config_name, field_mapping, import_options) VALUES ('pacer', 'paced', '{"gtin": "gtin", "title": "title", "description": "text"}', '{"batch_rows": 40}');
SELECT string_agg(gtin_complete((590123412000 + n)::text) || ',' || 'P' || n || ',' || repeat('text ', 8000), E'\n' ORDER BY n) AS rows FROM generate_series(1, 100) AS n \gset

-- who looks at the view sees each batch
CREATE TABLE public.looked (LIKE progress);
CREATE FUNCTION public.look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.looked SELECT * FROM pm_imports.progress AS p WHERE p.job_id = NEW.id;
  RETURN NULL;
END
$$;
CREATE TRIGGER look AFTER UPDATE ON import_jobs FOR EACH ROW WHEN (NEW.processed_rows > OLD.processed_rows) EXECUTE FUNCTION look();
-- nobody is subscribed: the view alone
SELECT import_data('paced', 'a.csv', convert_to(E'gtin,title,text\n' || :'rows', 'UTF8')) AS job \gset
:run
SELECT count(*) AS events FROM pm_xref._events AS e WHERE e.key = :'job' AND e.topic = 'imports.job.progress';
SELECT file_name, status, processed_rows, failed_rows, CASE processed_rows WHEN 100 THEN fraction = 1 ELSE fraction > 0.3 AND fraction < 1 END AS has_fraction, rows_per_second > 0 AS has_rate,
       eta >= started_at AS has_eta, last_sign > started_at AS has_sign
FROM looked ORDER BY processed_rows;
-- the last batch has all bytes, so its end was then
SELECT eta <= clock_timestamp() AS is_over, bool_and(eta > last_sign) OVER (ORDER BY processed_rows ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW) AS was_ahead FROM looked ORDER BY processed_rows DESC LIMIT 1;
SELECT count(*) AS running FROM progress WHERE job_id = :'job';

-- events have the same
SELECT FROM pm_jobs.create_queue('progress', ordered => true);
SELECT FROM pm_jobs.register_handler('progress', 'pm_imports._run_settle(pm_jobs.job)');
SELECT pm_xref.subscribe('imports.job.progress', NULL, 'progress', 'progress') IS NOT NULL AS subscribed;
TRUNCATE looked;
SELECT import_data('paced', 'b.csv', convert_to(E'gtin,title,text\n' || :'rows' || '!', 'UTF8')) AS job \gset
:run
SELECT l.processed_rows, e.payload ->> 'status' AS status, (e.payload ->> 'fraction')::float8 = l.fraction AS same_fraction, (e.payload ->> 'rows_per_second')::numeric > 0 AS has_rate,
       abs(extract(epoch FROM (e.payload ->> 'eta')::timestamptz - l.eta)) < 1 AS same_eta
FROM pm_xref._events AS e JOIN looked AS l ON l.processed_rows = (e.payload ->> 'processed_rows')::bigint
WHERE e.key = :'job' AND e.topic = 'imports.job.progress' ORDER BY e.id;
SELECT pm_xref.unsubscribe('imports.job.progress', NULL, 'progress');
SELECT FROM pm_jobs.unregister_handler('progress');
DROP TABLE looked;
DROP FUNCTION look() CASCADE;
