\echo Use "CREATE EXTENSION pm_gtin" to load this file. \quit

-- Types and pure functions are for everybody; what is not, says so where it is made.
GRANT USAGE ON SCHEMA pm_gtin TO PUBLIC;
COMMENT ON SCHEMA pm_gtin IS 'Product identifiers: GTIN, EAN, UPC, ISBN, ISSN, ISMN, ASIN, GS1 element strings, and a resolver for dirty codes';
