-- Keys that a file has twice: skipped, or rejected; whichever batch they are in.
\set VERBOSITY terse
SET client_min_messages = warning;
SET search_path = pm_imports, pm_gtin, public;
\set run 'CALL pm_imports.run_import(ROW(NULL, ''imports'', ''run_import'', jsonb_build_object(''job'', :''job''), 1, 1, now())::pm_jobs.job);'
INSERT INTO pm_catalog.suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-000000000003', 'twice', 'Twice');
INSERT INTO import_configs (supplier_code, config_name, field_mapping, import_options) VALUES
  ('twice', 'skip', '{"gtin": "ean", "title": "title", "price": "price"}', '{"batch_rows": 3}'),
  ('twice', 'reject', '{"gtin": "ean", "title": "title", "price": "price"}', '{"batch_rows": 3, "duplicates": "reject"}');
-- a code in several forms is one; the first one counts, also if it is rejected
CREATE FUNCTION pg_temp.file() RETURNS bytea LANGUAGE sql AS $$
  SELECT convert_to(E'ean,title,price\n4006381333931,First,1\n04006381333931,Zero,2\n5901234123457,Other,3\n"4006-3813-33931",Dashes,4\n7612345678900,Rejected,x\n7612345678900,Second,6\n,Nothing,7\n', 'UTF8')
$$;
SELECT import_data('skip', 'a.csv', pg_temp.file()) AS job \gset
:run
SELECT status, total_rows, successful_rows, failed_rows, duplicate_rows, error_count FROM import_jobs WHERE id = :'job';
SELECT batch, successful_rows, failed_rows, duplicate_rows FROM import_batches WHERE job_id = :'job' ORDER BY batch;
SELECT p.gtin, p.title FROM pm_catalog.products AS p JOIN pm_catalog.supplier_products AS o ON o.product_id = p.id WHERE o.supplier_id = '01a21d28-7d45-7936-84e2-000000000003' ORDER BY 1;
SELECT import_data('reject', 'a.csv', pg_temp.file()) AS job \gset
:run
SELECT status, total_rows, successful_rows, products_unchanged, failed_rows, duplicate_rows, error_count FROM import_jobs WHERE id = :'job';
SELECT record, column_name, target, value, code, message FROM import_errors WHERE job_id = :'job' ORDER BY record, ordinal;

-- duplicates are not tried again: the first one was merged, or is tried itself; a warning rejects nothing
SELECT retry_rejected(:'job') AS job \gset
:run
SELECT total_rows, failed_rows FROM import_jobs WHERE id = :'job';
SELECT record, value, code, raw_row FROM import_errors WHERE job_id = :'job' ORDER BY record, ordinal;
INSERT INTO import_configs (supplier_code, config_name, field_mapping, validation_rules) VALUES
  ('twice', 'unique', '{"gtin": "ean", "title": "title", "price": "price", "brand": "brand"}',
   '[{"target": "brand", "rule": "unique", "severity": "warning"}, {"target": "title", "rule": "unique"}]');
SELECT import_data('unique', 'u.csv', E'ean,title,price,brand\n4006381333405,Same,1,Twice\n4006381333412,Same,2,Twice\n') AS job \gset
:run
SELECT record, ordinal, target, code, severity FROM import_errors WHERE job_id = :'job' ORDER BY record, ordinal;
\set VERBOSITY sqlstate
SELECT retry_rejected(:'job');
\set VERBOSITY terse
SELECT import_data('unique', 'v.csv', E'ean,title,price,brand\n4006381333405,Same,1,Twice\n4006381333412,Other,x,Twice\n4006381333429,Same,y,Twice\n') AS job \gset
:run
SELECT record, ordinal, target, code, severity FROM import_errors WHERE job_id = :'job' ORDER BY record, ordinal;
SELECT retry_rejected(:'job') AS job \gset
:run
SELECT record, target, code, raw_row FROM import_errors WHERE job_id = :'job' ORDER BY record, ordinal;
-- without the rule they are other products
UPDATE import_configs SET validation_rules = '[]' WHERE config_name = 'unique';
SELECT import_data('unique', 'w.csv', E'ean,title,price,brand\n4006381333436,Shirt,1,Twice\n4006381333443,Shirt,2,Twice\n') AS job \gset
:run
UPDATE import_configs SET validation_rules = '[{"target": "title", "rule": "unique"}]' WHERE config_name = 'unique';
SELECT import_data('unique', 'w.csv', E'ean,title,price,brand\n4006381333436,Shirt,10,Twice\n4006381333443,Shirt,20,Twice\n') AS first \gset
SELECT :'first' AS job \gset
:run
SELECT record, target, code FROM import_errors WHERE job_id = :'job' ORDER BY record, ordinal;
UPDATE import_configs SET validation_rules = '[]' WHERE config_name = 'unique';
SELECT retry_rejected(:'first') AS job \gset
:run
SELECT total_rows, products_updated, failed_rows FROM import_jobs WHERE id = :'job';

