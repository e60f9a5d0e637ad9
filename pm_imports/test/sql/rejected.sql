-- Rejected records as a file of the source's format.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET search_path = pm_imports, public;
CREATE FUNCTION public.rejected(found jsonb, plan jsonb, VARIADIC raw text[]) RETURNS text LANGUAGE plpgsql AS $$
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
\pset format unaligned
\pset tuples_only on
SELECT rejected('{"format": "csv", "delimiter": "\t", "quote": "\"", "header": true, "columns": ["a", "b\"c", "d e", "f\tg", null]}', '{}', E'1\t2\r\n', E'"3\n"\t4\n', '5');
SELECT rejected('{"format": "csv", "delimiter": ",", "quote": "", "header": true, "columns": ["a,b", "c"]}', '{}', '1,2');
SELECT rejected('{"format": "csv", "delimiter": "|", "header": false}', '{}', 'a|b');
SELECT rejected('{"format": "xlsx", "header": true, "columns": ["a;b", "c,d"]}', '{}', '1,"2,3"');
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
SELECT length(f), md5(f) = md5((SELECT string_agg(i::text, E'\n' ORDER BY i) || E'\n' FROM generate_series(1, 2500) AS i)) AS whole
FROM (SELECT rejected('{"format": "csv", "header": false}', '{}', VARIADIC ARRAY(SELECT i::text FROM generate_series(1, 2500) AS i))) AS r(f);
DELETE FROM import_jobs;
DELETE FROM import_files;
DROP FUNCTION public.rejected(jsonb, jsonb, text[]);
