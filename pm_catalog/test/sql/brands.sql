-- Brands under all their names.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET search_path = pm_catalog, pm_gtin, public;
-- what two spellings of a name have in common
SELECT name, brand_key(name) FROM unnest('{HP,"H. P.",Hewlett-Packard,hewlett packard,Lego™,LEGO,Nestlé,NESTLE,C&A,CA,Canal+,Dr. Œtker,Straße,Łódź,"3M ","ＳＯＮＹ","L’Oréal",L''Oreal,"Häagen-Dazs","--"}'::text[]) AS name;
SELECT brand_key(NULL) IS NULL, brand_key('') = '';
-- brands that are missing are made, one for all spellings
CREATE TEMP TABLE ensured AS SELECT * FROM ensure_brands('{HP,Hewlett-Packard,"hewlett packard",h.p.,--,NULL,HP}');
SELECT e.name, b.name AS brand FROM ensured AS e LEFT JOIN brands AS b ON b.id = e.brand_id ORDER BY e.name COLLATE "C";
SELECT ensure_brand('H P') = ensure_brand('hp') AS same, ensure_brand('?') AS none, (SELECT count(*) FROM brands);
SELECT count(*) FROM ensure_brands('{}');
\set VERBOSITY terse
SELECT ensure_brand(E'two\nlines');
\set VERBOSITY default
-- a name belongs to one brand
INSERT INTO brands (name) VALUES ('hewlett_packard');
INSERT INTO brands (name) VALUES ('Dell'), ('DELL');
UPDATE brands SET name = 'HP' WHERE name = 'Hewlett-Packard';
\set VERBOSITY terse
INSERT INTO brands (name) VALUES ('!?');
\set VERBOSITY default
INSERT INTO brand_aliases (alias, brand_id) SELECT 'H.P.', id FROM brands WHERE name = 'Hewlett-Packard';
\set VERBOSITY sqlstate
INSERT INTO brands (name) VALUES ('hewlett_packard');
\set VERBOSITY default
-- a brand that is renamed is known by both names; its own cannot go
INSERT INTO brands (name) VALUES ('Facebook');
UPDATE brands SET name = 'Meta' WHERE name = 'Facebook';
SELECT ensure_brand('facebook') = ensure_brand('META') AS same;
DELETE FROM brand_aliases WHERE alias = 'Meta';
UPDATE brand_aliases SET alias = 'Metaverse' WHERE alias = 'Meta';
DELETE FROM brand_aliases WHERE alias = 'Facebook';
-- two become one, with their products and names
INSERT INTO products (title, brand_id) SELECT 'Printer ' || i, ensure_brand(CASE i % 3 WHEN 0 THEN 'HP' ELSE 'Hewlett Packard' END) FROM generate_series(1, 6) AS i;
SELECT merge_brands(ensure_brand('Hewlett-Packard'), ensure_brand('HP'));
SELECT b.name, count(*) FROM products AS p JOIN brands AS b ON b.id = p.brand_id GROUP BY 1;
SELECT a.alias_key, a.alias, b.name FROM brand_aliases AS a JOIN brands AS b ON b.id = a.brand_id ORDER BY 1;
SELECT merge_brands(id, id) IS NULL FROM (VALUES ('01a21d28-7d45-7936-84e2-000000000001'::uuid)) AS v(id);
SELECT merge_brands('01a21d28-7d45-7936-84e2-000000000001', '01a21d28-7d45-7936-84e2-000000000002');
SELECT merge_brands(NULL, ensure_brand('HP'));
-- a product that is deleted changes its brand, and nothing else
INSERT INTO products (id, title, brand_id) VALUES ('01a21d28-7d45-7936-84e2-0000000000dd', 'Long gone', ensure_brand('Passing'));
SELECT delete_product(id) FROM products WHERE title = 'Long gone';
SELECT merge_brands(ensure_brand('Passing'), ensure_brand('Lasting'));
SELECT p.version, p.deleted_at IS NOT NULL AS deleted, b.name FROM products AS p JOIN brands AS b ON b.id = p.brand_id WHERE p.title = 'Long gone';
UPDATE products SET brand_id = NULL, sku = 'X' WHERE title = 'Long gone';
UPDATE products SET brand_id = NULL, version = version + 1 WHERE title = 'Long gone';
UPDATE products SET deleted_at = now() WHERE deleted_at IS NULL;
DELETE FROM products;
DELETE FROM brands;
SELECT count(*) FROM brand_aliases;
