-- What may be about users: see pm_xref.personal_columns().

CREATE VIEW pm_imports._personal_columns WITH (security_invoker) AS
SELECT v.relation, v.column_name, v.action, v.note
FROM (VALUES
  ('pm_imports.import_configs', 'connection_config', 'keep', 'the account at a supplier'),
  ('pm_imports.import_configs', 'schedule_config', 'keep', 'how files of a supplier are read'),
  ('pm_imports.import_configs', 'field_mapping', 'keep', 'how files of a supplier are read'),
  ('pm_imports.import_configs', 'transformation_rules', 'keep', 'how files of a supplier are read'),
  ('pm_imports.import_configs', 'default_values', 'keep', 'how files of a supplier are read'),
  ('pm_imports.import_configs', 'computed_attributes', 'keep', 'how files of a supplier are read'),
  ('pm_imports.import_configs', 'validation_rules', 'keep', 'how files of a supplier are read'),
  ('pm_imports.import_configs', 'file_options', 'keep', 'how files of a supplier are read'),
  ('pm_imports.import_configs', 'import_options', 'keep', 'how files of a supplier are read'),
  ('pm_imports.mapping_templates', 'field_mapping', 'keep', 'how files of a supplier are read'),
  ('pm_imports.mapping_templates', 'mapping_config', 'keep', 'how files of a supplier are read'),
  ('pm_imports.mapping_templates', 'default_values', 'keep', 'how files of a supplier are read'),
  ('pm_imports.mapping_templates', 'computed_attributes', 'keep', 'how files of a supplier are read'),
  ('pm_imports.import_file_chunks', 'content', 'keep', 'a supplier''s file as it came; pm_imports.forget() deletes it'),
  ('pm_imports.import_jobs', 'plan', 'keep', 'how files of a supplier are read'),
  ('pm_imports.import_jobs', 'found', 'document', NULL),
  ('pm_imports.import_jobs', 'last_error', 'message', NULL),
  ('pm_imports.import_jobs', 'created_by', 'keep', 'an id, of a user without a name from then on'),
  ('pm_imports.import_errors', 'value', 'text', NULL),
  ('pm_imports.import_errors', 'message', 'text', NULL),
  ('pm_imports.import_errors', 'raw_row', 'text', NULL),
  ('pm_imports._job_codes', 'reason', 'text', NULL),
  ('pm_imports.import_logs', 'message', 'text', NULL),
  ('pm_imports.import_logs', 'details', 'document', NULL),
  ('pm_imports.import_schedules', 'last_error', 'message', NULL)
) AS v(relation, column_name, action, note);
