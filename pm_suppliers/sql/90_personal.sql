-- What may be about users: see pm_xref.personal_columns().

CREATE VIEW pm_suppliers._personal_columns WITH (security_invoker) AS
SELECT v.relation, v.column_name, v.action, v.note
FROM (VALUES
  ('pm_suppliers.suppliers', 'contact_email', 'keep', 'a supplier''s, for trade with it, not a user''s'),
  ('pm_suppliers.suppliers', 'contact_phone', 'keep', 'a supplier''s, for trade with it, not a user''s'),
  ('pm_suppliers.suppliers', 'address', 'keep', 'a supplier''s, for trade with it, not a user''s'),
  ('pm_suppliers.supplier_contacts', 'name', 'keep', 'persons at suppliers are no users; DELETE erases them'),
  ('pm_suppliers.supplier_contacts', 'email', 'keep', 'as name'),
  ('pm_suppliers.supplier_contacts', 'phone', 'keep', 'as name'),
  ('pm_suppliers._resolutions', 'decided_by', 'name', NULL),
  ('pm_suppliers._resolutions', 'reason', 'text', NULL)
) AS v(relation, column_name, action, note);
