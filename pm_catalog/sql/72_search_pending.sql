-- Noting what changed: each statement that changes what search knows of products adds
-- their ids, a row for a thousand, but those that the transaction has noted before: see
-- src/own.c.

CREATE FUNCTION pm_catalog._note_products(ids uuid[]) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_catalog_note_for_search';

CREATE FUNCTION pm_catalog._products_made() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_catalog_products_made';

CREATE FUNCTION pm_catalog._forget_noted() RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_catalog_forget_noted';

CREATE FUNCTION pm_catalog._products_pending() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    PERFORM pm_catalog._note_products(ARRAY(SELECT o.id FROM old_rows AS o));
  ELSE
    PERFORM pm_catalog._note_products(ARRAY(
      SELECT coalesce(n.id, o.id) FROM new_rows AS n FULL JOIN old_rows AS o ON o.id = n.id
      WHERE (n.id, n.title, n.short_description, n.description, n.brand_id, n.category_id, n.supplier_id, n.family_id, n.status, n.is_active, n.is_featured,
             n.gtin, n.asin, n.sku, n.manufacturer_reference, n.external_id, n.deleted_at)
        IS DISTINCT FROM
            (o.id, o.title, o.short_description, o.description, o.brand_id, o.category_id, o.supplier_id, o.family_id, o.status, o.is_active, o.is_featured,
             o.gtin, o.asin, o.sku, o.manufacturer_reference, o.external_id, o.deleted_at)));
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER search_inserted AFTER INSERT ON pm_catalog.products
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._products_made();
CREATE TRIGGER search_updated AFTER UPDATE ON pm_catalog.products
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._products_pending();
CREATE TRIGGER search_deleted AFTER DELETE ON pm_catalog.products
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._products_pending();

-- For tables whose rows belong to a product; the arguments are the columns that matter.
CREATE FUNCTION pm_catalog._parts_pending() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  columns text := concat_ws(', ', 'product_id', nullif(TG_ARGV[0], ''));
  ids uuid[];
BEGIN
  IF TG_OP = 'UPDATE' THEN
    EXECUTE format('SELECT array_agg(DISTINCT x.product_id) FROM ((SELECT %1$s FROM new_rows EXCEPT SELECT %1$s FROM old_rows)
                    UNION ALL (SELECT %1$s FROM old_rows EXCEPT SELECT %1$s FROM new_rows)) AS x', columns) INTO ids;
  ELSIF TG_OP = 'INSERT' THEN
    ids := ARRAY(SELECT n.product_id FROM new_rows AS n);
  ELSE
    ids := ARRAY(SELECT o.product_id FROM old_rows AS o);
  END IF;
  PERFORM pm_catalog._note_products(ids);
  RETURN NULL;
END
$$;

CREATE FUNCTION pm_catalog._watch_for_search("table" regclass, columns text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  EXECUTE format('CREATE TRIGGER search_inserted AFTER INSERT ON %s REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._parts_pending(%L)', "table", columns);
  EXECUTE format('CREATE TRIGGER search_updated AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._parts_pending(%L)', "table", columns);
  EXECUTE format('CREATE TRIGGER search_deleted AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._parts_pending(%L)', "table", columns);
END
$$;
SELECT pm_catalog._watch_for_search('pm_catalog.supplier_products', 'supplier_id, supplier_sku, is_active');
SELECT pm_catalog._watch_for_search('pm_catalog.product_prices', 'supplier_id, variant_id, price_type, price, currency, min_quantity, valid_from, valid_until, is_active');
SELECT pm_catalog._watch_for_search('pm_catalog.product_stocks', 'available > 0');
SELECT pm_catalog._watch_for_search('pm_catalog.product_tags', 'tag_id');
SELECT pm_catalog._watch_for_search('pm_catalog.product_categories', 'category_id');
SELECT pm_catalog._watch_for_search('pm_catalog.product_variants', 'name, sku, gtin');
SELECT pm_catalog._watch_for_search('pm_catalog.product_seo', 'meta_title, meta_keywords');
DROP FUNCTION pm_catalog._watch_for_search(regclass, text);

-- For what products are grouped by: a name changes, or a category moves.
CREATE FUNCTION pm_catalog._groups_pending() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  ids uuid[];
BEGIN
  IF TG_TABLE_NAME = 'brands' THEN
    ids := ARRAY(SELECT p.id FROM new_rows AS n JOIN old_rows AS o ON o.id = n.id AND o.name <> n.name JOIN pm_catalog.products AS p ON p.brand_id = n.id);
  ELSIF TG_TABLE_NAME = 'tags' THEN
    ids := ARRAY(SELECT DISTINCT t.product_id FROM new_rows AS n JOIN old_rows AS o ON o.id = n.id AND o.name <> n.name
                 JOIN pm_catalog.product_tags AS t ON t.tag_id = n.id);
  ELSE
    ids := ARRAY(WITH changed AS MATERIALIZED (SELECT n.id FROM new_rows AS n JOIN old_rows AS o ON o.id = n.id AND (o.name, o.path) <> (n.name, n.path))
                 SELECT p.id FROM changed AS c JOIN pm_catalog.products AS p ON p.category_id = c.id
                 UNION SELECT p.product_id FROM changed AS c JOIN pm_catalog.product_categories AS p ON p.category_id = c.id);
  END IF;
  PERFORM pm_catalog._note_products(ids);
  RETURN NULL;
END
$$;
CREATE TRIGGER search_updated AFTER UPDATE ON pm_catalog.brands
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._groups_pending();
CREATE TRIGGER search_updated AFTER UPDATE ON pm_catalog.categories
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._groups_pending();
CREATE TRIGGER search_updated AFTER UPDATE ON pm_catalog.tags
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._groups_pending();

-- For the other names of brands; a brand's own is noted with the brand.
CREATE FUNCTION pm_catalog._aliases_pending() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  brands uuid[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    brands := ARRAY(SELECT DISTINCT n.brand_id FROM new_rows AS n JOIN pm_catalog.brands AS b ON b.id = n.brand_id AND b.name <> n.alias);
  ELSIF TG_OP = 'DELETE' THEN
    brands := ARRAY(SELECT DISTINCT o.brand_id FROM old_rows AS o);
  ELSE
    brands := ARRAY(SELECT DISTINCT x.brand_id FROM (
      (SELECT n.brand_id, n.alias FROM new_rows AS n EXCEPT SELECT o.brand_id, o.alias FROM old_rows AS o)
      UNION ALL
      (SELECT o.brand_id, o.alias FROM old_rows AS o EXCEPT SELECT n.brand_id, n.alias FROM new_rows AS n)) AS x);
  END IF;
  IF cardinality(brands) > 0 THEN
    PERFORM pm_catalog._note_products(ARRAY(SELECT p.id FROM pm_catalog.products AS p WHERE p.brand_id = ANY (brands)));
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER search_inserted AFTER INSERT ON pm_catalog.brand_aliases
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._aliases_pending();
CREATE TRIGGER search_updated AFTER UPDATE ON pm_catalog.brand_aliases
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._aliases_pending();
CREATE TRIGGER search_deleted AFTER DELETE ON pm_catalog.brand_aliases
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._aliases_pending();

REVOKE ALL ON FUNCTION pm_catalog._aliases_pending(), pm_catalog._note_products(uuid[]), pm_catalog._products_made(), pm_catalog._forget_noted(), pm_catalog._products_pending(), pm_catalog._parts_pending(), pm_catalog._groups_pending() FROM PUBLIC;
