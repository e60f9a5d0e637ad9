-- What belongs to a product: variants, bundles, further categories, tags, relations, words for search engines.

CREATE TABLE pm_catalog.product_variants (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  product_id uuid NOT NULL REFERENCES pm_catalog.products ON DELETE CASCADE,
  name text NOT NULL CONSTRAINT name_is_a_label CHECK (pm_catalog.is_label(name)),
  sku text COLLATE "C" UNIQUE CONSTRAINT sku_is_a_reference CHECK (pm_catalog.is_reference(sku)),
  gtin pm_gtin.gtin UNIQUE,
  attributes jsonb NOT NULL DEFAULT '{}' CONSTRAINT attributes_is_an_object CHECK (jsonb_typeof(attributes) = 'object'),
  position integer NOT NULL DEFAULT 0,
  is_active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (product_id, attributes),
  UNIQUE (product_id, id)
);
COMMENT ON TABLE pm_catalog.product_variants IS 'variants of a product, told apart by their attributes (colour, size)';
COMMENT ON COLUMN pm_catalog.product_variants.id IS 'key';
COMMENT ON COLUMN pm_catalog.product_variants.product_id IS 'the product';
COMMENT ON COLUMN pm_catalog.product_variants.name IS 'the name that is shown';
COMMENT ON COLUMN pm_catalog.product_variants.sku IS 'our own article number, unique';
COMMENT ON COLUMN pm_catalog.product_variants.gtin IS 'its GTIN, unique among variants';
COMMENT ON COLUMN pm_catalog.product_variants.attributes IS 'what tells it from its siblings, such as {"size": "XL"}; unique within the product';
COMMENT ON COLUMN pm_catalog.product_variants.position IS 'order within the product';
COMMENT ON COLUMN pm_catalog.product_variants.is_active IS 'is it shown?';
COMMENT ON COLUMN pm_catalog.product_variants.created_at IS 'when it was created';

ALTER TABLE pm_catalog.product_prices ADD FOREIGN KEY (product_id, variant_id) REFERENCES pm_catalog.product_variants (product_id, id) ON DELETE CASCADE;
ALTER TABLE pm_catalog.product_stocks ADD FOREIGN KEY (product_id, variant_id) REFERENCES pm_catalog.product_variants (product_id, id) ON DELETE CASCADE;

