-- Bundles: what is in them, and that none is in itself.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET search_path = pm_catalog, pm_gtin, public;
INSERT INTO products (id, title) SELECT ('01a21d28-7d45-7936-84e2-00000000000' || n)::uuid, title
FROM unnest('{Pen,Box,Crate,Pallet,Ink}'::text[]) WITH ORDINALITY AS p(title, n);
INSERT INTO product_bundles (id, product_id) SELECT ('01a21d28-7d45-7936-84e2-0000000000b' || right(id::text, 1))::uuid, id FROM products WHERE title IN ('Box', 'Crate', 'Pallet');
CREATE FUNCTION put(item text, quantity integer, bundle text) RETURNS void LANGUAGE sql AS
$$ INSERT INTO product_bundle_items (bundle_id, product_id, quantity) SELECT b.id, i.id, quantity FROM products AS i, products AS p JOIN product_bundles AS b ON b.product_id = p.id WHERE (i.title, p.title) = (item, bundle) $$;
SELECT put('Pen', 10, 'Box'), put('Ink', 1, 'Box'), put('Box', 4, 'Crate'), put('Crate', 2, 'Pallet'), put('Pen', 7, 'Pallet');
SELECT p.title, c.quantity FROM bundle_contents('01a21d28-7d45-7936-84e2-0000000000b4') AS c JOIN products AS p ON p.id = c.product_id ORDER BY 1;
SELECT receive_stock('01a21d28-7d45-7936-84e2-000000000001', 200), receive_stock('01a21d28-7d45-7936-84e2-000000000005', 17), receive_stock('01a21d28-7d45-7936-84e2-000000000001', 61, 'shop');
SELECT p.title, bundle_availability(b.id) FROM product_bundles AS b JOIN products AS p ON p.id = b.product_id ORDER BY 1;
SELECT reserve_stock('01a21d28-7d45-7936-84e2-000000000001', 87), bundle_availability('01a21d28-7d45-7936-84e2-0000000000b4'), reserve_stock('01a21d28-7d45-7936-84e2-000000000001', 1);
SELECT bundle_availability('01a21d28-7d45-7936-84e2-0000000000b4'), bundle_availability('01a21d28-7d45-7936-84e2-0000000000b9');
-- none inside itself: at once, at any depth, by UPDATE, by another product for a bundle, in one statement
SELECT put('Box', 1, 'Box');
SELECT put('Pallet', 1, 'Box');
UPDATE product_bundle_items SET product_id = '01a21d28-7d45-7936-84e2-000000000004' WHERE product_id = '01a21d28-7d45-7936-84e2-000000000005';
UPDATE product_bundles SET product_id = '01a21d28-7d45-7936-84e2-000000000005' WHERE id = '01a21d28-7d45-7936-84e2-0000000000b4';
DELETE FROM product_bundle_items WHERE product_id IN ('01a21d28-7d45-7936-84e2-000000000002', '01a21d28-7d45-7936-84e2-000000000003');
INSERT INTO product_bundle_items (bundle_id, product_id) VALUES
  ('01a21d28-7d45-7936-84e2-0000000000b2', '01a21d28-7d45-7936-84e2-000000000003'), ('01a21d28-7d45-7936-84e2-0000000000b3', '01a21d28-7d45-7936-84e2-000000000002');
COPY product_bundle_items (bundle_id, product_id) FROM stdin;
01a21d28-7d45-7936-84e2-0000000000b2	01a21d28-7d45-7936-84e2-000000000003
01a21d28-7d45-7936-84e2-0000000000b3	01a21d28-7d45-7936-84e2-000000000002
\.
\set VERBOSITY sqlstate
SELECT put('Box', 1, 'Box');
\set VERBOSITY default
-- what is in a bundle in two ways is no cycle
SELECT put('Box', 1, 'Crate'), put('Crate', 1, 'Pallet'), put('Box', 1, 'Pallet');
-- twenty bundles, each twice in the next by way of two others: found without going every way
INSERT INTO products (title) SELECT 'Layer ' || i || s FROM generate_series(1, 20) AS i, unnest('{a,b}'::text[]) AS s;
INSERT INTO product_bundles (id, product_id)
SELECT ('01a21d28-7d45-7936-84e2-' || lpad(row_number() OVER (ORDER BY p.title COLLATE "C")::text, 12, 'c'))::uuid, p.id FROM products AS p WHERE p.title LIKE 'Layer%';
INSERT INTO product_bundle_items (bundle_id, product_id)
SELECT b.id, i.id FROM generate_series(2, 20) AS n, unnest('{a,b}'::text[]) AS s, unnest('{a,b}'::text[]) AS t, products AS p JOIN product_bundles AS b ON b.product_id = p.id, products AS i
WHERE p.title = 'Layer ' || n || s AND i.title = 'Layer ' || n - 1 || t;
SELECT count(*) FROM product_bundle_items;
SELECT put('Layer 20a', 1, 'Layer 1b');
-- more ways from the top to the bottom than anybody can count: 2 ^ 20
DELETE FROM product_bundles;
INSERT INTO products (title, sku) SELECT 'Step ' || i, 'STEP-' || i FROM generate_series(1, 42) AS i;
INSERT INTO product_bundles (product_id) SELECT id FROM products WHERE sku ~ '^STEP' AND substr(sku, 6)::int <= 40;
INSERT INTO product_bundle_items (bundle_id, product_id)
SELECT b.id, p.id FROM generate_series(1, 40) AS i JOIN products AS w ON w.sku = 'STEP-' || i JOIN product_bundles AS b ON b.product_id = w.id
JOIN products AS p ON p.sku IN ('STEP-' || (i + 1) / 2 * 2 + 1, 'STEP-' || (i + 1) / 2 * 2 + 2);
SET statement_timeout = '20 s';
SELECT p.title, c.quantity FROM products AS w JOIN product_bundles AS b ON b.product_id = w.id, bundle_contents(b.id) AS c JOIN products AS p ON p.id = c.product_id WHERE w.sku = 'STEP-1' ORDER BY 1;
RESET statement_timeout;
DELETE FROM product_bundles;
UPDATE products SET deleted_at = now() WHERE deleted_at IS NULL;
DELETE FROM products;
DROP FUNCTION put;
