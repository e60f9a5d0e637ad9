-- Resolutions made elsewhere.
SET search_path = "$user", public, pm_gtin;
\set SHOW_CONTEXT never
INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('acme', 'Acme');
CREATE VIEW known AS
SELECT original_ean, resolved_ean, resolution_method AS method, confidence, suggestion, reason, status, seen
FROM pm_suppliers.supplier_ean_resolutions ORDER BY original_ean COLLATE "C";
SELECT FROM pm_suppliers.confirm_resolution('acme', 'article 7', '40170725');
SELECT FROM pm_suppliers.reject_resolution('acme', 'article 8', 'unclear');

-- of one code the last row holds; decisions stay
SELECT * FROM pm_suppliers.record_resolutions('ACME', '[
  {"code": "4006381333931", "gtin": "4006381333931", "method": "exact", "confidence": 1},
  {"code": " art-9 ", "gtin": null, "suggestion": "40170725", "method": "missing_check_digit", "confidence": 0.45, "reason": "check_digit", "seen": 3},
  {"code": "ART-9", "gtin": "40170725", "method": "missing_check_digit", "confidence": 0.45, "reason": "check_digit", "seen": 4},
  {"code": "Article 7", "gtin": "4006381333931", "method": "extract", "confidence": 0.8},
  {"code": "article 8", "gtin": null, "method": "rejected", "confidence": 0, "seen": 2},
  {"code": "number", "gtin": 4006381333931, "method": "exact", "confidence": 1.0e0, "seen": 1.0, "more": "is nobody''s business"}]');
SELECT * FROM known;
SELECT exact, resolved, confirmed, rejected, unresolved, missing FROM pm_suppliers.supplier_quality WHERE period = 'day';
-- again: seen goes up
SELECT outcome FROM pm_suppliers.record_resolutions('acme', '[{"code": "4006381333931", "gtin": "4006381333931", "method": "exact", "confidence": 1}]');
SELECT seen FROM known WHERE original_ean = '4006381333931';

-- bad rows are refused by themselves
SELECT ordinal, left(code, 12) AS code, outcome, message FROM pm_suppliers.record_resolutions('acme', jsonb_build_array(
  1, 'x', NULL, '[]'::jsonb, '{}'::jsonb,
  '{"code": 4006381333931, "method": "exact", "confidence": 1}'::jsonb,
  '{"code": " ", "method": "exact", "confidence": 1}'::jsonb,
  jsonb_build_object('code', repeat('x', 201), 'method', 'exact', 'confidence', 1),
  '{"code": "a", "gtin": "4006381333932", "method": "exact", "confidence": 1}'::jsonb,
  '{"code": "a", "gtin": [], "method": "exact", "confidence": 1}'::jsonb,
  '{"code": "a", "suggestion": "x", "method": "exact", "confidence": 1}'::jsonb,
  '{"code": "a", "confidence": 1}'::jsonb,
  '{"code": "a", "method": "", "confidence": 1}'::jsonb,
  '{"code": "a", "method": "exact"}'::jsonb,
  '{"code": "a", "method": "exact", "confidence": "1"}'::jsonb,
  '{"code": "a", "method": "exact", "confidence": 1.0001}'::jsonb,
  '{"code": "a", "method": "exact", "confidence": -1e300}'::jsonb,
  '{"code": "a", "method": "exact", "confidence": 1, "reason": ""}'::jsonb,
  '{"code": "a", "method": "exact", "confidence": 1, "seen": 0}'::jsonb,
  '{"code": "a", "method": "exact", "confidence": 1, "seen": 1.5}'::jsonb,
  '{"code": "a", "method": "exact", "confidence": 1, "seen": 1e30}'::jsonb,
  '{"code": "a", "method": "exact", "confidence": 1, "seen": "1"}'::jsonb,
  '{"code": "good", "method": "not_a_gtin", "confidence": 1e-300}'::jsonb));
SELECT original_ean FROM known;
SELECT * FROM pm_suppliers.record_resolutions('acme', '[]');
SELECT * FROM pm_suppliers.record_resolutions('acme', '{}');
SELECT * FROM pm_suppliers.record_resolutions('acme', NULL);
SELECT * FROM pm_suppliers.record_resolutions('nobody', '[]');

-- by the outbox: what an importer publishes comes as a job
SELECT pm_jobs.register_handler('record_batch', 'pm_suppliers.record_batch(pm_jobs.job)'), pm_jobs.create_queue('resolutions', ordered => true, max_attempts => 1);
SELECT pm_xref.define_topic('test.codes.resolved', 'codes of a supplier were resolved; key: its code', '{"required": ["supplier_code", "rows"]}');
SELECT pm_xref.subscribe('test.codes.resolved', NULL, 'resolutions', 'record_batch') IS NOT NULL AS subscribed;
SELECT count(pm_xref.publish('test.codes.resolved', supplier, jsonb_build_object('supplier_code', supplier, 'rows', r)))
FROM (VALUES ('acme', '[{"code": "from afar", "method": "not_a_gtin", "confidence": 0}, {"code": "article 7", "method": "confirmed", "confidence": 1}, 1]'::jsonb),
             ('late', '[{"code": "4006381333931", "gtin": "4006381333931", "method": "exact", "confidence": 1}]')) AS e(supplier, r);
SELECT pm_xref.deliver(), pm_jobs.run_pending('resolutions');
SELECT status, payload ->> 'key' AS key, result FROM pm_jobs.jobs WHERE queue = 'resolutions' ORDER BY id;
SELECT sqlstate, message FROM pm_jobs.attempts WHERE sqlstate IS NOT NULL;
SELECT original_ean, seen FROM known WHERE original_ean IN ('from afar', 'article 7');
-- a supplier that comes late gets its own when it is tried again
INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('late', 'Late');
SELECT pm_jobs.retry(id) FROM pm_jobs.jobs WHERE queue = 'resolutions' AND status <> 'succeeded';
SELECT pm_jobs.run_pending('resolutions');
SELECT supplier_code, original_ean, seen FROM pm_suppliers.supplier_ean_resolutions WHERE supplier_code = 'late';
SELECT pm_xref.unsubscribe('test.codes.resolved'), pm_xref.drop_topic('test.codes.resolved');
DELETE FROM pm_jobs._job;
SELECT pm_jobs.drop_queue('resolutions'), pm_jobs.drop_queue('pm_xref');
SELECT pm_jobs.unregister_handler('record_batch'), pm_jobs.unregister_handler('pm_xref.deliver');
DROP VIEW known;
DELETE FROM pm_suppliers.suppliers;
