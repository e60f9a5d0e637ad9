-- Schedules follow schedule_config.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET search_path = pm_imports, public;
CREATE VIEW public.scheduled AS
SELECT c.config_name, s.spec, s.missed, p.spec AS of_pm_jobs, p.missed AS missed_of_pm_jobs, p.queue, p.kind, p.payload ->> 'config' = c.id::text AS names_it
FROM import_configs AS c LEFT JOIN import_schedules AS s ON s.config_id = c.id FULL JOIN (SELECT * FROM pm_jobs.schedules WHERE kind = 'pm_imports.poll') AS p ON p.name = s.schedule_name
ORDER BY 1, 2;
INSERT INTO import_configs (supplier_code, config_name, connection_config, schedule_config, field_mapping) VALUES ('acme', 's', '{"type": "directory", "path": "/srv/in"}', '{"spec": "0 4 * * * Europe/Paris"}', '{"gtin": "EAN"}');
SELECT * FROM scheduled;
UPDATE import_configs SET schedule_config = '{"spec": "10 min", "missed": "skip"}' WHERE config_name = 's';
SELECT * FROM scheduled;
-- not touched by what does not concern it
SELECT xmin AS x FROM import_schedules \gset
UPDATE import_configs SET file_pattern = '*.csv' WHERE config_name = 's';
SELECT xmin::text = :'x' AS untouched FROM import_schedules;
UPDATE import_configs SET schedule_config = '{"spec": "61 * * * *"}' WHERE config_name = 's';
-- nor one without a directory
UPDATE import_configs SET connection_config = DEFAULT WHERE config_name = 's';
UPDATE import_configs SET is_active = false WHERE config_name = 's';
SELECT * FROM scheduled;
UPDATE import_configs SET is_active = true WHERE config_name = 's';
SELECT * FROM scheduled;
-- the job of a schedule: a config that is not active any more, or gone, has none
SELECT _run_poll(ROW(1, 'imports', 'pm_imports.poll', jsonb_build_object('config', '01a21d28-7d45-7936-84e2-000000000000'), 1, 1, now()));
SELECT poll_directory('nope');
INSERT INTO import_configs (supplier_code, config_name, field_mapping) VALUES ('acme', 'up', '{"gtin": "EAN"}');
SELECT poll_directory('up');
DELETE FROM import_configs;
SELECT * FROM scheduled;
SELECT count(*) FROM import_schedules;
DROP VIEW public.scheduled;
SELECT pm_jobs.unregister_handler('run_import');
DROP FUNCTION public.stand_in(pm_jobs.job);
DELETE FROM import_logs;
