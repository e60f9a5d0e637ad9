-- Rejected records come back as a file of the same format, which is read as the first one was.
\set VERBOSITY terse
SET client_min_messages = warning;
SET search_path = pm_imports, pm_gtin, public;
\set run 'CALL pm_imports.run_import(ROW(NULL, ''imports'', ''run_import'', jsonb_build_object(''job'', :''job''), 1, 1, now())::pm_jobs.job);'
INSERT INTO import_configs (supplier_code, config_name, field_mapping, file_options) VALUES
  ('acme', 'retry csv', '{"gtin": "EAN", "title": "Name"}', NULL),
  ('acme', 'retry nested json', '{"gtin": "EAN", "title": "Name"}', '{"path": "data.products"}'),
  ('acme', 'retry xml', '{"gtin": "EAN", "title": "Name"}', '{"path": "*/p"}'),
  ('acme', 'retry anywhere', '{"gtin": "EAN", "title": "Name"}', '{"path": "//p"}');
-- An import whose rejected records are retried as they are: what was rejected is rejected again, for the same reasons.
CREATE TABLE retried (label text, first uuid, again uuid);
CREATE PROCEDURE retry(label text, config text, content bytea) LANGUAGE plpgsql AS $$
DECLARE
  job uuid := pm_imports.import_data(config, label, content, force => true);
  again uuid;
BEGIN
  COMMIT;
  CALL pm_imports.run_import(ROW(NULL, 'imports', 'run_import', jsonb_build_object('job', job), 1, 1, now())::pm_jobs.job);
  again := pm_imports.retry_rejected(job);
  COMMIT;
  CALL pm_imports.run_import(ROW(NULL, 'imports', 'run_import', jsonb_build_object('job', again), 1, 1, now())::pm_jobs.job);
  INSERT INTO retried VALUES (label, job, again);
END
$$;
CALL retry('csv', 'retry csv', convert_to(E'EAN;Name\n12;A\n4006381339995;B\n13;"C; D"\n4006381339995;"E\n', 'UTF8'));
CALL retry('utf-16', 'retry csv', '\xfffe' || decode('450041004e003b004e0061006d0065000a00310032003b00e9000a00', 'hex'));
CALL retry('text of a spreadsheet', 'retry csv', convert_to(E'EAN;Name\n="4006381339995";B\n="4006381339990";C\n', 'UTF8'));
CALL retry('json', 'retry csv', convert_to('[{"EAN": "12", "Name": "A"}, {"EAN": "4006381339995", "Name": "B"}, 5]', 'UTF8'));
CALL retry('nested json', 'retry nested json', convert_to('{"data": {"products": [{"EAN": "12", "Name": "A"}, {"EAN": "4006381339995", "Name": "B"}]}}', 'UTF8'));
CALL retry('ndjson', 'retry csv', convert_to(E'{"EAN": "4006381339995", "Name": "B"}\n{"EAN": "12", "Name": "A\n{"EAN": "13"}\n', 'UTF8'));
CALL retry('xml', 'retry xml', convert_to('<shop><p><EAN>12</EAN></p><p><EAN>4006381339995</EAN><Name>B</Name></p></shop>', 'UTF8'));
CALL retry('xml anywhere', 'retry anywhere', convert_to('<a><b><p><EAN>12</EAN></p></b><p><EAN>4006381339995</EAN><Name>B</Name></p></a>', 'UTF8'));
CALL retry('bytes that are no text', 'retry csv', convert_to(E'EAN;Name\n12;A\n', 'UTF8') || '\x343030363338313333393939353b43616600e90a');
SELECT t.label, f.status, f.total_rows AS rows, f.failed_rows AS rejected, a.status AS again, a.total_rows AS rows_again, a.failed_rows AS rejected_again,
  (SELECT string_agg(e.code, ' ' ORDER BY e.record, e.ordinal) FROM import_errors AS e WHERE e.job_id = t.first) AS codes,
  (SELECT string_agg(e.code, ' ' ORDER BY e.record, e.ordinal) FROM import_errors AS e WHERE e.job_id = t.again) AS codes_again
FROM retried AS t JOIN import_jobs AS f ON f.id = t.first JOIN import_jobs AS a ON a.id = t.again ORDER BY f.id;
-- what the file itself has to be corrected for
SELECT import_data('retry csv', 'nul.csv', '\x45414e0a0034303036333831333339393935', force => true) AS job \gset
:run
SELECT status, failed_rows FROM import_jobs WHERE id = :'job';
\set VERBOSITY sqlstate
SELECT retry_rejected(:'job');
SELECT rejected_file(:'job') AS file;
DELETE FROM import_jobs AS j USING import_configs AS c WHERE c.id = j.config_id AND c.config_name ~ '^retry ';
DELETE FROM import_configs WHERE config_name ~ '^retry ';
DROP PROCEDURE retry(text, text, bytea);
DROP TABLE retried;
