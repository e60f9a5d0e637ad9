-- How a file writes numbers and dates, technical_specs as a whole, and images.
\set VERBOSITY terse
SET client_min_messages = warning;
SET search_path = pm_imports, pm_gtin, public;
\set run 'CALL pm_imports.run_import(ROW(NULL, ''imports'', ''run_import'', jsonb_build_object(''job'', :''job''), 1, 1, now())::pm_jobs.job);'
INSERT INTO pm_catalog.suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-00000000000e', 'valuer', 'Valuer');
CREATE VIEW wrong AS SELECT record, target, value, code, message, severity FROM import_errors WHERE job_id = (SELECT id FROM import_jobs ORDER BY created_at DESC, id DESC LIMIT 1) ORDER BY record, ordinal;
CREATE VIEW merged AS
SELECT p.gtin, p.technical_specs, p.weight, o.cost, x.price FROM pm_catalog.products AS p JOIN pm_catalog.supplier_products AS o ON o.product_id = p.id
LEFT JOIN pm_catalog.product_prices AS x ON x.product_id = p.id WHERE o.supplier_id = '01a21d28-7d45-7936-84e2-00000000000e' ORDER BY p.gtin;

-- marks and orders of file_options: typed targets, attributes, transforms without such an argument; not constants, nor what a transform made
INSERT INTO import_configs (supplier_code, config_name, field_mapping, transformation_rules, validation_rules, file_options) VALUES ('valuer', 'style',
  '{"gtin": "gtin", "title": "gtin", "price": "price", "cost": {"const": 1.5}, "weight": "weight", "technical_specs.length": "length", "technical_specs.since": "since", "technical_specs.until": "until",
    "technical_specs.noted": "noted", "technical_specs.size": "size", "technical_specs.factor": "factor", "technical_specs.made": "made"}',
  '{"price": ["trim", {"split": "/"}], "weight": [{"replace": {"from": "~", "to": ""}}, "decimal"], "technical_specs.until": [{"date": {"order": "MDY"}}],
    "technical_specs.size": [{"unit": "mm"}], "technical_specs.factor": [{"decimal": "."}], "technical_specs.made": [{"date": "YYYYMMDD"}]}',
  '[{"target": "technical_specs.length", "rule": "type", "value": "number"}, {"target": "technical_specs.since", "rule": "type", "value": "date"}, {"target": "technical_specs.made", "rule": "type", "value": "date"},
    {"target": "technical_specs.noted", "rule": "type", "value": "date", "severity": "warning"}, {"target": "technical_specs.factor", "rule": "type", "value": "number"}, {"target": "price", "rule": "max", "value": 2000}]',
  '{"decimal_mark": ",", "date_order": "dmy"}');
\set head 'gtin;price;weight;length;since;until;noted;size;factor;made'
SELECT import_data('style', 'style.csv', convert_to(:'head' || E'\n'
'7612345000015; 1.234/kg;~1.234;1.234;05/03/2026;05/03/2026;05/03/2026;1.234 m;1.234;20260305\n'
'7612345000022;12,5;0,5;7,25;31.12.2026;12/31/2026;2026-12-31;1,5 cm;2.5;20261231\n'
'7612345000039;12.5;1,2,3;x;12/31/2026;31/12/2026;;;1,5;31.12.2026\n', 'UTF8')) AS job \gset
:run
SELECT gtin, price, cost, weight FROM merged;
SELECT gtin, technical_specs FROM merged;
SELECT * FROM wrong;
-- the other way round
UPDATE import_configs SET file_options = '{"decimal_mark": ".", "date_order": "mdy"}' WHERE config_name = 'style';
SELECT import_data('style', 'other.csv', convert_to(:'head' || E'\n7612345000046; 1,234/kg;~1,234;1,234;05/03/2026;05/03/2026;05/03/2026;1,234 m;1.234;20260305\n', 'UTF8')) AS job \gset
:run
SELECT price, cost, weight, technical_specs FROM merged WHERE gtin = '7612345000046';
-- a number that is one in the file has a point, whatever the mark; text there has the file's
UPDATE import_configs SET file_options = '{"decimal_mark": ",", "date_order": "dmy"}' WHERE config_name = 'style';
SELECT import_data('style', 'numbers.json', '[{"gtin": "7612345000060", "price": 1.234, "weight": 0.125, "length": 1.234, "size": "1.234 m", "factor": 2.125},
  {"gtin": "7612345000077", "price": "1.234", "weight": "0,125", "length": "1.234", "size": "1,234 m", "factor": "2.125"},
  {"gtin": "7612345000084", "price": 1.5e2, "weight": 2, "length": -1E-3}]') AS job \gset
