-- Files that come again: the same one, with what is unchanged, after a session died.
\set VERBOSITY terse
SET client_min_messages = warning;
SET search_path = pm_imports, pm_gtin, public;
\set run 'CALL pm_imports.run_import(ROW(NULL, ''imports'', ''run_import'', jsonb_build_object(''job'', :''job''), 1, 1, now())::pm_jobs.job);'
\set counted 'SELECT status, same_as IS NOT NULL AS same, total_rows AS total, successful_rows AS good, products_created AS created, products_updated AS updated, products_unchanged AS unchanged, duplicate_rows AS twice, failed_rows AS failed FROM import_jobs WHERE id = :''job'';'
INSERT INTO pm_catalog.suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-000000000002', 'again', 'Again');
INSERT INTO import_configs (supplier_code, config_name, field_mapping, import_options) VALUES ('again', 'again', '{"gtin": "ean", "title": "title", "price": "price"}', '{"batch_rows": 2}');
CREATE FUNCTION pg_temp.file(more text) RETURNS bytea LANGUAGE sql AS $$
  SELECT convert_to(E'ean,title,price\n7612345678900,One,1\n7612345678917,Two,2\n7612345678924,Three,3\n7612345678931,Four,4\n7612345678948,Five,5\n' || more, 'UTF8')
$$;
SELECT import_data('again', 'a.csv', pg_temp.file('')) AS job \gset
:run
:counted
-- the same file has nothing to do, unless that is asked for
SELECT import_data('again', 'a.csv', pg_temp.file('')) AS job \gset
:run
:counted
CREATE TEMP TABLE written AS SELECT p.ctid AS c, p.xmin AS x FROM pm_catalog.products AS p UNION ALL SELECT o.ctid, o.xmin FROM pm_catalog.supplier_products AS o;
SELECT import_data('again', 'a.csv', pg_temp.file(''), force => true) AS job \gset
:run
:counted
SELECT count(*) AS touched FROM (TABLE written EXCEPT (SELECT p.ctid AS c, p.xmin FROM pm_catalog.products AS p UNION ALL SELECT o.ctid, o.xmin FROM pm_catalog.supplier_products AS o)) AS w;
-- another plan makes other rows of the same values
UPDATE import_configs SET import_options = import_options || '{"content": "always"}' WHERE config_name = 'again';
SELECT import_data('again', 'a.csv', pg_temp.file('')) AS job \gset
:run
:counted
-- an offer that was ended by hand, and a deleted product, are merged again
UPDATE pm_catalog.supplier_products AS o SET is_active = false FROM pm_catalog.products AS p WHERE p.id = o.product_id AND p.gtin = '7612345678900';
SELECT pm_catalog.delete_product(p.id) FROM pm_catalog.products AS p WHERE p.gtin = '7612345678917';
SELECT import_data('again', 'a.csv', pg_temp.file(''), force => true) AS job \gset
:run
:counted

-- a job whose session died after two batches goes on after them: all that is later is counted once
SELECT import_data('again', 'b.csv', pg_temp.file(E'7612345678955,Six,6\n7612345678900,Twice,7\n')) AS job \gset
BEGIN;
SELECT status FROM _begin_job(:'job');
INSERT INTO import_batches (job_id, batch, last_record, line, byte_offset, successful_rows, products_unchanged) VALUES (:'job', 1, 2, 3, 42, 0, 2), (:'job', 2, 4, 5, 84, 0, 2);
UPDATE import_jobs SET processed_rows = 4, products_unchanged = 4 WHERE id = :'job';
COMMIT;
:run
:counted
SELECT batch, last_record, line, successful_rows, products_unchanged, duplicate_rows FROM import_batches WHERE job_id = :'job' ORDER BY batch;

-- one that was cancelled ends after the batch of the moment
SELECT import_data('again', 'c.csv', pg_temp.file(E'7612345678962,Seven,7\n')) AS job \gset
SELECT status FROM _begin_job(:'job');
SELECT cancel(:'job');
:run
:counted
SELECT processed_rows FROM import_jobs WHERE id = :'job';

-- a dry run changes nothing, and says exactly what the import then does
SELECT count(*) AS products FROM pm_catalog.products \gset
CREATE FUNCTION pg_temp.next_file() RETURNS bytea LANGUAGE sql AS $$
  SELECT pg_temp.file(E'7612345678979,Eight,8\n7612345678979,Twice,8\nbad,Bad,9\n7612345678986,Nine,x\n7612345678993,,10\n7612345679006,Ten,-1\n')
