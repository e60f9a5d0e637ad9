-- Trees of categories: paths follow parents, cycles are refused, counts are exact.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET search_path = pm_catalog, pm_gtin, public;
CREATE VIEW tree AS
SELECT repeat('  ', c.depth) || c.name AS name, c.depth, (SELECT string_agg(p.name, '/' ORDER BY array_position(c.path, p.number)) FROM categories AS p WHERE p.number = ANY (c.path)) AS path
FROM categories AS c ORDER BY c.path;
-- a child before its parent in one statement, and in COPY
INSERT INTO categories (id, name, parent_id) VALUES
  ('01a21d28-7d45-7936-84e2-000000000003', 'Fountain pens', '01a21d28-7d45-7936-84e2-000000000002'),
  ('01a21d28-7d45-7936-84e2-000000000002', 'Pens', '01a21d28-7d45-7936-84e2-000000000001'),
  ('01a21d28-7d45-7936-84e2-000000000001', 'Office', NULL);
COPY categories (id, name, parent_id) FROM stdin;
01a21d28-7d45-7936-84e2-000000000005	Novels	01a21d28-7d45-7936-84e2-000000000004
01a21d28-7d45-7936-84e2-000000000004	Books	\N
\.
TABLE tree;
-- what is kept by the server is not written by others
UPDATE categories SET path = '{1}' WHERE name = 'Novels';
INSERT INTO categories (name, path) VALUES ('Garden', '{7,7}');
-- a subtree moves with its root
UPDATE categories SET parent_id = '01a21d28-7d45-7936-84e2-000000000005' WHERE name = 'Pens';
TABLE tree;
-- two at once, one of them from below the other
UPDATE categories AS c SET parent_id = v.parent::uuid
FROM (VALUES ('Pens', '01a21d28-7d45-7936-84e2-000000000001'), ('Fountain pens', '01a21d28-7d45-7936-84e2-000000000004')) AS v(name, parent) WHERE v.name = c.name;
TABLE tree;
SELECT name FROM category_subtree('01a21d28-7d45-7936-84e2-000000000004') ORDER BY path;
SELECT name FROM category_ancestors('01a21d28-7d45-7936-84e2-000000000003');
SELECT count(*) FROM category_subtree('01a21d28-7d45-7936-84e2-000000000099');
-- no category below itself
UPDATE categories SET parent_id = id WHERE name = 'Pens';
UPDATE categories SET parent_id = '01a21d28-7d45-7936-84e2-000000000003' WHERE name = 'Books';
INSERT INTO categories (id, name, parent_id) VALUES ('01a21d28-7d45-7936-84e2-00000000000a', 'A', '01a21d28-7d45-7936-84e2-00000000000b'), ('01a21d28-7d45-7936-84e2-00000000000b', 'B', '01a21d28-7d45-7936-84e2-00000000000a');
\set VERBOSITY sqlstate
UPDATE categories SET parent_id = '01a21d28-7d45-7936-84e2-000000000003' WHERE name = 'Books';
\set VERBOSITY default
-- a parent of another taxonomy, or that is still needed, or does not exist
INSERT INTO categories (taxonomy, name, parent_id) VALUES ('google', 'Pens', '01a21d28-7d45-7936-84e2-000000000001');
UPDATE categories SET taxonomy = 'google' WHERE name = 'Office';
DELETE FROM categories WHERE name = 'Office';
-- a tree changes its taxonomy as a whole
UPDATE categories SET taxonomy = 'google' WHERE id IN (SELECT id FROM category_subtree('01a21d28-7d45-7936-84e2-000000000004'));
SELECT taxonomy, name FROM categories ORDER BY 1, 2;
-- categories by their names, made where they are missing
SELECT ensure_category('google', '{Books, Novels }') = '01a21d28-7d45-7936-84e2-000000000005' AS novels;
SELECT ensure_category('main', '{Books,Novels}') = ensure_category('main', '{Books,Novels}') AS made_once;
SELECT ensure_category('main', '{}');
SELECT ensure_category('main', '{Books,NULL}');
\set VERBOSITY terse
SELECT ensure_category('main', '{Books,"  "}');
SELECT ensure_category('No slug', '{Books}');
\set VERBOSITY default
-- 50 above one are enough
SELECT ensure_category('deep', ARRAY(SELECT 'n' || i FROM generate_series(1, 51) AS i)) IS NOT NULL AS made;
SELECT max(depth) FROM categories;
INSERT INTO categories (taxonomy, name, parent_id) SELECT taxonomy, 'too deep', id FROM categories WHERE name = 'n51';
INSERT INTO categories (id, taxonomy, name) VALUES ('01a21d28-7d45-7936-84e2-0000000000cc', 'deep', 'on top');
UPDATE categories SET parent_id = '01a21d28-7d45-7936-84e2-0000000000cc' WHERE name = 'n1';
-- counts: shown products alone, with and without what is below, folded or not
INSERT INTO products (title, category_id, status, is_active)
SELECT 'Product ' || i, ('01a21d28-7d45-7936-84e2-00000000000' || 1 + i % 5)::uuid, CASE WHEN i % 7 = 0 THEN 'draft' ELSE 'active' END, i % 11 <> 0 FROM generate_series(1, 100) AS i;
CREATE VIEW counted AS
SELECT c.taxonomy, c.name, n.products, n.products_below,
       n.products = (SELECT count(*) FROM products AS p WHERE p.category_id = c.id AND p.status = 'active' AND p.is_active AND p.deleted_at IS NULL)
       AND n.products_below = (SELECT count(*) FROM products AS p JOIN category_subtree(c.id) AS s ON s.id = p.category_id WHERE p.status = 'active' AND p.is_active AND p.deleted_at IS NULL) AS is_right
