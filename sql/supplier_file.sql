-- The whole system, one supplier's file: every extension in one database, the
-- file read as it is, codes typed, what fails kept with its reason.
CREATE EXTENSION pm_gtin;
SET search_path = public, pm_gtin;

CREATE TEMP TABLE supplier_file (line integer GENERATED ALWAYS AS IDENTITY, sku text, ean text, price text);
COPY supplier_file (sku, ean, price) FROM STDIN (FORMAT csv, HEADER, DELIMITER ';');
sku;ean;price
A-1;4006381333931;12,90
A-2; 4006381333931;12,90
A-3;4 006381 333948;3,50
A-4;="4006381333955";1,00
A-5;36000291452;2,99
A-6;4.00638E+12;2,99
A-7;400638133396;2,99
A-8;4006381333930;2,99
A-9;n/a;0,99
A-10;;0,99
A-11;(01)14006381333938(10)L7;120,00
A-12;0-306-40615-2;19,90
A-13;2012345678903;4,20
\.

CREATE TABLE item (gtin gtin PRIMARY KEY CHECK (NOT is_restricted(gtin)), sku text NOT NULL, method text NOT NULL);
CREATE TABLE rejected (line integer PRIMARY KEY, ean text, reason text NOT NULL, suggestion gtin);
WITH resolved AS MATERIALIZED (
  SELECT f.line, f.sku, f.ean, r.*, row_number() OVER (PARTITION BY r.gtin ORDER BY f.line) AS nth
  FROM supplier_file AS f LEFT JOIN LATERAL gtin_resolve(f.ean) AS r ON true
), taken AS (
  INSERT INTO item SELECT gtin, sku, method FROM resolved WHERE gtin IS NOT NULL AND nth = 1 AND NOT is_restricted(gtin)
  RETURNING sku
)
INSERT INTO rejected
SELECT line, ean, CASE WHEN gtin IS NULL THEN coalesce(method, 'empty') WHEN is_restricted(gtin) THEN 'restricted' ELSE 'duplicate' END, suggestion
FROM resolved WHERE sku NOT IN (SELECT sku FROM taken);

SELECT gtin, sku, method, gtin_prefix_holder(gtin) AS prefix_holder FROM item ORDER BY gtin;
SELECT * FROM rejected ORDER BY line;
SELECT (SELECT count(*) FROM supplier_file) = (SELECT count(*) FROM item) + (SELECT count(*) FROM rejected) AS every_line_accounted_for;
-- a package and the item inside meet
SELECT outer_item.gtin AS package, inside.gtin AS item FROM item AS outer_item JOIN item AS inside ON inside.gtin = gtin_inner(outer_item.gtin)
WHERE gtin_indicator(outer_item.gtin) > 0;

DROP TABLE item, rejected;
RESET search_path;
DROP EXTENSION pm_gtin;
SELECT (SELECT count(*) FROM pg_proc WHERE pronamespace = 'pm_gtin'::regnamespace)
     + (SELECT count(*) FROM pg_class WHERE relnamespace = 'pm_gtin'::regnamespace)
     + (SELECT count(*) FROM pg_type WHERE typnamespace = 'pm_gtin'::regnamespace) AS left_behind;
DROP SCHEMA pm_gtin;
