-- What the roles of a deployment may do: pm_reader reads; pm_writer keeps configs and
-- imports; pm_worker imports, and reaches a catalog on another server; pm_admin forgets.

GRANT USAGE ON SCHEMA pm_imports TO pm_reader, pm_writer, pm_worker, pm_admin;
GRANT SELECT ON pm_imports.targets, pm_imports.mapping_templates, pm_imports.import_configs, pm_imports.import_files, pm_imports.import_jobs, pm_imports.import_batches,
  pm_imports.import_errors, pm_imports.import_statistics, pm_imports.import_schedules, pm_imports.import_logs, pm_imports.error_kinds, pm_imports.progress,
  pm_imports.job_reports TO pm_reader, pm_writer, pm_worker, pm_admin;
GRANT USAGE ON TYPE pm_imports.target_row TO pm_reader, pm_writer, pm_worker, pm_admin;
GRANT EXECUTE ON FUNCTION pm_imports.config_schema(), pm_imports._no_job(uuid), pm_imports._job(uuid), pm_imports._fraction(text, bigint, bigint), pm_imports._pace(pm_imports.import_jobs, bigint), pm_imports._last_error(pm_imports.import_jobs), pm_imports.job_report(uuid),
  pm_imports._csv_value(text, text, text), pm_imports._path_names(text, text), pm_imports._encoded(text, text), pm_imports._rejected_rows(uuid, text[]),
  pm_imports._rejected_workbook(uuid, text[], text, bigint, text[]), pm_imports._rejected_frame(pm_imports.import_jobs),
  pm_imports._rejected_pieces(pm_imports.import_jobs, text[]), pm_imports.rejected_file(uuid) TO pm_reader, pm_writer, pm_worker, pm_admin;

-- Configs and templates, with what checks them and keeps their schedules.
GRANT INSERT, UPDATE, DELETE ON pm_imports.mapping_templates, pm_imports.import_configs, pm_imports.import_schedules TO pm_writer, pm_worker, pm_admin;
GRANT EXECUTE ON FUNCTION pm_imports._is_line(text, integer), pm_imports._check_expression(text, regtype), pm_imports._check_plan(jsonb), pm_imports._check_values(jsonb), pm_imports._compile_mistake(jsonb), pm_imports._transform_mistake(text, jsonb),
  pm_imports._value_mistakes(jsonb),
  pm_imports._json_kind(jsonb), pm_imports._json_member(text, text),
  pm_imports._json_has_type(jsonb, jsonb), pm_imports._json_mistakes(jsonb, jsonb, jsonb, text), pm_imports._normal_targets(jsonb), pm_imports._defaults(text),
  pm_imports._target_type(text), pm_imports._expression_mistake(text, regtype), pm_imports._pattern_mistake(text), pm_imports.config_mistakes(jsonb),
  pm_imports._layers(pm_imports.import_configs), pm_imports._has_target(text, text, text), pm_imports._stacked(pm_imports.import_configs),
  pm_imports._merged(pm_imports.import_configs), pm_imports._plan_mistakes(pm_imports.import_configs, jsonb),
  pm_imports._refuse_mistakes(text, text[]), pm_imports._documents(jsonb), pm_imports._checked_plan(pm_imports.import_configs), pm_imports._config(text), pm_imports._plan(text) TO pm_writer, pm_worker, pm_admin;

-- Imports run as who asked for them.
GRANT INSERT, UPDATE ON pm_imports.import_files, pm_imports.import_jobs, pm_imports.import_statistics TO pm_writer, pm_worker, pm_admin;
GRANT INSERT ON pm_imports.import_batches, pm_imports.import_errors, pm_imports.import_logs TO pm_writer, pm_worker, pm_admin;
-- a dry run whose session has ended begins again
GRANT DELETE ON pm_imports.import_batches, pm_imports.import_errors TO pm_writer, pm_worker, pm_admin;
GRANT SELECT, INSERT ON pm_imports.import_file_chunks TO pm_writer, pm_worker, pm_admin;
GRANT SELECT, INSERT, DELETE ON pm_imports._job_codes TO pm_writer, pm_worker, pm_admin;
GRANT EXECUTE ON FUNCTION pm_imports._setting(text), pm_imports._file_facts(text), pm_imports._list_directory(text, text), pm_imports._upload_sha256(uuid),
  pm_imports._add_log_partitions(), pm_imports._log(uuid, text, text, jsonb), pm_imports._user_id(), pm_imports._check_file_name(text), pm_imports.begin_upload(text), pm_imports._upload(uuid),
  pm_imports.append_upload(uuid, bytea, bigint), pm_imports._complete_upload(uuid), pm_imports._add_job(text, uuid, boolean, boolean, uuid, jsonb),
  pm_imports._server_file(text), pm_imports.import_file(text, text, boolean, boolean), pm_imports.finish_upload(uuid, text, boolean, boolean),
  pm_imports.import_data(text, text, bytea, boolean, boolean), pm_imports._hold_job(uuid), pm_imports._require_own(pm_imports.import_jobs),
  pm_imports._publish(text, pm_imports.import_jobs), pm_imports._same_job(uuid, uuid, jsonb), pm_imports._begin_job(uuid),
  pm_imports._copy_codes(uuid, text), pm_imports._codes(uuid, integer, integer), pm_imports._publish_codes(uuid, jsonb), pm_imports._count_batch(pm_imports.import_batches, bigint), pm_imports._end_job(uuid, text, text), pm_imports._settle(uuid), pm_imports.cancel(uuid),
  pm_imports.wait(uuid, interval), pm_imports.retry_rejected(uuid), pm_imports._poll_file(pm_imports.import_configs, text),
  pm_imports._poll(pm_imports.import_configs), pm_imports.poll_directory(text), pm_imports._run_poll(pm_jobs.job) TO pm_writer, pm_worker, pm_admin;
GRANT EXECUTE ON PROCEDURE pm_imports.run_import(pm_jobs.job) TO pm_writer, pm_worker, pm_admin;
GRANT EXECUTE ON FUNCTION pm_imports._preview(jsonb, text, bytea, integer), pm_imports._check_preview(text, boolean, integer),
  pm_imports.preview_file(text, text, integer), pm_imports.preview_data(text, bytea, integer), pm_imports._suggest(jsonb, text, bytea, integer), pm_imports._look_plan(jsonb),
  pm_imports._heading_unit(text, text), pm_imports._suggested(jsonb, jsonb), pm_imports.suggest_mapping_file(text, jsonb, integer),
  pm_imports.suggest_mapping_data(bytea, jsonb, integer) TO pm_writer, pm_worker, pm_admin;

-- The catalog lets pm_worker and pm_admin undo.
GRANT EXECUTE ON FUNCTION pm_imports._undo_step(uuid, uuid), pm_imports.undo(uuid) TO pm_worker, pm_admin;

-- Upkeep.
GRANT DELETE ON pm_imports.import_files, pm_imports.import_file_chunks, pm_imports.import_jobs, pm_imports.import_batches, pm_imports.import_errors,
  pm_imports.import_statistics TO pm_worker, pm_admin;
GRANT EXECUTE ON FUNCTION pm_imports._drop_logs(interval), pm_imports._forget_content(interval), pm_imports.forget(interval), pm_imports._run_nightly(pm_jobs.job),
  pm_imports._run_settle(pm_jobs.job) TO pm_worker, pm_admin;
GRANT EXECUTE ON FUNCTION pm_imports.schedule_upkeep() TO pm_admin;
