-- What may be about users: see pm_xref.personal_columns().

CREATE VIEW pm_catalog._personal_columns WITH (security_invoker) AS
SELECT v.relation, v.column_name, v.action, v.note
FROM (VALUES
  ('pm_catalog.changes', 'role', 'keep', 'a role of the database'),
  ('pm_catalog.changes', 'user_id', 'keep', 'an id, of a user without a name from then on'),
  ('pm_catalog.changes', 'reason', 'text', NULL),
  ('pm_catalog.products', 'technical_specs', 'keep', 'what a product is; no product is about a user'),
  ('pm_catalog.product_attributes', 'attributes', 'keep', 'what a product is; no product is about a user'),
  ('pm_catalog.product_variants', 'attributes', 'keep', 'what a product is; no product is about a user'),
  ('pm_catalog.product_versions', 'old', 'document', NULL),
  ('pm_catalog.product_versions', 'lacked', 'document', NULL),
  ('pm_catalog.product_attribute_versions', 'old', 'document', NULL),
  ('pm_catalog.product_attribute_versions', 'lacked', 'document', NULL)
) AS v(relation, column_name, action, note);
