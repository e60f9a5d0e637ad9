-- sample_result.sql - what became of the files of "make run", in db_catalog
\set ON_ERROR_STOP on
\pset footer off
SELECT pm_catalog.rebuild_search() AS "products to be searched";
\echo 'search_products(''feutre efacable bleu''), a letter of which is missing:'
SELECT s.title, p.gtin, o.supplier_sku, o.stock, s.matched_by
FROM pm_catalog.search_products('feutre efacable bleu', limit_rows => 5) AS s
JOIN pm_catalog.products AS p ON p.id = s.product_id JOIN pm_catalog.supplier_products AS o ON o.product_id = p.id;
