-- resolve_file.sql - resolves the codes of one file that was read
--
--   psql -v id=1 -v name=supplier.csv -v file=supplier_file -f resolve_file.sql
\set ON_ERROR_STOP on
INSERT INTO sample.files (file_id, name) VALUES (:id, :'name');

SELECT clock_timestamp() AS started \gset
SELECT count(r.gtin) FROM (SELECT (pm_gtin.gtin_resolve(f.ean)).gtin FROM sample.:"file" AS f) AS r \g /dev/null
UPDATE sample.files SET seconds_to_resolve = extract(epoch FROM clock_timestamp() - :'started') WHERE file_id = :id;

SELECT clock_timestamp() AS started \gset
INSERT INTO sample.codes (file_id, line, code, gtin, method, confidence, suggestion, flags)
SELECT :id, f.line, f.ean, r.gtin, r.method, r.confidence, r.suggestion, r.flags
FROM sample.:"file" AS f CROSS JOIN LATERAL pm_gtin.gtin_resolve(f.ean) AS r;
UPDATE sample.files SET seconds_to_store = extract(epoch FROM clock_timestamp() - :'started') WHERE file_id = :id;

ANALYZE sample.codes;
