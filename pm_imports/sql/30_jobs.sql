-- Jobs: a file read under a config as it was then.

CREATE TABLE pm_imports.import_jobs (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  config_id uuid REFERENCES pm_imports.import_configs ON DELETE SET NULL,
  config_name text NOT NULL,
  supplier_code text COLLATE "C" NOT NULL,
  import_type text NOT NULL,
  file_id uuid NOT NULL REFERENCES pm_imports.import_files,
  plan jsonb NOT NULL,
  dry_run boolean NOT NULL DEFAULT false,
  forced boolean NOT NULL DEFAULT false,
  retry_of uuid REFERENCES pm_imports.import_jobs ON DELETE SET NULL,
  same_as uuid REFERENCES pm_imports.import_jobs ON DELETE SET NULL,
  job_id bigint,
  role regrole NOT NULL DEFAULT quote_ident(current_user)::regrole,
  status text NOT NULL DEFAULT 'pending',
  cancel_requested boolean NOT NULL DEFAULT false,
  started_at timestamptz,
  completed_at timestamptz,
  duration_seconds integer GENERATED ALWAYS AS (extract(epoch FROM completed_at - started_at)::integer) STORED,
  found jsonb,
  decided_codes bigint,
  bytes_read bigint NOT NULL DEFAULT 0,
  total_rows bigint,
  processed_rows bigint NOT NULL DEFAULT 0,
  successful_rows bigint NOT NULL DEFAULT 0,
  failed_rows bigint NOT NULL DEFAULT 0,
  products_created bigint NOT NULL DEFAULT 0,
  products_updated bigint NOT NULL DEFAULT 0,
  products_unchanged bigint NOT NULL DEFAULT 0,
  duplicate_rows bigint NOT NULL DEFAULT 0,
  products_missing bigint NOT NULL DEFAULT 0,
  error_count bigint NOT NULL DEFAULT 0,
  warning_count bigint NOT NULL DEFAULT 0,
  last_error text,
  created_by uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT status_is_known CHECK (status IN ('pending', 'running', 'completed', 'completed_with_errors', 'failed', 'cancelled', 'undone')),
  CONSTRAINT import_type_is_known CHECK (import_type IN ('products', 'prices', 'stocks')),
  CONSTRAINT rows_add_up CHECK (successful_rows + failed_rows + products_unchanged + duplicate_rows = processed_rows),
  CONSTRAINT no_count_is_negative CHECK (least(bytes_read, total_rows, processed_rows, successful_rows, failed_rows, products_created, products_updated,
    products_unchanged, duplicate_rows, products_missing, error_count, warning_count, decided_codes) >= 0),
  CONSTRAINT products_are_of_successful_rows CHECK (products_created + products_updated <= successful_rows),
  CONSTRAINT rows_are_of_the_file CHECK (processed_rows <= total_rows),
  CONSTRAINT failed_rows_have_errors CHECK (failed_rows <= error_count),
  CONSTRAINT completed_jobs_read_the_whole_file CHECK (CASE WHEN status IN ('completed', 'completed_with_errors') THEN total_rows IS NOT NULL AND total_rows = processed_rows END),
  CONSTRAINT completed_with_errors_has_some CHECK (CASE status WHEN 'completed' THEN error_count = 0 WHEN 'completed_with_errors' THEN error_count > 0 END),
  CONSTRAINT times_are_those_of_the_status CHECK (CASE
    WHEN status = 'pending' THEN started_at IS NULL AND completed_at IS NULL
    WHEN status = 'running' THEN started_at IS NOT NULL AND completed_at IS NULL
    ELSE completed_at IS NOT NULL END),
  CONSTRAINT dry_runs_are_never_undone CHECK (NOT (dry_run AND status = 'undone'))
);
CREATE INDEX import_jobs_status ON pm_imports.import_jobs (status);
CREATE INDEX import_jobs_created_at ON pm_imports.import_jobs (created_at);
CREATE INDEX import_jobs_supplier_code ON pm_imports.import_jobs (supplier_code);
CREATE INDEX import_jobs_config_id ON pm_imports.import_jobs (config_id);
CREATE INDEX import_jobs_file_id ON pm_imports.import_jobs (file_id);
CREATE INDEX import_jobs_retry_of ON pm_imports.import_jobs (retry_of);
CREATE INDEX import_jobs_same_as ON pm_imports.import_jobs (same_as);
CREATE INDEX import_jobs_job_id ON pm_imports.import_jobs (job_id) WHERE status IN ('pending', 'running');
COMMENT ON TABLE pm_imports.import_jobs IS 'Imports: one row a file and run. Made by import_file(), import_data(), finish_upload(), retry_rejected() and directories; then written by the session that runs it';
COMMENT ON COLUMN pm_imports.import_jobs.id IS 'key; the catalog knows what the job changed by it';
COMMENT ON COLUMN pm_imports.import_jobs.config_id IS 'the config; NULL: it is gone';
COMMENT ON COLUMN pm_imports.import_jobs.config_name IS 'its name then';
COMMENT ON COLUMN pm_imports.import_jobs.supplier_code IS 'whose file';
COMMENT ON COLUMN pm_imports.import_jobs.import_type IS 'as in import_configs';
COMMENT ON COLUMN pm_imports.import_jobs.file_id IS 'the file';
COMMENT ON COLUMN pm_imports.import_jobs.plan IS 'the config as it was then, with what it inherited: what the job runs by';
COMMENT ON COLUMN pm_imports.import_jobs.dry_run IS 'true: everything but the catalog is done; what would become of rows is counted';
COMMENT ON COLUMN pm_imports.import_jobs.forced IS 'true: it runs although the same file was imported before';
COMMENT ON COLUMN pm_imports.import_jobs.retry_of IS 'the job whose rejected rows are its file';
COMMENT ON COLUMN pm_imports.import_jobs.same_as IS 'the job that had imported the same bytes by the same plan: this one had nothing to do, and counts no rows';
COMMENT ON COLUMN pm_imports.import_jobs.job_id IS 'job of pm_jobs that runs it';
COMMENT ON COLUMN pm_imports.import_jobs.role IS 'role that asked for it, as which it runs';
COMMENT ON COLUMN pm_imports.import_jobs.status IS 'pending, running; completed, completed_with_errors (rows were rejected), failed (not read to its end: last_error says why), cancelled; undone';
COMMENT ON COLUMN pm_imports.import_jobs.cancel_requested IS 'true: cancel() was called while it ran';
COMMENT ON COLUMN pm_imports.import_jobs.started_at IS 'when it began to run first';
COMMENT ON COLUMN pm_imports.import_jobs.completed_at IS 'when it ended';
COMMENT ON COLUMN pm_imports.import_jobs.duration_seconds IS 'between the two';
COMMENT ON COLUMN pm_imports.import_jobs.found IS 'what the file turned out to be: format, encoding, gzip, zip, member, sheet, delimiter, quote, header (has it one), columns (their names)';
COMMENT ON COLUMN pm_imports.import_jobs.decided_codes IS 'decisions about codes of the supplier that it goes by, those of pm_suppliers at its start; NULL: they have not been asked for';
COMMENT ON COLUMN pm_imports.import_jobs.bytes_read IS 'bytes of the file so far, of import_files.size';
COMMENT ON COLUMN pm_imports.import_jobs.total_rows IS 'records of the file; NULL: not known before its end';
COMMENT ON COLUMN pm_imports.import_jobs.processed_rows IS 'records that were read and counted: the next four together';
COMMENT ON COLUMN pm_imports.import_jobs.successful_rows IS 'records that were merged, or would be';
COMMENT ON COLUMN pm_imports.import_jobs.failed_rows IS 'records that were rejected: import_errors says why';
COMMENT ON COLUMN pm_imports.import_jobs.products_created IS 'successful rows that made a product';
COMMENT ON COLUMN pm_imports.import_jobs.products_updated IS 'successful rows of a product that was there';
COMMENT ON COLUMN pm_imports.import_jobs.products_unchanged IS 'records that were as the supplier sent them before';
COMMENT ON COLUMN pm_imports.import_jobs.duplicate_rows IS 'records whose key was in the file before';
COMMENT ON COLUMN pm_imports.import_jobs.products_missing IS 'products of the supplier that the file has no more, and that were deactivated for it';
COMMENT ON COLUMN pm_imports.import_jobs.error_count IS 'errors in import_errors; a record may have several';
COMMENT ON COLUMN pm_imports.import_jobs.warning_count IS 'warnings in import_errors';
COMMENT ON COLUMN pm_imports.import_jobs.last_error IS 'why it failed, or was tried again';
COMMENT ON COLUMN pm_imports.import_jobs.created_by IS 'user that asked for it, of pm_core.users: setting pm_imports.user_id';
COMMENT ON COLUMN pm_imports.import_jobs.created_at IS 'when it was asked for';
COMMENT ON COLUMN pm_imports.import_jobs.updated_at IS 'when it was last changed: of a job that runs, its last sign of life';

