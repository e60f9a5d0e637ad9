-- What products are grouped by: suppliers, brands, categories, tags.

CREATE TABLE pm_catalog.suppliers (
  id uuid PRIMARY KEY,
  code text COLLATE "C" NOT NULL UNIQUE CONSTRAINT code_is_a_reference CHECK (pm_catalog.is_reference(code)),
  name text NOT NULL CONSTRAINT name_is_a_label CHECK (pm_catalog.is_label(name)),
  is_active boolean NOT NULL DEFAULT true,
  number integer NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE,
  changed_at timestamptz NOT NULL DEFAULT '-infinity'
);
COMMENT ON TABLE pm_catalog.suppliers IS 'copy of the suppliers of pm_suppliers, fed by its events: what products and offers refer to';
COMMENT ON COLUMN pm_catalog.suppliers.id IS 'the id in pm_suppliers.suppliers';
COMMENT ON COLUMN pm_catalog.suppliers.code IS 'short unique name that files and configurations use';
COMMENT ON COLUMN pm_catalog.suppliers.name IS 'its name';
COMMENT ON COLUMN pm_catalog.suppliers.is_active IS 'do we buy from it?';
COMMENT ON COLUMN pm_catalog.suppliers.number IS 'short key, for clients that need an integer';
COMMENT ON COLUMN pm_catalog.suppliers.changed_at IS 'when the last event about it was published; -infinity: none was';

CREATE TABLE pm_catalog.brands (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  code text COLLATE "C" UNIQUE CONSTRAINT code_is_a_slug CHECK (pm_catalog.is_slug(code)),
  name text NOT NULL CONSTRAINT name_is_a_label CHECK (pm_catalog.is_label(name)),
  logo_url text CONSTRAINT logo_url_is_of_the_web CHECK (logo_url ~ '^https?://\S+$' AND length(logo_url) <= 2000),
  is_active boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE pm_catalog.brands IS 'brands; the names under which files mention them are brand_aliases';
COMMENT ON COLUMN pm_catalog.brands.id IS 'key';
COMMENT ON COLUMN pm_catalog.brands.code IS 'short unique name';
COMMENT ON COLUMN pm_catalog.brands.name IS 'the name that is shown; unique as brand_aliases compares names';
COMMENT ON COLUMN pm_catalog.brands.logo_url IS 'address of its logo (http or https)';
COMMENT ON COLUMN pm_catalog.brands.is_active IS 'is it shown?';

CREATE TABLE pm_catalog.categories (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  taxonomy text COLLATE "C" NOT NULL DEFAULT 'main' CONSTRAINT taxonomy_is_a_slug CHECK (pm_catalog.is_slug(taxonomy)),
  name text NOT NULL CONSTRAINT name_is_a_label CHECK (pm_catalog.is_label(name)),
  slug text COLLATE "C" UNIQUE CONSTRAINT slug_is_a_slug CHECK (pm_catalog.is_slug(slug)),
  parent_id uuid,
  position integer NOT NULL DEFAULT 0,
  is_active boolean NOT NULL DEFAULT true,
  number integer NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE,
  path integer[] NOT NULL UNIQUE,
  depth integer NOT NULL GENERATED ALWAYS AS (cardinality(path) - 1) STORED,
  UNIQUE (id, taxonomy),
  UNIQUE NULLS NOT DISTINCT (taxonomy, parent_id, name),
  FOREIGN KEY (parent_id, taxonomy) REFERENCES pm_catalog.categories (id, taxonomy),
  CONSTRAINT path_ends_with_the_category CHECK (path[cardinality(path)] = number),
  CONSTRAINT depth_is_at_most_50 CHECK (cardinality(path) <= 51)
);
CREATE INDEX ON pm_catalog.categories (parent_id, taxonomy);
COMMENT ON TABLE pm_catalog.categories IS 'trees of categories, one or more a taxonomy; path and depth are kept by the server, a category is moved by updating its parent_id';
COMMENT ON COLUMN pm_catalog.categories.id IS 'key';
COMMENT ON COLUMN pm_catalog.categories.taxonomy IS 'the classification it belongs to, such as main or google; a parent is of the same one';
COMMENT ON COLUMN pm_catalog.categories.name IS 'the name that is shown, unique beside its siblings';
COMMENT ON COLUMN pm_catalog.categories.slug IS 'unique part of its address';
COMMENT ON COLUMN pm_catalog.categories.parent_id IS 'the category above it; NULL at the top. Error 23514 if that would make a cycle';
COMMENT ON COLUMN pm_catalog.categories.position IS 'order beside its siblings, then by name';
COMMENT ON COLUMN pm_catalog.categories.is_active IS 'is it shown?';
COMMENT ON COLUMN pm_catalog.categories.number IS 'short key, of which path is made';
COMMENT ON COLUMN pm_catalog.categories.path IS 'the numbers from the top down to itself, kept by the server: a subtree is one range of it';
COMMENT ON COLUMN pm_catalog.categories.depth IS 'how many categories are above it';

CREATE TABLE pm_catalog.tags (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  name text NOT NULL UNIQUE CONSTRAINT name_is_a_label CHECK (pm_catalog.is_label(name)),
  slug text COLLATE "C" NOT NULL UNIQUE CONSTRAINT slug_is_a_slug CHECK (pm_catalog.is_slug(slug))
);
COMMENT ON TABLE pm_catalog.tags IS 'words that products are marked with';
COMMENT ON COLUMN pm_catalog.tags.id IS 'key';
COMMENT ON COLUMN pm_catalog.tags.name IS 'the word, unique';
COMMENT ON COLUMN pm_catalog.tags.slug IS 'unique part of its address';

SELECT pg_extension_config_dump('pm_catalog.suppliers', '');
SELECT pg_extension_config_dump('pm_catalog.suppliers_number_seq', '');
SELECT pg_extension_config_dump('pm_catalog.brands', '');
SELECT pg_extension_config_dump('pm_catalog.categories', '');
SELECT pg_extension_config_dump('pm_catalog.categories_number_seq', '');
SELECT pg_extension_config_dump('pm_catalog.tags', '');
