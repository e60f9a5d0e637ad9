-- Values of products by locale and channel, and what keeps all values true to their families.

CREATE TABLE pm_catalog.product_attributes (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  product_id uuid NOT NULL,
  locale text COLLATE "C" REFERENCES pm_catalog.locales ON UPDATE CASCADE,
  channel text COLLATE "C" REFERENCES pm_catalog.channels ON UPDATE CASCADE,
  attributes jsonb NOT NULL DEFAULT '{}' CONSTRAINT attributes_is_an_object CHECK (jsonb_typeof(attributes) = 'object'),
  family_id uuid NOT NULL,
  filled bytea NOT NULL DEFAULT '',
  UNIQUE NULLS NOT DISTINCT (product_id, locale, channel),
  FOREIGN KEY (family_id, product_id) REFERENCES pm_catalog.products (family_id, id) ON UPDATE CASCADE ON DELETE CASCADE,
  CONSTRAINT locale_or_channel_is_given CHECK (num_nonnulls(locale, channel) > 0)
);
CREATE INDEX ON pm_catalog.product_attributes (family_id, product_id);
CREATE INDEX ON pm_catalog.product_attributes (locale);
CREATE INDEX ON pm_catalog.product_attributes (channel);
COMMENT ON TABLE pm_catalog.product_attributes IS 'values of attributes that differ by locale or channel: one row for a product, locale and channel; those that hold everywhere are in products.technical_specs';
COMMENT ON COLUMN pm_catalog.product_attributes.id IS 'key';
COMMENT ON COLUMN pm_catalog.product_attributes.product_id IS 'the product, which has a family: error 23514';
COMMENT ON COLUMN pm_catalog.product_attributes.locale IS 'language of the values; NULL: these are of attributes with a value for each channel alone';
COMMENT ON COLUMN pm_catalog.product_attributes.channel IS 'channel of the values; NULL: these are of attributes with a value for each locale alone';
COMMENT ON COLUMN pm_catalog.product_attributes.attributes IS 'the values, by the attribute''s code; error 23514 with all that does not fit the family';
COMMENT ON COLUMN pm_catalog.product_attributes.family_id IS 'kept by the server: the family of the product';
COMMENT ON COLUMN pm_catalog.product_attributes.filled IS 'kept by the server: one bit for each attribute that has a value here';

CREATE TABLE pm_catalog._unique_values (
  family_id uuid NOT NULL,
  attribute text COLLATE "C" NOT NULL,
  locale text COLLATE "C",
  channel text COLLATE "C",
  value text COLLATE "C" NOT NULL,
  product_id uuid NOT NULL REFERENCES pm_catalog.products ON DELETE CASCADE,
  CONSTRAINT value_is_unique_in_its_family UNIQUE NULLS NOT DISTINCT (family_id, attribute, locale, channel, value)
);
CREATE INDEX ON pm_catalog._unique_values (product_id);
COMMENT ON TABLE pm_catalog._unique_values IS 'kept by the server: the values of unique attributes of products that are not deleted';
COMMENT ON COLUMN pm_catalog._unique_values.family_id IS 'the family';
COMMENT ON COLUMN pm_catalog._unique_values.attribute IS 'code of the attribute';
COMMENT ON COLUMN pm_catalog._unique_values.locale IS 'locale of the value, NULL: of none';
COMMENT ON COLUMN pm_catalog._unique_values.channel IS 'channel of the value, NULL: of none';
COMMENT ON COLUMN pm_catalog._unique_values.value IS 'the value, compared bytewise; a number without zeros at its end';
COMMENT ON COLUMN pm_catalog._unique_values.product_id IS 'the product that has it';

CREATE TABLE pm_catalog.product_numbers (
  number integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  product_id uuid NOT NULL UNIQUE REFERENCES pm_catalog.products ON DELETE CASCADE
);
COMMENT ON TABLE pm_catalog.product_numbers IS 'integer keys of products whose family numbers them, for clients that need such';
COMMENT ON COLUMN pm_catalog.product_numbers.number IS 'the key';
COMMENT ON COLUMN pm_catalog.product_numbers.product_id IS 'the product';

-- What is wrong with values that are not written yet.
CREATE FUNCTION pm_catalog.check_specs(family_id uuid, specs jsonb) RETURNS TABLE(path text, value text, rule text, message text)
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_catalog_check_specs';
COMMENT ON FUNCTION pm_catalog.check_specs(family_id uuid, specs jsonb) IS
'what does not fit the family in an object of values for products.technical_specs: one row a fault, none if all fit; by the declaration that is in force, without computed values. Errors: 42704 no such family, 22023 specs is no object';
CREATE FUNCTION pm_catalog._check_attributes(family_id uuid, attributes jsonb, has_locale boolean, has_channel boolean) RETURNS TABLE(path text, value text, rule text, message text)
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_catalog_check_specs';
COMMENT ON FUNCTION pm_catalog._check_attributes(family_id uuid, attributes jsonb, has_locale boolean, has_channel boolean) IS 'check_specs for a row of product_attributes';

