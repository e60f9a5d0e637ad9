-- EngraveDetect's lenses: a family, and views under the names and keys that it knows.

CREATE FUNCTION pm_catalog.create_family_verre() RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  verre uuid;
BEGIN
  INSERT INTO pm_catalog.families (code, name, numbers_products) VALUES ('verre', 'Verres ophtalmiques', true) RETURNING id INTO verre;
  INSERT INTO pm_catalog.family_attributes
    (family_id, code, name, data_type, unit, is_mandatory, is_required, min_value, max_value, decimals, max_length, position)
  VALUES
    (verre, 'variant', 'Variante', 'text', NULL, false, false, NULL, NULL, NULL, 50, 1),
    (verre, 'material', 'Matériau', 'choice', NULL, false, true, NULL, NULL, NULL, NULL, 2),
    (verre, 'range', 'Gamme', 'choice', NULL, false, true, NULL, NULL, NULL, NULL, 3),
    (verre, 'series', 'Série', 'choice', NULL, false, false, NULL, NULL, NULL, NULL, 4),
    (verre, 'index', 'Indice de réfraction', 'number', NULL, true, true, 1.0, 2.0, NULL, NULL, 5),
    (verre, 'height_min', 'Hauteur minimale', 'integer', 'MMT', false, false, 0, 100, NULL, NULL, 6),
    (verre, 'height_max', 'Hauteur maximale', 'integer', 'MMT', false, false, 0, 100, NULL, NULL, 7),
    (verre, 'engraving_url', 'Adresse de la gravure', 'url', NULL, false, true, NULL, NULL, NULL, 255, 8),
    (verre, 'source_url', 'Adresse de la source', 'url', NULL, false, false, NULL, NULL, NULL, 255, 9),
    (verre, 'supplier_id', 'Fournisseur', 'column', NULL, false, true, NULL, NULL, NULL, NULL, 10);
  INSERT INTO pm_catalog.family_rules (family_id, left_code, comparison, right_code) VALUES (verre, 'height_min', '<=', 'height_max');
  RETURN verre;
END $$;
COMMENT ON FUNCTION pm_catalog.create_family_verre() IS
'declares the family of lenses, verre, on which the views verres, materiaux, gammes and series stand, and gives its id; error 23505 if there is one';

CREATE FUNCTION pm_catalog._verre() RETURNS uuid
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  verre uuid := (SELECT f.id FROM pm_catalog.families AS f WHERE f.code = 'verre');
BEGIN
  IF verre IS NULL THEN
    RAISE EXCEPTION 'there is no family "verre"' USING ERRCODE = 'undefined_object', HINT = 'SELECT pm_catalog.create_family_verre() declares it.';
  END IF;
  RETURN verre;
END $$;
COMMENT ON FUNCTION pm_catalog._verre() IS 'id of the family of lenses; error 42704 if there is none';

CREATE VIEW pm_catalog.materiaux WITH (security_invoker = true) AS
SELECT o.id, o.name AS nom FROM pm_catalog.family_options AS o JOIN pm_catalog.families AS f ON f.id = o.family_id
WHERE f.code = 'verre' AND o.attribute = 'material';
COMMENT ON VIEW pm_catalog.materiaux IS 'materials of lenses: the options of attribute material of family verre; INSERT, UPDATE and DELETE write them';
COMMENT ON COLUMN pm_catalog.materiaux.id IS 'key, given by the server';
COMMENT ON COLUMN pm_catalog.materiaux.nom IS 'name, unique: error 23505';

CREATE VIEW pm_catalog.gammes WITH (security_invoker = true) AS
SELECT o.id, o.name AS nom FROM pm_catalog.family_options AS o JOIN pm_catalog.families AS f ON f.id = o.family_id
WHERE f.code = 'verre' AND o.attribute = 'range';
COMMENT ON VIEW pm_catalog.gammes IS 'ranges of lenses: the options of attribute range of family verre; INSERT, UPDATE and DELETE write them';
COMMENT ON COLUMN pm_catalog.gammes.id IS 'key, given by the server';
COMMENT ON COLUMN pm_catalog.gammes.nom IS 'name, unique: error 23505';

