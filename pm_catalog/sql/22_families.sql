-- Families of products and the attributes that they declare.

CREATE TABLE pm_catalog.families (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  code text COLLATE "C" NOT NULL UNIQUE CONSTRAINT code_is_a_slug CHECK (pm_catalog.is_slug(code)),
  name text NOT NULL CONSTRAINT name_is_a_label CHECK (pm_catalog.is_label(name))
);
COMMENT ON TABLE pm_catalog.families IS 'families of products: what the attributes of a product may and must be';
COMMENT ON COLUMN pm_catalog.families.id IS 'key';
COMMENT ON COLUMN pm_catalog.families.code IS 'short unique name, such as verre';
COMMENT ON COLUMN pm_catalog.families.name IS 'the name that is shown';

SELECT pg_extension_config_dump('pm_catalog.families', '');
