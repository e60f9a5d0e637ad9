-- What was decided about codes of a supplier goes before what is read, and what is read goes back.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION pm_suppliers;
SET search_path = pm_imports, pm_gtin, public;
\set run 'CALL pm_imports.run_import(ROW(NULL, ''imports'', ''run_import'', jsonb_build_object(''job'', :''job''), :attempt, 5, now())::pm_jobs.job);'
\set attempt 1
INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('coder', 'Coder');
INSERT INTO pm_catalog.suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-00000000000c', 'coder', 'Coder');
SELECT FROM pm_suppliers.confirm_resolution('coder', 'Article 7', '40170725');
SELECT FROM pm_suppliers.confirm_resolution('coder', '4006381333900', '4006381333900');
SELECT FROM pm_suppliers.reject_resolution('coder', '4006381333917', 'it is the box');
CREATE VIEW known AS
SELECT original_ean, resolved_ean, resolution_method AS method, confidence, suggestion, status, seen
FROM pm_suppliers.supplier_ean_resolutions WHERE supplier_code = 'coder' ORDER BY original_ean COLLATE "C";
INSERT INTO import_configs (supplier_code, config_name, field_mapping, transformation_rules) VALUES
  ('coder', 'codes', '{"gtin": "code", "title": "title"}', '{"gtin": [{"regex": {"pattern": "^no-", "replace": ""}}]}');
SELECT FROM pm_suppliers.receive_codes();
SELECT FROM pm_suppliers.receive_codes();

-- decisions are about the code as it stands in the file, white space and case aside
\set file 'E''code,title\n"\t article 7 ",decided\n4006381333917,rejected\n4006381333931,as it stands\n400-6381-33394-8,with hyphens\nno-4006381333955,transformed\nnothing,no code\n,none\n\''
SELECT import_data('codes', 'codes.csv', convert_to(:file, 'UTF8')) AS job \gset
:run
SELECT status, decided_codes, successful_rows, failed_rows FROM import_jobs WHERE id = :'job';
SELECT p.gtin, p.title FROM pm_catalog.products AS p JOIN pm_catalog.supplier_products AS o ON o.product_id = p.id
WHERE o.supplier_id = '01a21d28-7d45-7936-84e2-00000000000c' ORDER BY p.gtin;
SELECT record, value, code, message FROM import_errors WHERE job_id = :'job' ORDER BY record;
SELECT count(*) AS kept FROM _job_codes;
-- nobody is subscribed: nothing went back
SELECT original_ean, seen FROM known;

-- what was read goes back, but for codes that are read as they stand, which nobody has to decide about; a dry run tells nothing
SELECT pm_xref.subscribe('imports.codes.resolved', NULL, 'codes', 'record_batch') IS NOT NULL AS subscribed;
SELECT import_data('codes', 'codes.csv', convert_to(:file, 'UTF8'), dry_run => true) AS job \gset
:run
SELECT import_data('codes', 'codes.csv', convert_to(:file, 'UTF8'), force => true) AS job \gset
:run
SELECT pm_xref.deliver(), pm_jobs.run_pending('codes');
SELECT * FROM known;

-- a rejected code that was decided since is tried again with its record
SELECT FROM pm_suppliers.confirm_resolution('coder', 'nothing', '4006381333962');
SELECT retry_rejected(:'job') AS job \gset
:run
SELECT total_rows, successful_rows, failed_rows, decided_codes FROM import_jobs WHERE id = :'job';

-- an import goes by the decisions of its start
SELECT import_data('codes', 'late.csv', convert_to(E'code,title\nlate,too late\n', 'UTF8')) AS job \gset
BEGIN;
SELECT status FROM _begin_job(:'job');
SELECT count(*) FROM _codes(:'job', 1, 1);
COMMIT;
SELECT FROM pm_suppliers.confirm_resolution('coder', 'late', '4006381333979');
:run
SELECT code, value FROM import_errors WHERE job_id = :'job';

-- a supplier that is not known there: nothing was decided
DELETE FROM pm_suppliers.suppliers WHERE code = 'coder';
SELECT import_data('codes', 'unknown.csv', convert_to(E'code,title\nlate,unknown\n', 'UTF8')) AS job \gset
:run
SELECT status, decided_codes, failed_rows FROM import_jobs WHERE id = :'job';

-- on a server that does not answer: two attempts fail, the third goes on without, and says so
SELECT pm_xref.unsubscribe('imports.codes.resolved', NULL, 'codes');
SELECT FROM pm_jobs.unregister_handler('record_batch');
DROP EXTENSION pm_suppliers CASCADE;
SELECT FROM pm_xref.add_database('db_suppliers', '/nowhere', 1, 'nothing');
SELECT import_data('codes', 'away.csv', convert_to(E'code,title\n4006381333986,away\n', 'UTF8')) AS job \gset
\set VERBOSITY sqlstate
:run
\set attempt 2
:run
\set VERBOSITY terse
SELECT status, decided_codes, processed_rows FROM import_jobs WHERE id = :'job';
\set attempt 3
:run
SELECT status, decided_codes, successful_rows FROM import_jobs WHERE id = :'job';
SELECT level, message, details ->> 'last_error' ~ '^08001: ' AS says_why FROM import_logs WHERE job_id = :'job' AND message ~ 'codes';
-- no such server: nothing was decided
DROP SERVER db_suppliers CASCADE;
SELECT import_data('codes', 'none.csv', convert_to(E'code,title\n4006381333993,none\n', 'UTF8')) AS job \gset
:run
SELECT status, decided_codes, successful_rows FROM import_jobs WHERE id = :'job';
