-- Text as people compare it; the tables are tested in plain C.
\set VERBOSITY terse
SET search_path = pm_catalog, public;
SELECT line, fold(line) FROM unnest(ARRAY['Crème Brûlée', 'STRASSE', 'straße', 'Ångström', E'e\u0301', 'ΑΣ', 'Ёж', '日本', '', NULL]) AS line;
SELECT count(*) AS unstable FROM generate_series(1, 65535) AS cp WHERE cp NOT BETWEEN 55296 AND 57343 AND fold(fold(chr(cp))) <> fold(chr(cp));
-- the same in other encodings
CREATE DATABASE latin1 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
CREATE DATABASE cyrillic ENCODING 'ISO_8859_5' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
CREATE DATABASE bytes ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
\set ECHO none
\set test 'SELECT getdatabaseencoding(), count(*) AS characters, count(*) FILTER (WHERE pm_catalog.fold(c) <> c) AS folded, count(*) FILTER (WHERE pm_catalog.fold(pm_catalog.fold(c)) <> pm_catalog.fold(c)) AS unstable FROM (SELECT chr(i) AS c FROM generate_series(1, 255) AS i WHERE i NOT BETWEEN 128 AND 159) AS x;'
SELECT current_database() AS home \gset
\connect latin1
SET client_min_messages = warning;
CREATE EXTENSION pm_catalog CASCADE;
:test
SELECT pm_catalog.fold(chr(201) || 't' || chr(233) || ' ' || chr(223) || chr(181))::bytea;
INSERT INTO pm_catalog.products (title) VALUES ('Cr' || chr(232) || 'mes br' || chr(251) || 'l' || chr(233) || 'es');
SELECT pm_catalog.index_products();
SELECT title::bytea, highlight::bytea, matched_by FROM pm_catalog.search_products('creme br' || chr(251) || 'lee');
SELECT suggestion::bytea FROM pm_catalog.suggest('br' || chr(251));
\connect cyrillic
SET client_min_messages = warning;
CREATE EXTENSION pm_catalog CASCADE;
:test
INSERT INTO pm_catalog.products (title) VALUES (chr(186) || chr(222) || chr(228) || chr(213));
SELECT pm_catalog.index_products();
SELECT title::bytea, matched_by FROM pm_catalog.search_products(chr(218) || chr(222) || chr(228) || chr(213));
SELECT suggestion::bytea FROM pm_catalog.suggest(chr(218) || chr(222));
\connect bytes
SET client_min_messages = warning;
CREATE EXTENSION pm_catalog CASCADE;
SELECT pm_catalog.fold('Crème'), pm_catalog.fold(convert_from('\xFF41', 'SQL_ASCII'))::bytea;
\connect :home
DROP DATABASE latin1;
DROP DATABASE cyrillic;
DROP DATABASE bytes;
