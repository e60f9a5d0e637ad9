-- Suppliers: what is one, what is none, and how they are named.
\set SHOW_CONTEXT never
INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('Acme', 'Acme SARL');
SELECT code, name, is_active, contact_email, contact_phone, address, country, created_at = updated_at AS new FROM pm_suppliers.suppliers;
INSERT INTO pm_suppliers.suppliers (code, name, is_active, contact_email, contact_phone, address, country)
VALUES ('Göteborg 1', 'Göteborg', false, 'order@example.se', '+46 (0)31-123 45 x6', E'Gatan 1\n411 01 Göteborg', 'SE');
INSERT INTO pm_suppliers.suppliers (code, name, contact_phone, country) VALUES ('Prishtina', 'x', '+383 38 123 456', 'XK'), ('nowhere', 'x', NULL, NULL);
SELECT code, country FROM pm_suppliers.suppliers ORDER BY code;

-- unique in any case, of a to z
INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('ACME', 'another');
INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('Acme', 'another');
INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('GöTEBORG 1', 'another');
UPDATE pm_suppliers.suppliers SET code = 'aCME' WHERE code = 'nowhere';
-- and found so
SELECT s.code FROM pm_suppliers.suppliers AS s WHERE s.id = pm_suppliers._supplier(' acme ');
SELECT s.code FROM pm_suppliers.suppliers AS s WHERE s.id = pm_suppliers._hold_supplier('GÖTEBORG 1');
SELECT s.code FROM pm_suppliers.suppliers AS s WHERE s.id = pm_suppliers._hold_supplier('gö' || 'TEBORG 1');

-- what is no supplier: each names the rule
\set VERBOSITY terse
INSERT INTO pm_suppliers.suppliers (name) VALUES ('x');
INSERT INTO pm_suppliers.suppliers (code) VALUES ('x');
INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('', 'x');
INSERT INTO pm_suppliers.suppliers (code, name) VALUES (' x', 'x');
INSERT INTO pm_suppliers.suppliers (code, name) VALUES (E'x\ty', 'x');
INSERT INTO pm_suppliers.suppliers (code, name) VALUES (repeat('x', 50), repeat('x', 255));
INSERT INTO pm_suppliers.suppliers (code, name) VALUES (repeat('y', 51), 'x');
INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('x', repeat('x', 256));
INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('x', E'a\nb');
INSERT INTO pm_suppliers.suppliers (code, name, is_active) VALUES ('x', 'x', NULL);
INSERT INTO pm_suppliers.suppliers (code, name, contact_email) VALUES ('x', 'x', 'nobody');
INSERT INTO pm_suppliers.suppliers (code, name, contact_email) VALUES ('x', 'x', 'a@b@c');
INSERT INTO pm_suppliers.suppliers (code, name, contact_email) VALUES ('x', 'x', E'a@b\nBcc: c@d');
INSERT INTO pm_suppliers.suppliers (code, name, contact_email) VALUES ('x', 'x', repeat('a', 251) || '@b.c');
INSERT INTO pm_suppliers.suppliers (code, name, contact_phone) VALUES ('x', 'x', 'call me');
INSERT INTO pm_suppliers.suppliers (code, name, contact_phone) VALUES ('x', 'x', '12');
INSERT INTO pm_suppliers.suppliers (code, name, contact_phone) VALUES ('x', 'x', repeat('1', 51));
INSERT INTO pm_suppliers.suppliers (code, name, country) VALUES ('x', 'x', 'fr');
INSERT INTO pm_suppliers.suppliers (code, name, country) VALUES ('x', 'x', 'ZZ');
INSERT INTO pm_suppliers.suppliers (code, name, country) VALUES ('x', 'x', '');
INSERT INTO pm_suppliers.suppliers (code, name, country) VALUES ('x', 'x', 'FR DE');
UPDATE pm_suppliers.suppliers SET name = '' WHERE code = 'Acme';
SELECT count(*) FROM pm_suppliers.suppliers;
SELECT count(*) AS countries FROM (SELECT chr(a) || chr(b) FROM generate_series(65, 90) AS a, generate_series(65, 90) AS b) AS c(code) WHERE pm_suppliers._is_country(code);

-- no supplier of this name
\set VERBOSITY default
SELECT pm_suppliers._supplier('Nobody');
SELECT pm_suppliers._hold_supplier(NULL);
SELECT pm_suppliers._supplier('');
SELECT pm_suppliers._supplier(repeat('x', 100000));

-- updated_at follows changes, and them alone
UPDATE pm_suppliers.suppliers SET created_at = '2020-01-01', updated_at = '2020-01-01';
SELECT count(*) FILTER (WHERE updated_at > now() - interval '1 hour') = count(*) AS set FROM pm_suppliers.suppliers;
BEGIN;
UPDATE pm_suppliers.suppliers SET name = name || '!' WHERE code = 'Acme';
UPDATE pm_suppliers.suppliers SET name = name;
SELECT code, updated_at = now() AS now FROM pm_suppliers.suppliers ORDER BY code;
ROLLBACK;

-- what other databases know a supplier by stays, and all are told what goes
\set VERBOSITY terse
UPDATE pm_suppliers.suppliers SET id = pm_xref.uuid7() WHERE code = 'nowhere' RETURNING code;
UPDATE pm_suppliers.suppliers SET id = id WHERE code = 'nowhere' RETURNING code;
SET client_min_messages = warning;
TRUNCATE pm_suppliers.suppliers CASCADE;
DELETE FROM pm_suppliers.suppliers WHERE code <> 'Acme';