CREATE TABLE pm_catalog.product_bundles (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  product_id uuid NOT NULL UNIQUE REFERENCES pm_catalog.products ON DELETE CASCADE,
  is_active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE pm_catalog.product_bundles IS 'products that are sold as several others together';
COMMENT ON COLUMN pm_catalog.product_bundles.id IS 'key';
COMMENT ON COLUMN pm_catalog.product_bundles.product_id IS 'the product that the bundle is sold as';
COMMENT ON COLUMN pm_catalog.product_bundles.is_active IS 'is it sold?';
COMMENT ON COLUMN pm_catalog.product_bundles.created_at IS 'when it was created';

CREATE TABLE pm_catalog.product_bundle_items (
  bundle_id uuid NOT NULL REFERENCES pm_catalog.product_bundles ON DELETE CASCADE,
  product_id uuid NOT NULL REFERENCES pm_catalog.products,
  quantity integer NOT NULL DEFAULT 1 CONSTRAINT quantity_is_positive CHECK (quantity > 0),
  position integer NOT NULL DEFAULT 0,
  PRIMARY KEY (bundle_id, product_id)
);
CREATE INDEX ON pm_catalog.product_bundle_items (product_id);
COMMENT ON TABLE pm_catalog.product_bundle_items IS 'what is in a bundle; a bundle may be an item of another, never of itself';
COMMENT ON COLUMN pm_catalog.product_bundle_items.bundle_id IS 'the bundle';
COMMENT ON COLUMN pm_catalog.product_bundle_items.product_id IS 'the product in it; error 23514 if the bundle would then be inside itself';
COMMENT ON COLUMN pm_catalog.product_bundle_items.quantity IS 'how many of it';
COMMENT ON COLUMN pm_catalog.product_bundle_items.position IS 'order within the bundle';

CREATE TABLE pm_catalog.product_categories (
  product_id uuid NOT NULL REFERENCES pm_catalog.products ON DELETE CASCADE,
  category_id uuid NOT NULL REFERENCES pm_catalog.categories ON DELETE CASCADE,
  position integer NOT NULL DEFAULT 0,
  PRIMARY KEY (product_id, category_id)
);
CREATE INDEX ON pm_catalog.product_categories (category_id, position);
COMMENT ON TABLE pm_catalog.product_categories IS 'further categories of products, of any taxonomy';
COMMENT ON COLUMN pm_catalog.product_categories.product_id IS 'the product';
COMMENT ON COLUMN pm_catalog.product_categories.category_id IS 'the category';
COMMENT ON COLUMN pm_catalog.product_categories.position IS 'order within the category';

CREATE TABLE pm_catalog.product_tags (
  product_id uuid NOT NULL REFERENCES pm_catalog.products ON DELETE CASCADE,
  tag_id uuid NOT NULL REFERENCES pm_catalog.tags ON DELETE CASCADE,
  PRIMARY KEY (product_id, tag_id)
);
CREATE INDEX ON pm_catalog.product_tags (tag_id);
COMMENT ON TABLE pm_catalog.product_tags IS 'tags of products';
COMMENT ON COLUMN pm_catalog.product_tags.product_id IS 'the product';
COMMENT ON COLUMN pm_catalog.product_tags.tag_id IS 'the tag';

CREATE TABLE pm_catalog.product_relations (
  product_id uuid NOT NULL REFERENCES pm_catalog.products ON DELETE CASCADE,
  related_id uuid NOT NULL REFERENCES pm_catalog.products ON DELETE CASCADE,
  kind text NOT NULL DEFAULT 'related' CONSTRAINT kind_is_known CHECK (kind IN ('related', 'accessory', 'spare_part', 'substitute', 'cross_sell', 'up_sell')),
  position integer NOT NULL DEFAULT 0,
  PRIMARY KEY (product_id, kind, related_id),
  CONSTRAINT product_is_not_related_to_itself CHECK (product_id <> related_id)
);
CREATE INDEX ON pm_catalog.product_relations (related_id);
COMMENT ON TABLE pm_catalog.product_relations IS 'products that are shown beside another';
COMMENT ON COLUMN pm_catalog.product_relations.product_id IS 'the product';
COMMENT ON COLUMN pm_catalog.product_relations.related_id IS 'what is shown beside it';
COMMENT ON COLUMN pm_catalog.product_relations.kind IS 'related, accessory, spare_part, substitute, cross_sell or up_sell';
COMMENT ON COLUMN pm_catalog.product_relations.position IS 'order within the kind';

CREATE TABLE pm_catalog.product_seo (
  product_id uuid NOT NULL REFERENCES pm_catalog.products ON DELETE CASCADE,
  locale text COLLATE "C" NOT NULL DEFAULT 'fr' CONSTRAINT locale_is_a_locale CHECK (pm_catalog.is_locale(locale)),
  meta_title text CONSTRAINT meta_title_is_a_label CHECK (pm_catalog.is_label(meta_title)),
  meta_description text CONSTRAINT meta_description_is_prose CHECK (pm_catalog.is_prose(meta_description)),
  meta_keywords text[],
  canonical_url text CONSTRAINT canonical_url_is_of_the_web CHECK (canonical_url ~ '^https?://\S+$' AND length(canonical_url) <= 2000),
  PRIMARY KEY (product_id, locale)
);
COMMENT ON TABLE pm_catalog.product_seo IS 'what search engines are told about a product, by language';
COMMENT ON COLUMN pm_catalog.product_seo.product_id IS 'the product';
COMMENT ON COLUMN pm_catalog.product_seo.locale IS 'language';
COMMENT ON COLUMN pm_catalog.product_seo.meta_title IS 'title of its page';
COMMENT ON COLUMN pm_catalog.product_seo.meta_description IS 'description of its page';
COMMENT ON COLUMN pm_catalog.product_seo.meta_keywords IS 'keywords of its page';
COMMENT ON COLUMN pm_catalog.product_seo.canonical_url IS 'the address that counts, if there are several (http or https)';

SELECT pg_extension_config_dump('pm_catalog.product_variants', '');
SELECT pg_extension_config_dump('pm_catalog.product_bundles', '');
SELECT pg_extension_config_dump('pm_catalog.product_bundle_items', '');
SELECT pg_extension_config_dump('pm_catalog.product_categories', '');
SELECT pg_extension_config_dump('pm_catalog.product_tags', '');
SELECT pg_extension_config_dump('pm_catalog.product_relations', '');
SELECT pg_extension_config_dump('pm_catalog.product_seo', '');
