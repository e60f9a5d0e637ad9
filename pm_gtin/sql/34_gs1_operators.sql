-- Operators and index support of gs1_elements: those of its bytes.

CREATE FUNCTION pm_gtin.gs1_elements_eq(pm_gtin.gs1_elements, pm_gtin.gs1_elements) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteaeq';
CREATE FUNCTION pm_gtin.gs1_elements_ne(pm_gtin.gs1_elements, pm_gtin.gs1_elements) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteane';
CREATE FUNCTION pm_gtin.gs1_elements_lt(pm_gtin.gs1_elements, pm_gtin.gs1_elements) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'bytealt';
CREATE FUNCTION pm_gtin.gs1_elements_le(pm_gtin.gs1_elements, pm_gtin.gs1_elements) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteale';
CREATE FUNCTION pm_gtin.gs1_elements_gt(pm_gtin.gs1_elements, pm_gtin.gs1_elements) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteagt';
CREATE FUNCTION pm_gtin.gs1_elements_ge(pm_gtin.gs1_elements, pm_gtin.gs1_elements) RETURNS boolean
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteage';
CREATE FUNCTION pm_gtin.gs1_elements_cmp(pm_gtin.gs1_elements, pm_gtin.gs1_elements) RETURNS integer
LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'byteacmp';
CREATE FUNCTION pm_gtin.gs1_elements_sortsupport(internal) RETURNS void
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'bytea_sortsupport';
CREATE FUNCTION pm_gtin.gs1_elements_hash(pm_gtin.gs1_elements) RETURNS integer
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashvarlena';
CREATE FUNCTION pm_gtin.gs1_elements_hash_extended(pm_gtin.gs1_elements, bigint) RETURNS bigint
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashvarlenaextended';
COMMENT ON FUNCTION pm_gtin.gs1_elements_eq(pm_gtin.gs1_elements, pm_gtin.gs1_elements) IS 'implementation of an operator: equal';
COMMENT ON FUNCTION pm_gtin.gs1_elements_ne(pm_gtin.gs1_elements, pm_gtin.gs1_elements) IS 'implementation of an operator: not equal';
COMMENT ON FUNCTION pm_gtin.gs1_elements_lt(pm_gtin.gs1_elements, pm_gtin.gs1_elements) IS 'implementation of an operator: less than';
COMMENT ON FUNCTION pm_gtin.gs1_elements_le(pm_gtin.gs1_elements, pm_gtin.gs1_elements) IS 'implementation of an operator: less than or equal';
COMMENT ON FUNCTION pm_gtin.gs1_elements_gt(pm_gtin.gs1_elements, pm_gtin.gs1_elements) IS 'implementation of an operator: greater than';
COMMENT ON FUNCTION pm_gtin.gs1_elements_ge(pm_gtin.gs1_elements, pm_gtin.gs1_elements) IS 'implementation of an operator: greater than or equal';
COMMENT ON FUNCTION pm_gtin.gs1_elements_cmp(pm_gtin.gs1_elements, pm_gtin.gs1_elements) IS 'less, equal, greater: -1, 0, 1';
COMMENT ON FUNCTION pm_gtin.gs1_elements_sortsupport(internal) IS 'sort support';
COMMENT ON FUNCTION pm_gtin.gs1_elements_hash(pm_gtin.gs1_elements) IS 'hash';
COMMENT ON FUNCTION pm_gtin.gs1_elements_hash_extended(pm_gtin.gs1_elements, bigint) IS 'hash with a seed, for hash partitions';

