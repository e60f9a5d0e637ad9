-- Rules and what they are asked of, numbers of attributes, rejected records that are sent again, files that are not of the config.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET search_path = pm_imports, pm_gtin, public;
\set run 'CALL pm_imports.run_import(ROW(NULL, ''imports'', ''run_import'', jsonb_build_object(''job'', :''job''), 1, 1, now())::pm_jobs.job);'
INSERT INTO pm_catalog.suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-000000000031', 'rules', 'Rules');

-- numbers of attributes: JSON's as they are, others as JSON has them, and an extreme one is an error of its record alone
INSERT INTO import_configs (supplier_code, config_name, field_mapping, validation_rules) VALUES
  ('rules', 'watt', '{"gtin": "ean", "title": "title", "technical_specs.watt": "watt"}', '[{"target": "technical_specs.watt", "rule": "type", "value": "number"}]'),
  ('rules', 'warned', '{"gtin": "ean", "title": "title", "technical_specs.watt": "watt"}', '[{"target": "technical_specs.watt", "rule": "type", "value": "number", "severity": "warning"}]');
SELECT import_data('watt', 'w.csv', convert_to('ean,title,watt' || E'\n'
  || string_agg(gtin_complete((400000000000 + n)::text)::text || ',' || n || ',' || w, E'\n' ORDER BY n), 'UTF8')) AS job
FROM unnest('{5,-05,-.5,-00.5,1.e5,-1.e5,1e999999,1e-999999,007,+5,.5,5.,0e5,1.50,-0,1e3,2E-3,000,-0.0,12.e-3,many,1e120,-7.25}'::text[]) WITH ORDINALITY AS v(w, n) \gset
:run
SELECT status, successful_rows, failed_rows FROM import_jobs WHERE id = :'job';
SELECT e.value, e.target, e.code FROM import_errors AS e WHERE job_id = :'job' ORDER BY record, ordinal;
SELECT title, technical_specs -> 'watt' AS watt FROM pm_catalog.products WHERE gtin::text LIKE '4000000000%' ORDER BY title::integer;
-- a rule that warns rejects nothing: what is no number is a text
SELECT import_data('warned', 'w.csv', convert_to(E'ean,title,watt\n' || gtin_complete('400000000001') || E',1,n/a\n' || gtin_complete('400000000002') || E',2,12\n', 'UTF8')) AS job \gset
:run
SELECT status, products_updated, failed_rows, warning_count FROM import_jobs WHERE id = :'job';
SELECT e.value, e.code, e.severity FROM import_errors AS e WHERE job_id = :'job' ORDER BY record, ordinal;
SELECT title, technical_specs -> 'watt' AS watt FROM pm_catalog.products WHERE gtin::text LIKE '400000000001_' OR gtin::text LIKE '400000000002_' ORDER BY title::integer;

-- all rules of one target and kind hold; length counts characters of what was read; of what was not computed nothing is asked
INSERT INTO import_configs (supplier_code, config_name, field_mapping, computed_attributes, validation_rules) VALUES
  ('rules', 'all', '{"gtin": "ean", "title": "title", "cost": "cost", "stock": "stock"}', '{"price": "cost * 2"}',
   '[{"target": "cost", "rule": "min", "value": 0}, {"target": "cost", "rule": "min", "value": 1, "severity": "warning"}, {"target": "title", "rule": "pattern", "value": "^A"}, {"target": "title", "rule": "pattern", "value": "Z$"},
     {"target": "gtin", "rule": "length", "value": {"min": 13, "max": 14}}, {"target": "stock", "rule": "length", "value": {"max": 3}}, {"target": "price", "rule": "required"}]');
SELECT import_data('all', 'a.csv', convert_to(E'ean,title,cost,stock\n4006381333931,AZ,-5,1\n4006381333948,AZ,0.5,123\n4006381333955,A,1,1234\n4006381333962,BZ,x,1\n4006381333979,AZ,2,12\n', 'UTF8')) AS job \gset
:run
SELECT record, target, value, code, severity FROM import_errors WHERE job_id = :'job' ORDER BY record, ordinal;