CREATE TABLE pm_imports.import_batches (
  job_id uuid NOT NULL REFERENCES pm_imports.import_jobs ON DELETE CASCADE,
  batch integer NOT NULL,
  last_record bigint NOT NULL,
  line bigint NOT NULL,
  byte_offset bigint NOT NULL,
  successful_rows bigint NOT NULL DEFAULT 0,
  failed_rows bigint NOT NULL DEFAULT 0,
  products_created bigint NOT NULL DEFAULT 0,
  products_updated bigint NOT NULL DEFAULT 0,
  products_unchanged bigint NOT NULL DEFAULT 0,
  duplicate_rows bigint NOT NULL DEFAULT 0,
  error_count bigint NOT NULL DEFAULT 0,
  warning_count bigint NOT NULL DEFAULT 0,
  counted_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (job_id, batch)
);
COMMENT ON TABLE pm_imports.import_batches IS 'Batches of a job that are merged and counted: the job goes on after the last one. Written with the errors and counts of the batch, in one transaction';
COMMENT ON COLUMN pm_imports.import_batches.job_id IS 'the job';
COMMENT ON COLUMN pm_imports.import_batches.batch IS 'its number, from 1: the one that the catalog remembers';
COMMENT ON COLUMN pm_imports.import_batches.last_record IS 'number of its last record, from 1';
COMMENT ON COLUMN pm_imports.import_batches.line IS 'line at which that record starts, from 1';
COMMENT ON COLUMN pm_imports.import_batches.byte_offset IS 'byte at which it starts, from 0, in the file once it is expanded; -1: a workbook has none';
COMMENT ON COLUMN pm_imports.import_batches.successful_rows IS 'as in import_jobs, of the batch';
COMMENT ON COLUMN pm_imports.import_batches.failed_rows IS 'likewise';
COMMENT ON COLUMN pm_imports.import_batches.products_created IS 'likewise';
COMMENT ON COLUMN pm_imports.import_batches.products_updated IS 'likewise';
COMMENT ON COLUMN pm_imports.import_batches.products_unchanged IS 'likewise';
COMMENT ON COLUMN pm_imports.import_batches.duplicate_rows IS 'likewise';
COMMENT ON COLUMN pm_imports.import_batches.error_count IS 'likewise';
COMMENT ON COLUMN pm_imports.import_batches.warning_count IS 'likewise';
COMMENT ON COLUMN pm_imports.import_batches.counted_at IS 'when it was counted';

