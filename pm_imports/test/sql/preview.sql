-- The first records of a file, as an import would read them.
\set VERBOSITY terse
SET client_min_messages = warning;
SET search_path = pm_imports, pm_gtin, public;
SELECT record, line, rejected, "values", jsonb_path_query_array(errors, '$[*].code') AS codes, raw_row
FROM preview_data('all kinds', convert_to(E'EAN;No;Name;Size;Price;Stock;Watt;Wet\n"4 006381 333931";007;A pen;small;1,20;5;1,5;ja\n;;;;x;;;\n1;2\n', 'UTF8'));
SELECT errors FROM preview_data('all kinds', convert_to(E'EAN;No;Name;Size;Price;Stock;Watt;Wet\n123;007;A pen;small;x;5;1;\n', 'UTF8'));
SELECT record, "values" ->> 'title' AS title, "values" ->> 'price' AS price, errors -> 0 ->> 'message' AS message
FROM preview_data('computed', convert_to(E'ean,title,cost,stock,tags,colour\n4006381333931,One,10,1,a,red\n4006381333948,Two,0,2,,\n4006381333955,Three,1,2,,\n', 'UTF8'));
SELECT record FROM preview_data('all kinds', convert_to(E'EAN\n1\n2\n3\n', 'UTF8'), 2);
-- JSON; an object without values is no record
INSERT INTO import_configs (supplier_code, config_name, field_mapping) VALUES ('acme', 'json', '{"gtin": "ean", "title": "name"}');
SELECT record, line, "values" FROM preview_data('json', convert_to('[{"ean": 4006381333931, "name": "A \u00e9"}, {"name": "B"}, {"name": null}]', 'UTF8'));
-- what cannot be read, or asked
SELECT * FROM preview_data('json', '\x504b0304');
SELECT * FROM preview_data('json', convert_to('[{"ean": 4006381333931}, {"ean"', 'UTF8'));
SELECT * FROM preview_data('nothing', 'x');
SELECT * FROM preview_data('json', NULL);
SELECT * FROM preview_data('json', 'x', 0);
SELECT * FROM preview_file('json', NULL);
SELECT * FROM preview_file('json', '/etc/passwd');
