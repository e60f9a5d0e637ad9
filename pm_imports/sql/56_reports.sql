-- What people look at.

CREATE VIEW pm_imports.error_kinds WITH (security_invoker) AS
SELECT k.job_id, k.severity, k.code, k.column_name, k.target, k.errors, x.record AS example_record, x.line AS example_line, x.value AS example_value, x.message AS example_message
FROM (SELECT e.job_id, e.severity, e.code, e.column_name, e.target, count(*) AS errors, min(e.record) AS first_record
      FROM pm_imports.import_errors AS e GROUP BY e.job_id, e.severity, e.code, e.column_name, e.target) AS k
CROSS JOIN LATERAL (
  SELECT e.record, e.line, e.value, e.message FROM pm_imports.import_errors AS e
  WHERE e.job_id = k.job_id AND e.record = k.first_record AND e.severity = k.severity AND e.code = k.code
    AND e.column_name IS NOT DISTINCT FROM k.column_name AND e.target IS NOT DISTINCT FROM k.target
  ORDER BY e.ordinal LIMIT 1) AS x;
COMMENT ON VIEW pm_imports.error_kinds IS 'Kinds of errors of each import, with how many there are and the first one as an example';
COMMENT ON COLUMN pm_imports.error_kinds.job_id IS 'the import';
COMMENT ON COLUMN pm_imports.error_kinds.severity IS 'error or warning';
COMMENT ON COLUMN pm_imports.error_kinds.code IS 'kind, as in import_errors';
COMMENT ON COLUMN pm_imports.error_kinds.column_name IS 'column of the file';
COMMENT ON COLUMN pm_imports.error_kinds.target IS 'what it was to become';
COMMENT ON COLUMN pm_imports.error_kinds.errors IS 'how many there are';
COMMENT ON COLUMN pm_imports.error_kinds.example_record IS 'record of the first one';
COMMENT ON COLUMN pm_imports.error_kinds.example_line IS 'its line';
COMMENT ON COLUMN pm_imports.error_kinds.example_value IS 'its value';
COMMENT ON COLUMN pm_imports.error_kinds.example_message IS 'its message';

CREATE VIEW pm_imports.progress WITH (security_invoker) AS
SELECT j.id AS job_id, j.supplier_code, j.config_name, f.file_name, j.dry_run, j.status, j.started_at, j.processed_rows, j.failed_rows, p.fraction,
       p.rows_per_second, p.eta, j.updated_at AS last_sign, pm_imports._last_error(j) AS last_error
FROM pm_imports.import_jobs AS j JOIN pm_imports.import_files AS f ON f.id = j.file_id
CROSS JOIN LATERAL pm_imports._pace(j, f.size) AS p
WHERE j.status IN ('pending', 'running');
COMMENT ON VIEW pm_imports.progress IS 'Imports that wait or run, and how far they are, as of their last batch';
COMMENT ON COLUMN pm_imports.progress.job_id IS 'the import';
COMMENT ON COLUMN pm_imports.progress.supplier_code IS 'whose file';
COMMENT ON COLUMN pm_imports.progress.config_name IS 'the config';
COMMENT ON COLUMN pm_imports.progress.file_name IS 'the file';
COMMENT ON COLUMN pm_imports.progress.dry_run IS 'does it leave the catalog as it is?';
COMMENT ON COLUMN pm_imports.progress.status IS 'pending or running';
COMMENT ON COLUMN pm_imports.progress.started_at IS 'when it began';
COMMENT ON COLUMN pm_imports.progress.processed_rows IS 'records so far';
COMMENT ON COLUMN pm_imports.progress.failed_rows IS 'those that were rejected';
COMMENT ON COLUMN pm_imports.progress.fraction IS '0 to 1, by bytes of the file';
COMMENT ON COLUMN pm_imports.progress.rows_per_second IS 'records a second since it began';
COMMENT ON COLUMN pm_imports.progress.eta IS 'when it should end';
COMMENT ON COLUMN pm_imports.progress.last_sign IS 'when it last counted a batch or changed its status';
COMMENT ON COLUMN pm_imports.progress.last_error IS 'why it is tried again';