-- min and max are of numbers: what is none breaks them, and blanks are no value; a list of numbers has numbers, of texts texts, whatever the order of rules
INSERT INTO import_configs (supplier_code, config_name, field_mapping, validation_rules) VALUES
  ('rules', 'bounds', '{"gtin": "ean", "title": "title", "short_description": "size", "technical_specs.size": "size"}',
   '[{"target": "short_description", "rule": "min", "value": 1}, {"target": "technical_specs.size", "rule": "max", "value": 9.5, "severity": "warning", "message": "too wide"}]'),
  ('rules', 'lists', '{"gtin": "ean", "title": "title", "cost": "n", "stock": "n", "sku": "n", "technical_specs.n": "n", "technical_specs.t": "n"}',
   '[{"target": "cost", "rule": "list", "value": [10, "2.50", "many"]}, {"target": "stock", "rule": "list", "value": ["2.5", 1e1], "severity": "warning"}, {"target": "sku", "rule": "list", "value": [10, "2.50"], "severity": "warning"},
     {"target": "technical_specs.n", "rule": "list", "value": [10, "2.50", "many"], "severity": "warning"}, {"target": "technical_specs.n", "rule": "type", "value": "number", "severity": "warning"},
     {"target": "technical_specs.t", "rule": "list", "value": [10, "2.50"], "severity": "warning"}]');
SELECT import_data('bounds', 'bounds.csv', convert_to(E'ean,title,size\n4012345600018,A,5\n4012345600025,B,0.5\n4012345600032,C,10\n4012345600049,D,large\n4012345600056,E, \n4012345600063,F,\n4012345600070,G,"1,5"\n', 'UTF8'), true) AS job \gset
:run
SELECT record, target, value, code, message, severity FROM import_errors WHERE job_id = :'job' ORDER BY record, ordinal;
SELECT import_data('lists', 'lists.csv', convert_to(E'ean,title,n\n4012345600087,A,10\n4012345600094,B,10.0\n4012345600100,C,+010.\n4012345600117,D,11\n4012345600124,E,2.5\n4012345600131,F,many\n', 'UTF8'), true) AS job \gset
:run
SELECT record, target, value, code, severity FROM import_errors WHERE job_id = :'job' ORDER BY record, ordinal;

-- what is blank is no value that is required, and no number that a default does not stand for
INSERT INTO import_configs (supplier_code, config_name, field_mapping, default_values, validation_rules) VALUES
  ('rules', 'blanks', '{"gtin": "ean", "title": "title", "brand": "brand", "tags": "tags", "price": "price", "is_active": "active"}', '{"price": "2", "is_active": "no"}',
   '[{"target": "title", "rule": "required"}, {"target": "brand", "rule": "required"}, {"target": "tags", "rule": "required"}, {"target": "price", "rule": "required"}]');
SELECT import_data('blanks', 'b.csv', E'ean;title;brand;tags;price;active\n4006381333931; ;\t; | ; ;\n8712345678982;B;Bic;a|;  ; \n') AS job \gset
:run
SELECT record, target, value, code FROM import_errors WHERE job_id = :'job' ORDER BY record, ordinal;
SELECT p.title, p.is_active, (pm_catalog.current_price(p.id)).price FROM pm_catalog.products AS p WHERE p.gtin = '8712345678982';

-- a record that was too long to be kept is not sent again
INSERT INTO import_configs (supplier_code, config_name, field_mapping, validation_rules) VALUES
  ('rules', 'long', '{"gtin": "ean", "title": "title", "description": "text"}', '[{"target": "title", "rule": "pattern", "value": "^x"}]');
SELECT import_data('long', 'l.csv', convert_to(E'ean,title,text\n4006381333931,x,' || repeat('y', 9000000) || E'\n4006381333948,no,short\n', 'UTF8')) AS job \gset
:run
SELECT record, code, length(raw_row) FROM import_errors WHERE job_id = :'job' ORDER BY record;
SELECT convert_from(rejected_file(:'job'), 'UTF8') AS file;
SELECT retry_rejected(:'job') AS job \gset
:run
SELECT total_rows, failed_rows FROM import_jobs WHERE id = :'job';

-- what the config skips stands in the file of rejected records, too
INSERT INTO import_configs (supplier_code, config_name, field_mapping, file_options) VALUES
  ('rules', 'skips', '{"gtin": 1, "title": 2}', '{"skip": 2, "header": false}'), ('rules', 'skips to names', '{"gtin": "ean", "title": "title"}', '{"skip": 1}');
