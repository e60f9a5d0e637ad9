-- Operators and index support of gtin: those of bigint.  The subtypes use them by binary coercion.

CREATE FUNCTION pm_gtin.gtin_eq(pm_gtin.gtin, pm_gtin.gtin) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8eq';
CREATE FUNCTION pm_gtin.gtin_ne(pm_gtin.gtin, pm_gtin.gtin) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8ne';
CREATE FUNCTION pm_gtin.gtin_lt(pm_gtin.gtin, pm_gtin.gtin) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8lt';
CREATE FUNCTION pm_gtin.gtin_le(pm_gtin.gtin, pm_gtin.gtin) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8le';
CREATE FUNCTION pm_gtin.gtin_gt(pm_gtin.gtin, pm_gtin.gtin) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8gt';
CREATE FUNCTION pm_gtin.gtin_ge(pm_gtin.gtin, pm_gtin.gtin) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8ge';
CREATE FUNCTION pm_gtin.gtin_cmp(pm_gtin.gtin, pm_gtin.gtin) RETURNS integer
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'btint8cmp';
CREATE FUNCTION pm_gtin.gtin_sortsupport(internal) RETURNS void
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'btint8sortsupport';
CREATE FUNCTION pm_gtin.gtin_hash(pm_gtin.gtin) RETURNS integer
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashint8';
CREATE FUNCTION pm_gtin.gtin_hash_extended(pm_gtin.gtin, bigint) RETURNS bigint
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashint8extended';
COMMENT ON FUNCTION pm_gtin.gtin_eq(pm_gtin.gtin, pm_gtin.gtin) IS 'implementation of an operator: equal';
COMMENT ON FUNCTION pm_gtin.gtin_ne(pm_gtin.gtin, pm_gtin.gtin) IS 'implementation of an operator: not equal';
COMMENT ON FUNCTION pm_gtin.gtin_lt(pm_gtin.gtin, pm_gtin.gtin) IS 'implementation of an operator: less than';
COMMENT ON FUNCTION pm_gtin.gtin_le(pm_gtin.gtin, pm_gtin.gtin) IS 'implementation of an operator: less than or equal';
COMMENT ON FUNCTION pm_gtin.gtin_gt(pm_gtin.gtin, pm_gtin.gtin) IS 'implementation of an operator: greater than';
COMMENT ON FUNCTION pm_gtin.gtin_ge(pm_gtin.gtin, pm_gtin.gtin) IS 'implementation of an operator: greater than or equal';
COMMENT ON FUNCTION pm_gtin.gtin_cmp(pm_gtin.gtin, pm_gtin.gtin) IS 'less, equal, greater: -1, 0, 1';
COMMENT ON FUNCTION pm_gtin.gtin_sortsupport(internal) IS 'sort support';
COMMENT ON FUNCTION pm_gtin.gtin_hash(pm_gtin.gtin) IS 'hash';
COMMENT ON FUNCTION pm_gtin.gtin_hash_extended(pm_gtin.gtin, bigint) IS 'hash with a seed, for hash partitions';

