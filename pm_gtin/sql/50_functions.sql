-- Strict functions: immutable, an error for anything they do not take.

CREATE FUNCTION pm_gtin.gtin_try(code text) RETURNS pm_gtin.gtin
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_try';
COMMENT ON FUNCTION pm_gtin.gtin_try(code text) IS
'text as gtin, or NULL where the input of type gtin would raise an error';

CREATE FUNCTION pm_gtin.gtin_valid(code text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_valid';
COMMENT ON FUNCTION pm_gtin.gtin_valid(code text) IS
'true exactly when gtin_try(code) is not NULL: right length and check digit';

CREATE FUNCTION pm_gtin.gtin_kind(code pm_gtin.gtin) RETURNS integer
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_kind';
COMMENT ON FUNCTION pm_gtin.gtin_kind(code pm_gtin.gtin) IS
'digits of the shortest form: 8, 12, 13 or 14';

CREATE FUNCTION pm_gtin.gtin_digits(code pm_gtin.gtin, digits integer) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_digits';
COMMENT ON FUNCTION pm_gtin.gtin_digits(code pm_gtin.gtin, digits integer) IS
'the number zero-padded to 8, 12, 13 or 14 digits; 22003 if it needs more, 22023 for another length';

CREATE FUNCTION pm_gtin.gtin_check_digit(digits text) RETURNS integer
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_check_digit';
COMMENT ON FUNCTION pm_gtin.gtin_check_digit(digits text) IS
'the check digit (0 to 9) that belongs behind these digits, for any length (GTIN, GLN, SSCC); 22P02 if they are not all digits. Source: GS1 General Specifications 7.9.1';

CREATE FUNCTION pm_gtin.gtin_complete(digits text) RETURNS pm_gtin.gtin
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_complete';
COMMENT ON FUNCTION pm_gtin.gtin_complete(digits text) IS
'the gtin of 7, 11, 12 or 13 digits that lack the check digit; 22P02 otherwise';

CREATE FUNCTION pm_gtin.gtin_indicator(code pm_gtin.gtin) RETURNS integer
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_indicator';
COMMENT ON FUNCTION pm_gtin.gtin_indicator(code pm_gtin.gtin) IS
'packaging indicator: 1 to 8 a package, 9 variable measure, 0 none';

CREATE FUNCTION pm_gtin.gtin_inner(code pm_gtin.gtin) RETURNS pm_gtin.gtin
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_inner';
COMMENT ON FUNCTION pm_gtin.gtin_inner(code pm_gtin.gtin) IS
'the trade item inside a package: indicator dropped, check digit made anew; a gtin without indicator is returned as it is; NULL if only zeros would remain';

CREATE FUNCTION pm_gtin.gtin_with_indicator(code pm_gtin.gtin, indicator integer) RETURNS pm_gtin.gtin
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_with_indicator';
COMMENT ON FUNCTION pm_gtin.gtin_with_indicator(code pm_gtin.gtin, indicator integer) IS
'the GTIN-14 of a package (1 to 9) of the same trade item; 0 gives the item itself; 22023 for another indicator; NULL if the item inside has no number';

CREATE FUNCTION pm_gtin.upc_e_to_gtin(code text, short_forms boolean DEFAULT false) RETURNS pm_gtin.gtin
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_upc_e_to_gtin';
COMMENT ON FUNCTION pm_gtin.upc_e_to_gtin(code text, short_forms boolean) IS
'expands a UPC-E of 8 digits; with short_forms also 7 digits without check digit and 6 without number system and check digit; 22P02 otherwise. Source: GS1 General Specifications 5.2.2.4';

CREATE FUNCTION pm_gtin.gtin_to_upc_e(code pm_gtin.gtin) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_to_upc_e';
COMMENT ON FUNCTION pm_gtin.gtin_to_upc_e(code pm_gtin.gtin) IS
'the UPC-E (8 digits) of a GTIN-12, or NULL if it has none';

CREATE FUNCTION pm_gtin.isbn10(code pm_gtin.gtin) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_isbn10';
COMMENT ON FUNCTION pm_gtin.isbn10(code pm_gtin.gtin) IS
'the ISBN-10 (10 characters) of a 978 ISBN, or NULL for any other gtin';

CREATE FUNCTION pm_gtin.issn_of(code pm_gtin.gtin) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_issn_of';
COMMENT ON FUNCTION pm_gtin.issn_of(code pm_gtin.gtin) IS
'the ISSN (NNNN-NNNC) of a 977 gtin, or NULL for any other gtin';

CREATE FUNCTION pm_gtin.issn_variant(code pm_gtin.gtin) RETURNS integer
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_issn_variant';
COMMENT ON FUNCTION pm_gtin.issn_variant(code pm_gtin.gtin) IS
'the two-digit variant (price, edition) of a 977 gtin, 0 to 99, or NULL for any other gtin';

CREATE FUNCTION pm_gtin.is_restricted(code pm_gtin.gtin) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_is_restricted';
COMMENT ON FUNCTION pm_gtin.is_restricted(code pm_gtin.gtin) IS
'does the number circulate within a company or region only? Prefixes 020-029, 040-049, 200-299; a GTIN-8 that begins with 0 or 2. For CHECK constraints';

CREATE FUNCTION pm_gtin.is_coupon(code pm_gtin.gtin) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_is_coupon';
COMMENT ON FUNCTION pm_gtin.is_coupon(code pm_gtin.gtin) IS
'is the number that of a coupon? Prefixes 050-059 (US, former), 981-983, 990-999. For CHECK constraints';

CREATE FUNCTION pm_gtin.gtin_measure(code pm_gtin.gtin, region text, OUT kind text, OUT value numeric, OUT unit text, OUT item pm_gtin.gtin)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_measure';
COMMENT ON FUNCTION pm_gtin.gtin_measure(code pm_gtin.gtin, region text) IS
'price, weight or count inside a variable-measure number (prefix 2) by the rules of a region (ISO 3166-1: DE, DK, EE, FI, GB, LT, LV, NO, SE; 22023 otherwise): kind price, weight or count; unit kg, or the ISO 4217 currency, or NULL; item is the number with the measure zeroed, which is what to look up. NULL if the region has no rule for the number, or the measure has a wrong check digit of its own';

-- ASINs

CREATE FUNCTION pm_gtin.asin_try(code text) RETURNS pm_gtin.asin
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_asin_try';
COMMENT ON FUNCTION pm_gtin.asin_try(code text) IS
'text as asin, or NULL where the input of type asin would raise an error';

CREATE FUNCTION pm_gtin.asin_isbn(code pm_gtin.asin) RETURNS pm_gtin.gtin
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_asin_isbn';
COMMENT ON FUNCTION pm_gtin.asin_isbn(code pm_gtin.asin) IS
'the ISBN-13 of the ASIN of a book, or NULL for any other ASIN: a B-ASIN holds no GTIN';

CREATE FUNCTION pm_gtin.asin_of(code pm_gtin.gtin) RETURNS pm_gtin.asin
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_asin_of';
COMMENT ON FUNCTION pm_gtin.asin_of(code pm_gtin.gtin) IS
'the ASIN that a 978 ISBN has as a book, or NULL for any other gtin';

-- Element strings and Digital Links

CREATE FUNCTION pm_gtin.gs1_parse(code text, OUT ai text, OUT value text, OUT title text) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 4 AS 'MODULE_PATHNAME', 'pm_gtin_gs1_parse';
COMMENT ON FUNCTION pm_gtin.gs1_parse(code text) IS
'the elements of a GS1 element string in order: application identifier, value, data title; 22P02 if it is invalid';

CREATE FUNCTION pm_gtin.gs1_gtin(code text) RETURNS pm_gtin.gtin
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gs1_gtin';
COMMENT ON FUNCTION pm_gtin.gs1_gtin(code text) IS
'the gtin in a GS1 element string: of (01), else (02), (03), (8006), (8026); NULL without one; 22P02 if the string is invalid';

CREATE FUNCTION pm_gtin.gs1_parse(code pm_gtin.gs1_elements, OUT ai text, OUT value text, OUT title text) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 4 AS 'MODULE_PATHNAME', 'pm_gtin_gs1_parse';
COMMENT ON FUNCTION pm_gtin.gs1_parse(code pm_gtin.gs1_elements) IS
'the elements of a GS1 element string in order: application identifier, value, data title; 22P02 if it is invalid';

CREATE FUNCTION pm_gtin.gs1_gtin(code pm_gtin.gs1_elements) RETURNS pm_gtin.gtin
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gs1_gtin';
COMMENT ON FUNCTION pm_gtin.gs1_gtin(code pm_gtin.gs1_elements) IS
'the gtin in a GS1 element string: of (01), else (02), (03), (8006), (8026); NULL without one; 22P02 if the string is invalid';

CREATE FUNCTION pm_gtin.gs1_value(code pm_gtin.gs1_elements, ai text) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gs1_value';
COMMENT ON FUNCTION pm_gtin.gs1_value(code pm_gtin.gs1_elements, ai text) IS
'the value of an application identifier, e.g. 10 for the batch; NULL if it is absent';

CREATE FUNCTION pm_gtin.gs1_digital_link(code pm_gtin.gs1_elements, stem text DEFAULT NULL) RETURNS text
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gs1_digital_link';
COMMENT ON FUNCTION pm_gtin.gs1_digital_link(code pm_gtin.gs1_elements, stem text) IS
'the GS1 Digital Link URI of an element string; stem is the part before the key, NULL means https://id.gs1.org; 22P02 if no element can be a key, 22023 for an invalid stem';

CREATE FUNCTION pm_gtin.digital_link_gtin(uri text, legacy boolean DEFAULT false) RETURNS pm_gtin.gtin
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_digital_link_gtin';
COMMENT ON FUNCTION pm_gtin.digital_link_gtin(uri text, legacy boolean) IS
'the gtin in a GS1 Digital Link URI; NULL if its key is another one; legacy also takes GTINs without leading zeros and key names such as /gtin/; 22P02 if the URI is no Digital Link';

CREATE FUNCTION pm_gtin.digital_link_elements(uri text, legacy boolean DEFAULT false) RETURNS pm_gtin.gs1_elements
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_digital_link_elements';
COMMENT ON FUNCTION pm_gtin.digital_link_elements(uri text, legacy boolean) IS
'all that a GS1 Digital Link URI says, as an element string; errors and legacy as for digital_link_gtin';

CREATE FUNCTION pm_gtin.gs1_digital_link(code pm_gtin.gtin, batch text DEFAULT NULL, serial text DEFAULT NULL,
  expiry date DEFAULT NULL, stem text DEFAULT NULL) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT pm_gtin.gs1_digital_link((
    '(01)' || pm_gtin.gtin_digits(code, 14)
    || coalesce('(10)' || replace(batch, '(', '\('), '')
    || coalesce('(21)' || replace(serial, '(', '\('), '')
    -- two digits name a year of this century; any other makes the element invalid
    || coalesce('(17)' || CASE WHEN expiry BETWEEN '2000-01-01' AND '2099-12-31'
                               THEN lpad((extract(year FROM expiry) - 2000)::text, 2, '0')
                                    || lpad(extract(month FROM expiry)::text, 2, '0')
                                    || lpad(extract(day FROM expiry)::text, 2, '0')
                               ELSE extract(year FROM expiry)::text || '-' END, '')
  )::pm_gtin.gs1_elements, stem);
END;
COMMENT ON FUNCTION pm_gtin.gs1_digital_link(code pm_gtin.gtin, batch text, serial text, expiry date, stem text) IS
'the GS1 Digital Link URI of a gtin with optional batch (10), serial (21) and expiry date (17); NULL if code is NULL; 22P02 for a batch or serial with characters that GS1 does not allow or an expiry outside 2000 to 2099, 22023 for an invalid stem';

-- The resolver

CREATE FUNCTION pm_gtin.gtin_resolve(code text, min_confidence real DEFAULT 0.5, placeholders text[] DEFAULT NULL,
  OUT gtin pm_gtin.gtin, OUT method text, OUT confidence real, OUT suggestion pm_gtin.gtin, OUT flags text[])
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_gtin_gtin_resolve';
COMMENT ON FUNCTION pm_gtin.gtin_resolve(code text, min_confidence real, placeholders text[]) IS
'the gtin in a dirty code, with method and confidence; never an error for any text, never a guess applied silently. NULL if code or min_confidence is NULL; 22023 if min_confidence is not within 0 to 1; placeholders are further words that mean no code.
gtin: the number, or NULL if confidence is below min_confidence or the method is an unresolved one. method: what had to be undone, or why there is no number. confidence: 0 to 1. suggestion: the number held back. flags: restricted, coupon, refund, demo, unassigned_prefix, isbn, issn, ismn, variable_measure, also_upce, suspect_sample.
docs/pm_gtin.md lists the methods.';

CREATE FUNCTION pm_gtin.gtin_resolve_all(code text, min_confidence real DEFAULT 0.5, placeholders text[] DEFAULT NULL,
  OUT ordinal integer, OUT raw text, OUT gtin pm_gtin.gtin, OUT method text, OUT confidence real,
  OUT suggestion pm_gtin.gtin, OUT flags text[], OUT low pm_gtin.gtin, OUT high pm_gtin.gtin) RETURNS SETOF record
LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 1 AS 'MODULE_PATHNAME', 'pm_gtin_gtin_resolve_all';
COMMENT ON FUNCTION pm_gtin.gtin_resolve_all(code text, min_confidence real, placeholders text[]) IS
'a row for each code in a text that may hold several, in order: ordinal from 1, raw the part of the text, then as gtin_resolve. low and high, for method sci_lossy only, are the smallest and largest gtin that the rounded number can stand for. No row if code is NULL.';
