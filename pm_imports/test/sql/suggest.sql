-- Which column of a file is what: documents that a config takes as they are.
\set VERBOSITY terse
SET client_min_messages = warning;
SET search_path = pm_imports, pm_gtin, public;
CREATE FUNCTION utf8(text) RETURNS bytea LANGUAGE sql RETURN convert_to($1, 'UTF8');
-- headings of four languages; of prices with a currency it is another column; grams
SELECT s - '{columns,rows}'::text[] AS suggested FROM suggest_mapping_data(utf8(
E'Réf. fournisseur;Code EAN;Libellé;Marque;PA HT;PV TTC;Qté;Poids (g);Truc\nA-1;4006381333931;<b>Stylo</b> bleu;Stabilo;1,20;2,50 €;5;12;zz\nA-2;4006381333948;Crayon;Bic;1.003,40;4,90 €;0;5;yy\n')) AS s;
SELECT s -> 'field_mapping' AS english, s #>> '{file_options,decimal_mark}' AS mark FROM suggest_mapping_data(utf8(
E'Item No.,Barcode,Product Name,Brand,Cost price,RRP,Currency,Qty available,Image URL\n1,4006381333931,Pen,Acme,1.20,2.50,EUR,5,https://x.example/a\n')) AS s;
SELECT s -> 'field_mapping' AS german, s -> 'transformation_rules' AS rules FROM suggest_mapping_data(utf8(
E'Art.-Nr.\tStrichcode\tBezeichnung\tHersteller\tEK-Preis\tVerkaufspreis\tWährung\tLagerbestand\tGewicht\n1\t4006381333931\tStift\tAcme\t1,20\t2,50\tEUR\t5\t1,5 kg\n')) AS s;
SELECT s -> 'field_mapping' AS spanish FROM suggest_mapping_data(utf8(
E'Código de barras;Descripción corta;Nombre;Marca;Precio de compra;PVP;Existencias;Plazo de entrega\n4006381333931;Un lápiz;Lápiz;Acme;1,20;2,50;5;3\n')) AS s;
-- without a header: by what the values are
SELECT s -> 'field_mapping' AS mapping, s -> 'file_options' AS options FROM suggest_mapping_data(utf8(
E'4006381333931,Blue ink pen,0.70,https://x.example/a.jpg\n4006381333948,Red ink pen,0.75,https://x.example/b.jpg\n')) AS s;
-- two columns of one name are known by their place; without GTINs another key
SELECT s -> 'field_mapping' AS mapping, s -> 'import_options' AS options FROM suggest_mapping_data(utf8(E'SKU,Name,Name,Price\nA-1,Pen,Pen 2,1.00\n')) AS s;
-- what speaks for each column
SELECT c ->> 'column' AS "column", c ->> 'target' AS target, c ->> 'confidence' AS confidence, c -> 'others' AS others, c -> 'samples' AS samples
FROM suggest_mapping_data(utf8(E'Référence,Prix,Prix net,Note\n4006381333931,2.50,1.00,\n4006381333948,x,1.00,abc\n')) AS s, jsonb_array_elements(s -> 'columns') AS c;
-- JSON, XML; only so many records
SELECT s -> 'field_mapping' AS mapping, s #>> '{found,format}' AS format FROM suggest_mapping_data(utf8('{"data": [{"ean": "4006381333931", "price": {"amount": 1.2}}, {"name": "x"}]}'), '{"path": "data"}') AS s;
SELECT s -> 'field_mapping' AS mapping, s -> 'file_options' AS options, s -> 'rows' AS rows FROM suggest_mapping_data(utf8('<c><p><ean>4006381333931</ean><nom>Stylo</nom></p><p><ean>1</ean></p></c>'), '{"path": "c/p"}', 1) AS s;
-- a unit in a heading: what numbers without one are in, in the catalog's; "in" is one at the end or in brackets, and the catalog's goes before
SELECT s -> 'field_mapping' AS mapping, s -> 'transformation_rules' AS rules FROM suggest_mapping_data(utf8(
E'EAN,Weight (lb),Width (in),Height inches,"Depth ("")"\n4006381333931,1,2,3,4\n')) AS s;
SELECT h.heading, h.target, _heading_unit(h.heading, h.target) AS unit
FROM (VALUES ('Poids (g)', 'weight'), ('Gewicht in g', 'weight'), ('Weight oz', 'weight'), ('weight_lbs', 'weight'), ('Poids net (livres)', 'weight'), ('Peso mg', 'weight'), ('Weight (kg/lb)', 'weight'), ('Weight', 'weight'),
  ('Width in cm', 'width'), ('width_in', 'width'), ('Depth in box', 'depth'), ('Breite [mm]', 'width'), ('Länge in m', 'depth'), ('Hauteur (millimètres)', 'height'), ('Largeur même taille', 'width'), ('Height (ft.)', 'height'), ('Höhe Zoll', 'height'), ('Width in (net)', 'width'),
  ('Price (in EUR)', 'price'), (NULL, 'width')) AS h(heading, target);
-- files without anything; records that cannot be read do not count
SELECT suggest_mapping_data('') AS nothing;
SELECT s -> 'field_mapping' AS mapping, s #> '{columns,0,samples}' AS samples FROM suggest_mapping_data(utf8(E'EAN;Nom\n1;a;b;c\n4006381333931;Stylo\n')) AS s;
-- a config takes it, and an import goes by it
INSERT INTO import_configs (supplier_code, config_name, field_mapping, transformation_rules, file_options, import_options)
SELECT 'acme', 'suggested', s -> 'field_mapping', s -> 'transformation_rules', s -> 'file_options', s -> 'import_options'
FROM suggest_mapping_data(utf8(E'EAN;Libellé;PV TTC;Poids (g);Largeur (mm)\n4006381330015;<b>Stylo</b> bleu;2,50 €;12;120\n')) AS s;
SELECT rejected, "values" FROM preview_data('suggested', utf8(E'EAN;Libellé;PV TTC;Poids (g);Largeur (mm)\n4006381330015;<b>Stylo</b> bleu;1.002,50 €;12;120\n'));
INSERT INTO import_configs (supplier_code, config_name, field_mapping, transformation_rules) SELECT 'acme', 'suggested pounds', s -> 'field_mapping', s -> 'transformation_rules'
FROM suggest_mapping_data(utf8(E'EAN,Weight (lb),Width (in)\n4006381330015,1,1.05\n')) AS s;
SELECT rejected, "values", errors FROM preview_data('suggested pounds', utf8(E'EAN,Weight (lb),Width (in)\n4006381330015,1,1.05\n'));
-- what cannot be read, or asked
SELECT suggest_mapping_data('\x504b0304');
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT suggest_mapping_data(NULL);
SELECT suggest_mapping_file(NULL);
SELECT * FROM preview_data('x', NULL);
SELECT * FROM preview_file('x', NULL);
\set VERBOSITY terse
SELECT suggest_mapping_data('x', rows => 0);
SELECT suggest_mapping_file('/etc/passwd');
SELECT _suggest(NULL, NULL, 'x', 1);
SELECT * FROM _preview('{}', NULL, NULL, 1);
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT suggest_mapping_data('x', '{"sheeet": 1}');
DELETE FROM import_configs WHERE config_name IN ('suggested', 'suggested pounds');
DROP FUNCTION utf8(text);
