-- Brands and the names under which files mention them.

CREATE FUNCTION pm_catalog.brand_key(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN translate(
  replace(replace(replace(
    lower(translate(regexp_replace(normalize(translate(name, '™®©℠', ''), NFKD) COLLATE "default",
      -- all of ASCII but letters, digits, + and &; other punctuation; accents
      '[\u0001-\u0025\u0027-\u002a\u002c-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u0300-\u036f\u2000-\u206f\u3000-\u303f]', '', 'g'),
      'ÆŒØŁĐÐ', 'æœøłđð')),
    'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'),
  'øłđðı', 'olddi') COLLATE "C";
COMMENT ON FUNCTION pm_catalog.brand_key(text) IS
'what the spellings of a brand''s name have in common: letters without accents, in small as the database''s locale has them, digits, + and &; case, blanks, punctuation and trademark signs do not count. For databases in UTF8';

CREATE TABLE pm_catalog.brand_aliases (
  alias_key text COLLATE "C" GENERATED ALWAYS AS (pm_catalog.brand_key(alias)) STORED PRIMARY KEY
    CONSTRAINT alias_has_a_letter_or_digit CHECK (alias_key <> ''),
  alias text NOT NULL CONSTRAINT alias_is_a_label CHECK (pm_catalog.is_label(alias)),
  brand_id uuid NOT NULL REFERENCES pm_catalog.brands ON DELETE CASCADE
);
CREATE INDEX ON pm_catalog.brand_aliases (brand_id);
COMMENT ON TABLE pm_catalog.brand_aliases IS 'names under which brands are known, their own among them: "HP" and "Hewlett-Packard" are one brand';
COMMENT ON COLUMN pm_catalog.brand_aliases.alias_key IS 'the name as it is compared: brand_key(alias), unique';
COMMENT ON COLUMN pm_catalog.brand_aliases.alias IS 'the name as it was written first';
COMMENT ON COLUMN pm_catalog.brand_aliases.brand_id IS 'the brand';

CREATE FUNCTION pm_catalog._refuse_brand(name text, other text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'brand "%" is known already: as "%"', left(name, 64), left(other, 64)
    USING ERRCODE = '23505', SCHEMA = 'pm_catalog', TABLE = 'brands', COLUMN = 'name',
          HINT = 'Case, accents, blanks and punctuation do not count; merge_brands() makes two brands one.';
END
$$;

CREATE FUNCTION pm_catalog._refuse_nameless(name text, alias text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'brand "%" would not be known by its own name', left(name, 64)
    USING ERRCODE = '23503', SCHEMA = 'pm_catalog', TABLE = 'brand_aliases', DETAIL = format('Its alias is "%s".', left(alias, 64)),
          HINT = 'Rename the brand first, then its old name can go.';
END
$$;

-- Who makes brands without ensure_brands() is waited for by those who use it.
CREATE TRIGGER lock_before_insert BEFORE INSERT ON pm_catalog.brands
FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._lock_writers('together');
CREATE TRIGGER lock_before_update BEFORE UPDATE OF name ON pm_catalog.brands
FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._lock_writers('together');

-- The name of a brand is among its aliases, whatever path writes.
DO $$
DECLARE
  event text;
BEGIN
  FOREACH event IN ARRAY ARRAY['INSERT', 'UPDATE'] LOOP
    EXECUTE format($trigger$
      CREATE TRIGGER aliases_after_%s AFTER %s ON pm_catalog.brands REFERENCING NEW TABLE AS new_rows
      FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._after_statement(%L, %L)
    $trigger$, lower(event), event,
    'INSERT INTO pm_catalog.brand_aliases (alias, brand_id) SELECT n.name, n.id FROM new_rows AS n ORDER BY pm_catalog.brand_key(n.name)
     ON CONFLICT (alias_key) DO NOTHING',
    'SELECT pm_catalog._refuse_brand(n.name, b.name)
     FROM new_rows AS n JOIN pm_catalog.brand_aliases AS a ON a.alias_key = pm_catalog.brand_key(n.name) AND a.brand_id <> n.id
     JOIN pm_catalog.brands AS b ON b.id = a.brand_id');
  END LOOP;
  FOREACH event IN ARRAY ARRAY['DELETE', 'UPDATE'] LOOP
    EXECUTE format($trigger$
      CREATE TRIGGER names_after_%s AFTER %s ON pm_catalog.brand_aliases REFERENCING OLD TABLE AS old_rows
      FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._after_statement(%L)
    $trigger$, lower(event), event,
    'SELECT pm_catalog._refuse_nameless(b.name, o.alias)
     FROM old_rows AS o JOIN pm_catalog.brands AS b ON b.id = o.brand_id AND pm_catalog.brand_key(b.name) = o.alias_key
     WHERE NOT EXISTS (SELECT FROM pm_catalog.brand_aliases AS a WHERE a.alias_key = o.alias_key AND a.brand_id = o.brand_id)');
  END LOOP;
END
$$;

CREATE FUNCTION pm_catalog.ensure_brands(names text[]) RETURNS TABLE(name text, brand_id uuid)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  wanted text[];
  keys text[];
BEGIN
  SELECT array_agg(k.name), array_agg(k.key) INTO wanted, keys
  FROM (SELECT n.name, pm_catalog.brand_key(n.name) AS key FROM (SELECT DISTINCT u COLLATE "C" AS name FROM unnest(names) AS u) AS n OFFSET 0) AS k;
  IF EXISTS (SELECT FROM unnest(keys) AS k WHERE k <> '' AND NOT EXISTS (SELECT FROM pm_catalog.brand_aliases AS a WHERE a.alias_key = k)) THEN
    -- who makes some is alone until it commits; they may be there then
    PERFORM pm_catalog._lock_table('pm_catalog.brands', true);
    INSERT INTO pm_catalog.brands (name)
    SELECT DISTINCT ON (k.key) btrim(k.name)
    FROM unnest(wanted, keys) AS k(name, key)
    WHERE k.key <> '' AND NOT EXISTS (SELECT FROM pm_catalog.brand_aliases AS a WHERE a.alias_key = k.key)
    -- a name that is no label is refused even if another spelling is there
    ORDER BY k.key, pm_catalog.is_label(btrim(k.name)), btrim(k.name) COLLATE "C";
  END IF;
  RETURN QUERY
  SELECT k.name, a.brand_id FROM unnest(wanted, keys) AS k(name, key) LEFT JOIN pm_catalog.brand_aliases AS a ON a.alias_key = k.key;
END
$$;
COMMENT ON FUNCTION pm_catalog.ensure_brands(text[]) IS
'the brands that are known under these names, one row for each different name; those that are missing are made. brand_id is NULL for NULL and for a name without letter or digit. Who makes some waits for others that do: call it before writing products. Errors: 23514 a name that is no label; 23505 in REPEATABLE READ if another has made one meanwhile: try again';

CREATE FUNCTION pm_catalog.ensure_brand(name text) RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT b.brand_id FROM pm_catalog.ensure_brands(ARRAY[name]) AS b;
END;
COMMENT ON FUNCTION pm_catalog.ensure_brand(text) IS 'ensure_brands() for one name';

CREATE FUNCTION pm_catalog.merge_brands("from" uuid, "into" uuid) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  source ALIAS FOR "from";
  target ALIAS FOR "into";
  found_brands uuid[];
  names text[];
  moved bigint;
BEGIN
  IF source = target THEN
    RAISE EXCEPTION 'brand "%" cannot be merged into itself', source USING ERRCODE = '22023';
  END IF;
  found_brands := ARRAY(SELECT b.id FROM pm_catalog.brands AS b WHERE b.id IN (source, target) ORDER BY b.id FOR UPDATE);
  IF cardinality(found_brands) < 2 THEN
    RAISE EXCEPTION 'brand % does not exist', coalesce('"' || (SELECT b FROM unnest(ARRAY[source, target]) AS b WHERE b IS NULL OR b <> ALL (found_brands) LIMIT 1) || '"', 'NULL')
      USING ERRCODE = '23503';
  END IF;
  UPDATE pm_catalog.products AS p SET brand_id = target WHERE p.brand_id = source;
  GET DIAGNOSTICS moved = ROW_COUNT;
  names := ARRAY(SELECT a.alias FROM pm_catalog.brand_aliases AS a WHERE a.brand_id = source);
  DELETE FROM pm_catalog.brands AS b WHERE b.id = source;
  INSERT INTO pm_catalog.brand_aliases (alias, brand_id) SELECT n, target FROM unnest(names) AS n;
  RETURN moved;
END
$$;
COMMENT ON FUNCTION pm_catalog.merge_brands(uuid, uuid) IS
'makes two brands one: products and aliases of the first become the second''s, and the first is deleted; returns how many products that were. Errors: 23503 no such brand, 22023 both are the same';

REVOKE ALL ON FUNCTION pm_catalog._refuse_brand(text, text), pm_catalog._refuse_nameless(text, text), pm_catalog.ensure_brands(text[]),
  pm_catalog.ensure_brand(text), pm_catalog.merge_brands(uuid, uuid) FROM PUBLIC;

SELECT pg_extension_config_dump('pm_catalog.brand_aliases', '');