-- one GTIN under two numbers of the supplier: the first good record has it, whichever batch they are in, and the file settles; a number that is new takes it over
INSERT INTO import_configs (supplier_code, config_name, field_mapping, import_options) VALUES
  ('twice', 'numbers', '{"supplier_sku": "sku", "gtin": "ean", "title": "title", "cost": "cost"}', '{"key": "supplier_sku", "batch_rows": 1, "same_file": "import"}');
CREATE VIEW numbered AS SELECT p.gtin, p.title, o.supplier_sku, o.cost FROM pm_catalog.products AS p JOIN pm_catalog.supplier_products AS o ON o.product_id = p.id
WHERE o.supplier_id = '01a21d28-7d45-7936-84e2-000000000003' AND o.supplier_sku IS NOT NULL ORDER BY 1;
CREATE FUNCTION pg_temp.numbers(first text) RETURNS bytea LANGUAGE sql AS $$
  SELECT convert_to(E'sku,ean,title,cost\nN0,8712345679415,Bad,x\n' || first || E',8712345679415,One,1\nN2,08712345679415,Two,2\n' || first || E',8712345679415,Again,3\nN3,,Three,4\nN4,8712345679422,Four,5\n', 'UTF8')
$$;
SELECT import_data('numbers', 'n.csv', pg_temp.numbers('N1')) AS job \gset
:run
SELECT total_rows, products_created, failed_rows, duplicate_rows FROM import_jobs WHERE id = :'job';
SELECT record, column_name, target, value, code, message FROM import_errors WHERE job_id = :'job' ORDER BY record, ordinal;
SELECT * FROM numbered;
SELECT import_data('numbers', 'n.csv', pg_temp.numbers('N1')) AS job \gset
:run
SELECT total_rows, products_unchanged, failed_rows, duplicate_rows FROM import_jobs WHERE id = :'job';
UPDATE import_configs SET import_options = import_options || '{"batch_rows": 100}' WHERE config_name = 'numbers';
SELECT import_data('numbers', 'n.csv', pg_temp.numbers('N5'), dry_run => true) AS job \gset
:run
SELECT total_rows, products_updated, products_unchanged, failed_rows, duplicate_rows FROM import_jobs WHERE id = :'job';
SELECT import_data('numbers', 'n.csv', pg_temp.numbers('N5')) AS job \gset
:run
SELECT total_rows, products_updated, products_unchanged, failed_rows, duplicate_rows FROM import_jobs WHERE id = :'job';
SELECT * FROM numbered;

-- many more values than a rule keeps in memory: each is told from the others
INSERT INTO import_configs (supplier_code, config_name, field_mapping, import_options, validation_rules) VALUES ('twice', 'many', '{"supplier_sku": "sku", "title": "title"}', '{"key": "supplier_sku", "batch_rows": 100000}',
  '[{"target": "title", "rule": "unique", "severity": "warning"}]');
SELECT import_data('many', 'm.csv', convert_to(E'sku,title\n' || string_agg(format('S%1$s,T%1$s', CASE WHEN n % 10 = 0 THEN n / 2 ELSE n END), E'\n' ORDER BY n), 'UTF8'), dry_run => true) AS job FROM generate_series(1, 250000) AS n \gset
:run
SELECT status, total_rows, successful_rows, duplicate_rows, warning_count FROM import_jobs WHERE id = :'job';
