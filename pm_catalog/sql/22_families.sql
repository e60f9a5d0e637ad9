-- Families of products and the attributes that they declare; locales and channels.

CREATE TABLE pm_catalog.locales (
  code text COLLATE "C" PRIMARY KEY CONSTRAINT code_is_a_locale CHECK (pm_catalog.is_locale(code)),
  name text NOT NULL CONSTRAINT name_is_a_label CHECK (pm_catalog.is_label(name))
);
COMMENT ON TABLE pm_catalog.locales IS 'languages in which product data is kept';
COMMENT ON COLUMN pm_catalog.locales.code IS 'language tag, such as fr or fr-CA';
COMMENT ON COLUMN pm_catalog.locales.name IS 'the name that is shown';

CREATE TABLE pm_catalog.channels (
  code text COLLATE "C" PRIMARY KEY CONSTRAINT code_is_a_slug CHECK (pm_catalog.is_slug(code)),
  name text NOT NULL CONSTRAINT name_is_a_label CHECK (pm_catalog.is_label(name))
);
COMMENT ON TABLE pm_catalog.channels IS 'where products are sold or shown: web, print, a marketplace';
COMMENT ON COLUMN pm_catalog.channels.code IS 'short unique name';
COMMENT ON COLUMN pm_catalog.channels.name IS 'the name that is shown';

CREATE TABLE pm_catalog.families (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  code text COLLATE "C" NOT NULL UNIQUE CONSTRAINT code_is_a_slug CHECK (pm_catalog.is_slug(code)),
  name text NOT NULL CONSTRAINT name_is_a_label CHECK (pm_catalog.is_label(name)),
  numbers_products boolean NOT NULL DEFAULT false,
  next_bit integer NOT NULL DEFAULT 32 CONSTRAINT next_bit_is_not_of_a_column CHECK (next_bit >= 32),
  version integer NOT NULL DEFAULT 0
);
COMMENT ON TABLE pm_catalog.families IS 'families of products: what the attributes of a product may and must be';
COMMENT ON COLUMN pm_catalog.families.id IS 'key';
COMMENT ON COLUMN pm_catalog.families.code IS 'short unique name, such as verre';
COMMENT ON COLUMN pm_catalog.families.name IS 'the name that is shown';
COMMENT ON COLUMN pm_catalog.families.numbers_products IS 'does each product that comes into the family get an integer in product_numbers, for clients that need integer keys?';
COMMENT ON COLUMN pm_catalog.families.next_bit IS 'kept by the server: the bit of products.filled that the next attribute gets; no bit is used again';
COMMENT ON COLUMN pm_catalog.families.version IS 'kept by the server: how often what it declares has changed';

CREATE FUNCTION pm_catalog._column_bit(name text) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_column_bit_sql';
COMMENT ON FUNCTION pm_catalog._column_bit(name text) IS 'the bit of products.filled of a column of products that a family can require; NULL: there is none';

CREATE FUNCTION pm_catalog.is_formula(expression text, data_type text) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_is_formula';
COMMENT ON FUNCTION pm_catalog.is_formula(expression text, data_type text) IS
'is it a formula for an attribute of the type: for text a template, such as "{title} ({index})", where {{ and }} stand for braces; for integer and number arithmetic with + - * / ( ), such as "width * height / 100"? It names at least one value and has at most 64 steps';

CREATE FUNCTION pm_catalog._formula_names(expression text, data_type text) RETURNS SETOF text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_formula_names';
COMMENT ON FUNCTION pm_catalog._formula_names(expression text, data_type text) IS 'what a formula names';