SELECT import_data('skips', 's.csv', E'list\nof today\nbad;One\nworse;Two\n') AS job \gset
:run
SELECT failed_rows FROM import_jobs WHERE id = :'job';
SELECT import_data('skips', 'again.csv', rejected_file(:'job')) AS job \gset
:run
SELECT total_rows, failed_rows FROM import_jobs WHERE id = :'job';
SELECT import_data('skips to names', 's.csv', E'list\nean;title\nbad;One\n') AS job \gset
:run
SELECT import_data('skips to names', 'again.csv', rejected_file(:'job')) AS job \gset
:run
SELECT status, total_rows, failed_rows FROM import_jobs WHERE id = :'job';

-- a file without a record that is none of the config's ends no offers; columns that are mapped and not there are logged
UPDATE import_configs SET import_options = '{"missing": "deactivate", "missing_ratio": 1}' WHERE config_name = 'watt';
SELECT import_data('watt', 'error.csv', 'Internal Server Error') AS job \gset
:run
SELECT status, last_error, products_missing FROM import_jobs WHERE id = :'job';
SELECT import_data('watt', 'null.csv', '[null,{"ean":"4006381333931"}]') AS job \gset
:run
SELECT status, last_error, total_rows FROM import_jobs WHERE id = :'job';
SELECT import_data('watt', 'empty.csv', E'ean,title,watt\n') AS job \gset
:run
SELECT status, products_missing > 0 AS missing FROM import_jobs WHERE id = :'job';
-- and what they feed stays as it is
SELECT import_data('all', 'renamed.csv', E'ean,title,Cost,Quantity\n4006381333979,AZ,2,12\n') AS job \gset
:run
SELECT level, message, details FROM import_logs WHERE job_id = :'job' AND level = 'warning' AND message LIKE '%columns%';
SELECT o.cost, o.stock, p.title FROM pm_catalog.supplier_products AS o JOIN pm_catalog.products AS p ON p.id = o.product_id WHERE p.gtin::text LIKE '%4006381333979' AND o.supplier_id = '01a21d28-7d45-7936-84e2-000000000031';
-- names of columns that differ by blanks alone are found, unless there are two; so are those that a source joins
INSERT INTO import_configs (supplier_code, config_name, field_mapping) VALUES
  ('rules', 'blank names', '{"gtin": ["GTIN", "EAN code"], "title": {"concat": ["Name 1", "Name  2"]}, "brand": " Brand ", "sku": "No"}');
SELECT record, "values" FROM preview_data('blank names', convert_to(E'\u200bEAN\u00a0 code ,Name  1\u00a0,\ufeffName 2,Brand\u3000,No , No\n4006381333979,A,Z,Bic,1,2\n', 'UTF8'));
-- the name as it is goes before, also where it is the second one
SELECT "values" FROM preview_data('blank names', convert_to(E'GTIN ,EAN code,Name 1,Name 2,Brand , Brand ,No, No\n4006381333931,4006381333979,A,Z,Bic,Pelikan,1,2\n', 'UTF8'));
-- names of JSON are what they are
SELECT "values" FROM preview_data('blank names', '[{"GTIN ": "4006381333979", "No": "7"}]');
SELECT import_data('watt', 'other.csv', convert_to((SELECT string_agg('"column ' || n || '"', ',') || E'\n' || string_agg(n::text, ',') || E'\n' FROM generate_series(1, 23) AS n), 'UTF8')) AS job \gset
:run
SELECT status, last_error FROM import_jobs WHERE id = :'job';
SELECT import_data('watt', 'none.csv', E'4006381333931;1\n4006381333948;2\n') AS job \gset
:run
SELECT status, last_error FROM import_jobs WHERE id = :'job';
SELECT import_data('watt', 'no watt.csv', convert_to(E'ean,title\n' || gtin_complete('400000000005') || E',five\n', 'UTF8')) AS job \gset
:run
SELECT status, products_updated FROM import_jobs WHERE id = :'job';
SELECT title, technical_specs FROM pm_catalog.products WHERE gtin::text LIKE '400000000005_';
