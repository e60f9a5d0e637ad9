-- Targets that are computed, and rules that are expressions: by the server's own engine.
\set VERBOSITY terse
SET client_min_messages = warning;
SET search_path = pm_imports, pm_gtin, public;
\set run 'CALL pm_imports.run_import(ROW(NULL, ''imports'', ''run_import'', jsonb_build_object(''job'', :''job''), 1, 1, now())::pm_jobs.job);'
INSERT INTO pm_catalog.suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-000000000004', 'computed', 'Computed');
CREATE FUNCTION public.half(numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN round($1 / 2, 2); END $$;
CREATE FUNCTION public.part(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT round(100 / $1, 2) $$;
INSERT INTO import_configs (supplier_code, config_name, field_mapping, computed_attributes, validation_rules, import_options) VALUES ('computed', 'computed',
  '{"gtin": "ean", "title": "title", "cost": "cost", "stock": "stock", "tags": "tags", "technical_specs.colour": "colour"}',
  '{"price": "public.part(cost) + public.half(cost)", "title": "upper(title)", "tags": "array_append(tags, title)", "slug": "lower(title) || ''-'' || gtin::text", "technical_specs.level": "CASE WHEN stock > 5 THEN ''many'' ELSE ''few'' END",
    "technical_specs.colour": "technical_specs ->> ''colour'' || ''!''", "is_featured": "stock IS NULL"}',
  '[{"rule": "expression", "value": "price >= cost", "message": "we would lose money", "severity": "warning"}, {"rule": "expression", "target": "stock", "value": "10 / (stock - 3) <> 0 OR stock IS NULL"},
    {"target": "price", "rule": "max", "value": 101}]', '{"batch_rows": 3}');
SELECT import_data('computed', 'c.csv', convert_to(
E'ean,title,cost,stock,tags,colour\n'
'4006381333931,One,10,1,a|b,red\n'
'4006381333948,Two,0,2,,\n'
'4006381333955,Three,5,3,,\n'
'4006381333962,Four,20,,x,blue\n'
'4006381333979,Five,1,99,,\n'
'4006381333986,Six,x,1,,\n'
'4006381333993,Seven,0.5,1,,\n', 'UTF8')) AS job \gset
:run
SELECT status, total_rows, successful_rows, failed_rows, error_count, warning_count FROM import_jobs WHERE id = :'job';
SELECT record, ordinal, column_name, target, value, code, message, severity FROM import_errors WHERE job_id = :'job' ORDER BY record, ordinal;
SELECT p.gtin, p.title, p.slug, p.is_featured, p.technical_specs, o.cost, x.price, (SELECT string_agg(t.name, ' ' ORDER BY t.name) FROM pm_catalog.product_tags AS g JOIN pm_catalog.tags AS t ON t.id = g.tag_id WHERE g.product_id = p.id) AS tags
FROM pm_catalog.products AS p JOIN pm_catalog.supplier_products AS o ON o.product_id = p.id LEFT JOIN pm_catalog.product_prices AS x ON x.product_id = p.id AND x.supplier_id IS NOT DISTINCT FROM CASE WHEN p.supplier_id <> o.supplier_id THEN o.supplier_id END
WHERE o.supplier_id = '01a21d28-7d45-7936-84e2-000000000004' ORDER BY 1;

-- technical_specs computed as a whole: it has to be an object, and attributes go before its members
INSERT INTO import_configs (supplier_code, config_name, field_mapping, computed_attributes) VALUES
  ('computed', 'whole', '{"gtin": "ean", "title": "title", "technical_specs.colour": "colour"}',
   '{"technical_specs": "CASE title WHEN ''Two'' THEN ''[1]'' WHEN ''Three'' THEN NULL ELSE ''{\"b\": 2, \"colour\": \"no\"}'' END::pg_catalog.jsonb"}'),
  ('computed', 'both', '{"gtin": "ean", "title": "title", "technical_specs.colour": "colour"}',
   '{"technical_specs": "CASE title WHEN ''Two'' THEN ''1'' ELSE ''{}'' END::pg_catalog.jsonb", "technical_specs.z": "lower(title)"}');
SELECT import_data('whole', 'w.csv', convert_to(E'ean,title,colour\n2000000000015,One,red\n2000000000022,Two,blue\n2000000000039,Three,green\n', 'UTF8')) AS job \gset
:run
SELECT record, target, value, code, message FROM import_errors WHERE job_id = :'job' ORDER BY record, ordinal;
SELECT gtin, technical_specs FROM pm_catalog.products WHERE gtin::text LIKE '%20000000000__' ORDER BY gtin;
SELECT import_data('both', 'w.csv', convert_to(E'ean,title,colour\n2000000000015,One,red\n2000000000022,Two,blue\n2000000000039,Three,green\n', 'UTF8')) AS job \gset
:run
SELECT record, target, value, code, message FROM import_errors WHERE job_id = :'job' ORDER BY record, ordinal;
SELECT gtin, technical_specs FROM pm_catalog.products WHERE gtin::text LIKE '%20000000000__' ORDER BY gtin;
