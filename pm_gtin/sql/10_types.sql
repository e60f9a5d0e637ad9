-- Types.  All but gs1_elements are a bigint by value: the plain number that the digits spell.

CREATE TYPE pm_gtin.gtin;

CREATE FUNCTION pm_gtin.gtin_in(cstring) RETURNS pm_gtin.gtin
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_in';
CREATE FUNCTION pm_gtin.gtin_out(pm_gtin.gtin) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_out';
CREATE FUNCTION pm_gtin.gtin_recv(internal) RETURNS pm_gtin.gtin
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_recv';
CREATE FUNCTION pm_gtin.gtin_send(pm_gtin.gtin) RETURNS bytea
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8send';
COMMENT ON FUNCTION pm_gtin.gtin_in(cstring) IS 'text input of type gtin';
COMMENT ON FUNCTION pm_gtin.gtin_out(pm_gtin.gtin) IS 'text output of type gtin: 8, 12, 13 or 14 digits, whichever is shortest';
COMMENT ON FUNCTION pm_gtin.gtin_recv(internal) IS 'binary input of type gtin: eight bytes, checked like text (22P03, 22003)';
COMMENT ON FUNCTION pm_gtin.gtin_send(pm_gtin.gtin) IS 'binary output of type gtin: the number in eight bytes';

CREATE TYPE pm_gtin.gtin (
  INPUT = pm_gtin.gtin_in,
  OUTPUT = pm_gtin.gtin_out,
  RECEIVE = pm_gtin.gtin_recv,
  SEND = pm_gtin.gtin_send,
  LIKE = pg_catalog.int8
);
COMMENT ON TYPE pm_gtin.gtin IS
'Global Trade Item Number of any length (EAN-8, UPC-A, EAN-13, GTIN-14): equal values are the same trade item.
Input: 8, 12, 13 or 14 digits with a right check digit, outer white space and single "-" or " " between digits allowed; anything else is 22P02 (see gtin_resolve for dirty codes).
Output: the shortest of 8, 12, 13 or 14 digits, no hyphens. Storage: eight bytes by value. Source: GS1 General Specifications 7.9.1.';

CREATE TYPE pm_gtin.gtin8;

CREATE FUNCTION pm_gtin.gtin8_in(cstring) RETURNS pm_gtin.gtin8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin8_in';
CREATE FUNCTION pm_gtin.gtin8_out(pm_gtin.gtin8) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin8_out';
CREATE FUNCTION pm_gtin.gtin8_recv(internal) RETURNS pm_gtin.gtin8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin8_recv';
CREATE FUNCTION pm_gtin.gtin8_send(pm_gtin.gtin8) RETURNS bytea
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8send';
COMMENT ON FUNCTION pm_gtin.gtin8_in(cstring) IS 'text input of type gtin8';
COMMENT ON FUNCTION pm_gtin.gtin8_out(pm_gtin.gtin8) IS 'text output of type gtin8: 8 digits';
COMMENT ON FUNCTION pm_gtin.gtin8_recv(internal) IS 'binary input of type gtin8: eight bytes, checked like text (22P03, 22003)';
COMMENT ON FUNCTION pm_gtin.gtin8_send(pm_gtin.gtin8) IS 'binary output of type gtin8: the number in eight bytes';

CREATE TYPE pm_gtin.gtin8 (
  INPUT = pm_gtin.gtin8_in,
  OUTPUT = pm_gtin.gtin8_out,
  RECEIVE = pm_gtin.gtin8_recv,
  SEND = pm_gtin.gtin8_send,
  LIKE = pm_gtin.gtin
);
COMMENT ON TYPE pm_gtin.gtin8 IS
'GTIN-8 (EAN-8): a gtin below 10^8. Prints 8 digits. Input as for gtin; 22003 if the number has more than 8 significant digits.';

CREATE TYPE pm_gtin.gtin12;

CREATE FUNCTION pm_gtin.gtin12_in(cstring) RETURNS pm_gtin.gtin12
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin12_in';
CREATE FUNCTION pm_gtin.gtin12_out(pm_gtin.gtin12) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin12_out';
CREATE FUNCTION pm_gtin.gtin12_recv(internal) RETURNS pm_gtin.gtin12
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin12_recv';
CREATE FUNCTION pm_gtin.gtin12_send(pm_gtin.gtin12) RETURNS bytea
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8send';
COMMENT ON FUNCTION pm_gtin.gtin12_in(cstring) IS 'text input of type gtin12';
COMMENT ON FUNCTION pm_gtin.gtin12_out(pm_gtin.gtin12) IS 'text output of type gtin12: 12 digits';
COMMENT ON FUNCTION pm_gtin.gtin12_recv(internal) IS 'binary input of type gtin12: eight bytes, checked like text (22P03, 22003)';
COMMENT ON FUNCTION pm_gtin.gtin12_send(pm_gtin.gtin12) IS 'binary output of type gtin12: the number in eight bytes';