CREATE FUNCTION pm_catalog._unfit_product(product pm_catalog.products) RETURNS text
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_catalog_unfit_product';
COMMENT ON FUNCTION pm_catalog._unfit_product(product pm_catalog.products) IS 'what writing the product would throw because it does not fit its family; NULL if it fits, or has no family';
CREATE FUNCTION pm_catalog._products_attributes() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_catalog_products_attributes';
CREATE TRIGGER products_attributes BEFORE INSERT OR UPDATE ON pm_catalog.products
FOR EACH ROW EXECUTE FUNCTION pm_catalog._products_attributes();

CREATE FUNCTION pm_catalog._attributes() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_catalog_attributes';
CREATE TRIGGER attributes BEFORE INSERT OR UPDATE ON pm_catalog.product_attributes
FOR EACH ROW EXECUTE FUNCTION pm_catalog._attributes();

-- The values of a product with those that are computed, as they would be written.
CREATE FUNCTION pm_catalog._computed_specs(product pm_catalog.products) RETURNS jsonb
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_catalog_computed_specs';

-- A value of an attribute as _unique_values has it.
CREATE FUNCTION pm_catalog._held_value(value jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE jsonb_typeof(value) WHEN 'number' THEN trim_scale(value::numeric)::text ELSE value #>> '{}' END;

-- All values of unique attributes, as _unique_values must have them.
CREATE VIEW pm_catalog._held_values WITH (security_invoker = true) AS
SELECT p.family_id, a.code AS attribute, s.locale, s.channel,
  pm_catalog._held_value(s.held -> a.code) AS value,
  p.id AS product_id
FROM pm_catalog.products AS p
JOIN pm_catalog.family_attributes AS a ON a.family_id = p.family_id AND a.is_unique
CROSS JOIN LATERAL (
  SELECT NULL AS locale, NULL AS channel, p.technical_specs AS held
  UNION ALL
  SELECT v.locale, v.channel, v.attributes FROM pm_catalog.product_attributes AS v WHERE v.product_id = p.id
) AS s
WHERE p.deleted_at IS NULL AND s.held ->> a.code IS NOT NULL;

-- Writes the unique values of some products anew.
CREATE FUNCTION pm_catalog._note_unique(products uuid[]) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
BEGIN
  IF cardinality(products) = 0 THEN
    RETURN;
  END IF;
  DELETE FROM pm_catalog._unique_values AS u WHERE u.product_id = ANY (products);
  INSERT INTO pm_catalog._unique_values (family_id, attribute, locale, channel, value, product_id)
  SELECT u.family_id, u.attribute, u.locale, u.channel, u.value, u.product_id FROM pm_catalog._held_values AS u WHERE u.product_id = ANY (products)
  ORDER BY u.family_id, u.attribute, u.value;  -- who wants what another has just taken waits for it, and not in a circle
END $$;
COMMENT ON FUNCTION pm_catalog._note_unique(products uuid[]) IS 'writes the rows of _unique_values of these products anew; error 23505 if another product has one of their values';

-- What follows from products that a statement wrote: unique values, numbers.
CREATE FUNCTION pm_catalog._products_values() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
BEGIN
  IF EXISTS (SELECT FROM pm_catalog.family_attributes AS a WHERE a.is_unique) THEN
    IF TG_OP = 'INSERT' THEN
      PERFORM pm_catalog._note_unique(ARRAY(
        SELECT n.id FROM new_rows AS n
        WHERE EXISTS (SELECT FROM pm_catalog.family_attributes AS a WHERE a.is_unique AND a.family_id = n.family_id)));
    ELSE
      PERFORM pm_catalog._note_unique(ARRAY(
        SELECT n.id FROM new_rows AS n JOIN old_rows AS o ON o.id = n.id
        WHERE (o.family_id, o.technical_specs, o.deleted_at IS NULL) IS DISTINCT FROM (n.family_id, n.technical_specs, n.deleted_at IS NULL)
          AND EXISTS (SELECT FROM pm_catalog.family_attributes AS a WHERE a.is_unique AND a.family_id IN (o.family_id, n.family_id))));
    END IF;
  END IF;
  IF EXISTS (SELECT FROM pm_catalog.families AS f WHERE f.numbers_products) THEN
    INSERT INTO pm_catalog.product_numbers (product_id)
    SELECT n.id FROM new_rows AS n JOIN pm_catalog.families AS f ON f.id = n.family_id AND f.numbers_products
    WHERE NOT EXISTS (SELECT FROM pm_catalog.product_numbers AS had WHERE had.product_id = n.id)
    ORDER BY n.id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER products_values_inserted AFTER INSERT ON pm_catalog.products
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._products_values();
CREATE TRIGGER products_values_updated AFTER UPDATE ON pm_catalog.products
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._products_values();

-- What follows from rows of product_attributes: unique values.
CREATE FUNCTION pm_catalog._attributes_values() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pm_catalog.family_attributes AS a WHERE a.is_unique) THEN
    RETURN NULL;
  ELSIF TG_OP = 'INSERT' THEN
    PERFORM pm_catalog._note_unique(ARRAY(SELECT DISTINCT n.product_id FROM new_rows AS n));
  ELSIF TG_OP = 'UPDATE' THEN
    PERFORM pm_catalog._note_unique(ARRAY(SELECT n.product_id FROM new_rows AS n UNION SELECT o.product_id FROM old_rows AS o));
  ELSE
    PERFORM pm_catalog._note_unique(ARRAY(SELECT DISTINCT o.product_id FROM old_rows AS o));
  END IF;
  RETURN NULL;