CREATE OPERATOR pm_gtin.= (
  FUNCTION = pm_gtin.gtin_eq, LEFTARG = pm_gtin.gtin, RIGHTARG = pm_gtin.gtin,
  COMMUTATOR = OPERATOR(pm_gtin.=), NEGATOR = OPERATOR(pm_gtin.<>),
  RESTRICT = eqsel, JOIN = eqjoinsel,
  HASHES, MERGES
);
COMMENT ON OPERATOR pm_gtin.= (pm_gtin.gtin, pm_gtin.gtin) IS 'equal: the same trade item';
CREATE OPERATOR pm_gtin.<> (
  FUNCTION = pm_gtin.gtin_ne, LEFTARG = pm_gtin.gtin, RIGHTARG = pm_gtin.gtin,
  COMMUTATOR = OPERATOR(pm_gtin.<>), NEGATOR = OPERATOR(pm_gtin.=),
  RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR pm_gtin.<> (pm_gtin.gtin, pm_gtin.gtin) IS 'not equal';
CREATE OPERATOR pm_gtin.< (
  FUNCTION = pm_gtin.gtin_lt, LEFTARG = pm_gtin.gtin, RIGHTARG = pm_gtin.gtin,
  COMMUTATOR = OPERATOR(pm_gtin.>), NEGATOR = OPERATOR(pm_gtin.>=),
  RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR pm_gtin.< (pm_gtin.gtin, pm_gtin.gtin) IS 'less than';
CREATE OPERATOR pm_gtin.<= (
  FUNCTION = pm_gtin.gtin_le, LEFTARG = pm_gtin.gtin, RIGHTARG = pm_gtin.gtin,
  COMMUTATOR = OPERATOR(pm_gtin.>=), NEGATOR = OPERATOR(pm_gtin.>),
  RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR pm_gtin.<= (pm_gtin.gtin, pm_gtin.gtin) IS 'less than or equal';
CREATE OPERATOR pm_gtin.> (
  FUNCTION = pm_gtin.gtin_gt, LEFTARG = pm_gtin.gtin, RIGHTARG = pm_gtin.gtin,
  COMMUTATOR = OPERATOR(pm_gtin.<), NEGATOR = OPERATOR(pm_gtin.<=),
  RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR pm_gtin.> (pm_gtin.gtin, pm_gtin.gtin) IS 'greater than';
CREATE OPERATOR pm_gtin.>= (
  FUNCTION = pm_gtin.gtin_ge, LEFTARG = pm_gtin.gtin, RIGHTARG = pm_gtin.gtin,
  COMMUTATOR = OPERATOR(pm_gtin.<=), NEGATOR = OPERATOR(pm_gtin.<),
  RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR pm_gtin.>= (pm_gtin.gtin, pm_gtin.gtin) IS 'greater than or equal';

CREATE OPERATOR CLASS pm_gtin.gtin_ops DEFAULT FOR TYPE pm_gtin.gtin USING btree AS
  OPERATOR 1 pm_gtin.<, OPERATOR 2 pm_gtin.<=, OPERATOR 3 pm_gtin.=, OPERATOR 4 pm_gtin.>=, OPERATOR 5 pm_gtin.>,
  FUNCTION 1 pm_gtin.gtin_cmp(pm_gtin.gtin, pm_gtin.gtin),
  FUNCTION 2 pm_gtin.gtin_sortsupport(internal),
  FUNCTION 4 btequalimage(oid);
COMMENT ON OPERATOR CLASS pm_gtin.gtin_ops USING btree IS 'btree operators of gtin; equal values are identical, so that duplicates share index space';
COMMENT ON OPERATOR FAMILY pm_gtin.gtin_ops USING btree IS 'btree operators of gtin';

CREATE OPERATOR CLASS pm_gtin.gtin_ops DEFAULT FOR TYPE pm_gtin.gtin USING hash AS
  OPERATOR 1 pm_gtin.=,
  FUNCTION 1 pm_gtin.gtin_hash(pm_gtin.gtin),
  FUNCTION 2 pm_gtin.gtin_hash_extended(pm_gtin.gtin, bigint);
COMMENT ON OPERATOR CLASS pm_gtin.gtin_ops USING hash IS 'hash operators of gtin';
COMMENT ON OPERATOR FAMILY pm_gtin.gtin_ops USING hash IS 'hash operators of gtin';

CREATE OPERATOR CLASS pm_gtin.gtin_minmax_ops DEFAULT FOR TYPE pm_gtin.gtin USING brin AS
  OPERATOR 1 pm_gtin.<, OPERATOR 2 pm_gtin.<=, OPERATOR 3 pm_gtin.=, OPERATOR 4 pm_gtin.>=, OPERATOR 5 pm_gtin.>,
  FUNCTION 1 brin_minmax_opcinfo(internal),
  FUNCTION 2 brin_minmax_add_value(internal, internal, internal, internal),
  FUNCTION 3 brin_minmax_consistent(internal, internal, internal),
  FUNCTION 4 brin_minmax_union(internal, internal, internal);
COMMENT ON OPERATOR CLASS pm_gtin.gtin_minmax_ops USING brin IS 'BRIN minmax operators of gtin';
COMMENT ON OPERATOR FAMILY pm_gtin.gtin_minmax_ops USING brin IS 'BRIN minmax operators of gtin';

CREATE FUNCTION pm_gtin.gtin_smaller(pm_gtin.gtin, pm_gtin.gtin) RETURNS pm_gtin.gtin
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8smaller';
COMMENT ON FUNCTION pm_gtin.gtin_smaller(pm_gtin.gtin, pm_gtin.gtin) IS 'the smaller of two';
CREATE AGGREGATE pm_gtin.min(pm_gtin.gtin) (
  SFUNC = pm_gtin.gtin_smaller, STYPE = pm_gtin.gtin, COMBINEFUNC = pm_gtin.gtin_smaller,
  SORTOP = OPERATOR(pm_gtin.<), PARALLEL = SAFE
);
COMMENT ON AGGREGATE pm_gtin.min(pm_gtin.gtin) IS 'the smallest gtin';

CREATE FUNCTION pm_gtin.gtin_larger(pm_gtin.gtin, pm_gtin.gtin) RETURNS pm_gtin.gtin
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8larger';
COMMENT ON FUNCTION pm_gtin.gtin_larger(pm_gtin.gtin, pm_gtin.gtin) IS 'the larger of two';
CREATE AGGREGATE pm_gtin.max(pm_gtin.gtin) (
  SFUNC = pm_gtin.gtin_larger, STYPE = pm_gtin.gtin, COMBINEFUNC = pm_gtin.gtin_larger,
  SORTOP = OPERATOR(pm_gtin.>), PARALLEL = SAFE
);
COMMENT ON AGGREGATE pm_gtin.max(pm_gtin.gtin) IS 'the largest gtin';

CREATE FUNCTION pm_gtin._prefix_low(text) RETURNS pm_gtin.gtin
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin__prefix_low';
CREATE FUNCTION pm_gtin._prefix_high(text) RETURNS pm_gtin.gtin
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin__prefix_high';
CREATE FUNCTION pm_gtin._starts_with_support(internal) RETURNS internal
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin__starts_with_support';

CREATE FUNCTION pm_gtin.gtin_starts_with(pm_gtin.gtin, text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE SUPPORT pm_gtin._starts_with_support
AS 'MODULE_PATHNAME', 'pm_gtin_gtin_starts_with';
COMMENT ON FUNCTION pm_gtin.gtin_starts_with(pm_gtin.gtin, text) IS 'implementation of ^@: does the 13-digit form begin with these digits?';
CREATE OPERATOR pm_gtin.^@ (
  FUNCTION = pm_gtin.gtin_starts_with, LEFTARG = pm_gtin.gtin, RIGHTARG = text,
  RESTRICT = matchingsel, JOIN = matchingjoinsel
);
COMMENT ON OPERATOR pm_gtin.^@ (pm_gtin.gtin, text) IS
'begins with: compares the 13-digit form (a UPC begins with 0); a GTIN-14 with indicator 1 to 9 never matches, nor does a prefix that is not all digits. Uses btree and BRIN indexes.';