CREATE TYPE pm_gtin.gtin12 (
  INPUT = pm_gtin.gtin12_in,
  OUTPUT = pm_gtin.gtin12_out,
  RECEIVE = pm_gtin.gtin12_recv,
  SEND = pm_gtin.gtin12_send,
  LIKE = pm_gtin.gtin
);
COMMENT ON TYPE pm_gtin.gtin12 IS
'GTIN-12 (UPC-A): 12 digits. Input takes 12 digits, or 13 or 14 with leading zeros; 22003 for any other gtin.';

CREATE TYPE pm_gtin.gtin13;

CREATE FUNCTION pm_gtin.gtin13_in(cstring) RETURNS pm_gtin.gtin13
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin13_in';
CREATE FUNCTION pm_gtin.gtin13_out(pm_gtin.gtin13) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin13_out';
CREATE FUNCTION pm_gtin.gtin13_recv(internal) RETURNS pm_gtin.gtin13
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin13_recv';
CREATE FUNCTION pm_gtin.gtin13_send(pm_gtin.gtin13) RETURNS bytea
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8send';
COMMENT ON FUNCTION pm_gtin.gtin13_in(cstring) IS 'text input of type gtin13';
COMMENT ON FUNCTION pm_gtin.gtin13_out(pm_gtin.gtin13) IS 'text output of type gtin13: 13 digits';
COMMENT ON FUNCTION pm_gtin.gtin13_recv(internal) IS 'binary input of type gtin13: eight bytes, checked like text (22P03, 22003)';
COMMENT ON FUNCTION pm_gtin.gtin13_send(pm_gtin.gtin13) IS 'binary output of type gtin13: the number in eight bytes';

CREATE TYPE pm_gtin.gtin13 (
  INPUT = pm_gtin.gtin13_in,
  OUTPUT = pm_gtin.gtin13_out,
  RECEIVE = pm_gtin.gtin13_recv,
  SEND = pm_gtin.gtin13_send,
  LIKE = pm_gtin.gtin
);
COMMENT ON TYPE pm_gtin.gtin13 IS
'GTIN-13 (EAN-13), or a GTIN-12 written with 13 digits. Prints 13 digits. Input takes 12 or 13 digits, or 14 with a leading zero; 22003 for any other gtin.';

CREATE TYPE pm_gtin.gtin14;

CREATE FUNCTION pm_gtin.gtin14_in(cstring) RETURNS pm_gtin.gtin14
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin14_in';
CREATE FUNCTION pm_gtin.gtin14_out(pm_gtin.gtin14) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin14_out';
CREATE FUNCTION pm_gtin.gtin14_recv(internal) RETURNS pm_gtin.gtin14
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin14_recv';
CREATE FUNCTION pm_gtin.gtin14_send(pm_gtin.gtin14) RETURNS bytea
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8send';
COMMENT ON FUNCTION pm_gtin.gtin14_in(cstring) IS 'text input of type gtin14';
COMMENT ON FUNCTION pm_gtin.gtin14_out(pm_gtin.gtin14) IS 'text output of type gtin14: 14 digits';
COMMENT ON FUNCTION pm_gtin.gtin14_recv(internal) IS 'binary input of type gtin14: eight bytes, checked like text (22P03, 22003)';
COMMENT ON FUNCTION pm_gtin.gtin14_send(pm_gtin.gtin14) IS 'binary output of type gtin14: the number in eight bytes';

CREATE TYPE pm_gtin.gtin14 (
  INPUT = pm_gtin.gtin14_in,
  OUTPUT = pm_gtin.gtin14_out,
  RECEIVE = pm_gtin.gtin14_recv,
  SEND = pm_gtin.gtin14_send,
  LIKE = pm_gtin.gtin
);
COMMENT ON TYPE pm_gtin.gtin14 IS
'Any gtin written with 14 digits, as GS1 advises for data exchange. Prints 14 digits.';

CREATE TYPE pm_gtin.gtin_isbn;

CREATE FUNCTION pm_gtin.gtin_isbn_in(cstring) RETURNS pm_gtin.gtin_isbn
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_isbn_in';
CREATE FUNCTION pm_gtin.gtin_isbn_out(pm_gtin.gtin_isbn) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_isbn_out';
CREATE FUNCTION pm_gtin.gtin_isbn_recv(internal) RETURNS pm_gtin.gtin_isbn
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_isbn_recv';
CREATE FUNCTION pm_gtin.gtin_isbn_send(pm_gtin.gtin_isbn) RETURNS bytea
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8send';
COMMENT ON FUNCTION pm_gtin.gtin_isbn_in(cstring) IS 'text input of type gtin_isbn';
COMMENT ON FUNCTION pm_gtin.gtin_isbn_out(pm_gtin.gtin_isbn) IS 'text output of type gtin_isbn: 13 digits';
COMMENT ON FUNCTION pm_gtin.gtin_isbn_recv(internal) IS 'binary input of type gtin_isbn: eight bytes, checked like text (22P03, 22003)';
COMMENT ON FUNCTION pm_gtin.gtin_isbn_send(pm_gtin.gtin_isbn) IS 'binary output of type gtin_isbn: the number in eight bytes';

