-- The product.

-- The columns that _product_row() sets in each row stand first: see src/product_row.c.
-- A tenth of each page stays free when rows come, so that those which the next file changes
-- stay there, and their indexes as they are.
CREATE TABLE pm_catalog.products (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  version integer NOT NULL DEFAULT 1,
  change_id bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  gtin pm_gtin.gtin,
  ean pm_gtin.gtin GENERATED ALWAYS AS (CASE WHEN pm_gtin.gtin_kind(gtin) IN (8, 13) THEN gtin END) STORED,
  upc pm_gtin.gtin12 GENERATED ALWAYS AS (CASE WHEN pm_gtin.gtin_kind(gtin) = 12 THEN pm_gtin.gtin12(gtin) END) STORED,
  asin pm_gtin.asin,
  sku text COLLATE "C" CONSTRAINT sku_is_a_reference CHECK (pm_catalog.is_reference(sku)),
  manufacturer_reference text COLLATE "C" CONSTRAINT manufacturer_reference_is_a_reference CHECK (pm_catalog.is_reference(manufacturer_reference)),
  external_id text COLLATE "C" CONSTRAINT external_id_is_a_reference CHECK (pm_catalog.is_reference(external_id)),
  title text NOT NULL CONSTRAINT title_is_a_label CHECK (pm_catalog.is_label(title)),
  short_description text CONSTRAINT short_description_has_at_most_500_characters CHECK (length(short_description) <= 500),
  description text CONSTRAINT description_is_prose CHECK (pm_catalog.is_prose(description)),
  long_description text CONSTRAINT long_description_is_prose CHECK (pm_catalog.is_prose(long_description)),
  supplier_id uuid REFERENCES pm_catalog.suppliers,
  category_id uuid REFERENCES pm_catalog.categories,
  brand_id uuid REFERENCES pm_catalog.brands,
  family_id uuid REFERENCES pm_catalog.families,
  status text NOT NULL DEFAULT 'active' CONSTRAINT status_is_known CHECK (status IN ('draft', 'active', 'inactive', 'discontinued')),
  is_active boolean NOT NULL DEFAULT true,
  is_featured boolean NOT NULL DEFAULT false,
  weight numeric(10, 3) CONSTRAINT weight_is_not_negative CHECK (weight >= 0 AND weight <> 'NaN'),
  width numeric(10, 2) CONSTRAINT width_is_not_negative CHECK (width >= 0 AND width <> 'NaN'),
  height numeric(10, 2) CONSTRAINT height_is_not_negative CHECK (height >= 0 AND height <> 'NaN'),
  depth numeric(10, 2) CONSTRAINT depth_is_not_negative CHECK (depth >= 0 AND depth <> 'NaN'),
  technical_specs jsonb NOT NULL DEFAULT '{}' CONSTRAINT technical_specs_is_an_object CHECK (jsonb_typeof(technical_specs) = 'object'),
  slug text COLLATE "C" CONSTRAINT slug_is_a_slug CHECK (pm_catalog.is_slug(slug)),
  filled bytea NOT NULL DEFAULT '',
  deleted_at timestamptz
) WITH (fillfactor = 90);
CREATE UNIQUE INDEX products_gtin ON pm_catalog.products (gtin) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX products_sku ON pm_catalog.products (sku) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX products_slug ON pm_catalog.products (slug) WHERE slug IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX products_ean ON pm_catalog.products (ean) WHERE ean IS NOT NULL;
CREATE INDEX products_asin ON pm_catalog.products (asin) WHERE asin IS NOT NULL;
CREATE INDEX products_external_id ON pm_catalog.products (external_id) WHERE external_id IS NOT NULL;
CREATE INDEX products_manufacturer_reference ON pm_catalog.products (manufacturer_reference) WHERE manufacturer_reference IS NOT NULL;
CREATE INDEX products_supplier_id ON pm_catalog.products (supplier_id);
CREATE INDEX products_category_id ON pm_catalog.products (category_id);
CREATE INDEX products_brand_id ON pm_catalog.products (brand_id);
ALTER TABLE pm_catalog.products ADD CONSTRAINT products_family_id UNIQUE (family_id, id);
CREATE INDEX products_created_at ON pm_catalog.products (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX products_deleted ON pm_catalog.products (id) WHERE deleted_at IS NOT NULL;

COMMENT ON TABLE pm_catalog.products IS 'products; one that is deleted keeps its row, with deleted_at set, and frees its gtin, sku and slug';
COMMENT ON COLUMN pm_catalog.products.id IS 'key; other databases refer to it';
COMMENT ON COLUMN pm_catalog.products.gtin IS 'GTIN of any length: the identity of the trade item, unique among products that are not deleted';
COMMENT ON COLUMN pm_catalog.products.ean IS 'the gtin if it has 8 or 13 digits (EAN)';
COMMENT ON COLUMN pm_catalog.products.upc IS 'the gtin if it has 12 digits (UPC-A)';
COMMENT ON COLUMN pm_catalog.products.asin IS 'identifier at Amazon';
COMMENT ON COLUMN pm_catalog.products.sku IS 'our own article number, unique among products that are not deleted, compared bytewise';
COMMENT ON COLUMN pm_catalog.products.manufacturer_reference IS 'the manufacturer''s part number (MPN)';
COMMENT ON COLUMN pm_catalog.products.external_id IS 'its key in another system';
COMMENT ON COLUMN pm_catalog.products.title IS 'name that is shown, at most 500 characters';
COMMENT ON COLUMN pm_catalog.products.short_description IS 'teaser, at most 500 characters';
COMMENT ON COLUMN pm_catalog.products.description IS 'description';
COMMENT ON COLUMN pm_catalog.products.long_description IS 'everything there is to say';
COMMENT ON COLUMN pm_catalog.products.supplier_id IS 'the supplier whose data the product has; others that offer it are in supplier_products';
COMMENT ON COLUMN pm_catalog.products.category_id IS 'main category; further ones are in product_categories';
COMMENT ON COLUMN pm_catalog.products.brand_id IS 'brand';
COMMENT ON COLUMN pm_catalog.products.family_id IS 'family, which says what technical_specs and product_attributes may and must hold';
COMMENT ON COLUMN pm_catalog.products.status IS 'draft, active, inactive or discontinued; a product never becomes a draft again, and a discontinued one only active: error 23514';
COMMENT ON COLUMN pm_catalog.products.is_active IS 'is it shown?';
COMMENT ON COLUMN pm_catalog.products.is_featured IS 'is it shown before others?';
COMMENT ON COLUMN pm_catalog.products.weight IS 'weight in kg';
COMMENT ON COLUMN pm_catalog.products.width IS 'width in cm';
COMMENT ON COLUMN pm_catalog.products.height IS 'height in cm';
COMMENT ON COLUMN pm_catalog.products.depth IS 'depth in cm';
COMMENT ON COLUMN pm_catalog.products.technical_specs IS 'values of attributes that hold for all locales and channels, by the attribute''s code';
COMMENT ON COLUMN pm_catalog.products.slug IS 'unique part of its address';
COMMENT ON COLUMN pm_catalog.products.filled IS 'kept by the server: one bit for each attribute that has a value here, from which completeness is computed';
COMMENT ON COLUMN pm_catalog.products.version IS 'kept by the server: 1, then one more with each change; a client that read 3 updates WHERE version = 3';
COMMENT ON COLUMN pm_catalog.products.change_id IS 'kept by the server: the change that made this version (changes.id)';
COMMENT ON COLUMN pm_catalog.products.created_at IS 'when it was created';
COMMENT ON COLUMN pm_catalog.products.updated_at IS 'kept by the server: when it last changed';
COMMENT ON COLUMN pm_catalog.products.deleted_at IS 'when it was deleted; NULL: it is not';

SELECT pg_extension_config_dump('pm_catalog.products', '');
