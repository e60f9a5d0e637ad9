-- What a value of a file can become.

-- The columns of pm_catalog.merge_row, whose database may be another one, without
-- row_no.
CREATE TYPE pm_imports.target_row AS (
  gtin pm_gtin.gtin,
  asin pm_gtin.asin,
  sku text COLLATE "C",
  supplier_sku text COLLATE "C",
  manufacturer_reference text COLLATE "C",
  external_id text COLLATE "C",
  title text,
  short_description text,
  description text,
  long_description text,
  brand text,
  category text,
  family text COLLATE "C",
  status text,
  is_active boolean,
  is_featured boolean,
  weight numeric,
  width numeric,
  height numeric,
  depth numeric,
  technical_specs jsonb,
  slug text COLLATE "C",
  tags text[],
  cost numeric,
  stock integer,
  lead_time_days integer,
  min_quantity integer,
  price numeric,
  compare_at_amount numeric,
  price_type text COLLATE "C",
  price_min_quantity integer,
  currency text COLLATE "C",
  location text COLLATE "C",
  on_hand integer,
  low_stock_threshold integer,
  images text[]
);
COMMENT ON TYPE pm_imports.target_row IS 'a row of a file once it is mapped: what expressions of computed_attributes and validation_rules see. Attributes of the product are members of technical_specs';
COMMENT ON COLUMN pm_imports.target_row.gtin IS 'GTIN of the product; the key unless import_options say otherwise';
COMMENT ON COLUMN pm_imports.target_row.asin IS 'ASIN of the product';
COMMENT ON COLUMN pm_imports.target_row.sku IS 'our own article number';
COMMENT ON COLUMN pm_imports.target_row.supplier_sku IS 'the supplier''s own article number';
COMMENT ON COLUMN pm_imports.target_row.manufacturer_reference IS 'the manufacturer''s number';
COMMENT ON COLUMN pm_imports.target_row.external_id IS 'number in another system';
COMMENT ON COLUMN pm_imports.target_row.title IS 'name of the product; a new one needs it';
COMMENT ON COLUMN pm_imports.target_row.short_description IS 'a sentence';
COMMENT ON COLUMN pm_imports.target_row.description IS 'description';
COMMENT ON COLUMN pm_imports.target_row.long_description IS 'description with all details';
COMMENT ON COLUMN pm_imports.target_row.brand IS 'name of the brand';
COMMENT ON COLUMN pm_imports.target_row.category IS 'path of the category from the top, such as Office > Pens';
COMMENT ON COLUMN pm_imports.target_row.family IS 'code of the family';
COMMENT ON COLUMN pm_imports.target_row.status IS 'status of the product';
COMMENT ON COLUMN pm_imports.target_row.is_active IS 'is it sold';
COMMENT ON COLUMN pm_imports.target_row.is_featured IS 'is it shown first';
COMMENT ON COLUMN pm_imports.target_row.weight IS 'in kg';
COMMENT ON COLUMN pm_imports.target_row.width IS 'in cm';
COMMENT ON COLUMN pm_imports.target_row.height IS 'in cm';
COMMENT ON COLUMN pm_imports.target_row.depth IS 'in cm';
COMMENT ON COLUMN pm_imports.target_row.technical_specs IS 'attributes by code, as an object of JSON; one of them is the target technical_specs.CODE, which goes before';
COMMENT ON COLUMN pm_imports.target_row.slug IS 'name in addresses';
COMMENT ON COLUMN pm_imports.target_row.tags IS 'all tags of the product';
COMMENT ON COLUMN pm_imports.target_row.cost IS 'what we pay for one';
COMMENT ON COLUMN pm_imports.target_row.stock IS 'pieces that the supplier has';
COMMENT ON COLUMN pm_imports.target_row.lead_time_days IS 'days until it is here';
COMMENT ON COLUMN pm_imports.target_row.min_quantity IS 'the least that can be ordered';
COMMENT ON COLUMN pm_imports.target_row.price IS 'the price from now on';
COMMENT ON COLUMN pm_imports.target_row.compare_at_amount IS 'price before, or recommended';
COMMENT ON COLUMN pm_imports.target_row.price_type IS 'kind of the price; none: retail';
COMMENT ON COLUMN pm_imports.target_row.price_min_quantity IS 'the price holds from this many pieces on';
COMMENT ON COLUMN pm_imports.target_row.currency IS 'of price, cost and compare_at_amount, ISO 4217; none: EUR';
COMMENT ON COLUMN pm_imports.target_row.location IS 'where on_hand lies';
COMMENT ON COLUMN pm_imports.target_row.on_hand IS 'pieces that we have there';
COMMENT ON COLUMN pm_imports.target_row.low_stock_threshold IS 'pieces at which stock counts as low';
COMMENT ON COLUMN pm_imports.target_row.images IS 'addresses of images (http or https), the first one shown first: between bars, or with commas, semicolons or blanks before the next one; one that is none is left out, with a warning';

CREATE VIEW pm_imports.targets WITH (security_invoker) AS
SELECT a.attname AS name, a.atttypid::regtype AS type, col_description(a.attrelid, a.attnum) AS description
FROM pg_catalog.pg_attribute AS a
WHERE a.attrelid = 'pm_imports.target_row'::regclass AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum;
COMMENT ON VIEW pm_imports.targets IS 'What a value of a file can become: the targets of field_mapping. technical_specs.CODE and attributes.CODE, which are the same, stand for each attribute';
COMMENT ON COLUMN pm_imports.targets.name IS 'its name';
COMMENT ON COLUMN pm_imports.targets.type IS 'its type';
COMMENT ON COLUMN pm_imports.targets.description IS 'what it is';
