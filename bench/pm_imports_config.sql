-- pm_imports_config.sql - configs of the file, and a procedure that imports it; in a database that reads files
SELECT count(*) FROM (SELECT pm_imports.schedule_upkeep(), pm_jobs.pause_queue('imports')) AS s \gset
INSERT INTO pm_imports.import_configs (supplier_code, config_name, field_mapping, import_options) VALUES
  ('acme', 'all', '{"gtin": "ean", "supplier_sku": "no", "title": "name", "description": "text", "brand": "brand", "category": "category", "weight": "weight", "cost": "cost", "price": "price", "stock": "stock",
    "technical_specs.colour": "colour", "on_hand": "on_hand"}', '{"same_file": "import"}'),
  ('acme', 'lean', '{"gtin": "ean", "supplier_sku": "no", "title": "name", "description": "text", "brand": "brand", "category": "category", "weight": "weight", "cost": "cost", "price": "price"}', '{"same_file": "import"}');

-- imports a file here; how many seconds that took
CREATE PROCEDURE import(config text, file text, dry_run boolean, INOUT seconds float8) LANGUAGE plpgsql AS $$
DECLARE
  started timestamptz := clock_timestamp();
  job uuid := pm_imports.import_file(config, current_setting('bench.dir') || '/' || file, dry_run);
BEGIN
  COMMIT;
  CALL pm_imports.run_import(ROW(NULL, 'imports', 'run_import', jsonb_build_object('job', job), 1, 1, now())::pm_jobs.job);
  seconds := extract(epoch FROM clock_timestamp() - started);
  IF (SELECT j.status FROM pm_imports.import_jobs AS j WHERE j.id = job) NOT LIKE 'completed%' THEN
    RAISE EXCEPTION 'the import ended as %', (SELECT row_to_json(j) FROM pm_imports.import_jobs AS j WHERE j.id = job);
  END IF;
END
$$;
