-- Reference data that changes: GS1 prefixes, ISBN ranges, application identifiers.
--
-- Each table holds the rows that came with the extension (shipped) and, after
-- refresh_reference(), a newer set beside them; the view of the same name shows
-- the set in force: the user's if there is one.  Dumps carry the user's rows only,
-- so that a restore and an update of the extension meet no old shipped rows.
-- low and high are the ends of a range as numbers: ranges never overlap, so the
-- row with the largest low not above a number is the only one that can hold it.

CREATE TABLE pm_gtin._gs1_prefixes (
  shipped boolean NOT NULL DEFAULT false,
  number_space text NOT NULL CHECK (number_space IN ('gs1', 'gs1_8')),
  prefix_from text NOT NULL CHECK (prefix_from ~ '^[0-9]{2,7}$'),
  prefix_to text NOT NULL CHECK (prefix_to ~ '^[0-9]{2,7}$' AND length(prefix_to) = length(prefix_from)),
  class text NOT NULL CHECK (class <> ''),
  holder text,
  countries text CHECK (countries ~ '^[A-Z]{2}( [A-Z]{2})*$'),
  low bigint NOT NULL GENERATED ALWAYS AS
    (rpad(prefix_from, CASE number_space WHEN 'gs1' THEN 13 ELSE 8 END, '0')::bigint) STORED,
  high bigint NOT NULL GENERATED ALWAYS AS
    (rpad(prefix_to, CASE number_space WHEN 'gs1' THEN 13 ELSE 8 END, '9')::bigint) STORED,
  CHECK (prefix_from <= prefix_to),
  PRIMARY KEY (shipped, number_space, low)
);

CREATE TABLE pm_gtin._isbn_ranges (
  shipped boolean NOT NULL DEFAULT false,
  prefix text NOT NULL CHECK (prefix IN ('978', '979')),
  registration_group text NOT NULL CHECK (registration_group ~ '^[0-9]{1,5}$'),
  registrant_from text NOT NULL CHECK (registrant_from ~ '^[0-9]{1,7}$'),
  registrant_to text NOT NULL CHECK (registrant_to ~ '^[0-9]{1,7}$' AND length(registrant_to) = length(registrant_from)),
  agency text,
  low bigint NOT NULL GENERATED ALWAYS AS
    (rpad(prefix || registration_group || registrant_from, 13, '0')::bigint) STORED,
  high bigint NOT NULL GENERATED ALWAYS AS
    (rpad(prefix || registration_group || registrant_to, 13, '9')::bigint) STORED,
  CHECK (registrant_from <= registrant_to),
  CHECK (length(registration_group || registrant_from) <= 8),
  PRIMARY KEY (shipped, low)
);

CREATE TABLE pm_gtin._gs1_application_identifiers (
  shipped boolean NOT NULL DEFAULT false,
  ai_from text NOT NULL CHECK (ai_from ~ '^[0-9]{2,4}$'),
  ai_to text NOT NULL CHECK (ai_to ~ '^[0-9]{2,4}$' AND length(ai_to) = length(ai_from)),
  fnc1_required boolean NOT NULL,
  format text NOT NULL,
  requires text,
  excludes text,
  digital_link_attribute boolean NOT NULL,
  digital_link_key boolean NOT NULL,
  qualifiers text,
  title text,
  low bigint NOT NULL GENERATED ALWAYS AS (rpad(ai_from, 4, '0')::bigint) STORED,
  high bigint NOT NULL GENERATED ALWAYS AS (rpad(ai_to, 4, '9')::bigint) STORED,
  CHECK (ai_from <= ai_to),
  PRIMARY KEY (shipped, low)
);

SELECT pg_extension_config_dump('pm_gtin._gs1_prefixes', 'WHERE NOT shipped');
SELECT pg_extension_config_dump('pm_gtin._isbn_ranges', 'WHERE NOT shipped');
SELECT pg_extension_config_dump('pm_gtin._gs1_application_identifiers', 'WHERE NOT shipped');