CREATE TYPE pm_gtin.gtin_isbn (
  INPUT = pm_gtin.gtin_isbn_in,
  OUTPUT = pm_gtin.gtin_isbn_out,
  RECEIVE = pm_gtin.gtin_isbn_recv,
  SEND = pm_gtin.gtin_isbn_send,
  LIKE = pm_gtin.gtin
);
COMMENT ON TYPE pm_gtin.gtin_isbn IS
'ISBN: a gtin that begins with 978, or 979 but not 9790. Input takes ISBN-13 or ISBN-10; prints 13 digits. 22003 for any other gtin.';

CREATE TYPE pm_gtin.gtin_issn;

CREATE FUNCTION pm_gtin.gtin_issn_in(cstring) RETURNS pm_gtin.gtin_issn
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_issn_in';
CREATE FUNCTION pm_gtin.gtin_issn_out(pm_gtin.gtin_issn) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_issn_out';
CREATE FUNCTION pm_gtin.gtin_issn_recv(internal) RETURNS pm_gtin.gtin_issn
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_issn_recv';
CREATE FUNCTION pm_gtin.gtin_issn_send(pm_gtin.gtin_issn) RETURNS bytea
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8send';
COMMENT ON FUNCTION pm_gtin.gtin_issn_in(cstring) IS 'text input of type gtin_issn';
COMMENT ON FUNCTION pm_gtin.gtin_issn_out(pm_gtin.gtin_issn) IS 'text output of type gtin_issn: 13 digits';
COMMENT ON FUNCTION pm_gtin.gtin_issn_recv(internal) IS 'binary input of type gtin_issn: eight bytes, checked like text (22P03, 22003)';
COMMENT ON FUNCTION pm_gtin.gtin_issn_send(pm_gtin.gtin_issn) IS 'binary output of type gtin_issn: the number in eight bytes';

CREATE TYPE pm_gtin.gtin_issn (
  INPUT = pm_gtin.gtin_issn_in,
  OUTPUT = pm_gtin.gtin_issn_out,
  RECEIVE = pm_gtin.gtin_issn_recv,
  SEND = pm_gtin.gtin_issn_send,
  LIKE = pm_gtin.gtin
);
COMMENT ON TYPE pm_gtin.gtin_issn IS
'GTIN-13 of a serial publication, prefix 977; keeps the two-digit variant. Input takes 13 digits or an ISSN NNNN-NNNC (variant 00); prints 13 digits. 22003 for any other gtin.';

CREATE TYPE pm_gtin.gtin_ismn;

CREATE FUNCTION pm_gtin.gtin_ismn_in(cstring) RETURNS pm_gtin.gtin_ismn
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_ismn_in';
CREATE FUNCTION pm_gtin.gtin_ismn_out(pm_gtin.gtin_ismn) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_ismn_out';
CREATE FUNCTION pm_gtin.gtin_ismn_recv(internal) RETURNS pm_gtin.gtin_ismn
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_ismn_recv';
CREATE FUNCTION pm_gtin.gtin_ismn_send(pm_gtin.gtin_ismn) RETURNS bytea
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8send';
COMMENT ON FUNCTION pm_gtin.gtin_ismn_in(cstring) IS 'text input of type gtin_ismn';
COMMENT ON FUNCTION pm_gtin.gtin_ismn_out(pm_gtin.gtin_ismn) IS 'text output of type gtin_ismn: 13 digits';
COMMENT ON FUNCTION pm_gtin.gtin_ismn_recv(internal) IS 'binary input of type gtin_ismn: eight bytes, checked like text (22P03, 22003)';
COMMENT ON FUNCTION pm_gtin.gtin_ismn_send(pm_gtin.gtin_ismn) IS 'binary output of type gtin_ismn: the number in eight bytes';

CREATE TYPE pm_gtin.gtin_ismn (
  INPUT = pm_gtin.gtin_ismn_in,
  OUTPUT = pm_gtin.gtin_ismn_out,
  RECEIVE = pm_gtin.gtin_ismn_recv,
  SEND = pm_gtin.gtin_ismn_send,
  LIKE = pm_gtin.gtin
);
COMMENT ON TYPE pm_gtin.gtin_ismn IS
'ISMN: a gtin that begins with 9790 (printed music). Input takes 13 digits or M and nine digits; prints 13 digits. 22003 for any other gtin.';
