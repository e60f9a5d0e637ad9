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
\connect cyrillic
SET client_min_messages = warning;
CREATE EXTENSION pm_catalog CASCADE;
:test
\connect bytes
SET client_min_messages = warning;
CREATE EXTENSION pm_catalog CASCADE;
SELECT pm_catalog.fold('Crème'), pm_catalog.fold(convert_from('\xFF41', 'SQL_ASCII'))::bytea;
\connect :home
DROP DATABASE latin1;
DROP DATABASE cyrillic;
DROP DATABASE bytes;
