-- Rejected records as a file of the source's format.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET search_path = pm_imports, public;
CREATE FUNCTION public.rejected_bytes(found jsonb, plan jsonb, VARIADIC raw text[]) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
  job uuid;
BEGIN
  INSERT INTO pm_imports.import_files (file_name, uploaded_by, sha256, finished_at) VALUES ('x', quote_ident(current_user)::regrole, sha256(''), now()) RETURNING id INTO job;
  INSERT INTO pm_imports.import_jobs (file_id, config_name, supplier_code, import_type, plan, found) VALUES (job, 'c', 'c', 'products', $2, $1) RETURNING id INTO job;
  INSERT INTO pm_imports.import_errors (job_id, record, ordinal, line, byte_offset, code, message, raw_row)
  SELECT job, r.n, 1, r.n, 0, 'x', 'x', r.raw FROM unnest($3) WITH ORDINALITY AS r(raw, n);
  RETURN pm_imports.rejected_file(job);
END
$$;
CREATE FUNCTION public.rejected(found jsonb, plan jsonb, VARIADIC raw text[]) RETURNS text LANGUAGE sql AS $$
  SELECT convert_from(public.rejected_bytes(found, plan, VARIADIC raw), 'UTF8')
$$;
\pset format unaligned
\pset tuples_only on
SELECT rejected('{"format": "csv", "delimiter": "\t", "quote": "\"", "header": true, "columns": ["a", "b\"c", "d e", "f\tg", null]}', '{}', E'1\t2\r\n', E'"3\n"\t4\n', '5');
SELECT rejected('{"format": "csv", "delimiter": ",", "quote": "", "header": true, "columns": ["a,b", "c"]}', '{}', '1,2');
SELECT rejected('{"format": "csv", "delimiter": "|", "header": false}', '{}', 'a|b');
SELECT rejected('{"format": "json"}', '{}', '{"a": 1}', '{"a": 2}');
SELECT rejected('{"format": "json"}', '{"file_options": {"path": "shop.the \"items\""}}', '{"a": 1}', '{"a": 2}');
SELECT rejected('{"format": "json"}', '{"file_options": {"path": "shop"}}', '{"a": 1}')::jsonb;
SELECT rejected('{"format": "ndjson"}', '{}', '{"a": 1}', '{"a": 2}');
SELECT rejected('{"format": "xml"}', '{"file_options": {"path": "catalog/list/item"}}', '<item>1</item>', E'<item>\n2</item>');
SELECT rejected('{"format": "xml"}', '{"file_options": {"path": "item"}}', '<item>1</item>');
SELECT rejected('{"format": "xml", "namespaces": {"xmlns:g": "http://base.google.com/ns/1.0", "xmlns": "a&\"<b>"}}', '{"file_options": {"path": "rss/channel/item"}}', '<item><g:id>1</g:id></item>');
-- none; not found out; more than a piece
SELECT rejected('{"format": "csv", "delimiter": ";", "header": true, "columns": ["a", "b"]}', '{}', VARIADIC '{}');
SELECT rejected('{"format": "json"}', '{}', VARIADIC '{}')::jsonb;
SELECT rejected(NULL, '{"file_format": "xml", "file_options": {"path": "a/b"}}', VARIADIC '{}');
SELECT length(f), md5(f) = md5((SELECT string_agg(repeat(i::text, 300), E'\n' ORDER BY i) || E'\n' FROM generate_series(1, 2500) AS i)) AS whole
FROM (SELECT rejected('{"format": "csv", "header": false}', '{}', VARIADIC ARRAY(SELECT repeat(i::text, 300) FROM generate_series(1, 2500) AS i))) AS r(f);
SELECT length(f), right(f, 3) FROM (SELECT rejected('{"format": "csv", "header": false}', '{}', repeat('x', 1048575), repeat('y', 1048576), repeat('z', 1048576))) AS r(f);
-- in the encoding of the source; what is not in it is a question mark
SELECT encoding, encode(rejected_bytes(jsonb_build_object('format', 'csv', 'delimiter', ';', 'header', true, 'columns', jsonb_build_array('É'), 'encoding', encoding), '{}', E'é€\uFFFD'), 'escape')
FROM unnest('{UTF-8,UTF-16LE,UTF-16BE,Windows-1252,ISO-8859-1,ISO-8859-15}'::text[]) AS encoding;
SELECT encode(rejected_bytes('{"format": "xml", "encoding": "Windows-1252"}', '{"file_options": {"path": "a/b"}}', '<b>é&#8364;</b>'), 'escape');
SELECT encode(substr(rejected_bytes('{"format": "xml", "encoding": "UTF-16BE"}', '{"file_options": {"path": "a/b"}}', '<b/>'), 1, 90), 'escape');
SELECT length(f), sha256(f) = sha256('\xfffe' || decode(repeat(repeat('e900', 600) || '0a00', 2500), 'hex')) AS whole
FROM (SELECT rejected_bytes('{"format": "csv", "header": false, "encoding": "UTF-16LE"}', '{}', VARIADIC ARRAY(SELECT repeat('é', 600) FROM generate_series(1, 2500)))) AS r(f);
-- no name of an encoding comes from elsewhere
SELECT rejected('{"format": "csv", "encoding": "KOI8-R"}', '{}', 'a');
-- of a workbook a workbook: an archive whose parts are compressed
SELECT length(f) BETWEEN 1000 AND 2000 AS is_small, substr(f, 1, 4) AS begins, position('xl/worksheets/sheet1.xml'::bytea IN f) > 0 AS has_sheet
FROM (SELECT rejected_bytes('{"format": "xlsx", "header": true, "columns": ["a;b", "c,d"]}', '{}', '1,"2,3"')) AS r(f);
DELETE FROM import_jobs;
DELETE FROM import_files;
DROP FUNCTION public.rejected(jsonb, jsonb, text[]), public.rejected_bytes(jsonb, jsonb, text[]);
