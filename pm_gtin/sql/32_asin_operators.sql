-- Operators and index support of asin: those of bigint.

CREATE FUNCTION pm_gtin.asin_eq(pm_gtin.asin, pm_gtin.asin) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8eq';
CREATE FUNCTION pm_gtin.asin_ne(pm_gtin.asin, pm_gtin.asin) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8ne';
CREATE FUNCTION pm_gtin.asin_lt(pm_gtin.asin, pm_gtin.asin) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8lt';
CREATE FUNCTION pm_gtin.asin_le(pm_gtin.asin, pm_gtin.asin) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8le';
CREATE FUNCTION pm_gtin.asin_gt(pm_gtin.asin, pm_gtin.asin) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8gt';
CREATE FUNCTION pm_gtin.asin_ge(pm_gtin.asin, pm_gtin.asin) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int8ge';
CREATE FUNCTION pm_gtin.asin_cmp(pm_gtin.asin, pm_gtin.asin) RETURNS integer
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'btint8cmp';
CREATE FUNCTION pm_gtin.asin_sortsupport(internal) RETURNS void
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'btint8sortsupport';
CREATE FUNCTION pm_gtin.asin_hash(pm_gtin.asin) RETURNS integer
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashint8';
CREATE FUNCTION pm_gtin.asin_hash_extended(pm_gtin.asin, bigint) RETURNS bigint
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashint8extended';
COMMENT ON FUNCTION pm_gtin.asin_eq(pm_gtin.asin, pm_gtin.asin) IS 'implementation of an operator: equal';
COMMENT ON FUNCTION pm_gtin.asin_ne(pm_gtin.asin, pm_gtin.asin) IS 'implementation of an operator: not equal';
COMMENT ON FUNCTION pm_gtin.asin_lt(pm_gtin.asin, pm_gtin.asin) IS 'implementation of an operator: less than';
COMMENT ON FUNCTION pm_gtin.asin_le(pm_gtin.asin, pm_gtin.asin) IS 'implementation of an operator: less than or equal';
COMMENT ON FUNCTION pm_gtin.asin_gt(pm_gtin.asin, pm_gtin.asin) IS 'implementation of an operator: greater than';
COMMENT ON FUNCTION pm_gtin.asin_ge(pm_gtin.asin, pm_gtin.asin) IS 'implementation of an operator: greater than or equal';
COMMENT ON FUNCTION pm_gtin.asin_cmp(pm_gtin.asin, pm_gtin.asin) IS 'less, equal, greater: -1, 0, 1';
COMMENT ON FUNCTION pm_gtin.asin_sortsupport(internal) IS 'sort support';
COMMENT ON FUNCTION pm_gtin.asin_hash(pm_gtin.asin) IS 'hash';
COMMENT ON FUNCTION pm_gtin.asin_hash_extended(pm_gtin.asin, bigint) IS 'hash with a seed, for hash partitions';