END $$;
-- Values per locale and channel are part of the product's history.
CREATE TRIGGER attributes_noted_inserted AFTER INSERT ON pm_catalog.product_attributes
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._note_attributes();
CREATE TRIGGER attributes_noted_updated AFTER UPDATE ON pm_catalog.product_attributes
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._note_attributes();
CREATE TRIGGER attributes_noted_deleted AFTER DELETE ON pm_catalog.product_attributes
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._note_attributes();

CREATE TRIGGER attributes_values_inserted AFTER INSERT ON pm_catalog.product_attributes
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._attributes_values();
CREATE TRIGGER attributes_values_updated AFTER UPDATE ON pm_catalog.product_attributes
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._attributes_values();
CREATE TRIGGER attributes_values_deleted AFTER DELETE ON pm_catalog.product_attributes
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._attributes_values();

CREATE FUNCTION pm_catalog._attributes_truncated() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
BEGIN
  DELETE FROM pm_catalog._unique_values AS u WHERE num_nonnulls(u.locale, u.channel) > 0;
  RETURN NULL;
END $$;
CREATE TRIGGER attributes_truncated AFTER TRUNCATE ON pm_catalog.product_attributes
FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._attributes_truncated();

CREATE VIEW pm_catalog.product_values WITH (security_invoker = true) AS
SELECT p.id AS product_id, v.key AS attribute, NULL::text COLLATE "C" AS locale, NULL::text COLLATE "C" AS channel, v.value
FROM pm_catalog.products AS p CROSS JOIN LATERAL jsonb_each(p.technical_specs) AS v
UNION ALL
SELECT a.product_id, v.key, a.locale, a.channel, v.value
FROM pm_catalog.product_attributes AS a CROSS JOIN LATERAL jsonb_each(a.attributes) AS v;
COMMENT ON VIEW pm_catalog.product_values IS 'the values of all attributes, one a row';
COMMENT ON COLUMN pm_catalog.product_values.product_id IS 'the product';
COMMENT ON COLUMN pm_catalog.product_values.attribute IS 'code of the attribute';
COMMENT ON COLUMN pm_catalog.product_values.locale IS 'locale of the value; NULL: it holds for all';
COMMENT ON COLUMN pm_catalog.product_values.channel IS 'channel of the value; NULL: it holds for all';
COMMENT ON COLUMN pm_catalog.product_values.value IS 'the value';

REVOKE ALL ON FUNCTION pm_catalog.check_specs(uuid, jsonb), pm_catalog._check_attributes(uuid, jsonb, boolean, boolean), pm_catalog._unfit_product(pm_catalog.products), pm_catalog._computed_specs(pm_catalog.products), pm_catalog._products_attributes(),
  pm_catalog._attributes(), pm_catalog._note_unique(uuid[]), pm_catalog._products_values(), pm_catalog._attributes_values(),
  pm_catalog._attributes_truncated() FROM PUBLIC;

SELECT pg_extension_config_dump('pm_catalog.product_attributes', '');
SELECT pg_extension_config_dump('pm_catalog._unique_values', '');
SELECT pg_extension_config_dump('pm_catalog.product_numbers', '');
SELECT pg_extension_config_dump('pm_catalog.product_numbers_number_seq', '');
