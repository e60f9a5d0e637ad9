-- What happens when a family is declared anew.  ARCHITECTURE.md says why it is exact.

CREATE FUNCTION pm_catalog._forget_family() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_catalog_forget_family';
-- ALWAYS: they derive nothing, and what replication brings must be known too
CREATE TRIGGER forget_family AFTER INSERT OR UPDATE OR DELETE ON pm_catalog.families FOR EACH ROW EXECUTE FUNCTION pm_catalog._forget_family();
CREATE TRIGGER forget_family AFTER INSERT OR UPDATE OR DELETE ON pm_catalog.family_attributes FOR EACH ROW EXECUTE FUNCTION pm_catalog._forget_family();
CREATE TRIGGER forget_family AFTER INSERT OR UPDATE OR DELETE ON pm_catalog.family_options FOR EACH ROW EXECUTE FUNCTION pm_catalog._forget_family();
CREATE TRIGGER forget_family AFTER INSERT OR UPDATE OR DELETE ON pm_catalog.family_rules FOR EACH ROW EXECUTE FUNCTION pm_catalog._forget_family();
ALTER TABLE pm_catalog.families ENABLE ALWAYS TRIGGER forget_family;
ALTER TABLE pm_catalog.family_attributes ENABLE ALWAYS TRIGGER forget_family;
ALTER TABLE pm_catalog.family_options ENABLE ALWAYS TRIGGER forget_family;
ALTER TABLE pm_catalog.family_rules ENABLE ALWAYS TRIGGER forget_family;

-- Before a declaration may become stricter: waits for those who write products, and keeps them out.
CREATE FUNCTION pm_catalog._lock_products() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
BEGIN
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RAISE EXCEPTION 'families cannot be declared in a transaction of isolation level "%"', current_setting('transaction_isolation')
      USING ERRCODE = 'active_sql_transaction', HINT = 'The products that others have written must be seen: use READ COMMITTED.';
  END IF;
  LOCK TABLE pm_catalog.products, pm_catalog.product_attributes IN SHARE ROW EXCLUSIVE MODE;
  RETURN NULL;
END $$;
CREATE TRIGGER lock_products BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON pm_catalog.family_attributes FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._lock_products();
CREATE TRIGGER lock_products BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON pm_catalog.family_rules FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._lock_products();
-- one option more harms no product
CREATE TRIGGER lock_products BEFORE UPDATE OF id, family_id, attribute, code OR DELETE OR TRUNCATE ON pm_catalog.family_options FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._lock_products();
CREATE TRIGGER lock_products BEFORE UPDATE OF numbers_products ON pm_catalog.families FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._lock_products();

CREATE FUNCTION pm_catalog._family_kept() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
BEGIN
  NEW.next_bit := greatest(OLD.next_bit, NEW.next_bit);
  NEW.version := OLD.version + 1;
  RETURN NEW;
END $$;
CREATE TRIGGER family_kept BEFORE UPDATE ON pm_catalog.families FOR EACH ROW EXECUTE FUNCTION pm_catalog._family_kept();

-- Gives an attribute its bit.
CREATE FUNCTION pm_catalog._attribute_bit() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
BEGIN
  IF NEW.data_type = 'column' THEN
    NEW.bit := coalesce(pm_catalog._column_bit(NEW.code), 0);
  ELSIF TG_OP = 'UPDATE' AND OLD.family_id = NEW.family_id AND OLD.data_type <> 'column' THEN
    NEW.bit := OLD.bit;
  ELSE
    UPDATE pm_catalog.families AS f SET next_bit = f.next_bit + 1 WHERE f.id = NEW.family_id RETURNING f.next_bit - 1 INTO NEW.bit;
    NEW.bit := coalesce(NEW.bit, 32);
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER attribute_bit BEFORE INSERT OR UPDATE ON pm_catalog.family_attributes FOR EACH ROW EXECUTE FUNCTION pm_catalog._attribute_bit();

