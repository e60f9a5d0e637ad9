-- Casts.  The subtypes arrive wherever a gtin is wanted; the way back is checked.

CREATE FUNCTION pm_gtin.gtin8(pm_gtin.gtin) RETURNS pm_gtin.gtin8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin8';
COMMENT ON FUNCTION pm_gtin.gtin8(pm_gtin.gtin) IS 'the same number as gtin8; 22003 if it is not a gtin8';
CREATE CAST (pm_gtin.gtin8 AS pm_gtin.gtin) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (pm_gtin.gtin AS pm_gtin.gtin8) WITH FUNCTION pm_gtin.gtin8(pm_gtin.gtin) AS ASSIGNMENT;
CREATE CAST (pm_gtin.gtin8 AS bigint) WITHOUT FUNCTION;
COMMENT ON CAST (pm_gtin.gtin8 AS pm_gtin.gtin) IS 'the same number, no cost';
COMMENT ON CAST (pm_gtin.gtin AS pm_gtin.gtin8) IS 'checked: 22003 if it is not a gtin8';
COMMENT ON CAST (pm_gtin.gtin8 AS bigint) IS 'the number, no cost';

CREATE FUNCTION pm_gtin.gtin12(pm_gtin.gtin) RETURNS pm_gtin.gtin12
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin12';
COMMENT ON FUNCTION pm_gtin.gtin12(pm_gtin.gtin) IS 'the same number as gtin12; 22003 if it is not a gtin12';
CREATE CAST (pm_gtin.gtin12 AS pm_gtin.gtin) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (pm_gtin.gtin AS pm_gtin.gtin12) WITH FUNCTION pm_gtin.gtin12(pm_gtin.gtin) AS ASSIGNMENT;
CREATE CAST (pm_gtin.gtin12 AS bigint) WITHOUT FUNCTION;
COMMENT ON CAST (pm_gtin.gtin12 AS pm_gtin.gtin) IS 'the same number, no cost';
COMMENT ON CAST (pm_gtin.gtin AS pm_gtin.gtin12) IS 'checked: 22003 if it is not a gtin12';
COMMENT ON CAST (pm_gtin.gtin12 AS bigint) IS 'the number, no cost';

CREATE FUNCTION pm_gtin.gtin13(pm_gtin.gtin) RETURNS pm_gtin.gtin13
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin13';
COMMENT ON FUNCTION pm_gtin.gtin13(pm_gtin.gtin) IS 'the same number as gtin13; 22003 if it is not a gtin13';
CREATE CAST (pm_gtin.gtin13 AS pm_gtin.gtin) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (pm_gtin.gtin AS pm_gtin.gtin13) WITH FUNCTION pm_gtin.gtin13(pm_gtin.gtin) AS ASSIGNMENT;
CREATE CAST (pm_gtin.gtin13 AS bigint) WITHOUT FUNCTION;
COMMENT ON CAST (pm_gtin.gtin13 AS pm_gtin.gtin) IS 'the same number, no cost';
COMMENT ON CAST (pm_gtin.gtin AS pm_gtin.gtin13) IS 'checked: 22003 if it is not a gtin13';
COMMENT ON CAST (pm_gtin.gtin13 AS bigint) IS 'the number, no cost';

CREATE FUNCTION pm_gtin.gtin14(pm_gtin.gtin) RETURNS pm_gtin.gtin14
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin14';
COMMENT ON FUNCTION pm_gtin.gtin14(pm_gtin.gtin) IS 'the same number as gtin14; 22003 if it is not a gtin14';
CREATE CAST (pm_gtin.gtin14 AS pm_gtin.gtin) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (pm_gtin.gtin AS pm_gtin.gtin14) WITH FUNCTION pm_gtin.gtin14(pm_gtin.gtin) AS ASSIGNMENT;
CREATE CAST (pm_gtin.gtin14 AS bigint) WITHOUT FUNCTION;
COMMENT ON CAST (pm_gtin.gtin14 AS pm_gtin.gtin) IS 'the same number, no cost';
COMMENT ON CAST (pm_gtin.gtin AS pm_gtin.gtin14) IS 'checked: 22003 if it is not a gtin14';
COMMENT ON CAST (pm_gtin.gtin14 AS bigint) IS 'the number, no cost';