:run
SELECT gtin, price, weight, technical_specs FROM merged WHERE gtin BETWEEN '7612345000060' AND '7612345000084';
SELECT * FROM wrong;
-- a value that stands in for none is ours, one that a table has as well
INSERT INTO import_configs (supplier_code, config_name, field_mapping, transformation_rules, validation_rules, file_options) VALUES ('valuer', 'stands in',
  '{"gtin": "gtin", "title": "gtin", "price": "price", "weight": "weight", "technical_specs.length": "length"}',
  '{"price": ["trim", {"default": "1.125"}], "weight": [{"lookup": {"table": {"light": "0.125", "heavy": "12.5"}}}], "technical_specs.length": ["title", {"empty": ["None"]}]}',
  '[{"target": "technical_specs.length", "rule": "type", "value": "number"}]', '{"decimal_mark": ","}');
SELECT import_data('stands in', 'in.csv', E'gtin;price;weight;length\n7612345000091;1.125;light;1.125\n7612345000107; ;heavy;none\n') AS job \gset
:run
SELECT gtin, price, weight, technical_specs FROM merged WHERE gtin BETWEEN '7612345000091' AND '7612345000107';
SELECT * FROM wrong;
-- what was read once is ours: another transform reads it with a point; a table's values are read as they are written; joined with what has no digits a number stays one
INSERT INTO import_configs (supplier_code, config_name, field_mapping, transformation_rules, file_options) VALUES ('valuer', 'twice read',
  '{"gtin": "gtin", "title": "gtin", "weight": "weight", "cost": "cost", "price": {"concat": ["price", "currency"]}, "technical_specs.joined": {"concat": ["price", "cost"]}}',
  '{"weight": ["decimal", {"unit": {"to": "kg", "from": "kg"}}], "cost": [{"lookup": {"table": {"low": "0,125", "high": "12.5"}}}, "decimal"]}', '{"decimal_mark": ","}');
SELECT import_data('twice read', 'twice.json', '[{"gtin": "7612345000510", "weight": "1,234", "cost": "low", "price": 1.234, "currency": "EUR"}, {"gtin": "7612345000527", "weight": 1.234, "cost": "high", "price": "1.234", "currency": "EUR"},
  {"gtin": "7612345000534", "weight": "0,125", "price": 1.5, "currency": 2}]') AS job \gset
:run
SELECT gtin, price, weight, cost, technical_specs FROM merged WHERE gtin BETWEEN '7612345000510' AND '7612345000534';
SELECT * FROM wrong;
UPDATE import_configs SET transformation_rules = '{"weight": ["decimal", {"unit": {"to": "kg", "from": "kg", "mark": ","}}], "cost": [{"decimal": ","}, {"replace": {"from": "x"}}, {"decimal": ","}]}' WHERE config_name = 'twice read';
SELECT import_data('twice read', 'thrice.json', '[{"gtin": "7612345000510", "weight": "1,125", "cost": "1,125"}, {"gtin": "7612345000527", "weight": 1.125, "cost": 1.125}]') AS job \gset
:run
SELECT DISTINCT gtin, weight, cost FROM merged WHERE gtin BETWEEN '7612345000510' AND '7612345000527' ORDER BY gtin;
-- where numbers and dates need not be any, those that are have the file's way too, and others stay; so do those of which a rule asks how large they are
INSERT INTO import_configs (supplier_code, config_name, field_mapping, validation_rules, file_options) VALUES ('valuer', 'may be',
  '{"gtin": "gtin", "title": "gtin", "technical_specs.n": "n", "technical_specs.d": "d", "technical_specs.w": "w", "technical_specs.l": "l"}',
  '[{"target": "technical_specs.n", "rule": "type", "value": "number", "severity": "warning"}, {"target": "technical_specs.d", "rule": "type", "value": "date", "severity": "warning"},
    {"target": "technical_specs.w", "rule": "min", "value": 2}, {"target": "technical_specs.l", "rule": "list", "value": [1.5, 2]}]', '{"decimal_mark": ",", "date_order": "dmy"}');
