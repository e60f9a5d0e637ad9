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
CALL retry('windows-1252', 'retry csv', convert_to(E'EAN;Name\n12;Café à 1 €\n4006381339995;B\n', 'WIN1252'));
CALL retry('iso-8859-15', 'retry csv', convert_to(E'EAN;Name\n12;1 €\n', 'LATIN9'));
CALL retry('ASCII at first', 'retry csv', convert_to(E'EAN;Name\n12;' || repeat('x', 70000) || E'\n13;1 €\n', 'WIN1252'));
CALL retry('xml, windows-1252', 'retry xml', convert_to('<?xml version="1.0" encoding="windows-1252"?><shop><p><EAN>12</EAN><Name>é €</Name></p></shop>', 'WIN1252'));
CALL retry('xml, utf-16', 'retry xml', '\xfeff' || decode(regexp_replace(encode('<shop><p><EAN>12</EAN></p></shop>', 'hex'), '(..)', '00\1', 'g'), 'hex'));
-- single quotes, which only the whole file tells
CALL retry('single quotes', 'retry csv', convert_to(E'EAN;Name\n12;A\n13;B\n14;''C;D''\n' || repeat(E'''4006381339995'';''B''\n', 3), 'UTF8'));
CALL retry('bytes that are no text', 'retry csv', convert_to(E'EAN;Name\n12;A\n', 'UTF8') || '\x343030363338313333393939353b43616600e90a');
-- of the same file, unless bytes were left out, a second import makes the same file
SELECT t.label, f.found ->> 'encoding' AS encoding, a.found ->> 'encoding' AS encoding_again, rejected_file(t.first) = rejected_file(t.again) AS same_file
FROM retried AS t JOIN import_jobs AS f ON f.id = t.first JOIN import_jobs AS a ON a.id = t.again ORDER BY f.id;
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
SELECT convert_from(rejected_file(:'job'), 'UTF8') AS file;
\set VERBOSITY terse
-- workbooks: that of an import which is made up here, imported, retried (without the rows to skip), and imported as a file of rejected rows
TRUNCATE retried;
INSERT INTO import_configs (supplier_code, config_name, field_mapping, file_options) VALUES
  ('acme', 'retry sheet', '{"gtin": "EAN", "title": "Name", "price": "2024"}', '{"sheet": "Prix & <été>", "skip": 3, "header": true}'),
  ('acme', 'retry columns', '{"gtin": 1, "title": 2, "price": 3}', '{"header": false}');
CREATE FUNCTION pg_temp.workbook(columns jsonb, VARIADIC raw text[]) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
  file uuid;
  job uuid;
  made bytea;
BEGIN
  INSERT INTO pm_imports.import_files (file_name, uploaded_by, sha256, finished_at) VALUES ('x', quote_ident(current_user)::regrole, sha256(''), now()) RETURNING id INTO file;
  INSERT INTO pm_imports.import_jobs (file_id, config_name, supplier_code, import_type, plan, found)
  VALUES (file, 'c', 'c', 'products', CASE WHEN columns IS NULL THEN '{}' ELSE '{"file_options": {"skip": 3}}'::jsonb END,
    jsonb_build_object('format', 'xlsx', 'encoding', 'UTF-8', 'sheet', CASE WHEN columns IS NOT NULL THEN 'Prix & <été>' END, 'header', columns IS NOT NULL, 'columns', columns)) RETURNING id INTO job;
  INSERT INTO pm_imports.import_errors (job_id, record, ordinal, line, byte_offset, code, message, raw_row)
  SELECT job, r.n, 1, r.n, 0, 'x', 'x', r.raw FROM unnest(raw) WITH ORDINALITY AS r(raw, n);
  made := pm_imports.rejected_file(job);
  DELETE FROM pm_imports.import_jobs WHERE id = job;
  DELETE FROM pm_imports.import_files WHERE id = file;
  RETURN made;
END
$$;
CALL retry('workbook', 'retry sheet', pg_temp.workbook('["EAN", "Name", "", "2024"]', '12,"0012",,1.234', '13,"1.234",,"1.234"', '14,"é, ""x""' || E'\n' || '",-5,', '15, x ,_x0041_,true', '4006381339995,B,,1'));
CALL retry('workbook without header', 'retry columns', pg_temp.workbook(NULL, '12,"0012",1.234', '13,,', '4006381339995,B,1'));
SELECT t.label, f.total_rows AS rows, f.failed_rows AS rejected, a.total_rows AS rows_again, a.failed_rows AS rejected_again, rejected_file(t.first) = rejected_file(t.again) AS same_file,
  a.plan ->> 'file_format' AS format, a.found ->> 'sheet' AS sheet, n.file_name
FROM retried AS t JOIN import_jobs AS f ON f.id = t.first JOIN import_jobs AS a ON a.id = t.again JOIN import_files AS n ON n.id = a.file_id ORDER BY f.id;
SELECT t.label, e.record, e.line, e.raw_row FROM retried AS t JOIN import_errors AS e ON e.job_id = t.again WHERE e.ordinal = 1 ORDER BY e.job_id, e.record;
SELECT import_data('retry sheet', 'again.xlsx', rejected_file(first), force => true) AS job, first FROM retried WHERE label = 'workbook' \gset
:run
SELECT j.status, j.total_rows, j.failed_rows, rejected_file(j.id) = rejected_file(:'first') AS same_file, j.found -> 'columns' AS columns,
  (SELECT min(e.line) FROM import_errors AS e WHERE e.job_id = j.id) AS first_row
FROM import_jobs AS j WHERE j.id = :'job';
-- a number of a workbook is the same one when it comes again, whatever mark texts have
INSERT INTO import_configs (supplier_code, config_name, field_mapping, file_options, validation_rules) VALUES
  ('acme', 'retry marks', '{"gtin": 1, "title": 2, "price": 3, "cost": 4}', '{"header": false, "decimal_mark": ","}', '[{"target": "price", "rule": "max", "value": 1}]');
SELECT import_data('retry marks', 'marks.xlsx', pg_temp.workbook(NULL, '8712345679569,Number,1.234,0.5', '8712345679576,Text,"1.234","0,5"')) AS job \gset
:run
SELECT value, code FROM import_errors WHERE job_id = :'job' ORDER BY record;
UPDATE import_configs SET validation_rules = '[]' WHERE config_name = 'retry marks';
SELECT retry_rejected(:'job') AS job \gset
:run
SELECT p.title, (pm_catalog.current_price(p.id)).price, o.cost FROM pm_catalog.products AS p JOIN pm_catalog.supplier_products AS o ON o.product_id = p.id
WHERE p.gtin IN ('8712345679569', '8712345679576') ORDER BY 1;
DELETE FROM import_jobs AS j USING import_configs AS c WHERE c.id = j.config_id AND c.config_name ~ '^retry ';
DELETE FROM import_configs WHERE config_name ~ '^retry ';
DROP PROCEDURE retry(text, text, bytea);
DROP TABLE retried;
