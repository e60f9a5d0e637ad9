-- Several files of one supplier: none makes the rows of another one new, unless it writes what they say.
\set VERBOSITY terse
SET client_min_messages = warning;
SET search_path = pm_imports, pm_gtin, public;
\set run 'CALL pm_imports.run_import(ROW(NULL, ''imports'', ''run_import'', jsonb_build_object(''job'', :''job''), 1, 1, now())::pm_jobs.job);'
INSERT INTO pm_catalog.suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-000000000041', 'several', 'Several');
INSERT INTO import_configs (supplier_code, config_name, import_type, field_mapping, import_options) VALUES
  ('several', 'all of it', 'products', '{"gtin": "ean", "title": "title", "supplier_sku": "sku", "cost": "cost"}', '{"same_file": "import"}'),
  ('several', 'stocks', 'stocks', '{"supplier_sku": "sku", "stock": "stock", "on_hand": "ours"}', '{"same_file": "import", "key": "supplier_sku"}'),
  ('several', 'prices', 'prices', '{"gtin": "ean", "supplier_sku": "sku", "price": "price"}', '{"same_file": "import"}'),
  ('several', 'costs', 'prices', '{"gtin": "ean", "cost": "cost"}', '{"same_file": "import"}');
CREATE VIEW several AS SELECT config_name, dry_run, products_created AS created, products_updated AS updated, products_unchanged AS unchanged, failed_rows AS failed FROM import_jobs ORDER BY created_at DESC, id DESC LIMIT 1;
CREATE VIEW offers AS SELECT p.gtin, p.title, o.supplier_sku, o.cost, o.stock, 1 + coalesce(cardinality(o.other_digests), 0) AS digests FROM pm_catalog.products AS p JOIN pm_catalog.supplier_products AS o ON o.product_id = p.id
WHERE o.supplier_id = '01a21d28-7d45-7936-84e2-000000000041' ORDER BY 1;
\set products 'ean;title;sku;cost\n8712345679514;A;A1;1\n8712345679521;B;B1;2\n8712345679538;C;C1;3\n'
\set stocks 'sku;stock;ours\nA1;5;1\nB1;6;2\nC1;7;3\n'
\set prices 'ean;sku;price\n8712345679514;A1;10\n8712345679521;B1;20\n8712345679538;C1;30\n'
SELECT import_data('all of it', 'p.csv', convert_to(:'products', 'UTF8')) AS job \gset
:run
TABLE several;
SELECT import_data('stocks', 's.csv', convert_to(:'stocks', 'UTF8')) AS job \gset
:run
TABLE several;
SELECT import_data('prices', 'x.csv', convert_to(:'prices', 'UTF8')) AS job \gset
:run
TABLE several;
TABLE offers;
-- each of them again, whatever came between
SELECT import_data('all of it', 'p.csv', convert_to(:'products', 'UTF8'), dry_run => true) AS job \gset
:run
TABLE several;
SELECT import_data('all of it', 'p.csv', convert_to(:'products', 'UTF8')) AS job \gset
:run
TABLE several;
SELECT import_data('stocks', 's.csv', convert_to(:'stocks', 'UTF8')) AS job \gset
:run
TABLE several;
-- a change of one of them is none of the others
SELECT import_data('stocks', 's.csv', convert_to(replace(:'stocks', 'B1;6', 'B1;60'), 'UTF8')) AS job \gset
:run
TABLE several;
SELECT import_data('all of it', 'p.csv', convert_to(replace(:'products', ';C;', ';C II;'), 'UTF8')) AS job \gset
:run
TABLE several;
SELECT import_data('prices', 'x.csv', convert_to(:'prices', 'UTF8')) AS job \gset
:run
TABLE several;
SELECT import_data('stocks', 's.csv', convert_to(replace(:'stocks', 'B1;6', 'B1;60'), 'UTF8')) AS job \gset
:run
TABLE several;
-- what two of them say is what came last, and comes again; a cost that is the same is not written
SELECT import_data('costs', 'c.csv', E'ean;cost\n8712345679514;1\n8712345679521;99\n') AS job \gset
:run
TABLE several;
TABLE offers;
SELECT import_data('all of it', 'p.csv', convert_to(replace(:'products', ';C;', ';C II;'), 'UTF8'), dry_run => true) AS job \gset
:run
TABLE several;
SELECT import_data('all of it', 'p.csv', convert_to(replace(:'products', ';C;', ';C II;'), 'UTF8')) AS job \gset
:run
TABLE several;
TABLE offers;
SELECT import_data('costs', 'c.csv', E'ean;cost\n8712345679514;1\n8712345679521;99\n') AS job \gset
:run
TABLE several;
-- what was undone is not unchanged
SELECT import_data('stocks', 's.csv', E'sku;stock;ours\nA1;50;1\n') AS job \gset
:run
TABLE several;
SELECT outcome, count(*) FROM undo(:'job') GROUP BY 1;
SELECT import_data('all of it', 'p.csv', convert_to(replace(:'products', ';C;', ';C II;'), 'UTF8')) AS job \gset
:run
TABLE several;