CREATE TABLE pm_catalog.family_attributes (
  family_id uuid NOT NULL REFERENCES pm_catalog.families ON DELETE CASCADE,
  code text COLLATE "C" NOT NULL CONSTRAINT code_is_a_word CHECK (code ~ '^[a-z][a-z0-9_]{0,62}$'),
  name text NOT NULL CONSTRAINT name_is_a_label CHECK (pm_catalog.is_label(name)),
  data_type text NOT NULL CONSTRAINT data_type_is_known
    CHECK (data_type IN ('text', 'integer', 'number', 'boolean', 'date', 'url', 'choice', 'choices', 'column')),
  unit text CONSTRAINT unit_is_a_reference CHECK (pm_catalog.is_reference(unit)),
  is_required boolean NOT NULL DEFAULT false,
  required_channels text[] COLLATE "C",
  is_mandatory boolean NOT NULL DEFAULT false,
  min_value numeric,
  max_value numeric,
  min_date date,
  max_date date,
  decimals integer CONSTRAINT decimals_are_0_to_20 CHECK (decimals BETWEEN 0 AND 20),
  max_length integer CONSTRAINT max_length_is_1_to_100000 CHECK (max_length BETWEEN 1 AND 100000),
  pattern text CONSTRAINT pattern_is_a_regular_expression CHECK (pattern IS NULL OR length(pattern) BETWEEN 1 AND 500 AND ('' ~ pattern) IS NOT NULL AND ('' ~ ('^(?:' || pattern || ')$')) IS NOT NULL),
  is_unique boolean NOT NULL DEFAULT false,
  per_locale boolean NOT NULL DEFAULT false,
  per_channel boolean NOT NULL DEFAULT false,
  expression text CONSTRAINT expression_has_at_most_1000_characters CHECK (length(expression) <= 1000),
  position integer NOT NULL DEFAULT 0,
  bit integer NOT NULL CONSTRAINT bit_is_below_2048 CHECK (bit BETWEEN 0 AND 2047),
  PRIMARY KEY (family_id, code),
  UNIQUE (family_id, bit),
  CONSTRAINT code_is_of_a_column_if_data_type_is CHECK ((data_type = 'column') = (pm_catalog._column_bit(code) IS NOT NULL)),
  CONSTRAINT column_has_no_rules_of_its_own CHECK (data_type <> 'column' OR NOT (is_unique OR per_locale OR per_channel)),
  CONSTRAINT unit_is_of_a_number CHECK (unit IS NULL OR data_type IN ('integer', 'number')),
  CONSTRAINT values_bound_numbers CHECK (num_nulls(min_value, max_value) = 2 OR data_type IN ('integer', 'number')),
  CONSTRAINT values_are_finite CHECK (coalesce(min_value, 0) <> ALL ('{NaN,Infinity,-Infinity}') AND coalesce(max_value, 0) <> ALL ('{NaN,Infinity,-Infinity}')),
  CONSTRAINT min_value_is_at_most_max_value CHECK (min_value <= max_value),
  CONSTRAINT dates_bound_dates CHECK (num_nulls(min_date, max_date) = 2 OR data_type = 'date'),
  CONSTRAINT dates_have_four_digits_of_a_year CHECK (coalesce(min_date, '2000-01-01') BETWEEN '0001-01-01' AND '9999-12-31' AND coalesce(max_date, '2000-01-01') BETWEEN '0001-01-01' AND '9999-12-31'),
  CONSTRAINT min_date_is_at_most_max_date CHECK (min_date <= max_date),
  CONSTRAINT decimals_are_of_a_number CHECK (decimals IS NULL OR data_type = 'number'),
  CONSTRAINT max_length_is_of_a_text CHECK (max_length IS NULL OR data_type IN ('text', 'url')),
  CONSTRAINT pattern_is_of_a_text CHECK (pattern IS NULL OR data_type IN ('text', 'url')),
  CONSTRAINT unique_is_a_short_value CHECK (NOT is_unique OR data_type IN ('integer', 'date') OR (data_type IN ('text', 'url') AND coalesce(max_length, 1000) <= 255)),
  CONSTRAINT required_channels_are_of_a_required_one CHECK (required_channels IS NULL OR (is_required AND cardinality(required_channels) > 0 AND array_position(required_channels, NULL) IS NULL)),
  CONSTRAINT mandatory_has_one_value CHECK (NOT is_mandatory OR NOT (per_locale OR per_channel OR expression IS NOT NULL)),
  CONSTRAINT expression_is_a_formula CHECK (expression IS NULL OR pm_catalog.is_formula(expression, data_type)),
  CONSTRAINT computed_has_one_value CHECK (expression IS NULL OR NOT (per_locale OR per_channel)),
  CONSTRAINT computed_number_says_decimals CHECK (expression IS NULL OR data_type <> 'number' OR decimals IS NOT NULL)
);
COMMENT ON TABLE pm_catalog.family_attributes IS 'what attributes the products of a family may and must have. A change is checked against all products of the family: error 23514 says how many would no longer fit';
COMMENT ON COLUMN pm_catalog.family_attributes.family_id IS 'the family';
COMMENT ON COLUMN pm_catalog.family_attributes.code IS 'key in technical_specs or attributes; or the name of a column of products, if data_type is column';
COMMENT ON COLUMN pm_catalog.family_attributes.name IS 'the name that is shown';
COMMENT ON COLUMN pm_catalog.family_attributes.data_type IS 'text, url (http or https): a string; integer, number: a number; boolean; date: a string YYYY-MM-DD; choice: one of family_options; choices: a list of them; column: the column of products of that name, which has its own type';
COMMENT ON COLUMN pm_catalog.family_attributes.unit IS 'unit of a number: a code of UN/CEFACT recommendation 20, such as MMT, or a sign';
COMMENT ON COLUMN pm_catalog.family_attributes.is_required IS 'is a product incomplete without it? It can be written all the same';
COMMENT ON COLUMN pm_catalog.family_attributes.required_channels IS 'the channels in which it is required; NULL: all';
COMMENT ON COLUMN pm_catalog.family_attributes.is_mandatory IS 'is a product refused without it (error 23514)?';
COMMENT ON COLUMN pm_catalog.family_attributes.min_value IS 'least number';
COMMENT ON COLUMN pm_catalog.family_attributes.max_value IS 'greatest number';
COMMENT ON COLUMN pm_catalog.family_attributes.min_date IS 'first day';
COMMENT ON COLUMN pm_catalog.family_attributes.max_date IS 'last day';
COMMENT ON COLUMN pm_catalog.family_attributes.decimals IS 'most decimals of a number; a computed one is rounded to them';
COMMENT ON COLUMN pm_catalog.family_attributes.max_length IS 'most characters; NULL: 10 000, of a url 2 000';
COMMENT ON COLUMN pm_catalog.family_attributes.pattern IS 'regular expression (POSIX advanced) that the whole value matches';
COMMENT ON COLUMN pm_catalog.family_attributes.is_unique IS 'has each product of the family that is not deleted another value, within a locale and channel? Error 23505';
COMMENT ON COLUMN pm_catalog.family_attributes.per_locale IS 'has it a value for each locale, in product_attributes?';
COMMENT ON COLUMN pm_catalog.family_attributes.per_channel IS 'has it a value for each channel, in product_attributes?';
COMMENT ON COLUMN pm_catalog.family_attributes.expression IS 'formula of which the server computes the value: see is_formula. It names attributes of the family with one value, not computed themselves, and columns of products';
COMMENT ON COLUMN pm_catalog.family_attributes.position IS 'order in which attributes are shown, then by code';
COMMENT ON COLUMN pm_catalog.family_attributes.bit IS 'kept by the server: its bit in filled';

