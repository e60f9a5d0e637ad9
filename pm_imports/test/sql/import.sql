-- A file becomes products: sources, types, attributes, offers, prices; what is counted.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION pm_catalog CASCADE;
SET search_path = pm_imports, pm_gtin, public;
\set run 'CALL pm_imports.run_import(ROW(NULL, ''imports'', ''run_import'', jsonb_build_object(''job'', :''job''), 1, 1, now())::pm_jobs.job);'
INSERT INTO pm_catalog.suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-000000000001', 'ACME', 'Acme'), ('01a21d28-7d45-7936-84e2-00000000000b', 'Kinds', 'All kinds');
SELECT count(*) FROM (SELECT schedule_upkeep()) AS s;
-- no worker takes what is called here
SELECT pm_jobs.pause_queue('imports');
CREATE VIEW as_imported AS
SELECT p.gtin, p.sku, p.title, b.name AS brand, p.is_featured AS f, p.weight, p.technical_specs, o.supplier_sku, o.stock, x.price, x.currency,
       (SELECT string_agg(t.name, ' ' ORDER BY t.name) FROM pm_catalog.product_tags AS g JOIN pm_catalog.tags AS t ON t.id = g.tag_id WHERE g.product_id = p.id) AS tags
FROM pm_catalog.products AS p JOIN pm_catalog.supplier_products AS o ON o.product_id = p.id
LEFT JOIN pm_catalog.brands AS b ON b.id = p.brand_id LEFT JOIN pm_catalog.product_prices AS x ON x.product_id = p.id ORDER BY p.gtin;
CREATE VIEW counts AS
SELECT status, total_rows AS total, successful_rows AS good, failed_rows AS failed, products_created AS created, products_updated AS updated, products_unchanged AS same, duplicate_rows AS twice,
       error_count AS errors, warning_count AS warnings FROM import_jobs ORDER BY id DESC LIMIT 1;

-- names, one of several names, positions, constants, joined columns, transforms, defaults, attributes of each kind
INSERT INTO import_configs (supplier_code, config_name, field_mapping, transformation_rules, default_values, validation_rules, file_options) VALUES ('kinds', 'all kinds',
  '{"gtin": ["GTIN", "EAN"], "supplier_sku": 2, "title": {"concat": ["Name", 4]}, "brand": {"const": "Acme"}, "price": "Price", "stock": "Stock", "weight": "Weight", "is_featured": "New",
    "tags": "Tags", "technical_specs.colour": "Colour", "technical_specs.watt": "Watt", "technical_specs.waterproof": "Wet", "currency": "Money"}',
  '{"technical_specs.colour": ["trim", "lower"], "supplier_sku": [{"regex": {"pattern": "^0+", "replace": ""}}], "brand": ["upper"]}',
  '{"currency": "EUR"}',
  '[{"target": "technical_specs.watt", "rule": "type", "value": "number"}, {"target": "technical_specs.waterproof", "rule": "type", "value": "boolean"}]',
  '{"decimal_mark": ","}');
SELECT import_data('all kinds', 'kinds.csv', convert_to(
E'EAN;No;Name;Size;Price;Stock;Weight;New;Tags;Colour;Watt;Wet;Money\n'
'4006381333931;0007;A pen;small;1.234,50; 5 ;0,125;yes;red | blue|;  RED ;12,5;ja;CHF\n'
'"4 006381 333948";A-1;"A ""pencil""";;2;;;0;;;;;\n'
'400638133395;;"Two\nlines";big;,5;0;1;false;a;"é""\\";0;no;\n', 'UTF8')) AS job \gset
:run
SELECT * FROM counts;
SELECT * FROM as_imported;
SELECT record, ordinal, line, byte_offset, column_name, target, value, code, message, severity, raw_row FROM import_errors WHERE job_id = :'job' ORDER BY record, ordinal;
SELECT j.found, j.bytes_read = f.size AS all_bytes, j.started_at < j.completed_at AS took_time, j.last_error FROM import_jobs AS j JOIN import_files AS f ON f.id = j.file_id WHERE j.id = :'job';
SELECT batch, last_record, line, byte_offset, successful_rows, failed_rows FROM import_batches WHERE job_id = :'job';
SELECT supplier_code, imports, total_rows, successful_rows, failed_rows, products_created FROM import_statistics WHERE supplier_code = 'kinds';
SELECT level, message FROM import_logs WHERE job_id = :'job' ORDER BY id;
-- the catalog knows which import it was, and remembers no more of it
SELECT count(*) AS changes FROM pm_catalog.changes AS c WHERE c.job = :'job';
SELECT count(*) AS remembered FROM pm_catalog.merges;