-- a number that goes to another product takes its stock with it: what was said by it is said anew
SELECT import_data('stocks', 's.csv', E'sku;stock;ours\nA1;5;1\nB1;60;2\nC1;7;3\n') AS job \gset
:run
SELECT import_data('all of it', 'p.csv', E'ean;title;sku;cost\n8712345679514;A;B1;1\n8712345679521;B;A1;2\n') AS job \gset
:run
TABLE several;
SELECT import_data('stocks', 's.csv', E'sku;stock;ours\nA1;5;1\nB1;60;2\nC1;7;3\n') AS job \gset
:run
TABLE several;
TABLE offers;

-- one that is given up goes with what was said by it
SELECT import_data('all of it', 'p.csv', E'ean;title;sku;cost\n8712345679514;A;;1\n8712345679521;B;B1;2\n') AS job \gset
:run
SELECT import_data('stocks', 's.csv', E'sku;stock;ours\nA1;5;1\nB1;60;2\n') AS job \gset
:run
TABLE several;
SELECT record, target, code FROM import_errors WHERE job_id = :'job';
TABLE offers;
-- so does a GTIN that a file by another key gives to another product
INSERT INTO import_configs (supplier_code, config_name, field_mapping, import_options) VALUES ('several', 'by number', '{"gtin": "ean", "supplier_sku": "sku"}', '{"same_file": "import", "key": "supplier_sku"}');
SELECT import_data('all of it', 'p.csv', E'ean;title;sku;cost\n8712345679514;A;A1;1\n8712345679521;B;B1;2\n') AS job \gset
:run
SELECT import_data('prices', 'x.csv', E'ean;price\n8712345679514;10\n8712345679521;20\n') AS job \gset
:run
SELECT import_data('by number', 'n.csv', E'sku;ean\nA1;8712345679521\nB1;8712345679514\n') AS job \gset
:run
TABLE several;
SELECT import_data('prices', 'x.csv', E'ean;price\n8712345679514;10\n8712345679521;20\n') AS job \gset
:run
TABLE several;
SELECT p.gtin, p.title, (pm_catalog.current_price(p.id)).price FROM pm_catalog.products AS p WHERE p.gtin IN ('8712345679514', '8712345679521') ORDER BY 1;
-- an import is undone, and what it said is new again, whatever came since; so are prices alone
SELECT import_data('all of it', 'p.csv', E'ean;title;sku;cost\n8712345679538;C III;C1;3\n') AS first \gset
SELECT :'first' AS job \gset
:run
SELECT import_data('prices', 'x.csv', E'ean;price\n8712345679538;33\n') AS second \gset
SELECT :'second' AS job \gset
:run
SELECT import_data('stocks', 's.csv', E'sku;stock;ours\nC1;70;3\n') AS job \gset
:run
SELECT outcome, reason FROM undo(:'second');
SELECT outcome, reason FROM undo(:'first');
SELECT p.title, (pm_catalog.current_price(p.id)).price FROM pm_catalog.products AS p WHERE p.gtin = '8712345679538';
SELECT import_data('all of it', 'p.csv', E'ean;title;sku;cost\n8712345679538;C III;C1;3\n') AS job \gset
:run
TABLE several;
SELECT import_data('prices', 'x.csv', E'ean;price\n8712345679538;33\n') AS job \gset
:run
TABLE several;
-- also where another supplier's file moves the GTIN
INSERT INTO pm_catalog.suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-000000000042', 'another', 'Another');
INSERT INTO import_configs (supplier_code, config_name, field_mapping, import_options) VALUES ('another', 'moves', '{"gtin": "ean", "supplier_sku": "sku", "title": "title"}', '{"same_file": "import", "key": "supplier_sku"}');
SELECT import_data('moves', 'm.csv', E'sku;ean;title\nX1;8712345679583;Old\n') AS job \gset
:run
SELECT import_data('costs', 'c.csv', E'ean;cost\n8712345679583;1\n') AS job \gset
:run
SELECT import_data('moves', 'm.csv', E'sku;ean;title\nX1;8712345679590;Old\n') AS job \gset
:run
SELECT import_data('moves', 'm.csv', E'sku;ean;title\nX1;8712345679590;Old\nX2;8712345679583;New\n') AS job \gset
:run
SELECT import_data('costs', 'c.csv', E'ean;cost\n8712345679583;1\n') AS job \gset
:run
TABLE several;
SELECT p.title, o.cost FROM pm_catalog.products AS p JOIN pm_catalog.supplier_products AS o ON o.product_id = p.id WHERE p.gtin IN ('8712345679583', '8712345679590') AND o.supplier_id = '01a21d28-7d45-7936-84e2-000000000041' ORDER BY 1;
-- what a file said before is new when it comes again
SELECT import_data('stocks', 's.csv', E'sku;stock;ours\nC1;71;3\n') AS job \gset
:run
UPDATE pm_catalog.supplier_products SET stock = 72 WHERE supplier_sku = 'C1' AND supplier_id = '01a21d28-7d45-7936-84e2-000000000041';
SELECT import_data('stocks', 's.csv', E'sku;stock;ours\nC1;72;3\n') AS job \gset
:run
TABLE several;
SELECT import_data('stocks', 's.csv', E'sku;stock;ours\nC1;71;3\n') AS job \gset
:run
TABLE several;

