-- Targets are the columns of pm_catalog.merge_row, one by one: in name, in type, and in
-- the binary form that rows are sent in.
\set VERBOSITY terse
SET client_min_messages = warning;
SET search_path = pm_imports, pm_gtin, public;
-- what only one of the two types has, or has in another way or place: row_no is made by the engine
SELECT coalesce(t.attname, m.attname) AS "column", t.type AS target_row, m.type AS merge_row, t.place AS "place in it", m.place
FROM (SELECT a.attname, format_type(a.atttypid, a.atttypmod) AS type, a.attcollation, a.attnum AS place FROM pg_attribute AS a WHERE a.attrelid = 'target_row'::regclass) AS t
FULL JOIN (SELECT a.attname, format_type(a.atttypid, a.atttypmod) AS type, a.attcollation, a.attnum - 1 AS place FROM pg_attribute AS a WHERE a.attrelid = 'pm_catalog.merge_row'::regclass) AS m USING (attname)
WHERE (t.type, t.attcollation, t.place) IS DISTINCT FROM (m.type, m.attcollation, m.place)
ORDER BY 1;

-- a record that has all of them
INSERT INTO pm_catalog.suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-000000000009', 'all', 'All targets');
INSERT INTO pm_catalog.families (code, name) VALUES ('things', 'Things');
INSERT INTO pm_catalog.family_attributes (family_id, code, name, data_type) SELECT f.id, 'colour', 'Colour', 'text' FROM pm_catalog.families AS f WHERE f.code = 'things';
CREATE TEMP TABLE file (place integer GENERATED ALWAYS AS IDENTITY, target text PRIMARY KEY, value text NOT NULL);
INSERT INTO file (target, value) VALUES
  ('gtin', '4012345678901'), ('asin', 'B0199980K4'), ('sku', 'ALL-1'), ('supplier_sku', 'S-1'), ('manufacturer_reference', 'M-1'), ('external_id', 'E-1'),
  ('title', 'All of it'), ('short_description', 'Short'), ('description', 'Description'), ('long_description', 'Long'), ('brand', 'Brand'), ('category', 'Category'), ('family', 'things'),
  ('status', 'active'), ('is_active', 'yes'), ('is_featured', 'no'), ('weight', '1.250'), ('width', '2'), ('height', '3'), ('depth', '4'), ('technical_specs.colour', 'red'),
  ('slug', 'all-of-it'), ('tags', 'one|two'), ('cost', '5.00'), ('stock', '6'), ('lead_time_days', '7'), ('min_quantity', '8'), ('price', '9.90'), ('compare_at_amount', '12.90'),
  ('price_type', 'retail'), ('price_min_quantity', '1'), ('currency', 'EUR'), ('location', 'main'), ('on_hand', '10'), ('low_stock_threshold', '2'), ('images', 'https://images.example.com/1.jpg');
-- none is left out
SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = 'target_row'::regclass AND NOT EXISTS (SELECT FROM file AS f WHERE split_part(f.target, '.', 1) = a.attname);
INSERT INTO import_configs (supplier_code, config_name, field_mapping) SELECT 'all', 'all targets', jsonb_object_agg(f.target, f.target) FROM file AS f;
SELECT import_data('all targets', 'all.csv', convert_to(string_agg(f.target, ';' ORDER BY f.place) || E'\n' || string_agg(f.value, ';' ORDER BY f.place) || E'\n', 'UTF8')) AS job FROM file AS f \gset
CALL pm_imports.run_import(ROW(NULL, 'imports', 'run_import', jsonb_build_object('job', :'job'), 1, 1, now())::pm_jobs.job);
SELECT status, total_rows, products_created, error_count, warning_count FROM import_jobs WHERE id = :'job';
SELECT code, message FROM import_errors WHERE job_id = :'job';
\x
SELECT p.gtin, p.asin, p.sku, p.manufacturer_reference, p.external_id, p.title, p.short_description, p.description, p.long_description, b.name AS brand, c.name AS category, f.code AS family, p.status, p.is_active, p.is_featured,
       p.weight, p.width, p.height, p.depth, p.technical_specs, p.slug, (SELECT array_agg(t.name ORDER BY t.name) FROM pm_catalog.product_tags AS g JOIN pm_catalog.tags AS t ON t.id = g.tag_id WHERE g.product_id = p.id) AS tags,
       o.supplier_sku, o.cost, o.stock, o.lead_time_days, o.min_quantity, x.price, x.compare_at_amount, x.price_type, x.min_quantity AS price_min_quantity, x.currency, s.location, s.on_hand, s.low_stock_threshold
FROM pm_catalog.products AS p LEFT JOIN pm_catalog.brands AS b ON b.id = p.brand_id LEFT JOIN pm_catalog.categories AS c ON c.id = p.category_id LEFT JOIN pm_catalog.families AS f ON f.id = p.family_id
JOIN pm_catalog.supplier_products AS o ON o.product_id = p.id JOIN pm_catalog.product_prices AS x ON x.product_id = p.id JOIN pm_catalog.product_stocks AS s ON s.product_id = p.id
WHERE p.gtin = '4012345678901';