CREATE VIEW pm_catalog.series WITH (security_invoker = true) AS
SELECT o.id, o.name AS nom FROM pm_catalog.family_options AS o JOIN pm_catalog.families AS f ON f.id = o.family_id
WHERE f.code = 'verre' AND o.attribute = 'series';
COMMENT ON VIEW pm_catalog.series IS 'series of lenses: the options of attribute series of family verre; INSERT, UPDATE and DELETE write them';
COMMENT ON COLUMN pm_catalog.series.id IS 'key, given by the server';
COMMENT ON COLUMN pm_catalog.series.nom IS 'name, unique: error 23505';

CREATE VIEW pm_catalog.fournisseurs WITH (security_invoker = true) AS
SELECT s.number AS id, s.name AS nom FROM pm_catalog.suppliers AS s;
COMMENT ON VIEW pm_catalog.fournisseurs IS 'suppliers; written only where pm_suppliers is installed in this database: error 25006';
COMMENT ON COLUMN pm_catalog.fournisseurs.id IS 'key, given by the server: suppliers.number';
COMMENT ON COLUMN pm_catalog.fournisseurs.nom IS 'name; unique among those written here: error 23505';

CREATE VIEW pm_catalog.verres WITH (security_invoker = true) AS
SELECT n.number AS id, p.title AS nom, p.technical_specs ->> 'variant' AS variante,
  (p.technical_specs ->> 'height_min')::numeric::integer AS hauteur_min, (p.technical_specs ->> 'height_max')::numeric::integer AS hauteur_max,
  (p.technical_specs ->> 'index')::numeric AS indice, p.technical_specs ->> 'engraving_url' AS url_gravure, p.technical_specs ->> 'source_url' AS url_source,
  s.number AS fournisseur_id, m.id AS materiau_id, g.id AS gamme_id, r.id AS serie_id, p.id AS product_id
FROM pm_catalog.families AS f
JOIN pm_catalog.products AS p ON p.family_id = f.id
JOIN pm_catalog.product_numbers AS n ON n.product_id = p.id
LEFT JOIN pm_catalog.suppliers AS s ON s.id = p.supplier_id
LEFT JOIN pm_catalog.family_options AS m ON m.family_id = f.id AND m.attribute = 'material' AND m.code = p.technical_specs ->> 'material'
LEFT JOIN pm_catalog.family_options AS g ON g.family_id = f.id AND g.attribute = 'range' AND g.code = p.technical_specs ->> 'range'
LEFT JOIN pm_catalog.family_options AS r ON r.family_id = f.id AND r.attribute = 'series' AND r.code = p.technical_specs ->> 'series'
WHERE f.code = 'verre' AND p.deleted_at IS NULL;
COMMENT ON VIEW pm_catalog.verres IS 'lenses: products of family verre that are not deleted; INSERT, UPDATE and DELETE write the products, DELETE sets deleted_at';
COMMENT ON COLUMN pm_catalog.verres.id IS 'key, given by the server: product_numbers.number';
COMMENT ON COLUMN pm_catalog.verres.nom IS 'name: products.title';
COMMENT ON COLUMN pm_catalog.verres.variante IS 'variant, at most 50 characters';
COMMENT ON COLUMN pm_catalog.verres.hauteur_min IS 'least fitting height in mm, 0 to 100';
COMMENT ON COLUMN pm_catalog.verres.hauteur_max IS 'greatest fitting height in mm, hauteur_min to 100';
COMMENT ON COLUMN pm_catalog.verres.indice IS 'refractive index, 1.0 to 2.0; must be given';
COMMENT ON COLUMN pm_catalog.verres.url_gravure IS 'address of a picture of the engraving, at most 255 characters';
COMMENT ON COLUMN pm_catalog.verres.url_source IS 'address where the data come from, at most 255 characters';
COMMENT ON COLUMN pm_catalog.verres.fournisseur_id IS 'supplier: fournisseurs.id';
COMMENT ON COLUMN pm_catalog.verres.materiau_id IS 'material: materiaux.id';
COMMENT ON COLUMN pm_catalog.verres.gamme_id IS 'range: gammes.id';
COMMENT ON COLUMN pm_catalog.verres.serie_id IS 'series: series.id';
COMMENT ON COLUMN pm_catalog.verres.product_id IS 'the product: products.id';

