-- Configs and templates: what is refused, with every mistake, and what they come to.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
-- names and codes
\set VERBOSITY terse
INSERT INTO pm_imports.import_configs (supplier_code, config_name, field_mapping) VALUES (' acme', 'a', '{"gtin": "EAN"}');
INSERT INTO pm_imports.import_configs (supplier_code, config_name, import_type, field_mapping) VALUES ('acme', 'a', 'all', '{"gtin": "EAN"}');
INSERT INTO pm_imports.import_configs (supplier_code, config_name, file_format, field_mapping) VALUES ('acme', 'a', 'xls', '{"gtin": "EAN"}');
INSERT INTO pm_imports.import_configs (supplier_code, config_name, delimiter, field_mapping) VALUES ('acme', 'a', E'\n', '{"gtin": "EAN"}');
INSERT INTO pm_imports.import_configs (supplier_code, config_name, file_pattern, field_mapping) VALUES ('acme', 'a', '../x', '{"gtin": "EAN"}');

\set VERBOSITY default
-- all mistakes at once, each with its path
INSERT INTO pm_imports.import_configs (supplier_code, config_name, connection_config, schedule_config, field_mapping, transformation_rules, default_values, file_options, import_options)
VALUES ('acme', 'bad', '{"type": "directory", "ftp": {"host": "x", "Password": "x", "apiKey": "x", "list": [{"auth_token": 1}]}}', '{"missed": "twice"}',
  '{"gtn": ["EAN", "EAN"], "title": 0, "brand": {"concat": ["a", 2], "const": 3}, "sku": {"separator": ","}, "a b": {}, "slug": true, "stock": [1], "technical_specs.": "x", "technical_specs.a.b": "x"}',
  '{"title": ["trim", {"replace": {"a": "b"}, "y": 1}, 3], "price": "trim"}', '[]', '{"skip": -1, "quote": "ab", "colour": 1, "header": "yes"}',
  '{"key": "ean", "max_errors": 1.5, "missing_ratio": 2, "batch_rows": 0}');
INSERT INTO pm_imports.import_configs (supplier_code, config_name, field_mapping, validation_rules)
VALUES ('acme', 'bad', '{"gtin": "EAN"}',
  '[{"target": "title", "rule": "required", "value": 1}, {"target": "price", "rule": "min", "value": "0"}, {"rule": "min", "value": 1}, {"target": "sku", "rule": "pattern", "value": "("},
    {"target": "sku", "rule": "like"}, {"target": "sku", "rule": "length", "value": {"min": 3, "max": 1}}, 7, {"target": "sku", "rule": "list", "value": [], "severity": "fatal"},
    {"target": "sku", "rule": "type", "value": "bool"}, {"target": "gtin", "rule": "gtin_confidence", "value": 2}, {"rule": "expression", "value": "price + cost"}]');

-- transforms: their names and arguments, each that is wrong
INSERT INTO pm_imports.import_configs (supplier_code, config_name, field_mapping, transformation_rules)
VALUES ('acme', 'bad', '{"gtin": "EAN"}', '{"title": ["trim", "trimm", {"replace": {"from": "a"}}, {"split": {"colour": 1}}, {"regex": "("}], "price": [{"decimal": {"mark": ";"}}, "decimal"], "attributes.x": ["nope"], "y": ["nope"]}');
INSERT INTO pm_imports.mapping_templates (name, mapping_config) VALUES ('bad', '{"transformation_rules": {"title": ["nope"]}}');