CREATE TABLE pm_imports.import_errors (
  job_id uuid NOT NULL REFERENCES pm_imports.import_jobs ON DELETE CASCADE,
  record bigint NOT NULL,
  ordinal integer NOT NULL,
  line bigint NOT NULL,
  byte_offset bigint NOT NULL,
  column_name text,
  target text,
  value text,
  code text COLLATE "C" NOT NULL,
  message text NOT NULL,
  severity text NOT NULL DEFAULT 'error',
  raw_row text,
  PRIMARY KEY (job_id, record, ordinal),
  CONSTRAINT severity_is_known CHECK (severity IN ('error', 'warning')),
  CONSTRAINT the_first_error_of_a_record_has_its_raw_row CHECK (ordinal = 1 OR raw_row IS NULL)
);
COMMENT ON TABLE pm_imports.import_errors IS 'What was wrong with records of files: all errors and warnings of a record';
COMMENT ON COLUMN pm_imports.import_errors.job_id IS 'the job';
COMMENT ON COLUMN pm_imports.import_errors.record IS 'number of the record in the file, from 1, without header and blank lines';
COMMENT ON COLUMN pm_imports.import_errors.ordinal IS 'which of the record''s errors, from 1';
COMMENT ON COLUMN pm_imports.import_errors.line IS 'line of the file, from 1, or row of the sheet; of a record of several lines the one that has the error, where that is known';
COMMENT ON COLUMN pm_imports.import_errors.byte_offset IS 'byte of that line, from 0, in the file once it is expanded; -1: a workbook has none';
COMMENT ON COLUMN pm_imports.import_errors.column_name IS 'column of the file; NULL: none in particular';
COMMENT ON COLUMN pm_imports.import_errors.target IS 'what the value was to become; NULL: nothing in particular';
COMMENT ON COLUMN pm_imports.import_errors.value IS 'the value as it stands in the file, its first 200 characters';
COMMENT ON COLUMN pm_imports.import_errors.code IS 'kind of error, one word, such as bad_number or duplicate, or the SQLSTATE of what the catalog said';
COMMENT ON COLUMN pm_imports.import_errors.message IS 'what is wrong, for people';
COMMENT ON COLUMN pm_imports.import_errors.severity IS 'error: the record was rejected; warning: it was not, for this';
COMMENT ON COLUMN pm_imports.import_errors.raw_row IS 'of a rejected record, with its first error: the record as it stands in the file, in UTF-8; of a workbook its values as CSV, texts that begin like numbers in quotes';