-- each column that can be merged is of an area
SELECT string_agg(a.attname, ', ') AS of_all FROM pg_attribute AS a
WHERE a.attrelid = 'pm_catalog.merge_row'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> 'row_no' AND pm_catalog._merge_area(a.attname) = 65535;
SELECT pm_catalog._merge_areas('{gtin,title,stock}'), pm_catalog._merge_areas('{}'), pm_catalog._merge_areas('{sku,what_is_new}');
SELECT pm_catalog._digest_of('ffffffff-ffff-ffff-ffff-ffffffffffff', 258), pm_catalog._digest_of('00000000-0000-0000-0000-000000000000', 65535), pm_catalog._digest_of(NULL, 1);
-- four others at most, the latest first; not what is written, nor what is of the same areas
SELECT pm_catalog._kept_digests('00000000-0000-0001-0000-000000000001', '{00000000-0000-0002-0000-000000000002,00000000-0000-0004-0000-000000000003,NULL,00000000-0000-0001-0000-000000000004,00000000-0000-0008-0000-000000000005,00000000-0000-0001-0000-000000000006,00000000-0000-0001-0000-000000000007}',
  '00000000-0000-0004-0000-000000000008', 2);
SELECT pm_catalog._kept_digests('00000000-0000-0001-0000-000000000001', NULL, '00000000-0000-0004-0000-000000000003', 1), pm_catalog._kept_digests(NULL, '{}', NULL, 0), pm_catalog._kept_digests(NULL, NULL, NULL, NULL);