-- An integer key is given by the server and stays.
CREATE FUNCTION pm_catalog._refuse_key(view_name text, old_key integer, new_key integer) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
BEGIN
  IF new_key IS DISTINCT FROM old_key THEN
    RAISE EXCEPTION 'key "%" cannot be written to "%"', new_key, view_name
      USING ERRCODE = 'generated_always', HINT = 'The server gives the key: leave id out, and take it from RETURNING id.';
  END IF;
END $$;

-- The code of an option, of its id.
CREATE FUNCTION pm_catalog._option_code(family uuid, attribute text, option_id integer) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  found text;
BEGIN
  IF option_id IS NULL THEN
    RETURN NULL;
  END IF;
  SELECT o.code INTO found FROM pm_catalog.family_options AS o
  WHERE o.id = option_id AND o.family_id = $1 AND o.attribute = $2;
  IF found IS NULL THEN
    RAISE EXCEPTION 'there is no option "%" of attribute "%"', option_id, attribute USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN found;
END $$;

CREATE FUNCTION pm_catalog._write_verre() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  verre uuid := pm_catalog._verre();
  supplier uuid;
  specs jsonb;
BEGIN
  IF TG_OP = 'DELETE' THEN
    UPDATE pm_catalog.products AS p SET deleted_at = now() WHERE p.id = OLD.product_id AND p.deleted_at IS NULL;
    RETURN CASE WHEN FOUND THEN OLD END;
  END IF;
  PERFORM pm_catalog._refuse_key('verres', CASE TG_OP WHEN 'UPDATE' THEN OLD.id END, NEW.id);
  IF NEW.fournisseur_id IS NOT NULL THEN
    SELECT s.id INTO supplier FROM pm_catalog.suppliers AS s WHERE s.number = NEW.fournisseur_id;
    IF supplier IS NULL THEN
      RAISE EXCEPTION 'there is no supplier "%"', NEW.fournisseur_id USING ERRCODE = 'foreign_key_violation';
    END IF;
  END IF;
  specs := jsonb_strip_nulls(jsonb_build_object(
    'variant', NEW.variante, 'height_min', NEW.hauteur_min, 'height_max', NEW.hauteur_max, 'index', NEW.indice,
    'engraving_url', NEW.url_gravure, 'source_url', NEW.url_source,
    'material', pm_catalog._option_code(verre, 'material', NEW.materiau_id),
    'range', pm_catalog._option_code(verre, 'range', NEW.gamme_id),
    'series', pm_catalog._option_code(verre, 'series', NEW.serie_id)));
  IF TG_OP = 'INSERT' THEN
    INSERT INTO pm_catalog.products (title, supplier_id, family_id, technical_specs) VALUES (NEW.nom, supplier, verre, specs)
    RETURNING id INTO NEW.product_id;
    NEW.id := (SELECT n.number FROM pm_catalog.product_numbers AS n WHERE n.product_id = NEW.product_id);
    RETURN NEW;
  END IF;
  UPDATE pm_catalog.products AS p
  SET title = NEW.nom, supplier_id = supplier,
    technical_specs = p.technical_specs - '{variant,height_min,height_max,index,engraving_url,source_url,material,range,series}'::text[] || specs
  WHERE p.id = OLD.product_id AND p.deleted_at IS NULL;
  RETURN CASE WHEN FOUND THEN NEW END;
END $$;
CREATE TRIGGER write_verre INSTEAD OF INSERT OR UPDATE OR DELETE ON pm_catalog.verres FOR EACH ROW EXECUTE FUNCTION pm_catalog._write_verre();

-- Writes an option; the argument is the code of its attribute.
CREATE FUNCTION pm_catalog._write_option() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  verre uuid := pm_catalog._verre();
BEGIN
  IF TG_OP = 'DELETE' THEN
    DELETE FROM pm_catalog.family_options AS o WHERE o.id = OLD.id;
    RETURN CASE WHEN FOUND THEN OLD END;
  END IF;
  PERFORM pm_catalog._refuse_key(TG_TABLE_NAME, CASE TG_OP WHEN 'UPDATE' THEN OLD.id END, NEW.id);
  IF TG_OP = 'UPDATE' THEN
    UPDATE pm_catalog.family_options AS o SET name = NEW.nom WHERE o.id = OLD.id;
    RETURN CASE WHEN FOUND THEN NEW END;
  END IF;
  -- the code is the first name; an option that was renamed may have it already
  INSERT INTO pm_catalog.family_options (family_id, attribute, code, name)
  SELECT verre, TG_ARGV[0], c.code, NEW.nom
  FROM (SELECT CASE n WHEN 1 THEN NEW.nom ELSE format('%s (%s)', NEW.nom, n) END, n FROM generate_series(1, 1000) AS n) AS c(code, n)
  WHERE NOT EXISTS (SELECT FROM pm_catalog.family_options AS o WHERE o.family_id = verre AND o.attribute = TG_ARGV[0] AND o.code = c.code)
  ORDER BY c.n LIMIT 1
  RETURNING id INTO NEW.id;
  RETURN NEW;