CREATE OPERATOR pm_gtin.= (
  FUNCTION = pm_gtin.gs1_elements_eq, LEFTARG = pm_gtin.gs1_elements, RIGHTARG = pm_gtin.gs1_elements,
  COMMUTATOR = OPERATOR(pm_gtin.=), NEGATOR = OPERATOR(pm_gtin.<>),
  RESTRICT = eqsel, JOIN = eqjoinsel,
  HASHES, MERGES
);
COMMENT ON OPERATOR pm_gtin.= (pm_gtin.gs1_elements, pm_gtin.gs1_elements) IS 'equal: the same elements in the same order';
CREATE OPERATOR pm_gtin.<> (
  FUNCTION = pm_gtin.gs1_elements_ne, LEFTARG = pm_gtin.gs1_elements, RIGHTARG = pm_gtin.gs1_elements,
  COMMUTATOR = OPERATOR(pm_gtin.<>), NEGATOR = OPERATOR(pm_gtin.=),
  RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR pm_gtin.<> (pm_gtin.gs1_elements, pm_gtin.gs1_elements) IS 'not equal';
CREATE OPERATOR pm_gtin.< (
  FUNCTION = pm_gtin.gs1_elements_lt, LEFTARG = pm_gtin.gs1_elements, RIGHTARG = pm_gtin.gs1_elements,
  COMMUTATOR = OPERATOR(pm_gtin.>), NEGATOR = OPERATOR(pm_gtin.>=),
  RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR pm_gtin.< (pm_gtin.gs1_elements, pm_gtin.gs1_elements) IS 'less than';
CREATE OPERATOR pm_gtin.<= (
  FUNCTION = pm_gtin.gs1_elements_le, LEFTARG = pm_gtin.gs1_elements, RIGHTARG = pm_gtin.gs1_elements,
  COMMUTATOR = OPERATOR(pm_gtin.>=), NEGATOR = OPERATOR(pm_gtin.>),
  RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR pm_gtin.<= (pm_gtin.gs1_elements, pm_gtin.gs1_elements) IS 'less than or equal';
CREATE OPERATOR pm_gtin.> (
  FUNCTION = pm_gtin.gs1_elements_gt, LEFTARG = pm_gtin.gs1_elements, RIGHTARG = pm_gtin.gs1_elements,
  COMMUTATOR = OPERATOR(pm_gtin.<), NEGATOR = OPERATOR(pm_gtin.<=),
  RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR pm_gtin.> (pm_gtin.gs1_elements, pm_gtin.gs1_elements) IS 'greater than';
CREATE OPERATOR pm_gtin.>= (
  FUNCTION = pm_gtin.gs1_elements_ge, LEFTARG = pm_gtin.gs1_elements, RIGHTARG = pm_gtin.gs1_elements,
  COMMUTATOR = OPERATOR(pm_gtin.<=), NEGATOR = OPERATOR(pm_gtin.<),
  RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR pm_gtin.>= (pm_gtin.gs1_elements, pm_gtin.gs1_elements) IS 'greater than or equal';

CREATE OPERATOR CLASS pm_gtin.gs1_elements_ops DEFAULT FOR TYPE pm_gtin.gs1_elements USING btree AS
  OPERATOR 1 pm_gtin.<, OPERATOR 2 pm_gtin.<=, OPERATOR 3 pm_gtin.=, OPERATOR 4 pm_gtin.>=, OPERATOR 5 pm_gtin.>,
  FUNCTION 1 pm_gtin.gs1_elements_cmp(pm_gtin.gs1_elements, pm_gtin.gs1_elements),
  FUNCTION 2 pm_gtin.gs1_elements_sortsupport(internal),
  FUNCTION 4 btequalimage(oid);
COMMENT ON OPERATOR CLASS pm_gtin.gs1_elements_ops USING btree IS 'btree operators of gs1_elements; equal values are identical, so that duplicates share index space';
COMMENT ON OPERATOR FAMILY pm_gtin.gs1_elements_ops USING btree IS 'btree operators of gs1_elements';

CREATE OPERATOR CLASS pm_gtin.gs1_elements_ops DEFAULT FOR TYPE pm_gtin.gs1_elements USING hash AS
  OPERATOR 1 pm_gtin.=,
  FUNCTION 1 pm_gtin.gs1_elements_hash(pm_gtin.gs1_elements),
  FUNCTION 2 pm_gtin.gs1_elements_hash_extended(pm_gtin.gs1_elements, bigint);
COMMENT ON OPERATOR CLASS pm_gtin.gs1_elements_ops USING hash IS 'hash operators of gs1_elements';
COMMENT ON OPERATOR FAMILY pm_gtin.gs1_elements_ops USING hash IS 'hash operators of gs1_elements';

CREATE OPERATOR CLASS pm_gtin.gs1_elements_minmax_ops DEFAULT FOR TYPE pm_gtin.gs1_elements USING brin AS
  OPERATOR 1 pm_gtin.<, OPERATOR 2 pm_gtin.<=, OPERATOR 3 pm_gtin.=, OPERATOR 4 pm_gtin.>=, OPERATOR 5 pm_gtin.>,
  FUNCTION 1 brin_minmax_opcinfo(internal),
  FUNCTION 2 brin_minmax_add_value(internal, internal, internal, internal),
  FUNCTION 3 brin_minmax_consistent(internal, internal, internal),
  FUNCTION 4 brin_minmax_union(internal, internal, internal);
COMMENT ON OPERATOR CLASS pm_gtin.gs1_elements_minmax_ops USING brin IS 'BRIN minmax operators of gs1_elements';
COMMENT ON OPERATOR FAMILY pm_gtin.gs1_elements_minmax_ops USING brin IS 'BRIN minmax operators of gs1_elements';
