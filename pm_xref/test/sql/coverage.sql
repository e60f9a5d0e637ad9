-- Which columns look like references, and what covers them.
SET client_min_messages = warning;
CREATE SCHEMA shop;
CREATE DOMAIN shop.product_id AS uuid;
CREATE TABLE shop.parent (id uuid PRIMARY KEY);
CREATE TABLE shop.one_to_one (id uuid PRIMARY KEY REFERENCES shop.parent);
CREATE TABLE shop.child (id uuid PRIMARY KEY, parent_id uuid REFERENCES shop.parent, product_id shop.product_id, media_id uuid, code bigint, name text);
CREATE TABLE shop.pair (a uuid, b uuid, PRIMARY KEY (a, b));
CREATE TABLE shop.parts (id uuid, owner_id uuid) PARTITION BY HASH (id);
CREATE TABLE shop.parts_0 PARTITION OF shop.parts FOR VALUES WITH (MODULUS 1, REMAINDER 0);
SELECT pm_xref.add_reference('child to product', 'shop.child', 'product_id', NULL, 'shop.parent');
SELECT pm_xref.add_reference('code', 'shop.child', 'code', NULL, 'shop.child', 'code');
SELECT * FROM pm_xref.coverage WHERE schema_name = 'shop' ORDER BY table_name, column_name;
SELECT pm_xref.drop_reference('code'), pm_xref.drop_reference('child to product');
DROP SCHEMA shop CASCADE;