CREATE TABLE pm_imports.import_statistics (
  supplier_code text COLLATE "C" NOT NULL,
  day date NOT NULL,
  imports bigint NOT NULL DEFAULT 0,
  failed_imports bigint NOT NULL DEFAULT 0,
  total_rows bigint NOT NULL DEFAULT 0,
  successful_rows bigint NOT NULL DEFAULT 0,
  failed_rows bigint NOT NULL DEFAULT 0,
  products_created bigint NOT NULL DEFAULT 0,
  products_updated bigint NOT NULL DEFAULT 0,
  products_unchanged bigint NOT NULL DEFAULT 0,
  duplicate_rows bigint NOT NULL DEFAULT 0,
  error_count bigint NOT NULL DEFAULT 0,
  bytes bigint NOT NULL DEFAULT 0,
  duration interval NOT NULL DEFAULT '0',
  PRIMARY KEY (supplier_code, day)
);
COMMENT ON TABLE pm_imports.import_statistics IS 'Imports per supplier and day of UTC on which they ended, without dry runs and without those that had nothing to do; counted when a job ends';
COMMENT ON COLUMN pm_imports.import_statistics.supplier_code IS 'the supplier';
COMMENT ON COLUMN pm_imports.import_statistics.day IS 'the day, of UTC';
COMMENT ON COLUMN pm_imports.import_statistics.imports IS 'jobs that ended';
COMMENT ON COLUMN pm_imports.import_statistics.failed_imports IS 'those that failed or were cancelled';
COMMENT ON COLUMN pm_imports.import_statistics.total_rows IS 'records that were read';
COMMENT ON COLUMN pm_imports.import_statistics.successful_rows IS 'as in import_jobs, of all of them';
COMMENT ON COLUMN pm_imports.import_statistics.failed_rows IS 'likewise';
COMMENT ON COLUMN pm_imports.import_statistics.products_created IS 'likewise';
COMMENT ON COLUMN pm_imports.import_statistics.products_updated IS 'likewise';
COMMENT ON COLUMN pm_imports.import_statistics.products_unchanged IS 'likewise';
COMMENT ON COLUMN pm_imports.import_statistics.duplicate_rows IS 'likewise';
COMMENT ON COLUMN pm_imports.import_statistics.error_count IS 'likewise';
COMMENT ON COLUMN pm_imports.import_statistics.bytes IS 'bytes of files that were read';
COMMENT ON COLUMN pm_imports.import_statistics.duration IS 'time from start to end, of all of them';

-- What became of each schedule_config.
CREATE TABLE pm_imports.import_schedules (
  config_id uuid PRIMARY KEY REFERENCES pm_imports.import_configs ON DELETE CASCADE,
  schedule_name text NOT NULL UNIQUE,
  spec text NOT NULL,
  missed text NOT NULL,
  role regrole NOT NULL DEFAULT quote_ident(current_user)::regrole,
  last_run_at timestamptz,
  last_files integer,
  last_imports integer,
  last_error text,
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE pm_imports.import_schedules IS 'Schedules of configs: made, changed and ended with schedule_config; each look into a directory writes what came of it';
COMMENT ON COLUMN pm_imports.import_schedules.config_id IS 'the config';
COMMENT ON COLUMN pm_imports.import_schedules.schedule_name IS 'name of the schedule of pm_jobs, whose view schedules says when it is next';
COMMENT ON COLUMN pm_imports.import_schedules.spec IS 'when, as in pm_jobs.schedule()';
COMMENT ON COLUMN pm_imports.import_schedules.missed IS 'times that were missed: once, skip or all';
COMMENT ON COLUMN pm_imports.import_schedules.role IS 'role that made it, as which it runs';
COMMENT ON COLUMN pm_imports.import_schedules.last_run_at IS 'when the directory was last looked into';
COMMENT ON COLUMN pm_imports.import_schedules.last_files IS 'files of the pattern that were there then';
COMMENT ON COLUMN pm_imports.import_schedules.last_imports IS 'those that were new, and whose import began';
COMMENT ON COLUMN pm_imports.import_schedules.last_error IS 'why the last look failed, or which files could not be taken; NULL: nothing';
COMMENT ON COLUMN pm_imports.import_schedules.created_at IS 'when it was made';

SELECT pg_extension_config_dump('pm_imports.import_jobs', '');
SELECT pg_extension_config_dump('pm_imports.import_batches', '');
SELECT pg_extension_config_dump('pm_imports.import_errors', '');
SELECT pg_extension_config_dump('pm_imports.import_statistics', '');
SELECT pg_extension_config_dump('pm_imports.import_schedules', '');