CREATE VIEW pm_gtin.gs1_prefixes WITH (security_invoker) AS
SELECT number_space, prefix_from, prefix_to, class, holder, countries, low, high
FROM pm_gtin._gs1_prefixes
WHERE shipped = NOT EXISTS (SELECT FROM pm_gtin._gs1_prefixes WHERE NOT shipped);
COMMENT ON VIEW pm_gtin.gs1_prefixes IS
'Who issues numbers with a prefix (gs1.org list of 2025-03 unless refreshed). A prefix names the issuing organisation, never the country of origin.';
COMMENT ON COLUMN pm_gtin.gs1_prefixes.number_space IS 'gs1: first digits of the 13-digit form; gs1_8: first digits of a GTIN-8, which have a list of their own';
COMMENT ON COLUMN pm_gtin.gs1_prefixes.prefix_from IS 'first prefix of the range, 2 to 7 digits';
COMMENT ON COLUMN pm_gtin.gs1_prefixes.prefix_to IS 'last prefix of the range, as many digits';
COMMENT ON COLUMN pm_gtin.gs1_prefixes.class IS 'mo (a GS1 member organisation), restricted_company, restricted_geographic, reserved, go_future_mo, global_office, epc_gmn, demo, gtin8_block, unused_gtin8_collision, issn, isbn, ismn, refund, coupon_common_currency, coupon';
COMMENT ON COLUMN pm_gtin.gs1_prefixes.holder IS 'the organisation or use; NULL for a GTIN-8 prefix means: as the same three digits of space gs1';
COMMENT ON COLUMN pm_gtin.gs1_prefixes.countries IS 'ISO 3166-1 alpha-2 codes of the member organisation, separated by spaces';
COMMENT ON COLUMN pm_gtin.gs1_prefixes.low IS 'smallest number with such a prefix (13 digits; 8 in space gs1_8)';
COMMENT ON COLUMN pm_gtin.gs1_prefixes.high IS 'largest number with such a prefix';

CREATE VIEW pm_gtin.isbn_ranges WITH (security_invoker) AS
SELECT prefix, registration_group, registrant_from, registrant_to, agency, low, high
FROM pm_gtin._isbn_ranges
WHERE shipped = NOT EXISTS (SELECT FROM pm_gtin._isbn_ranges WHERE NOT shipped);
COMMENT ON VIEW pm_gtin.isbn_ranges IS
'How an ISBN is split by hyphens (International ISBN Agency, RangeMessage of 2026-01-04 unless refreshed). Changes monthly; validity of an ISBN does not depend on it.';
COMMENT ON COLUMN pm_gtin.isbn_ranges.prefix IS 'GS1 element: 978 or 979';
COMMENT ON COLUMN pm_gtin.isbn_ranges.registration_group IS 'registration group element, 1 to 5 digits';
COMMENT ON COLUMN pm_gtin.isbn_ranges.registrant_from IS 'first registrant element of the range, 1 to 7 digits';
COMMENT ON COLUMN pm_gtin.isbn_ranges.registrant_to IS 'last registrant element of the range, as many digits';
COMMENT ON COLUMN pm_gtin.isbn_ranges.agency IS 'registration agency: language, country or area of the group';
COMMENT ON COLUMN pm_gtin.isbn_ranges.low IS 'smallest 13-digit number of the range';
COMMENT ON COLUMN pm_gtin.isbn_ranges.high IS 'largest 13-digit number of the range';

CREATE VIEW pm_gtin.gs1_application_identifiers WITH (security_invoker) AS
SELECT ai_from, ai_to, fnc1_required, format, requires, excludes, digital_link_attribute,
       digital_link_key, qualifiers, title
FROM pm_gtin._gs1_application_identifiers
WHERE shipped = NOT EXISTS (SELECT FROM pm_gtin._gs1_application_identifiers WHERE NOT shipped);
COMMENT ON VIEW pm_gtin.gs1_application_identifiers IS
'GS1 application identifiers, for reading. gs1_parse() and type gs1_elements use the same list compiled in, so that a stored value stays valid whatever this table says.';
COMMENT ON COLUMN pm_gtin.gs1_application_identifiers.ai_from IS 'first identifier of the range, 2 to 4 digits';
COMMENT ON COLUMN pm_gtin.gs1_application_identifiers.ai_to IS 'last identifier of the range';
COMMENT ON COLUMN pm_gtin.gs1_application_identifiers.fnc1_required IS 'must FNC1 end the value when another element follows?';
COMMENT ON COLUMN pm_gtin.gs1_application_identifiers.format IS 'components: character set (N digits, X the 82 characters, Y the 39, Z base64url), length, rules after colons, brackets when optional';
COMMENT ON COLUMN pm_gtin.gs1_application_identifiers.requires IS 'identifiers of which one must be there too: alternatives between bars, + for all of a group';
COMMENT ON COLUMN pm_gtin.gs1_application_identifiers.excludes IS 'identifiers that must not be there too';
COMMENT ON COLUMN pm_gtin.gs1_application_identifiers.digital_link_attribute IS 'may stand in the query of a GS1 Digital Link';
COMMENT ON COLUMN pm_gtin.gs1_application_identifiers.digital_link_key IS 'may be the key of a GS1 Digital Link';
COMMENT ON COLUMN pm_gtin.gs1_application_identifiers.qualifiers IS 'identifiers that may follow the key in the path, in order; alternatives between bars';
COMMENT ON COLUMN pm_gtin.gs1_application_identifiers.title IS 'data title, NULL where GS1 gives none';

