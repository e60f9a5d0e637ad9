-- What is wrong with records: all of it, where it is, and what is done about it.
\set VERBOSITY terse
SET client_min_messages = warning;
SET search_path = pm_imports, pm_gtin, public;
\set run 'CALL pm_imports.run_import(ROW(NULL, ''imports'', ''run_import'', jsonb_build_object(''job'', :''job''), 1, 1, now())::pm_jobs.job);'
\set errors 'SELECT record, ordinal, line, column_name, target, value, code, message, severity, raw_row FROM import_errors WHERE job_id = :''job'' ORDER BY record, ordinal;'

-- every rule, and the types
INSERT INTO import_configs (supplier_code, config_name, field_mapping, validation_rules) VALUES ('acme', 'rules',
  '{"gtin": "ean", "title": "title", "price": "price", "stock": "stock", "is_active": "active", "asin": "asin", "slug": "slug", "status": "status", "technical_specs.date": "date", "technical_specs.n": "n"}',
  '[{"target": "title", "rule": "required"}, {"target": "title", "rule": "length", "value": {"min": 2, "max": 8}}, {"target": "price", "rule": "min", "value": 0.5}, {"target": "price", "rule": "max", "value": 100, "message": "too dear"},
    {"target": "slug", "rule": "pattern", "value": "^[a-z-]+$"}, {"target": "status", "rule": "list", "value": ["draft", "active"]}, {"target": "slug", "rule": "unique", "severity": "warning"},
    {"target": "gtin", "rule": "gtin_confidence", "value": 0.95}, {"target": "technical_specs.date", "rule": "type", "value": "date"}, {"target": "technical_specs.n", "rule": "type", "value": "integer"},
    {"rule": "expression", "value": "stock * price < 1000", "message": "too much in stock"}]');
SELECT import_data('rules', 'r.csv', convert_to(
E'ean,title,price,stock,active,asin,slug,status,date,n\n'
'9780201379624,Good,1,1,true,B000000000,good,active,2024-02-29,7\n'
'9780201379624x,,0.4,1.5,perhaps,B1,Not a slug,gone,2024-02-30,7.5\n'
'97802013796,é,100.01,99999999999,1,,good,draft,,\n'
'4006381333931,Too long a title,abc,,,,,,,\n'
'4006381333948,Pen,50,20,,,pen,,,\n'
'4006381333955,Pen,50,19,,,pen,,,\n'
',No code,1,1,,,,,,\n', 'UTF8')) AS job \gset
:run
:errors
SELECT status, total_rows, successful_rows, failed_rows, error_count, warning_count FROM import_jobs WHERE id = :'job';

-- the record itself is wrong: stray quotes, too few and too many values, zero bytes, other encodings, the header again, a quote that is not closed
INSERT INTO import_configs (supplier_code, config_name, field_mapping, encoding, delimiter) VALUES ('acme', 'records', '{"gtin": "ean", "title": "title", "stock": "stock"}', 'UTF-8', ',');
SELECT import_data('records', 'w.csv', convert_to(E'ean,title,stock\n4006381333962,"a"b,1\n4006381333962,Few\n4006381333962,Many,1,2\n', 'UTF8') || '\x343030363338313333333936322c4e756c002c310a343030363338313333333936322cff2c310a'
  || convert_to(E'ean,title,stock\n4006381333962,Right,5\n4006381333979,"open\n1,2,3\n', 'UTF8')) AS job \gset
:run
:errors
SELECT status, total_rows, successful_rows, failed_rows, error_count FROM import_jobs WHERE id = :'job';

-- what the catalog refuses is an error of its record, with the SQLSTATE
SELECT import_data('records', 'c.csv', convert_to(E'ean,title,stock\n4006381333979,Minus,-1\n4006381333986,Plus,1\n4006381333993,,1\n5901234123457,  ,-2\n', 'UTF8')) AS job \gset
:run
:errors
SELECT status, successful_rows, failed_rows, products_created FROM import_jobs WHERE id = :'job';
-- all that it refuses of a row; of two tables that refuse one value, one is told
INSERT INTO import_configs (supplier_code, config_name, field_mapping, import_options) VALUES
  ('acme', 'twice', '{"gtin": "ean", "title": "title", "price": "price", "cost": "cost", "currency": "currency", "brand": "brand", "status": "status", "weight": "weight"}', '{"same_file": "import"}');
SELECT import_data('twice', 't.csv', convert_to(E'ean,title,price,cost,currency,brand,status,weight\n4006381334006,Twice,-2,-1,XTS,' || repeat('b', 501) || E',sold,10000000\n4006381334013,Again,-2,-1,XTS,b,sold,1\n', 'UTF8')) AS job \gset
:run
SELECT record, ordinal, column_name, target, left(value, 10) AS value, code, message FROM import_errors WHERE job_id = :'job' ORDER BY record, ordinal;
-- it is not unchanged the next time
SELECT import_data('records', 'c.csv', convert_to(E'ean,title,stock\n4006381333979,Minus,-1\n4006381333986,Plus,1\n4006381333993,,1\n5901234123457,  ,-2\n', 'UTF8'), force => true) AS job \gset
:run
SELECT status, successful_rows, failed_rows, products_unchanged FROM import_jobs WHERE id = :'job';

-- long values are cut, and kept in the record
SELECT import_data('records', 'l.csv', convert_to(E'ean,title,stock\n4006381333931,Long,' || repeat('é', 300) || E'\n', 'UTF8')) AS job \gset
:run
SELECT length(value), length(raw_row), code FROM import_errors WHERE job_id = :'job';

-- too many: it stops after the batch in which it was too many
INSERT INTO import_configs (supplier_code, config_name, field_mapping, import_options) VALUES
  ('acme', 'few errors', '{"gtin": "ean", "title": "title"}', '{"max_errors": 2, "batch_rows": 3}'), ('acme', 'small share', '{"gtin": "ean", "title": "title"}', '{"max_error_ratio": 0.5, "batch_rows": 3}');
SELECT import_data('few errors', 'f.csv', convert_to(E'ean,title\n1,a\n2,b\n5901234123457,c\n3,d\n4006381333931,e\n4006381333948,f\n4006381333955,g\n', 'UTF8')) AS job \gset
:run
SELECT status, last_error, processed_rows, successful_rows, failed_rows FROM import_jobs WHERE id = :'job';
SELECT import_data('small share', 'f.csv', convert_to(E'ean,title\n4006381333931,a\n2,b\n3,c\n4006381333948,d\n', 'UTF8')) AS job \gset
:run
SELECT status, last_error, processed_rows, successful_rows, failed_rows FROM import_jobs WHERE id = :'job';