CREATE TABLE pm_catalog.family_options (
  id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  family_id uuid NOT NULL,
  attribute text COLLATE "C" NOT NULL,
  code text COLLATE "C" NOT NULL CONSTRAINT code_is_a_reference CHECK (pm_catalog.is_reference(code)),
  name text NOT NULL CONSTRAINT name_is_a_label CHECK (pm_catalog.is_label(name)),
  position integer NOT NULL DEFAULT 0,
  UNIQUE (family_id, attribute, code),
  UNIQUE (family_id, attribute, name),
  FOREIGN KEY (family_id, attribute) REFERENCES pm_catalog.family_attributes (family_id, code) ON UPDATE CASCADE ON DELETE CASCADE
);
COMMENT ON TABLE pm_catalog.family_options IS 'what an attribute of type choice or choices may be';
COMMENT ON COLUMN pm_catalog.family_options.id IS 'key';
COMMENT ON COLUMN pm_catalog.family_options.family_id IS 'the family';
COMMENT ON COLUMN pm_catalog.family_options.attribute IS 'code of the attribute';
COMMENT ON COLUMN pm_catalog.family_options.code IS 'the value that products have; error 23514 if it changes or goes while a product has it';
COMMENT ON COLUMN pm_catalog.family_options.name IS 'the name that is shown; may change at any time';
COMMENT ON COLUMN pm_catalog.family_options.position IS 'order in which options are shown, then by name';

CREATE TABLE pm_catalog.family_rules (
  family_id uuid NOT NULL,
  left_code text COLLATE "C" NOT NULL,
  comparison text NOT NULL CONSTRAINT comparison_is_known CHECK (comparison IN ('<', '<=', '=', '<>')),
  right_code text COLLATE "C" NOT NULL,
  PRIMARY KEY (family_id, left_code, comparison, right_code),
  FOREIGN KEY (family_id, left_code) REFERENCES pm_catalog.family_attributes (family_id, code) ON UPDATE CASCADE ON DELETE CASCADE,
  FOREIGN KEY (family_id, right_code) REFERENCES pm_catalog.family_attributes (family_id, code) ON UPDATE CASCADE ON DELETE CASCADE,
  CONSTRAINT attribute_is_not_compared_with_itself CHECK (left_code <> right_code)
);
CREATE INDEX ON pm_catalog.family_rules (family_id, right_code);
COMMENT ON TABLE pm_catalog.family_rules IS 'rules between two attributes of a product, which hold where both have a value: numbers compare as numbers, dates as dates, texts bytewise';
COMMENT ON COLUMN pm_catalog.family_rules.family_id IS 'the family';
COMMENT ON COLUMN pm_catalog.family_rules.left_code IS 'code of the attribute on the left';
COMMENT ON COLUMN pm_catalog.family_rules.comparison IS 'how it must compare: <, <=, = or <>';
COMMENT ON COLUMN pm_catalog.family_rules.right_code IS 'code of the attribute on the right, with the same kind of values in the same place';

SELECT pg_extension_config_dump('pm_catalog.locales', '');
SELECT pg_extension_config_dump('pm_catalog.channels', '');
SELECT pg_extension_config_dump('pm_catalog.families', '');
SELECT pg_extension_config_dump('pm_catalog.family_attributes', '');
SELECT pg_extension_config_dump('pm_catalog.family_options', '');
SELECT pg_extension_config_dump('pm_catalog.family_options_id_seq', '');
SELECT pg_extension_config_dump('pm_catalog.family_rules', '');
