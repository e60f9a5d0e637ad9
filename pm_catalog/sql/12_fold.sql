-- Text as people compare it.

CREATE FUNCTION pm_catalog.fold(line text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_fold';
COMMENT ON FUNCTION pm_catalog.fold(line text) IS
'the text in small letters without accents (Crème Brûlée: creme brulee, Straße: strasse), digits and full-width forms as ASCII, marks and invisible characters left out; other letters as small as their script has them. For keys by which names are compared: the same on every server, whatever its locale. Error 22P05 in a database whose encoding lacks a character that a letter becomes';