CREATE OPERATOR pm_gtin.= (
  FUNCTION = pm_gtin.asin_eq, LEFTARG = pm_gtin.asin, RIGHTARG = pm_gtin.asin,
  COMMUTATOR = OPERATOR(pm_gtin.=), NEGATOR = OPERATOR(pm_gtin.<>),
  RESTRICT = eqsel, JOIN = eqjoinsel,
  HASHES, MERGES
);
COMMENT ON OPERATOR pm_gtin.= (pm_gtin.asin, pm_gtin.asin) IS 'equal: the same listing';
CREATE OPERATOR pm_gtin.<> (
  FUNCTION = pm_gtin.asin_ne, LEFTARG = pm_gtin.asin, RIGHTARG = pm_gtin.asin,
  COMMUTATOR = OPERATOR(pm_gtin.<>), NEGATOR = OPERATOR(pm_gtin.=),
  RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR pm_gtin.<> (pm_gtin.asin, pm_gtin.asin) IS 'not equal';
CREATE OPERATOR pm_gtin.< (
  FUNCTION = pm_gtin.asin_lt, LEFTARG = pm_gtin.asin, RIGHTARG = pm_gtin.asin,
  COMMUTATOR = OPERATOR(pm_gtin.>), NEGATOR = OPERATOR(pm_gtin.>=),
  RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR pm_gtin.< (pm_gtin.asin, pm_gtin.asin) IS 'less than';
CREATE OPERATOR pm_gtin.<= (
  FUNCTION = pm_gtin.asin_le, LEFTARG = pm_gtin.asin, RIGHTARG = pm_gtin.asin,
  COMMUTATOR = OPERATOR(pm_gtin.>=), NEGATOR = OPERATOR(pm_gtin.>),
  RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR pm_gtin.<= (pm_gtin.asin, pm_gtin.asin) IS 'less than or equal';
CREATE OPERATOR pm_gtin.> (
  FUNCTION = pm_gtin.asin_gt, LEFTARG = pm_gtin.asin, RIGHTARG = pm_gtin.asin,
  COMMUTATOR = OPERATOR(pm_gtin.<), NEGATOR = OPERATOR(pm_gtin.<=),
  RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR pm_gtin.> (pm_gtin.asin, pm_gtin.asin) IS 'greater than';
CREATE OPERATOR pm_gtin.>= (
  FUNCTION = pm_gtin.asin_ge, LEFTARG = pm_gtin.asin, RIGHTARG = pm_gtin.asin,
  COMMUTATOR = OPERATOR(pm_gtin.<=), NEGATOR = OPERATOR(pm_gtin.<),
  RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR pm_gtin.>= (pm_gtin.asin, pm_gtin.asin) IS 'greater than or equal';

CREATE OPERATOR CLASS pm_gtin.asin_ops DEFAULT FOR TYPE pm_gtin.asin USING btree AS
  OPERATOR 1 pm_gtin.<, OPERATOR 2 pm_gtin.<=, OPERATOR 3 pm_gtin.=, OPERATOR 4 pm_gtin.>=, OPERATOR 5 pm_gtin.>,
  FUNCTION 1 pm_gtin.asin_cmp(pm_gtin.asin, pm_gtin.asin),
  FUNCTION 2 pm_gtin.asin_sortsupport(internal),
  FUNCTION 4 btequalimage(oid);
COMMENT ON OPERATOR CLASS pm_gtin.asin_ops USING btree IS 'btree operators of asin; equal values are identical, so that duplicates share index space';
COMMENT ON OPERATOR FAMILY pm_gtin.asin_ops USING btree IS 'btree operators of asin';

CREATE OPERATOR CLASS pm_gtin.asin_ops DEFAULT FOR TYPE pm_gtin.asin USING hash AS
  OPERATOR 1 pm_gtin.=,
  FUNCTION 1 pm_gtin.asin_hash(pm_gtin.asin),
  FUNCTION 2 pm_gtin.asin_hash_extended(pm_gtin.asin, bigint);
COMMENT ON OPERATOR CLASS pm_gtin.asin_ops USING hash IS 'hash operators of asin';
COMMENT ON OPERATOR FAMILY pm_gtin.asin_ops USING hash IS 'hash operators of asin';

CREATE OPERATOR CLASS pm_gtin.asin_minmax_ops DEFAULT FOR TYPE pm_gtin.asin USING brin AS
  OPERATOR 1 pm_gtin.<, OPERATOR 2 pm_gtin.<=, OPERATOR 3 pm_gtin.=, OPERATOR 4 pm_gtin.>=, OPERATOR 5 pm_gtin.>,
  FUNCTION 1 brin_minmax_opcinfo(internal),
  FUNCTION 2 brin_minmax_add_value(internal, internal, internal, internal),
  FUNCTION 3 brin_minmax_consistent(internal, internal, internal),
  FUNCTION 4 brin_minmax_union(internal, internal, internal);
COMMENT ON OPERATOR CLASS pm_gtin.asin_minmax_ops USING brin IS 'BRIN minmax operators of asin';
COMMENT ON OPERATOR FAMILY pm_gtin.asin_minmax_ops USING brin IS 'BRIN minmax operators of asin';

CREATE FUNCTION pm_gtin.asin_smaller(pm_gtin.asin, pm_gtin.asin) RETURNS pm_gtin.asin
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8smaller';
COMMENT ON FUNCTION pm_gtin.asin_smaller(pm_gtin.asin, pm_gtin.asin) IS 'the smaller of two';
CREATE AGGREGATE pm_gtin.min(pm_gtin.asin) (
  SFUNC = pm_gtin.asin_smaller, STYPE = pm_gtin.asin, COMBINEFUNC = pm_gtin.asin_smaller,
  SORTOP = OPERATOR(pm_gtin.<), PARALLEL = SAFE
);
COMMENT ON AGGREGATE pm_gtin.min(pm_gtin.asin) IS 'the smallest asin';

CREATE FUNCTION pm_gtin.asin_larger(pm_gtin.asin, pm_gtin.asin) RETURNS pm_gtin.asin
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8larger';
COMMENT ON FUNCTION pm_gtin.asin_larger(pm_gtin.asin, pm_gtin.asin) IS 'the larger of two';
CREATE AGGREGATE pm_gtin.max(pm_gtin.asin) (
  SFUNC = pm_gtin.asin_larger, STYPE = pm_gtin.asin, COMBINEFUNC = pm_gtin.asin_larger,
  SORTOP = OPERATOR(pm_gtin.>), PARALLEL = SAFE
);
COMMENT ON AGGREGATE pm_gtin.max(pm_gtin.asin) IS 'the largest asin';