CREATE FUNCTION pm_gtin.gtin_isbn(pm_gtin.gtin) RETURNS pm_gtin.gtin_isbn
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_isbn';
COMMENT ON FUNCTION pm_gtin.gtin_isbn(pm_gtin.gtin) IS 'the same number as gtin_isbn; 22003 if it is not an ISBN';
CREATE CAST (pm_gtin.gtin_isbn AS pm_gtin.gtin) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (pm_gtin.gtin AS pm_gtin.gtin_isbn) WITH FUNCTION pm_gtin.gtin_isbn(pm_gtin.gtin) AS ASSIGNMENT;
CREATE CAST (pm_gtin.gtin_isbn AS bigint) WITHOUT FUNCTION;
COMMENT ON CAST (pm_gtin.gtin_isbn AS pm_gtin.gtin) IS 'the same number, no cost';
COMMENT ON CAST (pm_gtin.gtin AS pm_gtin.gtin_isbn) IS 'checked: 22003 if it is not an ISBN';
COMMENT ON CAST (pm_gtin.gtin_isbn AS bigint) IS 'the number, no cost';

CREATE FUNCTION pm_gtin.gtin_issn(pm_gtin.gtin) RETURNS pm_gtin.gtin_issn
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_issn';
COMMENT ON FUNCTION pm_gtin.gtin_issn(pm_gtin.gtin) IS 'the same number as gtin_issn; 22003 if it is not an ISSN';
CREATE CAST (pm_gtin.gtin_issn AS pm_gtin.gtin) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (pm_gtin.gtin AS pm_gtin.gtin_issn) WITH FUNCTION pm_gtin.gtin_issn(pm_gtin.gtin) AS ASSIGNMENT;
CREATE CAST (pm_gtin.gtin_issn AS bigint) WITHOUT FUNCTION;
COMMENT ON CAST (pm_gtin.gtin_issn AS pm_gtin.gtin) IS 'the same number, no cost';
COMMENT ON CAST (pm_gtin.gtin AS pm_gtin.gtin_issn) IS 'checked: 22003 if it is not an ISSN';
COMMENT ON CAST (pm_gtin.gtin_issn AS bigint) IS 'the number, no cost';

CREATE FUNCTION pm_gtin.gtin_ismn(pm_gtin.gtin) RETURNS pm_gtin.gtin_ismn
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_ismn';
COMMENT ON FUNCTION pm_gtin.gtin_ismn(pm_gtin.gtin) IS 'the same number as gtin_ismn; 22003 if it is not an ISMN';
CREATE CAST (pm_gtin.gtin_ismn AS pm_gtin.gtin) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (pm_gtin.gtin AS pm_gtin.gtin_ismn) WITH FUNCTION pm_gtin.gtin_ismn(pm_gtin.gtin) AS ASSIGNMENT;
CREATE CAST (pm_gtin.gtin_ismn AS bigint) WITHOUT FUNCTION;
COMMENT ON CAST (pm_gtin.gtin_ismn AS pm_gtin.gtin) IS 'the same number, no cost';
COMMENT ON CAST (pm_gtin.gtin AS pm_gtin.gtin_ismn) IS 'checked: 22003 if it is not an ISMN';
COMMENT ON CAST (pm_gtin.gtin_ismn AS bigint) IS 'the number, no cost';

CREATE CAST (pm_gtin.gtin AS bigint) WITHOUT FUNCTION;
COMMENT ON CAST (pm_gtin.gtin AS bigint) IS 'the number, no cost';

CREATE FUNCTION pm_gtin.gtin(bigint) RETURNS pm_gtin.gtin
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_bigint';
COMMENT ON FUNCTION pm_gtin.gtin(bigint) IS 'a number as gtin: leading zeros do not matter; 22003 out of range, 22P02 wrong check digit or 0';
CREATE CAST (bigint AS pm_gtin.gtin) WITH FUNCTION pm_gtin.gtin(bigint);
COMMENT ON CAST (bigint AS pm_gtin.gtin) IS 'checked: 22003 out of range, 22P02 wrong check digit or 0';

CREATE FUNCTION pm_gtin.gtin(integer) RETURNS pm_gtin.gtin
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_integer';
COMMENT ON FUNCTION pm_gtin.gtin(integer) IS 'a number as gtin: literals of a GTIN-8 are integers; errors as for bigint';
CREATE CAST (integer AS pm_gtin.gtin) WITH FUNCTION pm_gtin.gtin(integer);
COMMENT ON CAST (integer AS pm_gtin.gtin) IS 'checked: 22P02 wrong check digit or 0';

CREATE FUNCTION pm_gtin.gtin(text) RETURNS pm_gtin.gtin
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_text';
COMMENT ON FUNCTION pm_gtin.gtin(text) IS 'text as gtin: same rules and errors as input (22P02); see gtin_try for NULL instead of an error';
CREATE CAST (text AS pm_gtin.gtin) WITH FUNCTION pm_gtin.gtin(text);
COMMENT ON CAST (text AS pm_gtin.gtin) IS 'strict: 22P02 for anything that gtin input refuses';