$$;
UPDATE pm_catalog.supplier_products AS o SET digest = NULL FROM pm_catalog.products AS p WHERE p.id = o.product_id AND p.gtin = '7612345678931';
SELECT import_data('again', 'd.csv', pg_temp.next_file(), dry_run => true) AS job \gset
:run
:counted
SELECT record, code FROM import_errors WHERE job_id = :'job' ORDER BY record, ordinal;
SELECT count(*) - :products AS more FROM pm_catalog.products;
SELECT :'job' AS dry \gset
SELECT import_data('again', 'd.csv', pg_temp.next_file()) AS job \gset
:run
:counted
SELECT count(*) AS differ FROM (
  (SELECT record, ordinal, code, message, raw_row FROM import_errors WHERE job_id = :'dry' EXCEPT SELECT record, ordinal, code, message, raw_row FROM import_errors WHERE job_id = :'job')
  UNION ALL (SELECT record, ordinal, code, message, raw_row FROM import_errors WHERE job_id = :'job' EXCEPT SELECT record, ordinal, code, message, raw_row FROM import_errors WHERE job_id = :'dry')) AS d;

-- products that a full file has no more: their offers end, and so do products that nobody else offers
INSERT INTO pm_catalog.suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-000000000005', 'full', 'Full');
INSERT INTO import_configs (supplier_code, config_name, field_mapping, import_options) VALUES
  ('full', 'full', '{"gtin": "ean", "title": "title"}', '{"missing": "deactivate", "missing_ratio": 0.5}'), ('full', 'part', '{"gtin": "ean", "title": "title"}', NULL);
UPDATE import_configs SET validation_rules = '[{"target": "title", "rule": "required"}]' WHERE config_name = 'full';
CREATE VIEW offered AS SELECT p.gtin, o.is_active AS offered, p.is_active AS active FROM pm_catalog.supplier_products AS o JOIN pm_catalog.products AS p ON p.id = o.product_id
WHERE o.supplier_id = '01a21d28-7d45-7936-84e2-000000000005' ORDER BY 1;
SELECT import_data('part', 'a.csv', convert_to(E'ean,title\n7612345678900,One\n7612345679013,A\n7612345679020,B\n7612345679037,C\n', 'UTF8')) AS job \gset
:run
-- a record that is rejected is there all the same
SELECT import_data('full', 'b.csv', convert_to(E'ean,title\n7612345679013,A\n07612345679020,\n7612345679037,C\n', 'UTF8'), dry_run => true) AS job \gset
:run
SELECT products_missing FROM import_jobs WHERE id = :'job';
SELECT import_data('full', 'b.csv', convert_to(E'ean,title\n7612345679013,A\n7612345679037,C\n', 'UTF8')) AS job \gset
:run
SELECT status, products_missing, products_updated FROM import_jobs WHERE id = :'job';
SELECT * FROM offered;
-- too many of them to be believed
SELECT import_data('full', 'c.csv', convert_to(E'ean,title\n7612345679044,D\n', 'UTF8')) AS job \gset
:run
SELECT status, products_missing FROM import_jobs WHERE id = :'job';
SELECT level, message, details FROM import_logs WHERE job_id = :'job' AND level = 'warning';
SELECT * FROM offered;
-- it comes back
SELECT import_data('part', 'd.csv', convert_to(E'ean,title\n7612345679020,B\n', 'UTF8')) AS job \gset
:run
SELECT status, products_updated FROM import_jobs WHERE id = :'job';
SELECT * FROM offered;
-- one that somebody has written since comes back as it is
SELECT import_data('full', 'e.csv', convert_to(E'ean,title\n7612345679013,A\n7612345679037,C\n7612345679044,D\n', 'UTF8')) AS job \gset
:run
UPDATE pm_catalog.products SET short_description = 'not to be sold' WHERE gtin = '7612345679020';
SELECT import_data('part', 'f.csv', convert_to(E'ean,title\n7612345679020,B II\n', 'UTF8')) AS job \gset
:run
SELECT status, products_updated FROM import_jobs WHERE id = :'job';
SELECT * FROM offered;