-- expressions: one, plain, immutable, of the row, of the target's type, by functions of a superuser
CREATE ROLE regress_imports_user;
GRANT CREATE ON SCHEMA public TO regress_imports_user;
SET ROLE regress_imports_user;
CREATE FUNCTION public.harmless(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1; END';
CREATE DOMAIN public.harmless_text AS text CHECK (public.harmless(VALUE) <> '');
RESET ROLE;
CREATE TABLE public.secrets (t text);
INSERT INTO pm_imports.import_configs (supplier_code, config_name, field_mapping, computed_attributes)
VALUES ('acme', 'bad', '{"gtin": "EAN"}', '{"price": "cost * random()", "slug": "(SELECT t FROM public.secrets)", "brand": "title, 1", "sku": "count(*)", "title": "nope", "cost": "title", "stock": "*",
  "weight": "target_row", "family": "upper(title) FROM public.secrets", "status": "title) || (title", "category": "public.harmless(title)", "description": "title::public.harmless_text",
  "location": "current_user", "on_hand": "1 / 0", "asin": "title AS x", "currency": "unnest(tags)", "height": "$1", "width": "sum(cost) OVER ()", "supplier_sku": "to_char(now(), ''YYYY'')",
  "technical_specs.x": "ctid::text", "depth": ""}');

-- a good one: of the last word of each member, with the defaults
INSERT INTO pm_imports.mapping_templates (name, field_mapping, default_values, mapping_config, is_default)
VALUES ('all', '{"gtin": "EAN", "title": "Name", "stock": "Qty"}', '{"currency": "EUR", "attributes.origin": "?"}',
  '{"validation_rules": [{"target": "title", "rule": "required"}, {"target": "price", "rule": "min", "value": 0}], "import_options": {"batch_rows": 500, "taxonomy": "x"}, "transformation_rules": {"title": ["trim"], "price": ["decimal"]}}', true);
INSERT INTO pm_imports.mapping_templates (name, supplier_code, field_mapping, is_default) VALUES ('of acme', 'ACME', '{"title": ["Titre", "Libellé"], "technical_specs.color": "Farbe"}', true), ('of others', 'other', '{"title": "X"}', true);
INSERT INTO pm_imports.mapping_templates (name, field_mapping, computed_attributes) VALUES ('named', '{"brand": {"const": "Acme"}, "price": 7}', '{"attributes.size": "upper(technical_specs ->> ''size'')"}'), ('last', '{"price": {"concat": ["a", 2], "separator": "-"}}', NULL);
INSERT INTO pm_imports.import_configs (supplier_code, config_name, templates, field_mapping, transformation_rules, computed_attributes, validation_rules, file_options)
VALUES ('acme', 'good', '{named,last}', '{"stock": null, "attributes.color": "Couleur"}', '{"price": null}', '{"cost": "round(price * 0.8, 2)", "tags": "ARRAY[lower(brand)]"}',
  '[{"target": "price", "rule": "min", "value": 1, "severity": "warning", "message": "cheap"}, {"rule": "expression", "value": "price > cost"}, {"rule": "expression", "value": "stock > 0"}]', '{"skip": 2}');
SELECT jsonb_pretty(pm_imports._plan('good'));

-- null takes options that are inherited away: what holds then is the default, or nothing
SELECT jsonb_object_agg(p.key, 'null'::jsonb) AS nulls FROM jsonb_each(pm_imports.config_schema() #> '{$defs,file_options,properties}') AS p \gset file_
SELECT jsonb_object_agg(p.key, 'null'::jsonb) AS nulls FROM jsonb_each(pm_imports.config_schema() #> '{$defs,import_options,properties}') AS p \gset import_
INSERT INTO pm_imports.mapping_templates (name, mapping_config) VALUES ('options', '{"file_options": {"skip": 3, "decimal_mark": ",", "header": true, "path": "a/b", "quote": "", "joiner": ";"},
  "import_options": {"key": "sku", "batch_rows": 7, "missing": "deactivate", "max_errors": 3}}');
INSERT INTO pm_imports.import_configs (supplier_code, config_name, templates, file_options, import_options) VALUES ('acme', 'without', '{options}', :'file_nulls', :'import_nulls');
SELECT p -> 'file_options' AS file_options, p -> 'import_options' AS import_options FROM pm_imports._plan('without') AS p;
SELECT p -> 'file_options' = pm_imports._defaults('file_options') AND p -> 'import_options' = pm_imports._defaults('import_options') AS defaults FROM pm_imports._plan('without') AS p;

-- what an import of prices or stocks may have; what it inherits otherwise is left out
INSERT INTO pm_imports.import_configs (supplier_code, config_name, import_type, field_mapping) VALUES ('other', 'prices', 'prices', '{"gtin": "EAN", "price": "P", "cost": "C", "on_hand": "X", "attributes.x": "Y"}');
INSERT INTO pm_imports.import_configs (supplier_code, config_name, import_type, field_mapping) VALUES ('other', 'prices', 'prices', '{"price": "P", "cost": "C"}');
SELECT p - '{import_options,file_options}'::text[] FROM pm_imports._plan('prices') AS p;
INSERT INTO pm_imports.import_configs (supplier_code, config_name, import_type, field_mapping, import_options, file_format, file_options)
VALUES ('other', 'stocks', 'stocks', '{"stock": "S", "on_hand": {"concat": ["X"]}}', '{"key": "supplier_sku"}', 'csv', '{"header": false}');
INSERT INTO pm_imports.import_configs (supplier_code, config_name, import_type, field_mapping, import_options, file_format, file_options)
VALUES ('other', 'stocks', 'stocks', '{"stock": 2, "supplier_sku": 1}', '{"key": "supplier_sku"}', 'csv', '{"header": false}');
SELECT p - '{import_options,file_options}'::text[] FROM pm_imports._plan('stocks') AS p;

-- templates: those that are named stay; one that breaks a config is met when it is used
INSERT INTO pm_imports.import_configs (supplier_code, config_name, templates) VALUES ('acme', 'bad', '{nope,of others}');
UPDATE pm_imports.mapping_templates SET name = 'x' WHERE name = 'named';
DELETE FROM pm_imports.mapping_templates WHERE name = 'last';
INSERT INTO pm_imports.mapping_templates (name, is_default) VALUES ('second', true);
INSERT INTO pm_imports.mapping_templates (name, supplier_code, is_default) VALUES ('second', 'acme', true);
INSERT INTO pm_imports.mapping_templates (name, field_mapping, mapping_config) VALUES ('second', '{"x": 1}', '{"key": 1, "file_options": {"skip": "x"}}');
UPDATE pm_imports.mapping_templates SET field_mapping = '{"gtin": null}' WHERE name = 'last';
SELECT pm_imports._plan('good');
SELECT pm_imports._plan('nope');
SELECT pm_imports._plan(NULL);
UPDATE pm_imports.mapping_templates SET field_mapping = '{}' WHERE name = 'last';

-- every write is checked; what is the same as before is not changed by it
UPDATE pm_imports.import_configs SET computed_attributes = '{"cost": "price *"}' WHERE config_name = 'good';
UPDATE pm_imports.import_configs SET is_active = true WHERE config_name = 'good' RETURNING updated_at = created_at AS as_it_was;
UPDATE pm_imports.import_configs SET file_pattern = '*.csv' WHERE config_name = 'good' RETURNING updated_at > created_at AS later;

-- values that a config has itself are of the types of their targets: constants once they are transformed, attributes as rules say
INSERT INTO pm_imports.import_configs (supplier_code, config_name, field_mapping, default_values, transformation_rules, validation_rules)
VALUES ('other', 'values', '{"gtin": "EAN", "compare_at_amount": {"const": "1,50"}, "cost": {"const": "1,50"}, "stock": {"const": 1.5}, "is_active": {"const": "oui"}, "title": {"const": ""}, "technical_specs.n": {"const": "x"}, "technical_specs.m": {"const": "x"}}',
  '{"weight": " ", "price": null, "currency": "EUR"}', '{"cost": ["decimal"]}', '[{"target": "technical_specs.n", "rule": "type", "value": "number"}, {"target": "technical_specs.m", "rule": "type", "value": "text"}]');
INSERT INTO pm_imports.import_configs (supplier_code, config_name, field_mapping, default_values, transformation_rules)
VALUES ('other', 'values', '{"gtin": "EAN", "cost": {"const": "1"}}',
  '{"price": "abc", "stock": 99999999999, "is_featured": "perhaps", "asin": "B1", "gtin": "4006381333932", "images": "x.jpg", "technical_specs": "[]", "width": true, "cost": "x", "tags": "a|b", "y": "z", "attributes.x": []}', '{"price": ["decimal"]}');
INSERT INTO pm_imports.mapping_templates (name, default_values) VALUES ('values', '{"price": "abc"}');
INSERT INTO pm_imports.mapping_templates (name, field_mapping) VALUES ('values', '{"price": {"const": "abc"}}');
INSERT INTO pm_imports.import_configs (supplier_code, config_name, templates, field_mapping) VALUES ('other', 'values', '{values}', '{"gtin": "EAN"}');
INSERT INTO pm_imports.import_configs (supplier_code, config_name, templates, field_mapping, transformation_rules) VALUES ('other', 'values', '{values}', '{"gtin": "EAN"}', '{"price": [{"replace": {"from": "abc", "to": "1"}}]}');

-- for a client that wants to know before
SELECT * FROM pm_imports.config_mistakes('{"field_mapping": {"gtin": 0}, "file_options": {"path": ""}, "nothing": 1}') ORDER BY 1;
SELECT * FROM pm_imports.config_mistakes('{"field_mapping": {"gtin": "EAN"}}');
-- the schema is one: each keyword in it is known, and each default is allowed
SELECT jsonb_path_query_array(pm_imports.config_schema(), 'strict $.properties.keyvalue().key');
SELECT d.definition, p.key, m.problem
FROM unnest('{connection,schedule,field_mapping,file_options,import_options}'::text[]) AS d(definition),
     jsonb_each(pm_imports.config_schema() #> ARRAY['$defs', d.definition, 'properties']) AS p,
     pm_imports._json_mistakes(pm_imports.config_schema(), p.value, p.value -> 'default', '') AS m
WHERE p.value ? 'default';
SELECT pm_imports._json_mistakes('{}', '{"oneOf": []}', '1', '');
SELECT count(*) AS targets, count(description) AS described FROM pm_imports.targets;
DELETE FROM pm_imports.import_configs;
DELETE FROM pm_imports.mapping_templates;
DROP TABLE public.secrets;
DROP DOMAIN public.harmless_text;
DROP FUNCTION public.harmless(text);
REVOKE CREATE ON SCHEMA public FROM regress_imports_user;
DROP ROLE regress_imports_user;
