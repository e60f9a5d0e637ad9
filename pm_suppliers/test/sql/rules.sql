-- Rules of a supplier: what is one, and what is none.
\set SHOW_CONTEXT never
INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('ruled', 'Ruled');
CREATE VIEW ruled AS SELECT min_confidence, check_digit, zero_padding, strip_prefixes, strip_suffixes, placeholders, none_codes, allowed_prefixes
FROM pm_suppliers.identifier_rules AS r JOIN pm_suppliers.suppliers AS s ON s.id = r.supplier_id WHERE s.code = 'ruled';
\x on
SELECT pm_suppliers.set_identifier_rules('Ruled', '{"min_confidence": 0.8, "check_digit": "sometimes_missing"}');
SELECT * FROM ruled;
-- others stay; null lifts one
SELECT pm_suppliers.set_identifier_rules('ruled', '{"min_confidence": null, "zero_padding": "refuse", "strip_prefixes": ["ART-", " "], "strip_suffixes": ["/FR"], "placeholders": ["sur demande", "à venir"], "none_codes": ["4000000000006", "X"], "allowed_prefixes": ["400", "0"]}');
SELECT * FROM ruled;
SELECT pm_suppliers.set_identifier_rules('ruled', '{}');
-- less than real can hold
SELECT pm_suppliers.set_identifier_rules('ruled', '{"min_confidence": 1e-300}');
SELECT min_confidence FROM ruled;
SELECT pm_suppliers.set_identifier_rules('ruled', '{"min_confidence": null}');
SELECT pm_suppliers.set_identifier_rules('ruled', '{"strip_prefixes": null, "strip_suffixes": null, "placeholders": null, "none_codes": null, "allowed_prefixes": null, "zero_padding": null, "check_digit": null}');
SELECT * FROM ruled;
\x off

-- what is no rule
SELECT pm_suppliers.set_identifier_rules('nobody', '{}');
SELECT pm_suppliers.set_identifier_rules('ruled', NULL);
SELECT pm_suppliers.set_identifier_rules('ruled', '["check_digit"]');
SELECT pm_suppliers.set_identifier_rules('ruled', '{"check-digit": "always_missing"}');
SELECT pm_suppliers.set_identifier_rules('ruled', '{"supplier_id": "00000000-0000-0000-0000-000000000000"}');
SELECT pm_suppliers.set_identifier_rules('ruled', '{"min_confidence": 1.01}');
SELECT pm_suppliers.set_identifier_rules('ruled', '{"min_confidence": -1e400}');
SELECT pm_suppliers.set_identifier_rules('ruled', '{"min_confidence": "0.5"}');
SELECT pm_suppliers.set_identifier_rules('ruled', '{"check_digit": "never"}');
SELECT pm_suppliers.set_identifier_rules('ruled', '{"check_digit": true}');
SELECT pm_suppliers.set_identifier_rules('ruled', '{"zero_padding": "maybe"}');
SELECT pm_suppliers.set_identifier_rules('ruled', '{"placeholders": "n/a"}');
SELECT pm_suppliers.set_identifier_rules('ruled', '{"placeholders": ["n/a", 1]}');
SELECT pm_suppliers.set_identifier_rules('ruled', '{"placeholders": [["n/a"]]}');
SELECT pm_suppliers.set_identifier_rules('ruled', '{"placeholders": ["n/a", null]}');
SELECT pm_suppliers.set_identifier_rules('ruled', '{"placeholders": []}');
SELECT pm_suppliers.set_identifier_rules('ruled', '{"placeholders": [" n/a"]}');
SELECT pm_suppliers.set_identifier_rules('ruled', '{"none_codes": [""]}');
SELECT pm_suppliers.set_identifier_rules('ruled', '{"strip_prefixes": [""]}');
SELECT pm_suppliers.set_identifier_rules('ruled', '{"strip_suffixes": ["a\nb"]}');
SELECT pm_suppliers.set_identifier_rules('ruled', jsonb_build_object('strip_suffixes', ARRAY[repeat('x', 51)]));
SELECT pm_suppliers.set_identifier_rules('ruled', jsonb_build_object('none_codes', array_fill('1'::text, ARRAY[101])));
SELECT pm_suppliers.set_identifier_rules('ruled', '{"allowed_prefixes": ["40x"]}');
SELECT pm_suppliers.set_identifier_rules('ruled', '{"allowed_prefixes": ["12345678901234"]}');
SELECT pm_suppliers.set_identifier_rules('ruled', '{"placeholders": ["none"], "allowed_prefixes": ["-"]}');
SELECT * FROM ruled WHERE ruled IS NOT NULL OR placeholders IS NOT NULL;

-- nor by hand
UPDATE pm_suppliers.identifier_rules SET min_confidence = 'NaN';
UPDATE pm_suppliers.identifier_rules SET min_confidence = 2;
UPDATE pm_suppliers.identifier_rules SET placeholders = '{a,NULL}';
UPDATE pm_suppliers.identifier_rules SET placeholders = '{{a},{b}}';
UPDATE pm_suppliers.identifier_rules SET placeholders = '{}';
UPDATE pm_suppliers.identifier_rules SET check_digit = '';
\set VERBOSITY terse
INSERT INTO pm_suppliers.identifier_rules (supplier_id) VALUES (pm_xref.uuid7());
INSERT INTO pm_suppliers.identifier_rules (supplier_id) SELECT id FROM pm_suppliers.suppliers WHERE code = 'ruled';
SELECT count(*) FROM pm_suppliers.identifier_rules;
DELETE FROM pm_suppliers.suppliers WHERE code = 'ruled';
SELECT count(*) FROM pm_suppliers.identifier_rules;
DROP VIEW ruled;