GRANT SELECT ON pm_gtin._gs1_prefixes, pm_gtin._isbn_ranges, pm_gtin._gs1_application_identifiers,
  pm_gtin.gs1_prefixes, pm_gtin.isbn_ranges, pm_gtin.gs1_application_identifiers TO PUBLIC;

-- One row; declared so that the planner puts it into the two functions below,
-- where a call costs a seventh of one that it cannot.
CREATE FUNCTION pm_gtin._prefix_of(code pm_gtin.gtin) RETURNS TABLE (class text, holder text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT coalesce(issuer.class, 'unassigned'), issuer.holder
  FROM (SELECT CASE WHEN code::bigint < 100000000 THEN 'gs1_8' ELSE 'gs1' END AS number_space,
               code::bigint % 10000000000000 AS number) AS item
  LEFT JOIN LATERAL (SELECT p.class, p.holder, p.high FROM pm_gtin.gs1_prefixes AS p
                     WHERE p.number_space = item.number_space AND p.low <= item.number
                     ORDER BY p.low DESC LIMIT 1) AS own ON own.high >= item.number
  -- a GTIN-8 whose own list names no holder: that of the same three digits
  LEFT JOIN LATERAL (SELECT p.class, p.holder, p.high FROM pm_gtin.gs1_prefixes AS p
                     WHERE item.number_space = 'gs1_8' AND own.class IS NOT NULL AND own.holder IS NULL
                       AND p.number_space = 'gs1' AND p.low <= item.number * 100000
                     ORDER BY p.low DESC LIMIT 1) AS shared ON shared.high >= item.number * 100000
  CROSS JOIN LATERAL (SELECT CASE WHEN item.number_space = 'gs1_8' AND own.holder IS NULL
                                  THEN shared.class ELSE own.class END AS class,
                             coalesce(own.holder, shared.holder) AS holder) AS issuer;
END;

CREATE FUNCTION pm_gtin.gtin_prefix_class(code pm_gtin.gtin) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
  SELECT p.class FROM pm_gtin._prefix_of(code) AS p;
END;
COMMENT ON FUNCTION pm_gtin.gtin_prefix_class(code pm_gtin.gtin) IS
'what the prefix is for: a class of view gs1_prefixes, or unassigned; a GTIN-14 is judged by the item inside, a GTIN-8 by its own list';

CREATE FUNCTION pm_gtin.gtin_prefix_holder(code pm_gtin.gtin) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
  SELECT p.holder FROM pm_gtin._prefix_of(code) AS p;
END;
COMMENT ON FUNCTION pm_gtin.gtin_prefix_holder(code pm_gtin.gtin) IS
'the organisation that issues the prefix, or its use; NULL if unassigned. Not the country of origin';

CREATE FUNCTION pm_gtin.isbn_format(code pm_gtin.gtin) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
  SELECT CASE
    WHEN r.high >= code::bigint THEN
      r.prefix || '-' || r.registration_group
      || '-' || substr(isbn.digits, 4 + length(r.registration_group), length(r.registrant_from))
      || '-' || substr(isbn.digits, 4 + length(r.registration_group || r.registrant_from),
                       9 - length(r.registration_group || r.registrant_from))
      || '-' || right(isbn.digits, 1)
    ELSE isbn.digits
  END
  FROM (SELECT pm_gtin.gtin_digits(code, 13) AS digits
        WHERE code::bigint BETWEEN 9780000000000 AND 9789999999999
           OR code::bigint BETWEEN 9791000000000 AND 9799999999999) AS isbn
  LEFT JOIN LATERAL (SELECT i.prefix, i.registration_group, i.registrant_from, i.high
                     FROM pm_gtin.isbn_ranges AS i WHERE i.low <= code::bigint
                     ORDER BY i.low DESC LIMIT 1) AS r ON true;
END;
COMMENT ON FUNCTION pm_gtin.isbn_format(code pm_gtin.gtin) IS
'an ISBN-13 with hyphens by the ranges of view isbn_ranges; plain digits if no range is known; NULL if the gtin is no ISBN';
