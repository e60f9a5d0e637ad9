-- Types asin and gs1_elements.

CREATE TYPE pm_gtin.asin;

CREATE FUNCTION pm_gtin.asin_in(cstring) RETURNS pm_gtin.asin
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_asin_in';
CREATE FUNCTION pm_gtin.asin_out(pm_gtin.asin) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_asin_out';
CREATE FUNCTION pm_gtin.asin_recv(internal) RETURNS pm_gtin.asin
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_asin_recv';
CREATE FUNCTION pm_gtin.asin_send(pm_gtin.asin) RETURNS bytea
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8send';
COMMENT ON FUNCTION pm_gtin.asin_in(cstring) IS 'text input of type asin';
COMMENT ON FUNCTION pm_gtin.asin_out(pm_gtin.asin) IS 'text output of type asin: 10 characters';
COMMENT ON FUNCTION pm_gtin.asin_recv(internal) IS 'binary input of type asin: eight bytes, checked like text (22P03, 22003)';
COMMENT ON FUNCTION pm_gtin.asin_send(pm_gtin.asin) IS 'binary output of type asin: the number in eight bytes';

CREATE TYPE pm_gtin.asin (
  INPUT = pm_gtin.asin_in,
  OUTPUT = pm_gtin.asin_out,
  RECEIVE = pm_gtin.asin_recv,
  SEND = pm_gtin.asin_send,
  LIKE = pg_catalog.int8
);
COMMENT ON TYPE pm_gtin.asin IS
'Amazon Standard Identification Number: B and nine letters or digits, or the ISBN-10 of a book. Input in either case, prints upper case; 22P02 otherwise. Storage: eight bytes by value; order is text order.';

CREATE TYPE pm_gtin.gs1_elements;

CREATE FUNCTION pm_gtin.gs1_elements_in(cstring) RETURNS pm_gtin.gs1_elements
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gs1_elements_in';
CREATE FUNCTION pm_gtin.gs1_elements_out(pm_gtin.gs1_elements) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gs1_elements_out';
CREATE FUNCTION pm_gtin.gs1_elements_recv(internal) RETURNS pm_gtin.gs1_elements
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gs1_elements_recv';
CREATE FUNCTION pm_gtin.gs1_elements_send(pm_gtin.gs1_elements) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gs1_elements_send';
COMMENT ON FUNCTION pm_gtin.gs1_elements_in(cstring) IS 'text input of type gs1_elements';
COMMENT ON FUNCTION pm_gtin.gs1_elements_out(pm_gtin.gs1_elements) IS 'text output of type gs1_elements: canonical bracketed form';
COMMENT ON FUNCTION pm_gtin.gs1_elements_recv(internal) IS 'binary input of type gs1_elements: text, checked likewise (22P02)';
COMMENT ON FUNCTION pm_gtin.gs1_elements_send(pm_gtin.gs1_elements) IS 'binary output of type gs1_elements: text';

CREATE TYPE pm_gtin.gs1_elements (
  INPUT = pm_gtin.gs1_elements_in,
  OUTPUT = pm_gtin.gs1_elements_out,
  RECEIVE = pm_gtin.gs1_elements_recv,
  SEND = pm_gtin.gs1_elements_send,
  INTERNALLENGTH = VARIABLE,
  STORAGE = extended
);
COMMENT ON TYPE pm_gtin.gs1_elements IS
'GS1 element string, e.g. (01)04006381333931(10)ABC: application identifiers with their values, checked against formats, check digits, and the identifiers that need or exclude each other.
Input: bracketed, "(" in a value as "\(", or as scanners send it, with FNC1 (ASCII 29) and an optional symbology identifier (]C1 ]d2 ]Q3 ]e0 ]J1, ]E0 ]E4 for a plain EAN); 22P02 otherwise. Output: the bracketed form. Equality compares that form byte by byte.';