FROM category_counts AS n JOIN categories AS c ON c.id = n.category_id ORDER BY 1, 2;
SELECT * FROM counted WHERE products_below > 0;
SELECT _fold_counts();
SELECT count(*) FROM _category_deltas;
UPDATE products SET category_id = '01a21d28-7d45-7936-84e2-000000000001' WHERE title LIKE '%3';
UPDATE products SET deleted_at = now() WHERE title LIKE '%4';
UPDATE products SET deleted_at = now() WHERE deleted_at IS NULL AND title LIKE '%5';
DELETE FROM products WHERE title LIKE '%5';
UPDATE categories SET parent_id = '01a21d28-7d45-7936-84e2-000000000002' WHERE id = '01a21d28-7d45-7936-84e2-000000000001';
UPDATE categories SET parent_id = NULL WHERE name = 'Pens';
SELECT count(*) FILTER (WHERE is_right) AS right, count(*) FILTER (WHERE NOT is_right) AS wrong FROM counted;
SELECT count(*) AS pending FROM _category_deltas;
SELECT _fold_counts();
SELECT * FROM counted WHERE products_below > 0;
-- a statement that changes no count adds nothing
UPDATE products SET title = title || ' (new)' WHERE deleted_at IS NULL;
SELECT count(*) FROM _category_deltas;
UPDATE products SET deleted_at = now() WHERE deleted_at IS NULL;
DELETE FROM products;
SELECT sum(products_below) FROM category_counts;
-- nor is anything left of a category that goes before its changes are folded
INSERT INTO products (title, category_id) VALUES ('Last', '01a21d28-7d45-7936-84e2-000000000003');
SELECT _fold_counts() > 0 AS folded;
UPDATE products SET deleted_at = now() WHERE deleted_at IS NULL;
DELETE FROM products;
DELETE FROM categories WHERE id = '01a21d28-7d45-7936-84e2-000000000003';
SELECT sum(products_below) FROM category_counts;
SELECT count(*) FROM _category_deltas;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT _fold_counts();
ROLLBACK;
-- nothing is left either, should its id come again
DROP VIEW tree, counted;
DELETE FROM categories;
SELECT count(*) FROM _category_counts;
INSERT INTO categories (id, name) VALUES ('01a21d28-7d45-7936-84e2-000000000001', 'Office');
SELECT products, products_below FROM category_counts;
DELETE FROM categories;
