-- sample_imports.sql - how "make run" has the files of supplier "sample" read, in db_imports
\set ON_ERROR_STOP on

-- a price list with French headings and numbers; nothing else is said, and found by looking
INSERT INTO pm_imports.import_configs (supplier_code, config_name, field_mapping, transformation_rules, validation_rules)
VALUES ('sample', 'price list',
  '{"supplier_sku": "Référence", "gtin": ["Code EAN", "EAN"], "title": "Désignation", "brand": "Marque", "category": "Rayon", "cost": "Prix HT", "price": "Prix conseillé",
    "currency": "Devise", "stock": "Stock", "weight": "Poids", "technical_specs.colour": "Couleur", "images": "Image"}',
  '{"title": ["trim", "collapse"], "cost": [{"decimal": {"mark": "auto"}}], "price": [{"decimal": {"mark": "auto"}}], "weight": [{"unit": {"to": "kg"}}]}',
  '[{"target": "title", "rule": "required"}, {"target": "cost", "rule": "min", "value": 0}, {"target": "stock", "rule": "min", "value": 0}]')
ON CONFLICT (config_name) DO NOTHING;

-- names and ingredients of real products, as their contributors left them
INSERT INTO pm_imports.import_configs (supplier_code, config_name, field_mapping, transformation_rules, validation_rules)
VALUES ('sample', 'Open Food Facts', '{"gtin": "ean", "title": "name", "description": "ingredients", "images": "image_url"}',
  '{"title": ["strip_control", "trim", "collapse"], "description": ["strip_control", "trim"]}', '[{"target": "title", "rule": "required"}]')
ON CONFLICT (config_name) DO NOTHING;
