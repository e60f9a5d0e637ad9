-- EngraveDetect's lenses: its tables as views, its tests as SQL.
SET search_path = pm_catalog, pm_gtin, public;
\set VERBOSITY terse
INSERT INTO materiaux (nom) VALUES ('CR-39');
SELECT * FROM verres;
SELECT create_family_verre() AS verre \gset
SELECT create_family_verre();
INSERT INTO suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-06bc7f30a5bb', 'ESSILOR', 'Essilor'), ('01a21d28-7d45-7936-84e2-06bc7f30a5bc', 'HOYA', 'Hoya');
SELECT id AS essilor FROM fournisseurs WHERE nom = 'Essilor' \gset
-- test_create_verre: a name, an index, a supplier; the key is there
INSERT INTO verres (nom, indice, fournisseur_id) VALUES ('Test', 1.5, :essilor) RETURNING id IS NOT NULL AS has_id, nom, indice, fournisseur_id = :essilor AS of_supplier;
-- the tables that lenses refer to: keys from the server, names unique, rename, delete
INSERT INTO materiaux (nom) VALUES ('CR-39') RETURNING id AS materiau, nom \gset
INSERT INTO materiaux (nom) VALUES ('CR-39');
INSERT INTO gammes (nom) VALUES ('Varilux') RETURNING id AS gamme \gset
INSERT INTO series (nom) VALUES ('Comfort') RETURNING id AS serie \gset
INSERT INTO materiaux (id, nom) VALUES (5, 'Polycarbonate');
UPDATE materiaux SET nom = 'Orma' WHERE id = :materiau RETURNING id = :materiau AS same, nom;
INSERT INTO materiaux (nom) VALUES ('CR-39'), ('Verre minéral') RETURNING nom;
SELECT code, name FROM family_options WHERE attribute = 'material' ORDER BY id;
UPDATE materiaux SET nom = 'Orma' WHERE nom = 'Verre minéral';
UPDATE materiaux SET id = 1000 WHERE nom = 'Orma';
DELETE FROM materiaux WHERE nom = 'Verre minéral' RETURNING nom;
-- test_verre_crud: create
INSERT INTO verres (nom, variante, hauteur_min, hauteur_max, indice, url_gravure, url_source, fournisseur_id, materiau_id, gamme_id, serie_id)
VALUES ('Varilux Comfort', 'Max', 14, 18, 1.67, 'https://example.com/gravures/1.png', 'https://example.com/verres/1', :essilor, :materiau, :gamme, :serie) RETURNING id AS verre_id \gset
-- read
SELECT v.nom, v.variante, v.hauteur_min, v.hauteur_max, v.indice, v.url_gravure, v.url_source, f.nom AS fournisseur, m.nom AS materiau, g.nom AS gamme, s.nom AS serie
FROM verres AS v JOIN fournisseurs AS f ON f.id = v.fournisseur_id JOIN materiaux AS m ON m.id = v.materiau_id JOIN gammes AS g ON g.id = v.gamme_id JOIN series AS s ON s.id = v.serie_id
WHERE v.id = :verre_id;
SELECT p.title, p.technical_specs FROM products AS p JOIN verres AS v ON v.product_id = p.id WHERE v.id = :verre_id;
-- update
UPDATE verres SET indice = 1.74, hauteur_max = NULL, serie_id = NULL WHERE id = :verre_id RETURNING indice, hauteur_max;
SELECT indice, hauteur_min, hauteur_max, serie_id FROM verres WHERE id = :verre_id;
UPDATE verres SET id = 5 WHERE id = :verre_id;
-- validate_indice: 1.0 <= indice <= 2.0; validate_hauteur: 0 <= min <= max <= 100
DO $$
DECLARE
  faults text;
BEGIN
  UPDATE pm_catalog.verres SET indice = 0.99, hauteur_min = 60, hauteur_max = 50, url_gravure = 'gravure.png', variante = repeat('x', 51) WHERE nom = 'Test';
EXCEPTION WHEN check_violation THEN
  GET STACKED DIAGNOSTICS faults = PG_EXCEPTION_DETAIL;
  RAISE NOTICE E'\n%', faults;