SELECT import_data('may be', 'may.csv', E'gtin;n;d;w;l\n7612345000541;1.234;05/03/2026;1.234;1,5\n7612345000558;many;soon;2,5;2\n7612345000565;1,5;2026-03-05;1,5;1.5\n') AS job \gset
:run
SELECT gtin, technical_specs FROM merged WHERE gtin BETWEEN '7612345000541' AND '7612345000565';
SELECT * FROM wrong;
-- after a transform that may have changed how it is written, the plan says how
\set VERBOSITY default
\set SHOW_CONTEXT never
UPDATE import_configs SET transformation_rules = '{"price": [{"replace": {"from": "~"}}]}' WHERE config_name = 'stands in';
UPDATE import_configs SET transformation_rules = '{"weight": [{"lookup": {"table": {"a": "1"}, "else": "keep"}}, {"default": "1"}]}' WHERE config_name = 'stands in';
UPDATE import_configs SET transformation_rules = '{"technical_specs.length": [{"regex": {"pattern": "~", "replace": ""}}]}' WHERE config_name = 'stands in';
UPDATE import_configs SET transformation_rules = '{"price": [{"default": "0,5"}], "weight": [{"default": "0,5"}, "decimal"], "technical_specs.length": ["trim", {"default": "many"}]}' WHERE config_name = 'stands in';
UPDATE import_configs SET transformation_rules = '{"price": [{"replace": {"from": "~"}}, {"decimal": "."}], "weight": [{"replace": {"from": "~"}}, "decimal"]}' WHERE config_name = 'stands in';
\set VERBOSITY terse
-- nobody says: what can be read in two ways is an error
UPDATE import_configs SET file_options = '{}' WHERE config_name = 'style';
SELECT import_data('style', 'none.csv', convert_to(:'head' || E'\n7612345000053;1.5;~1.234;1.5;2026-03-05;05/03/2026;2026-03-05;1.234 m;1.234;20260305\n', 'UTF8')) AS job \gset
:run
SELECT * FROM wrong;

-- technical_specs as a value, with attributes that go before its members; what jsonb would not take is an error of its record
INSERT INTO import_configs (supplier_code, config_name, field_mapping, file_options) VALUES ('valuer', 'specs', '{"gtin": "gtin", "title": "gtin", "technical_specs": "specs", "technical_specs.colour": "colour"}', '{"quote": ""}');
SELECT import_data('specs', 'specs.csv', convert_to(E'gtin\tspecs\tcolour\n' || string_agg(gtin_complete((761234500100 + n)::text) || E'\t' || specs || E'\t' || colour, E'\n' ORDER BY n), 'UTF8')) AS job
FROM (VALUES (1, '{"a": 1, "colour": "blue", "deep": {"x": [1, "é\u00e9"]}}', 'red'), (2, ' { } ', 'green'), (3, '{"colour": "blue", "a": null}', ''), (4, '', 'white'), (5, '', ''),
  (6, '[1]', 'red'), (7, '"x"', 'red'), (8, '{"a": 1', 'red'), (9, '{"a": 1}}', 'red'), (10, '{"a": "\u0000"}', 'red'), (11, '{"a": "\ud800"}', 'red'), (12, '{"a": 1e99999}', 'red'),
  (13, '{"a": ' || repeat('9', 101) || '}', 'red'), (14, '{"a": ' || repeat('[', 64) || repeat(']', 64) || '}', 'red'), (15, '{"a": ' || repeat('[', 63) || repeat(']', 63) || '}', 'red'),
  (16, '{"a": 1e9999}', ''), (17, '{' || repeat('"k": "' || repeat('[', 100) || '",', 5) || '"l": -1.5e-10}', '')) AS r(n, specs, colour) \gset
:run
SELECT status, successful_rows, failed_rows FROM import_jobs WHERE id = :'job';
SELECT gtin, left(technical_specs::text, 120) AS specs, md5(technical_specs::text) FROM merged WHERE gtin::text LIKE '7612345001%';
SELECT record, code, message FROM wrong;

-- decimals that the catalog does not keep: a warning, unless they are zeros; of computed values, too
INSERT INTO import_configs (supplier_code, config_name, field_mapping, computed_attributes) VALUES ('valuer', 'precise',
  '{"gtin": "gtin", "title": "gtin", "weight": "weight", "width": "size", "height": "size", "price": "price", "technical_specs.weight": "weight"}', '{"depth": "width / 2"}');
SELECT import_data('precise', 'precise.csv', convert_to(E'gtin,weight,size,price\n7612345000114,0.0001,1.50,1.2345\n7612345000121,1.2340000,1.25,1\n7612345000138,12.3456,0.005,1\n7612345000145,1.5e-4,1.255,1\n7612345000152,,,\n', 'UTF8')) AS job \gset
:run
SELECT status, successful_rows, failed_rows, warning_count FROM import_jobs WHERE id = :'job';
SELECT record, target, value, code, message, severity FROM wrong;
SELECT p.gtin, p.weight, p.width, p.height, p.depth, p.technical_specs, x.price
FROM pm_catalog.products AS p JOIN pm_catalog.supplier_products AS o ON o.product_id = p.id LEFT JOIN pm_catalog.product_prices AS x ON x.product_id = p.id
WHERE p.gtin::text BETWEEN '7612345000114' AND '7612345000152' ORDER BY 1;