-- batches are cut by records; the last one has the rest
INSERT INTO import_configs (supplier_code, config_name, field_mapping, import_options) VALUES ('acme', 'small batches', '{"gtin": "gtin", "title": "title", "stock": "stock"}', '{"batch_rows": 4}');
SELECT import_data('small batches', 'b.csv', convert_to(E'gtin,title,stock\n' || string_agg(gtin_complete((590123412300 + n)::text) || ',' || 'P' || n || ',' || n, E'\n' ORDER BY n), 'UTF8')) AS job FROM generate_series(1, 10) AS n \gset
:run
SELECT * FROM counts;
SELECT batch, last_record, line, successful_rows, products_created FROM import_batches WHERE job_id = :'job' ORDER BY batch;
-- a part of them differs
SELECT import_data('small batches', 'b.csv', convert_to(E'gtin,title,stock\n' || string_agg(gtin_complete((590123412300 + n)::text) || ',' || 'P' || n || ',' || n + n % 2, E'\n' ORDER BY n), 'UTF8')) AS job FROM generate_series(1, 11) AS n \gset
:run
SELECT * FROM counts;
SELECT batch, successful_rows, products_created, products_updated, products_unchanged FROM import_batches WHERE job_id = :'job' ORDER BY batch;
SELECT p.title, o.stock FROM pm_catalog.products AS p JOIN pm_catalog.supplier_products AS o ON o.product_id = p.id WHERE p.title ~ '^P' ORDER BY p.gtin;

-- another key
INSERT INTO import_configs (supplier_code, config_name, field_mapping, import_options) VALUES ('acme', 'by sku', '{"supplier_sku": "no", "title": "title", "price": "price"}', '{"key": "supplier_sku"}');
SELECT import_data('by sku', 's.csv', convert_to(E'no,title,price\n7,A new pen,3\nB-9,Only a title,4\n', 'UTF8')) AS job \gset
:run
SELECT * FROM counts;
SELECT gtin, title, supplier_sku, price FROM as_imported WHERE supplier_sku IN ('7', 'B-9');

-- a file without records; one without the key's column; one that is no file; an unknown supplier
SELECT import_data('by sku', 'none.csv', convert_to(E'no,title,price\n', 'UTF8')) AS job \gset
:run
SELECT * FROM counts;
SELECT import_data('by sku', 'other.csv', convert_to(E'number,title,price\n1,a,2\n', 'UTF8')) AS job \gset
:run
SELECT status, total_rows, last_error FROM import_jobs WHERE id = :'job';
INSERT INTO import_configs (supplier_code, config_name, field_mapping) VALUES ('nobody', 'nobody', '{"gtin": 1}');
SELECT import_data('nobody', 'n.csv', 'gtin') AS job \gset
:run
SELECT status FROM import_jobs WHERE id = :'job';
SELECT import_data('by sku', 'gone.csv', convert_to(E'no,title,price\n1,a,2\n', 'UTF8')) AS job \gset
DELETE FROM import_file_chunks AS c USING import_jobs AS j WHERE j.id = :'job' AND c.file_id = j.file_id;
:run
SELECT status, last_error FROM import_jobs WHERE id = :'job';
-- one that has ended is not run again
:run
SELECT status, last_error FROM import_jobs WHERE id = :'job';

-- not inside of a transaction, not without an import
BEGIN;
CALL run_import(ROW(NULL, 'imports', 'run_import', '{}', 1, 1, now())::pm_jobs.job);
ROLLBACK;
CALL run_import(ROW(NULL, 'imports', 'run_import', '{}', 1, 1, now())::pm_jobs.job);
CALL run_import(ROW(NULL, 'imports', 'run_import', '{"job": "01a21d28-7d45-7936-84e2-0000000000ff"}', 1, 1, now())::pm_jobs.job);
