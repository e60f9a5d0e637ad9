-- Persons at a supplier.
INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('crowd', 'Crowd');
INSERT INTO pm_suppliers.supplier_contacts (supplier_id, role, name, email, phone, language, is_primary)
SELECT s.id, c.* FROM pm_suppliers.suppliers AS s, (VALUES
  ('orders', 'Anne', 'anne@example.com', '+33 1 23 45 67 89', 'fr', true),
  ('data', 'Data desk', 'data@example.com', NULL, 'pt-BR', false),
  ('data', 'Ζωή', NULL, '0030 210 1234567', 'zh-Hant-TW', false)) AS c WHERE s.code = 'crowd';
INSERT INTO pm_suppliers.supplier_contacts (supplier_id, name, email) SELECT id, 'plain', 'p@q' FROM pm_suppliers.suppliers WHERE code = 'crowd';
SELECT c.role, c.name, c.email, c.phone, c.language, c.is_primary FROM pm_suppliers.supplier_contacts AS c ORDER BY c.name COLLATE "C";

-- what is no contact
\set VERBOSITY terse
\set new 'INSERT INTO pm_suppliers.supplier_contacts (supplier_id, name, email, phone, language, role, is_primary) SELECT id, '
\set of 'FROM pm_suppliers.suppliers WHERE code = ''crowd'''
INSERT INTO pm_suppliers.supplier_contacts (supplier_id, name, email) VALUES (pm_xref.uuid7(), 'x', 'x@y');
:new '',    'x@y', NULL,   NULL,     'x', false :of;
:new 'x',   NULL,  NULL,   NULL,     'x', false :of;
:new 'x',   'x',   NULL,   NULL,     'x', false :of;
:new 'x',   NULL,  'x',    NULL,     'x', false :of;
:new 'x',   'x@y', NULL,   'french', 'x', false :of;
:new 'x',   'x@y', NULL,   'FR',     'x', false :of;
:new 'x',   'x@y', NULL,   '',       'x', false :of;
:new 'x',   'x@y', NULL,   NULL,     ' ', false :of;
:new 'x',   'x@y', NULL,   NULL,     NULL, false :of;
-- one to ask first
:new 'x',   'x@y', NULL,   NULL,     'x', true :of;
UPDATE pm_suppliers.supplier_contacts SET is_primary = (name = 'Data desk') WHERE is_primary;
UPDATE pm_suppliers.supplier_contacts SET is_primary = true WHERE name = 'plain';
SELECT name FROM pm_suppliers.supplier_contacts WHERE is_primary;

-- they go with the supplier
DELETE FROM pm_suppliers.suppliers WHERE code = 'crowd';
SELECT count(*) FROM pm_suppliers.supplier_contacts;