-- many of them are counted, not noted
SELECT import_data('precise', 'rounded.csv', convert_to(E'gtin,weight,size,price\n' || string_agg(gtin_complete((761234590000 + n)::text) || ',0.' || n || '1,1.5,1', E'\n'), 'UTF8'), dry_run => true) AS job FROM generate_series(100, 249) AS n \gset
:run
SELECT status, successful_rows, warning_count FROM import_jobs WHERE id = :'job';
SELECT message, details FROM import_logs WHERE job_id = :'job' AND level = 'warning';

-- images: what has no address is left out, with a warning; what is there is the catalog's, and comes again unchanged
INSERT INTO import_configs (supplier_code, config_name, field_mapping, transformation_rules) VALUES ('valuer', 'images', '{"gtin": "gtin", "title": "gtin", "images": {"concat": ["one", "two"], "separator": "|"}}', '{}');
CREATE VIEW shown AS SELECT p.gtin, i.position, i.url FROM pm_catalog.product_images AS i JOIN pm_catalog.products AS p ON p.id = i.product_id WHERE i.supplier_id = '01a21d28-7d45-7936-84e2-00000000000e' ORDER BY 1, 2;
\set file 'E''gtin;one;two\n7612345000015;https://x.example/a.jpg;http://x.example/b.jpg | HTTPS://x.example/c.jpg\n7612345000022;img/a.jpg;https://x.example/d e.jpg|https://x.example/d.jpg\n7612345000039;;\n7612345000046;no;\n\''
SELECT import_data('images', 'images.csv', convert_to(:file, 'UTF8')) AS job \gset
:run
SELECT status, successful_rows, failed_rows, warning_count FROM import_jobs WHERE id = :'job';
SELECT * FROM shown;
SELECT record, value, code, message, severity FROM wrong;
SELECT import_data('images', 'images.csv', convert_to(:file, 'UTF8'), force => true) AS job \gset
:run
SELECT products_unchanged, warning_count FROM import_jobs WHERE id = :'job';
SELECT import_data('images', 'images.csv', convert_to(E'gtin;one;two\n7612345000015;;\n7612345000022;https://x.example/d.jpg;https://x.example/new.jpg\n', 'UTF8')) AS job \gset
:run
SELECT products_updated, products_unchanged FROM import_jobs WHERE id = :'job';
SELECT * FROM shown;
-- several addresses in a value: commas, semicolons and blanks between two of them part them, and are parts of one otherwise
INSERT INTO import_configs (supplier_code, config_name, field_mapping) VALUES ('valuer', 'many images', '{"gtin": "gtin", "title": "gtin", "images": "images"}');
SELECT import_data('many images', 'many.csv', convert_to(E'gtin\timages\n7612345000169\thttps://x.example/1.jpg, https://x.example/2,3;4.jpg;HTTP://x.example/5.jpg http://x.example/6.jpg|https://x.example/7.jpg\n'
'7612345000176\t ,,; https://x.example/1.jpg ,;, https://x.example/2.jpg\n7612345000183\tx.jpg, https://x.example/1.jpg, y.jpg\n7612345000190\t,;, \n7612345000206\thttps://x.example/?u=http://y.example/1.jpg\n7612345000213\thttps://x.example/1.jpg; https://x.example/2.jpg ;|https://x.example/3.jpg,\n', 'UTF8')) AS job \gset
:run
SELECT * FROM shown WHERE gtin IN ('7612345000169', '7612345000176', '7612345000183', '7612345000190', '7612345000206', '7612345000213');
SELECT record, value, code FROM wrong;
SELECT import_data('many images', 'long.csv', convert_to(E'gtin,images\n7612345000169,"' || repeat(',', 3000000) || string_agg('https://x.example/' || n, '; ') || repeat(' ,', 1000000) || E'http://z"\n', 'UTF8')) AS job FROM generate_series(1, 30000) AS n \gset
:run
SELECT status, successful_rows, failed_rows FROM import_jobs WHERE id = :'job';
SELECT count(*), max(length(url)) FROM shown WHERE gtin = '7612345000169';
-- a bar in an element of JSON is one between values, as the reader's own
SELECT import_data('many images', 'bars.json', '[{"gtin": "7612345000190", "images": ["https://x.example/a|b.jpg", "https://x.example/c.jpg"]}]') AS job \gset
:run
SELECT * FROM shown WHERE gtin = '7612345000190';
SELECT value, code FROM wrong;
DROP VIEW shown, merged, wrong;
