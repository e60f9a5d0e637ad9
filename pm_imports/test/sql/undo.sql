-- undo(): what an import did to the catalog is taken back, and can be imported again.
\set VERBOSITY terse
SET client_min_messages = warning;
SET search_path = pm_imports, pm_gtin, public;
\set run 'CALL pm_imports.run_import(ROW(NULL, ''imports'', ''run_import'', jsonb_build_object(''job'', :''job''), 1, 1, now())::pm_jobs.job);'
INSERT INTO pm_catalog.suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-0000000000aa', 'undone', 'Undone');
INSERT INTO import_configs (supplier_code, config_name, field_mapping) VALUES ('undone', 'undo', '{"gtin": "ean", "title": "title", "price": "price"}');
CREATE VIEW public.as_is AS
SELECT p.gtin, p.title, (pm_catalog.current_price(p.id)).price, p.deleted_at IS NOT NULL AS deleted FROM pm_catalog.products AS p WHERE p.supplier_id = '01a21d28-7d45-7936-84e2-0000000000aa' ORDER BY p.gtin, p.deleted_at;
SELECT import_data('undo', 'a.csv', E'ean,title,price\n8712345678906,One,1\n8712345678913,Two,2\n8712345678920,Three,3\n') AS job \gset
:run
SELECT import_data('undo', 'b.csv', E'ean,title,price\n8712345678906,WRONG,10\n8712345678913,WRONG,20\n8712345678920,Three,3\n8712345678937,Four,4\n') AS job \gset
:run
SELECT status, products_created, products_updated, products_unchanged FROM import_jobs WHERE id = :'job';
UPDATE pm_catalog.products SET title = 'By hand' WHERE gtin = '8712345678913';
SELECT p.gtin, u.outcome, regexp_replace(u.reason, ', at .*', '') AS reason FROM undo(:'job') AS u JOIN pm_catalog.products AS p ON p.id = u.product_id ORDER BY p.gtin;
SELECT * FROM as_is;
SELECT status, processed_rows FROM import_jobs WHERE id = :'job';
SELECT level, message, details - 'role' AS details FROM import_logs WHERE job_id = :'job' AND message = 'undone';
-- once more: the same answer, and no more than that
SELECT outcome, count(*) FROM undo(:'job') GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM import_logs WHERE job_id = :'job' AND message = 'undone';
-- the same file is another one now, and no row of what was undone is unchanged
SELECT import_data('undo', 'b.csv', E'ean,title,price\n8712345678906,WRONG,10\n8712345678913,WRONG,20\n8712345678920,Three,3\n8712345678937,Four,4\n') AS job \gset
:run
SELECT status, same_as IS NOT NULL AS same, products_created, products_updated, products_unchanged FROM import_jobs WHERE id = :'job';
SELECT * FROM as_is;
-- a product that the import had made is kept if a later import, or somebody, has worked on it
SELECT import_data('undo', 'c.csv', E'ean,title,price\n8712345678944,Five,5\n8712345678951,Six,6\n8712345678968,Seven,7\n8712345678975,Eight,8\n') AS job \gset
:run
SELECT import_data('undo', 'd.csv', E'ean,title,price\n8712345678944,Five,5.50\n8712345678951,Six,6\n8712345678968,Seven,7\n8712345678975,Eight,8\n') AS job2 \gset
CALL pm_imports.run_import(ROW(NULL, 'imports', 'run_import', jsonb_build_object('job', :'job2'), 1, 1, now())::pm_jobs.job);
SELECT status, products_updated, products_unchanged FROM import_jobs WHERE id = :'job2';
INSERT INTO pm_catalog.product_prices (product_id, price, min_quantity) SELECT p.id, 6, 10 FROM pm_catalog.products AS p WHERE p.gtin = '8712345678951';
INSERT INTO pm_catalog.product_stocks (product_id, on_hand) SELECT p.id, 3 FROM pm_catalog.products AS p WHERE p.gtin = '8712345678968';
SELECT p.gtin, u.outcome, regexp_replace(u.reason, ', at .*', '') AS reason FROM undo(:'job') AS u JOIN pm_catalog.products AS p ON p.id = u.product_id ORDER BY p.gtin;
-- the last file again is not passed over: what was undone comes back
SELECT import_data('undo', 'd.csv', E'ean,title,price\n8712345678944,Five,5.50\n8712345678951,Six,6\n8712345678968,Seven,7\n8712345678975,Eight,8\n') AS job \gset
:run
SELECT status, same_as IS NOT NULL AS same, products_created, products_unchanged FROM import_jobs WHERE id = :'job';
SELECT * FROM as_is WHERE NOT deleted;
DROP VIEW public.as_is;
