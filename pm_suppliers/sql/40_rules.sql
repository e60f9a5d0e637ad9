-- What is known about a supplier's way of writing codes.

CREATE TABLE pm_suppliers.identifier_rules (
  supplier_id uuid PRIMARY KEY REFERENCES pm_suppliers.suppliers ON DELETE CASCADE,
  min_confidence real,
  check_digit text,
  zero_padding text,
  strip_prefixes text[],
  strip_suffixes text[],
  placeholders text[],
  none_codes text[],
  allowed_prefixes text[],
  updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE pm_suppliers.identifier_rules IS 'How the codes of a supplier are read, one row a supplier; where it says nothing (NULL, or no row), as gtin_resolve() reads them. set_identifier_rules() writes it; every write is checked, 22023';
COMMENT ON COLUMN pm_suppliers.identifier_rules.supplier_id IS 'the supplier';
COMMENT ON COLUMN pm_suppliers.identifier_rules.min_confidence IS '0 to 1: numbers less sure than this are held back; NULL: 0.5';
COMMENT ON COLUMN pm_suppliers.identifier_rules.check_digit IS 'sometimes_missing: where it is missing and only then, it is appended; always_missing: it is appended to 7, 11, 12 or 13 digits, also if they happen to be a number as they are; NULL: a code without it is only a suggestion';
COMMENT ON COLUMN pm_suppliers.identifier_rules.zero_padding IS 'codes of 9 to 11 digits that are a number with zeros in front: accept, however sure; refuse, they are article numbers; NULL: by min_confidence';
COMMENT ON COLUMN pm_suppliers.identifier_rules.strip_prefixes IS 'taken off in front, the longest that fits, once; a to z in any case';
COMMENT ON COLUMN pm_suppliers.identifier_rules.strip_suffixes IS 'taken off at the end, likewise';
COMMENT ON COLUMN pm_suppliers.identifier_rules.placeholders IS 'words that mean that there is no code, besides those that gtin_resolve() knows';
COMMENT ON COLUMN pm_suppliers.identifier_rules.none_codes IS 'codes that mean that there is no code, though they may be a number: compared as they came, and as a number if they are one';
COMMENT ON COLUMN pm_suppliers.identifier_rules.allowed_prefixes IS 'first digits that a number must have, in its 13-digit form; others are held back. NULL: any';
COMMENT ON COLUMN pm_suppliers.identifier_rules.updated_at IS 'when the row was last changed';

-- Refuses a rule that cannot be meant.
CREATE FUNCTION pm_suppliers._refuse_rule(rule text, value text, hint text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'invalid rule "%": %', rule, coalesce('"' || left(value, 64) || '"', 'NULL') USING ERRCODE = '22023', HINT = hint;
END
$$;

-- The words of a rule: up to a hundred, of a pattern.
CREATE FUNCTION pm_suppliers._check_words(rule text, words text[], pattern text, hint text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  word text;
BEGIN
  IF cardinality(words) NOT BETWEEN 1 AND 100 OR array_ndims(words) <> 1 THEN
    PERFORM pm_suppliers._refuse_rule(rule, words::text, 'It is a list of 1 to 100; NULL stands for none.');
  END IF;
  FOREACH word IN ARRAY coalesce(words, '{}') LOOP
    IF (word COLLATE "C" ~ pattern) IS NOT TRUE THEN
      PERFORM pm_suppliers._refuse_rule(rule, word, hint);
    END IF;
  END LOOP;
END
$$;

CREATE FUNCTION pm_suppliers._check_rules() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  line CONSTANT text := '^[^\s\x01-\x1f\x7f]([^\x01-\x1f\x7f]{0,48}[^\s\x01-\x1f\x7f])?$';
  affix CONSTANT text := '^[^\x01-\x1f\x7f]{1,50}$';
  is_line CONSTANT text := 'Each is 1 to 50 characters without white space around.';
  is_affix CONSTANT text := 'Each is 1 to 50 characters.';
BEGIN
  IF NEW.min_confidence NOT BETWEEN 0 AND 1 THEN
    PERFORM pm_suppliers._refuse_rule('min_confidence', NEW.min_confidence::text, 'It is 0 to 1.');
  END IF;
  IF NEW.check_digit NOT IN ('sometimes_missing', 'always_missing') THEN
    PERFORM pm_suppliers._refuse_rule('check_digit', NEW.check_digit, 'It is sometimes_missing, always_missing or NULL.');
  END IF;
  IF NEW.zero_padding NOT IN ('accept', 'refuse') THEN
    PERFORM pm_suppliers._refuse_rule('zero_padding', NEW.zero_padding, 'It is accept, refuse or NULL.');
  END IF;
  PERFORM pm_suppliers._check_words('strip_prefixes', NEW.strip_prefixes, affix, is_affix),
          pm_suppliers._check_words('strip_suffixes', NEW.strip_suffixes, affix, is_affix),
          pm_suppliers._check_words('placeholders', NEW.placeholders, line, is_line),
          pm_suppliers._check_words('none_codes', NEW.none_codes, line, is_line),
          pm_suppliers._check_words('allowed_prefixes', NEW.allowed_prefixes, '^[0-9]{1,13}$', 'Each is 1 to 13 digits.');
  IF TG_OP = 'UPDATE' THEN
    NEW.updated_at := now();
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER check_rules BEFORE INSERT OR UPDATE ON pm_suppliers.identifier_rules
FOR EACH ROW EXECUTE FUNCTION pm_suppliers._check_rules();

CREATE FUNCTION pm_suppliers.set_identifier_rules(supplier_code text, rules jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  supplier uuid := pm_suppliers._hold_supplier(supplier_code);
  shape CONSTANT jsonb := '{"min_confidence": "number", "check_digit": "string", "zero_padding": "string", "strip_prefixes": "array", "strip_suffixes": "array", "placeholders": "array", "none_codes": "array", "allowed_prefixes": "array"}';
  r pm_suppliers.identifier_rules;
  rule text;
  value jsonb;
BEGIN
  IF jsonb_typeof(rules) IS DISTINCT FROM 'object' THEN
    RAISE EXCEPTION 'rules are not a JSON object: %', coalesce('"' || left(rules::text, 64) || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'Name each rule, such as {"check_digit": "sometimes_missing"}; null lifts one.';
  END IF;
  FOR rule, value IN SELECT e.key, e.value FROM jsonb_each(rules) AS e LOOP
    IF NOT shape ? rule THEN
      RAISE EXCEPTION 'unknown rule "%"', left(rule, 64)
        USING ERRCODE = '22023', HINT = 'The rules are ' || (SELECT string_agg(k.name, ', ' ORDER BY k.name) FROM jsonb_object_keys(shape) AS k(name)) || '.';
    END IF;
    IF jsonb_typeof(value) NOT IN ('null', shape ->> rule)
      OR jsonb_typeof(value) = 'array' AND EXISTS (SELECT FROM jsonb_array_elements(value) AS a(word) WHERE jsonb_typeof(a.word) <> 'string') THEN
      PERFORM pm_suppliers._refuse_rule(rule, value #>> '{}', CASE shape ->> rule WHEN 'array' THEN 'It is an array of strings, or null.' ELSE format('It is a %s, or null.', shape ->> rule) END);
    END IF;
  END LOOP;
  INSERT INTO pm_suppliers.identifier_rules (supplier_id) VALUES (supplier) ON CONFLICT (supplier_id) DO NOTHING;
  SELECT u.* INTO r FROM pm_suppliers.identifier_rules AS u WHERE u.supplier_id = supplier FOR UPDATE;
  -- a number that real cannot hold is met here, with its name
  IF jsonb_typeof(rules -> 'min_confidence') = 'number' THEN
    IF (rules ->> 'min_confidence')::numeric NOT BETWEEN 0 AND 1 THEN
      PERFORM pm_suppliers._refuse_rule('min_confidence', rules ->> 'min_confidence', 'It is 0 to 1.');
    END IF;
    rules := jsonb_set(rules, '{min_confidence}', to_jsonb(round((rules ->> 'min_confidence')::numeric, 6)));
  END IF;
  r := jsonb_populate_record(r, rules);
  UPDATE pm_suppliers.identifier_rules AS u
  SET min_confidence = r.min_confidence, check_digit = r.check_digit, zero_padding = r.zero_padding, strip_prefixes = r.strip_prefixes,
      strip_suffixes = r.strip_suffixes, placeholders = r.placeholders, none_codes = r.none_codes, allowed_prefixes = r.allowed_prefixes
  WHERE u.supplier_id = supplier;
END
$$;
COMMENT ON FUNCTION pm_suppliers.set_identifier_rules(text, jsonb) IS
'sets the rules that the object names, columns of pm_suppliers.identifier_rules; null lifts one, others stay. They hold for codes resolved from now on; what was decided about a code goes first. Errors: 22023 unknown rule or bad value, 23503 unknown supplier';

SELECT pg_extension_config_dump('pm_suppliers.identifier_rules', '');

REVOKE ALL ON FUNCTION pm_suppliers._refuse_rule(text, text, text), pm_suppliers._check_words(text, text[], text, text), pm_suppliers._check_rules(),
  pm_suppliers.set_identifier_rules(text, jsonb) FROM PUBLIC;
