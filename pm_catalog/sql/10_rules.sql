-- Rules that many columns share.  Each column has them as a CHECK of its own name, so
-- that an error says row, column and rule; a domain would say the rule alone.  Those in
-- SQL are not STRICT: the planner puts the expression in their place only then.

CREATE FUNCTION pm_catalog.is_currency(code text) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_is_currency';
COMMENT ON FUNCTION pm_catalog.is_currency(code text) IS
'is it the code of a currency in use (ISO 4217, three capital letters)? Codes of metals, funds and tests (XAU, XTS ...) are none';

CREATE FUNCTION pm_catalog.is_label(line text) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_is_label';
COMMENT ON FUNCTION pm_catalog.is_label(line text) IS
'is it one line that people can read: 1 to 500 characters, not all blank, no ASCII control character?';

CREATE FUNCTION pm_catalog.is_reference(code text) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_is_reference';
COMMENT ON FUNCTION pm_catalog.is_reference(code text) IS
'can it be an identifier that somebody gave: 1 to 255 characters, no ASCII blank at either end, no ASCII control character?';

CREATE FUNCTION pm_catalog.is_slug(word text) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_is_slug';
COMMENT ON FUNCTION pm_catalog.is_slug(word text) IS
'can it be a part of an address: words of a-z and 0-9 joined by single hyphens, 1 to 200 characters?';

CREATE FUNCTION pm_catalog.is_locale(tag text) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_is_locale';
COMMENT ON FUNCTION pm_catalog.is_locale(tag text) IS
'has it the form of a language tag (BCP 47): a language of 2 or 3 small letters, then a country of 2 capitals or none?';

CREATE FUNCTION pm_catalog.is_prose(lines text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN octet_length(lines) <= 100000 OR length(lines) <= 100000;
COMMENT ON FUNCTION pm_catalog.is_prose(lines text) IS 'has a text of several lines at most 100 000 characters?';

CREATE FUNCTION pm_catalog.is_amount(amount numeric) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN amount >= 0 AND amount < 1000000000000 AND scale(amount) <= 4;
COMMENT ON FUNCTION pm_catalog.is_amount(amount numeric) IS
'is it an amount of money that can be kept: 0 to below 10^12 units of a currency, at most 4 decimals?';
