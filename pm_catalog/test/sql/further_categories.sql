-- Counts of products by further categories, and whatever changes them.
\set VERBOSITY terse
SET client_min_messages = warning;
SET search_path = pm_catalog, pm_gtin, public;
SELECT ensure_category('main', '{Pens,Fountain}') IS NOT NULL, ensure_category('main', '{Gifts,Small}') IS NOT NULL, ensure_category('google', '{Office}') IS NOT NULL;
INSERT INTO products (title, category_id) SELECT t, (SELECT id FROM categories WHERE name = 'Fountain') FROM unnest('{A,B,C}'::text[]) AS t;
CREATE VIEW counts AS SELECT c.name, n.products, n.products_below AS below, n.further, n.further_below FROM category_counts AS n JOIN categories AS c ON c.id = n.category_id ORDER BY c.taxonomy, c.path;
-- what the view must say
CREATE VIEW wrong AS
SELECT n.*
FROM category_counts AS n JOIN categories AS c ON c.id = n.category_id
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE b.id = c.id) AS own, count(*) AS below
  FROM category_subtree(c.id) AS b JOIN product_categories AS f ON f.category_id = b.id
  JOIN products AS p ON p.id = f.product_id AND p.category_id IS DISTINCT FROM b.id AND p.is_active AND p.status = 'active' AND p.deleted_at IS NULL) AS e
WHERE (n.further, n.further_below) <> (e.own, e.below);
INSERT INTO product_categories (product_id, category_id) SELECT p.id, c.id FROM products AS p, categories AS c WHERE c.name IN ('Small', 'Office') OR (c.name = 'Fountain' AND title = 'A');
TABLE counts;
SELECT _fold_counts() > 0 AS folded;
TABLE counts;
-- products hide, come back, and change their main category
UPDATE products SET status = 'inactive' WHERE title = 'B';
TABLE counts;
UPDATE products SET status = 'active' WHERE title = 'B';
UPDATE products SET category_id = (SELECT id FROM categories WHERE name = 'Small') WHERE title IN ('A', 'C');
TABLE counts;
TABLE wrong;
-- rows that change, and go
UPDATE product_categories SET category_id = (SELECT id FROM categories WHERE name = 'Pens') WHERE category_id = (SELECT id FROM categories WHERE name = 'Office');
TABLE wrong;
DELETE FROM product_categories WHERE category_id = (SELECT id FROM categories WHERE name = 'Pens') AND product_id = (SELECT id FROM products WHERE title = 'A');
TABLE counts;
TABLE wrong;
-- a category moves, with what is folded and what is not
SELECT _fold_counts() > 0 AS folded;
INSERT INTO product_categories (product_id, category_id) SELECT p.id, c.id FROM products AS p, categories AS c WHERE c.name = 'Gifts';
UPDATE categories SET parent_id = (SELECT id FROM categories WHERE name = 'Pens') WHERE name = 'Gifts';
TABLE counts;
TABLE wrong;
-- and goes with its rows
INSERT INTO product_categories (product_id, category_id) SELECT p.id, c.id FROM products AS p, categories AS c WHERE c.name = 'Office';
UPDATE categories SET parent_id = NULL WHERE name = 'Gifts';
UPDATE products SET category_id = NULL WHERE title IN ('A', 'C');
DELETE FROM categories WHERE name = 'Small';
TABLE counts;
TABLE wrong;
SELECT _fold_counts() > 0 AS folded;
TABLE counts;
-- products that are deleted and go
UPDATE products SET deleted_at = now() WHERE title = 'B';
DELETE FROM products WHERE title = 'B';
TABLE counts;
TABLE wrong;
TRUNCATE product_categories;
TABLE counts;
TABLE wrong;
DROP VIEW counts, wrong;
UPDATE products SET deleted_at = now();
DELETE FROM products;
DELETE FROM categories WHERE parent_id IS NOT NULL;
DELETE FROM categories;
SELECT count(*) FROM _category_deltas;