CREATE FUNCTION pm_imports.job_report(job uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  j pm_imports.import_jobs := pm_imports._job(job);
  f pm_imports.import_files;
  elapsed numeric := extract(epoch FROM coalesce(j.completed_at, clock_timestamp()) - j.started_at);
BEGIN
  SELECT * INTO f FROM pm_imports.import_files AS s WHERE s.id = j.file_id;
  RETURN jsonb_build_object(
    'job', j.id, 'config', j.config_name, 'supplier_code', j.supplier_code, 'import_type', j.import_type, 'dry_run', j.dry_run, 'status', j.status,
    'retry_of', j.retry_of, 'same_as', j.same_as, 'last_error', pm_imports._last_error(j),
    'file', jsonb_build_object('name', f.file_name, 'size', f.size, 'sha256', encode(f.sha256, 'hex'), 'found', j.found),
    'created_at', j.created_at, 'started_at', j.started_at, 'completed_at', j.completed_at, 'seconds', round(elapsed, 3),
    'rows', jsonb_build_object('total', j.total_rows, 'processed', j.processed_rows, 'successful', j.successful_rows, 'failed', j.failed_rows,
      'unchanged', j.products_unchanged, 'duplicate', j.duplicate_rows, 'per_second', round(j.processed_rows / nullif(elapsed, 0), 1)),
    'products', jsonb_build_object('created', j.products_created, 'updated', j.products_updated, 'missing', j.products_missing),
    'fraction', pm_imports._fraction(j.status, j.bytes_read, f.size),
    'eta', (SELECT p.eta FROM pm_imports.progress AS p WHERE p.job_id = j.id),
    'errors', jsonb_build_object('count', j.error_count, 'warnings', j.warning_count, 'kinds', coalesce((
      SELECT jsonb_agg(jsonb_build_object('code', k.code, 'severity', k.severity, 'column', k.column_name, 'target', k.target, 'count', k.errors,
        'examples', (SELECT jsonb_agg(jsonb_build_object('record', x.record, 'line', x.line, 'value', x.value, 'message', x.message) ORDER BY x.record, x.ordinal)
                     FROM (SELECT e.record, e.ordinal, e.line, e.value, e.message FROM pm_imports.import_errors AS e
                           WHERE e.job_id = j.id AND e.severity = k.severity AND e.code = k.code
                             AND e.column_name IS NOT DISTINCT FROM k.column_name AND e.target IS NOT DISTINCT FROM k.target
                           ORDER BY e.record, e.ordinal LIMIT 3) AS x)) ORDER BY k.severity, k.errors DESC, k.example_record, k.code)
      FROM (SELECT * FROM pm_imports.error_kinds AS a WHERE a.job_id = j.id ORDER BY a.severity, a.errors DESC, a.example_record, a.code LIMIT 10) AS k), '[]')));
END
$$;
COMMENT ON FUNCTION pm_imports.job_report(uuid) IS
'an import as it is now: file, status, times, rows (total null until the end is known; per_second), products, fraction and eta, and the ten kinds of errors and warnings of which there are most, errors first, with three examples each. Errors: P0002 no such import';

CREATE VIEW pm_imports.job_reports WITH (security_invoker) AS
SELECT j.id AS job_id, j.created_at, j.supplier_code, j.config_name, f.file_name, j.status || CASE WHEN j.dry_run THEN ' (dry run)' ELSE '' END AS status,
       coalesce(j.total_rows, j.processed_rows) AS rows, j.successful_rows AS merged, j.products_created AS created, j.products_updated AS updated,
       j.products_unchanged AS unchanged, j.duplicate_rows AS duplicate, j.failed_rows AS rejected, j.products_missing AS missing,
       r.elapsed AS duration, round((j.processed_rows / nullif(extract(epoch FROM r.elapsed), 0))::numeric) AS rows_per_second,
       round((100 * pm_imports._fraction(j.status, j.bytes_read, f.size))::numeric, 1) AS percent,
       (SELECT date_trunc('second', p.eta) FROM pm_imports.progress AS p WHERE p.job_id = j.id) AS eta,
       (SELECT string_agg(t.line, E'\n' ORDER BY t.errors DESC, t.line)
        FROM (SELECT k.errors, format('%s x %s%s: line %s%s: %s', k.errors, k.code, coalesce(' in ' || k.column_name, ''), k.example_line,
                       coalesce(' has "' || left(k.example_value, 40) || '"', ''), k.example_message) AS line
              FROM pm_imports.error_kinds AS k WHERE k.job_id = j.id AND k.severity = 'error' ORDER BY k.errors DESC, k.example_record, k.code LIMIT 5) AS t) AS top_errors,
       pm_imports._last_error(j) AS last_error
FROM pm_imports.import_jobs AS j JOIN pm_imports.import_files AS f ON f.id = j.file_id
CROSS JOIN LATERAL (SELECT date_trunc('milliseconds', coalesce(j.completed_at, clock_timestamp()) - j.started_at) AS elapsed) AS r;
COMMENT ON VIEW pm_imports.job_reports IS 'Imports for people to read; job_report() has the same for programs, and more';
COMMENT ON COLUMN pm_imports.job_reports.job_id IS 'the import';
COMMENT ON COLUMN pm_imports.job_reports.created_at IS 'when it was asked for';
COMMENT ON COLUMN pm_imports.job_reports.supplier_code IS 'whose file';
COMMENT ON COLUMN pm_imports.job_reports.config_name IS 'the config';
COMMENT ON COLUMN pm_imports.job_reports.file_name IS 'the file';
COMMENT ON COLUMN pm_imports.job_reports.status IS 'status, and whether it is a dry run';
COMMENT ON COLUMN pm_imports.job_reports.rows IS 'records of the file, or so far: merged, unchanged, duplicate and rejected ones together';
COMMENT ON COLUMN pm_imports.job_reports.merged IS 'records that were merged: those of created and updated products';
COMMENT ON COLUMN pm_imports.job_reports.created IS 'products that are new';
COMMENT ON COLUMN pm_imports.job_reports.updated IS 'products that were there';
COMMENT ON COLUMN pm_imports.job_reports.unchanged IS 'records as the supplier sent them before';
COMMENT ON COLUMN pm_imports.job_reports.duplicate IS 'records whose key was in the file before';
COMMENT ON COLUMN pm_imports.job_reports.rejected IS 'records that were rejected';
COMMENT ON COLUMN pm_imports.job_reports.missing IS 'products that the file has no more';
COMMENT ON COLUMN pm_imports.job_reports.duration IS 'from start to end, or until now';
COMMENT ON COLUMN pm_imports.job_reports.rows_per_second IS 'records a second';
COMMENT ON COLUMN pm_imports.job_reports.percent IS 'how far it is';
COMMENT ON COLUMN pm_imports.job_reports.eta IS 'when it should end';
COMMENT ON COLUMN pm_imports.job_reports.top_errors IS 'the five kinds of errors of which there are most, one a line, each with its first one';
COMMENT ON COLUMN pm_imports.job_reports.last_error IS 'why it failed, or is tried again';

REVOKE ALL ON FUNCTION pm_imports.job_report(uuid) FROM PUBLIC;