-- What contradicts itself in a declaration.
CREATE FUNCTION pm_catalog._declaration_faults(family uuid) RETURNS TABLE(fault text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
  SELECT format('%s: required_channels has "%s", which is not in channels', a.code, c.code)
  FROM pm_catalog.family_attributes AS a CROSS JOIN unnest(a.required_channels) AS c(code)
  WHERE a.family_id = $1 AND NOT EXISTS (SELECT FROM pm_catalog.channels AS k WHERE k.code = c.code)
  UNION ALL
  SELECT format('%s: has options, but is of type %s', a.code, a.data_type)
  FROM pm_catalog.family_attributes AS a
  WHERE a.family_id = $1 AND a.data_type NOT IN ('choice', 'choices')
    AND EXISTS (SELECT FROM pm_catalog.family_options AS o WHERE o.family_id = a.family_id AND o.attribute = a.code)
  UNION ALL
  SELECT format('rule %s %s %s: the two are not numbers, dates or texts in the same place', r.left_code, r.comparison, r.right_code)
  FROM pm_catalog.family_rules AS r
  JOIN pm_catalog.family_attributes AS x ON x.family_id = r.family_id AND x.code = r.left_code
  JOIN pm_catalog.family_attributes AS y ON y.family_id = r.family_id AND y.code = r.right_code
  WHERE r.family_id = $1
    AND NOT ((x.per_locale, x.per_channel) = (y.per_locale, y.per_channel)
      AND (x.data_type IN ('integer', 'number') AND y.data_type IN ('integer', 'number')
        OR x.data_type = 'date' AND y.data_type = 'date'
        OR x.data_type IN ('text', 'url', 'choice') AND y.data_type IN ('text', 'url', 'choice')))
  UNION ALL
  SELECT format('%s: "%s" in its expression is %s', a.code, n.name,
    CASE WHEN o.code IS NULL AND pm_catalog._column_bit(n.name) IS NULL THEN 'neither an attribute of the family nor a column of products'
      WHEN o.expression IS NOT NULL THEN 'computed itself'
      WHEN o.per_locale OR o.per_channel THEN 'not the same everywhere'
      WHEN a.data_type = 'text' THEN 'no text or number'
      ELSE 'no number' END)
  FROM pm_catalog.family_attributes AS a
  CROSS JOIN LATERAL pm_catalog._formula_names(a.expression, a.data_type) AS n(name)
  LEFT JOIN pm_catalog.family_attributes AS o ON o.family_id = a.family_id AND o.code = n.name AND o.data_type <> 'column'
  WHERE a.family_id = $1
    AND CASE WHEN o.code IS NULL THEN NOT n.name = ANY (CASE a.data_type
        WHEN 'text' THEN '{title,sku,gtin,asin,manufacturer_reference,external_id,slug,weight,width,height,depth}'::text[]
        ELSE '{weight,width,height,depth}' END)
      ELSE o.expression IS NOT NULL OR o.per_locale OR o.per_channel
        OR CASE a.data_type WHEN 'text' THEN o.data_type = 'choices' ELSE o.data_type NOT IN ('integer', 'number') END END
$$;
COMMENT ON FUNCTION pm_catalog._declaration_faults(family uuid) IS 'what contradicts itself in the declaration of a family, one fault a row';

-- Products and rows of product_attributes that do not fit their family, one fault a row.
CREATE FUNCTION pm_catalog._product_faults(family uuid) RETURNS TABLE(product_id uuid, place text, path text, value text, rule text, message text)
LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
  SELECT p.id, NULL, c.path, c.value, c.rule, c.message
  FROM pm_catalog.products AS p CROSS JOIN LATERAL pm_catalog.check_specs($1, p.technical_specs) AS c
  WHERE p.family_id = $1 AND p.deleted_at IS NULL
  UNION ALL
  SELECT p.id, NULL, a.code, NULL, 'mandatory', 'must have a value'
  FROM pm_catalog.family_attributes AS a JOIN pm_catalog.products AS p ON p.family_id = a.family_id
  WHERE a.family_id = $1 AND a.data_type = 'column' AND a.is_mandatory AND p.deleted_at IS NULL AND NOT pm_catalog._has_bit(p.filled, a.bit)
  UNION ALL
  SELECT v.product_id, concat_ws(', ', v.locale, v.channel), c.path, c.value, c.rule, c.message
  FROM pm_catalog.product_attributes AS v
  CROSS JOIN LATERAL pm_catalog._check_attributes($1, v.attributes, v.locale IS NOT NULL, v.channel IS NOT NULL) AS c
  WHERE v.family_id = $1
$$;
COMMENT ON FUNCTION pm_catalog._product_faults(family uuid) IS 'what does not fit in the products of a family that are not deleted, and in all their values per locale and channel: one fault a row. A product that comes back is checked then';

-- Throws unless a declaration makes sense and all products fit it.
CREATE FUNCTION pm_catalog._check_family(family uuid) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  family_code text := (SELECT f.code FROM pm_catalog.families AS f WHERE f.id = family);
  faults text := (SELECT string_agg(d.fault, E'\n' ORDER BY d.fault) FROM pm_catalog._declaration_faults(family) AS d);
  products bigint;
BEGIN
  IF faults IS NOT NULL THEN
    RAISE EXCEPTION 'what family "%" declares contradicts itself', family_code USING ERRCODE = 'check_violation', DETAIL = faults;
  END IF;
  SELECT count(DISTINCT x.product_id), string_agg(x.line, E'\n' ORDER BY x.product_id, x.line) FILTER (WHERE x.n <= 10)
  INTO products, faults
  FROM (
    SELECT f.product_id, row_number() OVER (ORDER BY f.product_id, f.path, f.rule, f.place) AS n,
      format('product %s: %s%s%s: %s (%s)', f.product_id, f.path, ' (' || f.place || ')', ' = "' || f.value || '"', f.message, f.rule) AS line
    FROM pm_catalog._product_faults(family) AS f
  ) AS x;
  IF products > 0 THEN
    RAISE EXCEPTION 'products that would not fit family "%": %', family_code, products
      USING ERRCODE = 'check_violation', DETAIL = faults, HINT = 'Correct these products first, or take them out of the family.';
  END IF;
END $$;
COMMENT ON FUNCTION pm_catalog._check_family(family uuid) IS 'error 23514 if the declaration of a family contradicts itself, or products do not fit it: how many, and the first ten faults';

-- After attributes were declared: computes anew, notes unique values anew, checks.
CREATE FUNCTION pm_catalog._attributes_declared() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  touched uuid[];
  computed uuid[] := '{}';
  uniques uuid[] := '{}';
BEGIN
  IF TG_OP = 'INSERT' THEN
    touched := ARRAY(SELECT DISTINCT n.family_id FROM new_rows AS n);
    computed := ARRAY(SELECT DISTINCT n.family_id FROM new_rows AS n WHERE n.expression IS NOT NULL);
  ELSIF TG_OP = 'UPDATE' THEN
    touched := ARRAY(SELECT n.family_id FROM new_rows AS n UNION SELECT o.family_id FROM old_rows AS o);
    computed := ARRAY(SELECT DISTINCT d.family_id FROM (
      SELECT n.family_id, n.code, n.expression, n.data_type, n.decimals FROM new_rows AS n WHERE n.expression IS NOT NULL
      EXCEPT
      SELECT o.family_id, o.code, o.expression, o.data_type, o.decimals FROM old_rows AS o) AS d);
    uniques := ARRAY(SELECT d.family_id FROM (
      (SELECT n.family_id, n.code FROM new_rows AS n WHERE n.is_unique EXCEPT SELECT o.family_id, o.code FROM old_rows AS o WHERE o.is_unique)
      UNION ALL
      (SELECT o.family_id, o.code FROM old_rows AS o WHERE o.is_unique EXCEPT SELECT n.family_id, n.code FROM new_rows AS n WHERE n.is_unique)) AS d);
  ELSE
    touched := ARRAY(SELECT DISTINCT o.family_id FROM old_rows AS o);
  END IF;
  -- a writer of REPEATABLE READ who does not see this is refused: src/family.c
  UPDATE pm_catalog.families AS f SET next_bit = f.next_bit WHERE f.id = ANY (touched);
  UPDATE pm_catalog.products AS p SET technical_specs = p.technical_specs WHERE p.family_id = ANY (computed) AND p.deleted_at IS NULL;
  DELETE FROM pm_catalog._unique_values AS u WHERE u.family_id = ANY (uniques);
  INSERT INTO pm_catalog._unique_values (family_id, attribute, locale, channel, value, product_id)
  SELECT u.family_id, u.attribute, u.locale, u.channel, u.value, u.product_id FROM pm_catalog._held_values AS u WHERE u.family_id = ANY (uniques);
  PERFORM pm_catalog._check_family(t.family_id) FROM unnest(touched) AS t(family_id) ORDER BY t.family_id;
  RETURN NULL;
END $$;
CREATE TRIGGER attributes_declared_inserted AFTER INSERT ON pm_catalog.family_attributes
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._attributes_declared();
CREATE TRIGGER attributes_declared_updated AFTER UPDATE ON pm_catalog.family_attributes
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._attributes_declared();
CREATE TRIGGER attributes_declared_deleted AFTER DELETE ON pm_catalog.family_attributes
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._attributes_declared();

-- After options or rules between attributes were declared: checks.
CREATE FUNCTION pm_catalog._family_declared() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  touched uuid[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    touched := ARRAY(SELECT DISTINCT n.family_id FROM new_rows AS n);
  ELSIF TG_OP = 'UPDATE' THEN
    touched := ARRAY(SELECT n.family_id FROM new_rows AS n UNION SELECT o.family_id FROM old_rows AS o);
    -- a name or position is no matter for products
    IF TG_TABLE_NAME = 'family_options' THEN
      IF NOT EXISTS (SELECT o.family_id, o.attribute, o.code FROM old_rows AS o EXCEPT SELECT n.family_id, n.attribute, n.code FROM new_rows AS n) THEN
        RETURN NULL;
      END IF;
    END IF;
  ELSE
    touched := ARRAY(SELECT DISTINCT o.family_id FROM old_rows AS o);
  END IF;
  PERFORM pm_catalog._check_family(t.family_id) FROM unnest(touched) AS t(family_id) ORDER BY t.family_id;
  RETURN NULL;
END $$;
CREATE TRIGGER family_declared_updated AFTER UPDATE ON pm_catalog.family_options
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._family_declared();
CREATE TRIGGER family_declared_deleted AFTER DELETE ON pm_catalog.family_options
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._family_declared();
CREATE TRIGGER family_declared_inserted AFTER INSERT ON pm_catalog.family_rules
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._family_declared();
CREATE TRIGGER family_declared_updated AFTER UPDATE ON pm_catalog.family_rules
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._family_declared();

-- An option is of a choice.  If its attribute becomes something else meanwhile, nothing asks for it.
CREATE FUNCTION pm_catalog._option_declared() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
BEGIN
  IF EXISTS (SELECT FROM pm_catalog.family_attributes AS a
    WHERE a.family_id = NEW.family_id AND a.code = NEW.attribute AND a.data_type NOT IN ('choice', 'choices'))
  THEN
    RAISE EXCEPTION 'attribute "%" is no choice, so it has no option "%"', NEW.attribute, NEW.code USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER option_declared AFTER INSERT ON pm_catalog.family_options FOR EACH ROW EXECUTE FUNCTION pm_catalog._option_declared();

-- TRUNCATE takes away declarations of all families at once.
CREATE FUNCTION pm_catalog._families_truncated() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
BEGIN
  UPDATE pm_catalog.families AS f SET next_bit = f.next_bit;
  DELETE FROM pm_catalog._unique_values AS u
  WHERE NOT EXISTS (SELECT FROM pm_catalog.family_attributes AS a WHERE a.family_id = u.family_id AND a.code = u.attribute);
  PERFORM pm_catalog._check_family(f.id) FROM pm_catalog.families AS f ORDER BY f.id;
  RETURN NULL;
END $$;
CREATE TRIGGER families_truncated AFTER TRUNCATE ON pm_catalog.family_attributes FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._families_truncated();
CREATE TRIGGER families_truncated AFTER TRUNCATE ON pm_catalog.family_options FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._families_truncated();

-- A family that begins to number its products numbers those it has.
CREATE FUNCTION pm_catalog._number_products() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
BEGIN
  INSERT INTO pm_catalog.product_numbers (product_id)
  SELECT p.id FROM pm_catalog.products AS p
  WHERE p.family_id = NEW.id AND NOT EXISTS (SELECT FROM pm_catalog.product_numbers AS had WHERE had.product_id = p.id)
  ORDER BY p.id;
  RETURN NULL;
END $$;
CREATE TRIGGER number_products AFTER UPDATE OF numbers_products ON pm_catalog.families
FOR EACH ROW WHEN (NEW.numbers_products AND NOT OLD.numbers_products) EXECUTE FUNCTION pm_catalog._number_products();

REVOKE ALL ON FUNCTION pm_catalog._forget_family(), pm_catalog._lock_products(), pm_catalog._family_kept(), pm_catalog._attribute_bit(),
  pm_catalog._declaration_faults(uuid), pm_catalog._product_faults(uuid), pm_catalog._check_family(uuid), pm_catalog._attributes_declared(),
  pm_catalog._family_declared(), pm_catalog._option_declared(), pm_catalog._families_truncated(), pm_catalog._number_products() FROM PUBLIC;
