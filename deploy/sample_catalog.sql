-- sample_catalog.sql - merges the files that "make run" has read into the catalog, as
-- rows of the supplier "sample"; a second run finds all rows unchanged
\set ON_ERROR_STOP on
SET client_min_messages = warning;

CREATE VIEW sample.offered AS
SELECT c.file_id * 10000000 + c.line AS row_no, c.gtin,
       CASE c.file_id WHEN 1 THEN 'Article ' || s.sku ELSE nullif(btrim(regexp_replace(o.name, '\s+', ' ', 'g')), '') END AS title,
       nullif(o.ingredients, '') AS description
FROM sample.codes AS c
LEFT JOIN sample.supplier_file AS s ON c.file_id = 1 AND s.line = c.line
LEFT JOIN sample.openfoodfacts_file AS o ON c.file_id = 2 AND o.line = c.line
WHERE c.gtin IS NOT NULL;
COMMENT ON VIEW sample.offered IS 'what is merged into the catalog: the rows whose code was resolved';

\timing on
CREATE TEMPORARY TABLE merged AS
SELECT m.* FROM pm_catalog.suppliers AS s, pm_catalog.merge_products(NULL, NULL, 'sample.offered', s.id) AS m WHERE s.code = 'sample';
\timing off
SELECT outcome, count(*) AS rows, mode() WITHIN GROUP (ORDER BY regexp_replace(reason, '\d{3,}', 'N', 'g')) AS reason_for_most
FROM merged GROUP BY 1 ORDER BY 2 DESC;
SELECT pm_catalog.rebuild_search() AS products_to_be_searched;
