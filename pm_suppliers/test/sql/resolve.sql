-- Codes resolved and remembered.
SET search_path = "$user", public, pm_gtin;
\set SHOW_CONTEXT never
DELETE FROM pm_suppliers.suppliers;
INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('Acme', 'Acme'), ('other', 'Other');
CREATE VIEW known AS
SELECT supplier_code, original_ean, resolved_ean, resolution_method AS method, confidence, suggestion, reason, status, decided_by, seen, last_seen IS NOT NULL AS came
FROM pm_suppliers.supplier_ean_resolutions ORDER BY supplier_code, original_ean COLLATE "C";

SELECT * FROM pm_suppliers.resolve_ean('acme', '4006381333931');
SELECT * FROM pm_suppliers.resolve_ean('ACME ', '400638133393');
SELECT * FROM pm_suppliers.resolve_ean('acme', ' sku-4006381333931-blk');
SELECT * FROM pm_suppliers.resolve_ean('acme', 'SKU-4006381333931-BLK');
SELECT * FROM pm_suppliers.resolve_ean('other', '4006381333931');
SELECT * FROM known;
-- many at once, in their order; those that are empty or too long are answered, not kept
SELECT ordinal, left(code, 20) AS code, gtin, method, confidence, status, suggestion, reason
FROM pm_suppliers.resolve_eans('acme', ARRAY['4006381333931', NULL, 'n/a', '', E'\t', 'N/A', repeat('x', 200), repeat('x', 201), '4006381333931', 'B07PGL2ZSL',
  'https://example.com/01/04006381333931?' || repeat('x', 200)]);
SELECT supplier_code, left(original_ean, 20) AS original_ean, length(original_ean), resolved_ean, method, status, seen FROM known WHERE supplier_code = 'Acme';
SELECT count(*) FROM pm_suppliers.resolve_eans('acme', '{}');
SELECT count(*) FROM pm_suppliers.resolve_eans('acme', NULL);
SELECT ordinal, code, gtin FROM pm_suppliers.resolve_eans('acme', '{{4006381333931,40170725},{a,b}}');
-- no text is an error
SELECT method, status FROM pm_suppliers.resolve_ean('acme', NULL);
SELECT method, status FROM pm_suppliers.resolve_ean('acme', repeat('4', 20000000));
SELECT method, status FROM pm_suppliers.resolve_ean('acme', E'\x01\x7f'';DROP TABLE x;--');
SELECT * FROM pm_suppliers.resolve_ean('nobody', '4006381333931');
SELECT * FROM pm_suppliers.resolve_ean(NULL, '4006381333931');
SELECT * FROM pm_suppliers.resolve_eans('nobody', '{}');
-- what is automatic follows the rules as they are, and what came before
SELECT pm_suppliers.set_identifier_rules('acme', '{"check_digit": "sometimes_missing"}');
SELECT * FROM pm_suppliers.resolve_ean('acme', '400638133393');
SELECT * FROM known WHERE original_ean = '400638133393';
SELECT pm_suppliers.set_identifier_rules('acme', '{"check_digit": null, "none_codes": ["400638133393"]}');
SELECT * FROM pm_suppliers.resolve_ean('acme', '400638133393');
SELECT * FROM known WHERE original_ean = '400638133393';
-- rules of one supplier are nobody else's
SELECT * FROM pm_suppliers.resolve_ean('other', '400638133393');

-- bulk and one by one are the same: 500 codes of every kind, most of them twice
CREATE TABLE codes AS
SELECT n AS ordinal, CASE n % 6 WHEN 0 THEN gtin_complete((400000000000 + n % 250)::text)::text WHEN 1 THEN (400000000000 + n % 250)::text WHEN 2 THEN 'art ' || n % 250
  WHEN 3 THEN ' ' || gtin_complete((3600000000 + n % 250)::text || '1')::text WHEN 4 THEN '' ELSE 'N/A' || left('nnn', n % 3) END AS code
FROM generate_series(1, 500) AS n;
INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('bulk', 'Bulk'), ('single', 'Single');
CREATE TABLE bulk AS SELECT r.* FROM pm_suppliers.resolve_eans('bulk', (SELECT array_agg(c.code ORDER BY c.ordinal) FROM codes AS c)) AS r;
CREATE TABLE single AS SELECT c.ordinal, c.code, r.* FROM codes AS c CROSS JOIN LATERAL pm_suppliers.resolve_ean('single', c.code) AS r;
SELECT (SELECT count(*) FROM (SELECT * FROM bulk EXCEPT ALL SELECT * FROM single) AS e) AS differ, (SELECT count(*) FROM bulk) AS bulk, (SELECT count(*) FROM single) AS single;
SELECT count(*), sum(n) AS differ FROM (
  SELECT abs(count(*) FILTER (WHERE supplier_code = 'bulk') - count(*) FILTER (WHERE supplier_code = 'single')) AS n FROM known WHERE supplier_code IN ('bulk', 'single')
  GROUP BY upper(original_ean), resolved_ean, method, confidence, suggestion, reason, status, seen) AS k;
-- a supplier goes with what is known about its codes, and others keep theirs
DELETE FROM pm_suppliers.suppliers WHERE code IN ('bulk', 'Acme');
SELECT supplier_code, count(*) FROM known GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM pm_suppliers._resolutions AS t WHERE NOT EXISTS (SELECT FROM pm_suppliers.suppliers AS s WHERE s.id = t.supplier_id);
DROP TABLE bulk, single, codes;
DROP VIEW known;
DELETE FROM pm_suppliers.suppliers;
