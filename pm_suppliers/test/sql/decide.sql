-- Decisions of people.
SET search_path = "$user", public, pm_gtin;
\set SHOW_CONTEXT never
INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('acme', 'Acme'), ('other', 'Other');
CREATE VIEW known AS
SELECT original_ean, resolved_ean, resolution_method AS method, confidence, suggestion, reason, status, decided_by, decided_at IS NOT NULL AS decided, seen, last_seen IS NOT NULL AS came
FROM pm_suppliers.supplier_ean_resolutions WHERE supplier_code = 'acme' ORDER BY original_ean COLLATE "C";

-- a suggestion is confirmed, and remembered however the code is written
SELECT gtin, suggestion, status, reason FROM pm_suppliers.resolve_ean('acme', '400638133393x');
SELECT * FROM pm_suppliers.confirm_resolution('acme', '400638133393x', '4006381333931');
SELECT * FROM pm_suppliers.resolve_ean('acme', ' 400638133393X');
-- one that has never come, by somebody
SELECT * FROM pm_suppliers.confirm_resolution('acme', 'article 7', '40170725', 'anne@example.com');
SELECT * FROM known;
-- the same number for another code is allowed, and shown
SELECT * FROM pm_suppliers.confirm_resolution('acme', 'article 8', '40170725');
SELECT * FROM pm_suppliers.confirm_resolution('other', 'article 8', '40170725');
SELECT * FROM pm_suppliers.shared_resolutions;
-- rejected: a good number, and an unknown code
SELECT gtin, method, status FROM pm_suppliers.resolve_ean('acme', '4006381333931');
SELECT * FROM pm_suppliers.reject_resolution('acme', '4006381333931', ' the supplier uses it for many things ');
SELECT * FROM pm_suppliers.resolve_ean('acme', '4006381333931');
SELECT * FROM pm_suppliers.reject_resolution('acme', '?', 'no idea', 'bob');
-- minds change; a decision does not go back to what the machine thinks
SELECT * FROM pm_suppliers.reject_resolution('acme', 'article 8', 'was a mistake');
SELECT * FROM pm_suppliers.shared_resolutions;
SELECT * FROM pm_suppliers.confirm_resolution('acme', '?', '4006381333931');
SELECT * FROM pm_suppliers.confirm_resolution('acme', '?', '036000291452');
SELECT * FROM known;
SELECT key, code, status, gtin, reason, decided_at IS NOT NULL AS at FROM pm_suppliers.decisions('ACME');
SELECT key, code, status, gtin, reason FROM pm_suppliers.decisions('other');
-- but it can be forgotten
SELECT pm_suppliers.forget_resolution('acme', ' ARTICLE 8');
SELECT * FROM pm_suppliers.resolve_ean('acme', 'article 8');
-- decisions go before rules
SELECT pm_suppliers.set_identifier_rules('acme', '{"none_codes": ["article 7", "40170725"], "allowed_prefixes": ["9"]}');
SELECT * FROM pm_suppliers.resolve_ean('acme', 'Article 7');

-- what is no decision
SELECT * FROM pm_suppliers.confirm_resolution('nobody', 'x', '40170725');
SELECT * FROM pm_suppliers.confirm_resolution('acme', 'x', NULL);
SELECT * FROM pm_suppliers.confirm_resolution('acme', 'x', '40170726');
SELECT * FROM pm_suppliers.confirm_resolution('acme', NULL, '40170725');
SELECT * FROM pm_suppliers.confirm_resolution('acme', E' \n', '40170725');
SELECT * FROM pm_suppliers.confirm_resolution('acme', repeat('x', 201), '40170725');
SELECT * FROM pm_suppliers.confirm_resolution('acme', 'x', '40170725', '');
SELECT * FROM pm_suppliers.confirm_resolution('acme', 'x', '40170725', repeat('x', 256));
SELECT * FROM pm_suppliers.reject_resolution('nobody', 'x', 'y');
SELECT * FROM pm_suppliers.reject_resolution('acme', 'x', NULL);
SELECT * FROM pm_suppliers.reject_resolution('acme', 'x', '  ');
SELECT * FROM pm_suppliers.reject_resolution('acme', 'x', repeat('x', 1001));
SELECT * FROM pm_suppliers.reject_resolution('acme', '', 'y');
SELECT pm_suppliers.forget_resolution('acme', 'never seen');
SELECT pm_suppliers.forget_resolution('acme', NULL);
SELECT pm_suppliers.forget_resolution('nobody', 'x');
SELECT * FROM pm_suppliers.decisions('nobody');
-- whatever path writes
UPDATE pm_suppliers._resolutions SET status = 'automatic', decided_by = NULL, decided_at = NULL WHERE original_ean = 'article 7';
UPDATE pm_suppliers._resolutions SET original_ean = 'article 9' WHERE original_ean = 'article 7';
UPDATE pm_suppliers._resolutions SET supplier_id = pm_xref.uuid7() WHERE original_ean = 'article 7';
\set VERBOSITY terse
UPDATE pm_suppliers._resolutions SET status = 'confirmed' WHERE original_ean = 'article 8';
UPDATE pm_suppliers._resolutions SET resolved_ean = NULL WHERE original_ean = 'article 7' AND status = 'confirmed';
UPDATE pm_suppliers._resolutions SET status = 'rejected' WHERE original_ean = 'article 7';
UPDATE pm_suppliers._resolutions SET decided_by = NULL WHERE original_ean = 'article 7' AND status = 'confirmed';
UPDATE pm_suppliers._resolutions SET decided_by = 'x' WHERE original_ean = 'article 8';
UPDATE pm_suppliers._resolutions SET status = 'maybe' WHERE original_ean = 'article 8';
UPDATE pm_suppliers._resolutions SET confidence = 1.5 WHERE original_ean = 'article 8';
UPDATE pm_suppliers._resolutions SET seen = -1 WHERE original_ean = 'article 8';
UPDATE pm_suppliers._resolutions SET original_ean = ' article 8' WHERE original_ean = 'article 8';
INSERT INTO pm_suppliers._resolutions (supplier_id, original_ean, resolution_method, confidence) SELECT supplier_id, 'ARTICLE 7', 'exact', 1 FROM pm_suppliers._resolutions LIMIT 1;
DROP VIEW known;
DELETE FROM pm_suppliers.suppliers;