END $$;
CREATE TRIGGER write_option INSTEAD OF INSERT OR UPDATE OR DELETE ON pm_catalog.materiaux FOR EACH ROW EXECUTE FUNCTION pm_catalog._write_option('material');
CREATE TRIGGER write_option INSTEAD OF INSERT OR UPDATE OR DELETE ON pm_catalog.gammes FOR EACH ROW EXECUTE FUNCTION pm_catalog._write_option('range');
CREATE TRIGGER write_option INSTEAD OF INSERT OR UPDATE OR DELETE ON pm_catalog.series FOR EACH ROW EXECUTE FUNCTION pm_catalog._write_option('series');

-- Writes a supplier where pm_suppliers is: its row, and the copy at once.
CREATE FUNCTION pm_catalog._write_fournisseur() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  supplier uuid;
BEGIN
  IF to_regclass('pm_suppliers.suppliers') IS NULL THEN
    RAISE EXCEPTION '"fournisseurs" is read-only: suppliers are kept in another database'
      USING ERRCODE = 'read_only_sql_transaction', HINT = 'Write pm_suppliers.suppliers in db_suppliers: events bring the change here.';
  END IF;
  IF TG_OP <> 'INSERT' THEN
    supplier := (SELECT s.id FROM pm_catalog.suppliers AS s WHERE s.number = OLD.id);
  END IF;
  IF TG_OP = 'DELETE' THEN
    DELETE FROM pm_catalog.suppliers AS s WHERE s.id = supplier;
    EXECUTE 'DELETE FROM pm_suppliers.suppliers WHERE id = $1' USING supplier;
    RETURN OLD;
  END IF;
  PERFORM pm_catalog._refuse_key('fournisseurs', CASE TG_OP WHEN 'UPDATE' THEN OLD.id END, NEW.id);
  LOCK TABLE pm_catalog.suppliers IN SHARE ROW EXCLUSIVE MODE;
  IF EXISTS (SELECT FROM pm_catalog.suppliers AS s WHERE s.name = NEW.nom AND s.id IS DISTINCT FROM supplier) THEN
    RAISE EXCEPTION 'there is already a supplier of the name "%"', NEW.nom USING ERRCODE = 'unique_violation';
  END IF;
  IF TG_OP = 'UPDATE' THEN
    EXECUTE 'UPDATE pm_suppliers.suppliers SET name = $1 WHERE id = $2' USING NEW.nom, supplier;
    UPDATE pm_catalog.suppliers AS s SET name = NEW.nom WHERE s.id = supplier;
    RETURN NEW;
  END IF;
  EXECUTE 'INSERT INTO pm_suppliers.suppliers (code, name) VALUES ($1, $2) RETURNING id' INTO supplier USING btrim(left(NEW.nom, 50)), NEW.nom;
  INSERT INTO pm_catalog.suppliers (id, code, name) VALUES (supplier, btrim(left(NEW.nom, 50)), NEW.nom)
  ON CONFLICT (id) DO UPDATE SET code = excluded.code, name = excluded.name
  RETURNING number INTO NEW.id;
  RETURN NEW;
END $$;
CREATE TRIGGER write_fournisseur INSTEAD OF INSERT OR UPDATE OR DELETE ON pm_catalog.fournisseurs FOR EACH ROW EXECUTE FUNCTION pm_catalog._write_fournisseur();

REVOKE ALL ON FUNCTION pm_catalog.create_family_verre(), pm_catalog._verre(), pm_catalog._refuse_key(text, integer, integer),
  pm_catalog._option_code(uuid, text, integer), pm_catalog._write_verre(), pm_catalog._write_option(), pm_catalog._write_fournisseur() FROM PUBLIC;
