-- What was before: one row a version of a product that has ended.

CREATE TABLE pm_catalog.product_versions (
  product_id uuid NOT NULL,
  version integer NOT NULL,
  change_id bigint NOT NULL,
  made_at timestamptz NOT NULL,
  ended_by bigint NOT NULL,
  ended_at timestamptz NOT NULL,
  old jsonb NOT NULL,
  lacked jsonb,
  PRIMARY KEY (product_id, version)
);
CREATE INDEX product_versions_ended_at ON pm_catalog.product_versions USING brin (ended_at);
COMMENT ON TABLE pm_catalog.product_versions IS 'versions of products that have ended, each with what the next one changed; a product that is as it was created has none. Kept by the server; read it by product_history() and product_as_of()';
COMMENT ON COLUMN pm_catalog.product_versions.product_id IS 'the product';
COMMENT ON COLUMN pm_catalog.product_versions.version IS 'the version that ended';
COMMENT ON COLUMN pm_catalog.product_versions.change_id IS 'the change that made it (changes.id)';
COMMENT ON COLUMN pm_catalog.product_versions.made_at IS 'products.updated_at of this version: start of the transaction that made it, but never before the version before';
COMMENT ON COLUMN pm_catalog.product_versions.ended_by IS 'the change that ended it';
COMMENT ON COLUMN pm_catalog.product_versions.ended_at IS 'made_at of the next version';
COMMENT ON COLUMN pm_catalog.product_versions.old IS 'the columns that the next version has otherwise, with the values of this one; of technical_specs only the members that changed or went.';
COMMENT ON COLUMN pm_catalog.product_versions.lacked IS 'names of the members of technical_specs that came with the next version';

CREATE TABLE pm_catalog.product_attribute_versions (
  product_id uuid NOT NULL,
  version integer NOT NULL,
  locale text COLLATE "C",
  channel text COLLATE "C",
  old jsonb NOT NULL,
  lacked jsonb,
  UNIQUE NULLS NOT DISTINCT (product_id, version, locale, channel)
);
COMMENT ON TABLE pm_catalog.product_attribute_versions IS 'what a version of a product that has ended had otherwise than the next one in product_attributes. Kept by the server; read it by product_history()';
COMMENT ON COLUMN pm_catalog.product_attribute_versions.product_id IS 'the product';
COMMENT ON COLUMN pm_catalog.product_attribute_versions.version IS 'the version that ended; product_versions has who and when';
COMMENT ON COLUMN pm_catalog.product_attribute_versions.locale IS 'language of the values, NULL as in product_attributes';
COMMENT ON COLUMN pm_catalog.product_attribute_versions.channel IS 'channel of the values, NULL as in product_attributes';
COMMENT ON COLUMN pm_catalog.product_attribute_versions.old IS 'the attributes that changed or went, with the values they had';
COMMENT ON COLUMN pm_catalog.product_attribute_versions.lacked IS 'names of the attributes that came with the next version';

CREATE FUNCTION pm_catalog._note_products() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_catalog_note_products';

CREATE TRIGGER products_inserted AFTER INSERT ON pm_catalog.products
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._note_products();
CREATE TRIGGER products_updated AFTER UPDATE ON pm_catalog.products
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._note_products();

-- The row of a product that is removed takes its history with it.
CREATE FUNCTION pm_catalog._remove_versions() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  DELETE FROM pm_catalog.product_versions AS v USING old_rows AS o WHERE v.product_id = o.id;
  DELETE FROM pm_catalog.product_attribute_versions AS v USING old_rows AS o WHERE v.product_id = o.id;
  RETURN NULL;
END
$$;
CREATE TRIGGER products_removed AFTER DELETE ON pm_catalog.products
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._remove_versions();

CREATE FUNCTION pm_catalog._truncate_versions() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  TRUNCATE pm_catalog.product_versions, pm_catalog.product_attribute_versions;
  RETURN NULL;
END
$$;
CREATE TRIGGER products_truncated AFTER TRUNCATE ON pm_catalog.products
FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._truncate_versions();

REVOKE ALL ON FUNCTION pm_catalog._note_products(), pm_catalog._remove_versions(), pm_catalog._truncate_versions() FROM PUBLIC;
SELECT pg_extension_config_dump('pm_catalog.product_versions', '');
SELECT pg_extension_config_dump('pm_catalog.product_attribute_versions', '');