END $$;
SELECT i, (SELECT count(*) FROM check_specs(:'verre', jsonb_build_object('index', i))) AS faults FROM unnest(ARRAY[0.99, 1.0, 1.5, 2.0, 2.01]) AS i;
SELECT l, h, (SELECT count(*) FROM check_specs(:'verre', jsonb_build_object('index', 1.5, 'height_min', l, 'height_max', h))) AS faults
FROM (VALUES (0, 0), (0, 100), (100, 100), (-1, 5), (5, 101), (6, 5)) AS x(l, h);
\set VERBOSITY sqlstate
INSERT INTO verres (nom) VALUES ('Sans indice');
INSERT INTO verres (indice) VALUES (1.5);
INSERT INTO verres (nom, indice, fournisseur_id) VALUES ('x', 1.5, -1);
INSERT INTO verres (nom, indice, materiau_id) VALUES ('x', 1.5, :gamme);
DELETE FROM materiaux WHERE id = :materiau;
\set VERBOSITY terse
-- what other paths write is seen
INSERT INTO products (title, family_id, technical_specs) VALUES ('By SQL', :'verre', '{"index": 1.6, "height_min": 3.0}');
SELECT nom, indice, hauteur_min FROM verres ORDER BY nom;
SELECT count(DISTINCT id) AS keys, count(*) AS lenses FROM verres;
-- delete: none is read any more; the product stays, for its history
DELETE FROM verres WHERE id = :verre_id;
SELECT count(*) FROM verres WHERE id = :verre_id;
SELECT deleted_at IS NOT NULL AS deleted FROM products WHERE title = 'Varilux Comfort';
DELETE FROM verres WHERE id = :verre_id;
-- suppliers: kept in another database, unless pm_suppliers is in this one
\set VERBOSITY default
\set SHOW_CONTEXT never
INSERT INTO fournisseurs (nom) VALUES ('Zeiss');
\set VERBOSITY terse
UPDATE fournisseurs SET nom = 'Zeiss';
DELETE FROM fournisseurs;
CREATE SCHEMA pm_suppliers;
CREATE TABLE pm_suppliers.suppliers (id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(), code text NOT NULL UNIQUE, name text NOT NULL);
INSERT INTO pm_suppliers.suppliers SELECT id, code, name FROM suppliers;
INSERT INTO fournisseurs (nom) VALUES ('Zeiss') RETURNING id AS zeiss \gset
INSERT INTO fournisseurs (nom) VALUES ('Zeiss');
INSERT INTO fournisseurs (id, nom) VALUES (5, 'Rodenstock');
INSERT INTO verres (nom, indice, fournisseur_id) VALUES ('Clarlet', 1.5, :zeiss);
UPDATE fournisseurs SET nom = 'Carl Zeiss' WHERE id = :zeiss RETURNING nom;
UPDATE fournisseurs SET nom = 'Hoya' WHERE id = :zeiss;
DELETE FROM fournisseurs WHERE id = :zeiss;
DELETE FROM fournisseurs WHERE nom = 'Hoya';
SELECT s.code, s.name, c.code, c.name FROM pm_suppliers.suppliers AS s FULL JOIN suppliers AS c USING (id) ORDER BY 1;
DROP TABLE pm_suppliers.suppliers;
DROP SCHEMA pm_suppliers;
-- a family that begins to number its products numbers those it has
INSERT INTO families (code, name) VALUES ('cadre', 'Montures');
INSERT INTO products (title, family_id) SELECT 'Frame ' || n, id FROM families, generate_series(1, 3) AS n WHERE code = 'cadre';
UPDATE families SET numbers_products = true WHERE code = 'cadre';
INSERT INTO products (title, family_id) SELECT 'Frame 4', id FROM families WHERE code = 'cadre';
UPDATE products SET family_id = (SELECT id FROM families WHERE code = 'cadre'), technical_specs = '{}' WHERE title = 'By SQL';
SELECT p.title, n.number = max(n.number) OVER () AS newest FROM product_numbers AS n JOIN products AS p ON p.id = n.product_id JOIN families AS f ON f.id = p.family_id WHERE f.code = 'cadre' ORDER BY n.number;
UPDATE products SET deleted_at = now() WHERE deleted_at IS NULL;
DELETE FROM products;
DELETE FROM families;
DELETE FROM suppliers;
