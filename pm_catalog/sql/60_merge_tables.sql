-- Merging a supplier's rows: their shape, and what is remembered of each batch.

CREATE TYPE pm_catalog.merge_row AS (
  row_no bigint,
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
COMMENT ON TYPE pm_catalog.merge_row IS 'what merge_products() can read of a supplier''s row; a source has some of these columns: CREATE TEMP TABLE t OF pm_catalog.merge_row makes one that has all';
COMMENT ON COLUMN pm_catalog.merge_row.row_no IS 'names the row in the outcomes, such as its line in the file; counted if the source has no such column';
COMMENT ON COLUMN pm_catalog.merge_row.gtin IS 'GTIN: key, or where the key is another one the product''s';
COMMENT ON COLUMN pm_catalog.merge_row.asin IS 'as in products';
COMMENT ON COLUMN pm_catalog.merge_row.sku IS 'our own article number: key, or the product''s';
COMMENT ON COLUMN pm_catalog.merge_row.supplier_sku IS 'the supplier''s own article number: key, or the offer''s';
COMMENT ON COLUMN pm_catalog.merge_row.manufacturer_reference IS 'as in products';
COMMENT ON COLUMN pm_catalog.merge_row.external_id IS 'as in products';
COMMENT ON COLUMN pm_catalog.merge_row.title IS 'as in products; a new product needs one';
COMMENT ON COLUMN pm_catalog.merge_row.short_description IS 'as in products';
COMMENT ON COLUMN pm_catalog.merge_row.description IS 'as in products';
COMMENT ON COLUMN pm_catalog.merge_row.long_description IS 'as in products';
COMMENT ON COLUMN pm_catalog.merge_row.brand IS 'name of the brand, which is made if it is new: see ensure_brands()';
COMMENT ON COLUMN pm_catalog.merge_row.category IS 'path of the category from the top, such as Office > Pens, which is made if it is new: see ensure_categories()';
COMMENT ON COLUMN pm_catalog.merge_row.family IS 'code of the family; it must be there';
COMMENT ON COLUMN pm_catalog.merge_row.status IS 'as in products';
COMMENT ON COLUMN pm_catalog.merge_row.is_active IS 'as in products';
COMMENT ON COLUMN pm_catalog.merge_row.is_featured IS 'as in products';
COMMENT ON COLUMN pm_catalog.merge_row.weight IS 'in kg';
COMMENT ON COLUMN pm_catalog.merge_row.width IS 'in cm';
COMMENT ON COLUMN pm_catalog.merge_row.height IS 'in cm';
COMMENT ON COLUMN pm_catalog.merge_row.depth IS 'in cm';
COMMENT ON COLUMN pm_catalog.merge_row.technical_specs IS 'values of attributes by code: those named are set, those that are null are taken away, the other ones stay';
COMMENT ON COLUMN pm_catalog.merge_row.slug IS 'as in products';
COMMENT ON COLUMN pm_catalog.merge_row.tags IS 'all tags of the product, which are made if they are new; NULL: its tags stay';
COMMENT ON COLUMN pm_catalog.merge_row.cost IS 'what we pay for one: the offer''s, and the price''s';
COMMENT ON COLUMN pm_catalog.merge_row.stock IS 'pieces that the supplier has';
COMMENT ON COLUMN pm_catalog.merge_row.lead_time_days IS 'as in supplier_products';
COMMENT ON COLUMN pm_catalog.merge_row.min_quantity IS 'the least that can be ordered';
COMMENT ON COLUMN pm_catalog.merge_row.price IS 'the price from now on; NULL: prices stay';
COMMENT ON COLUMN pm_catalog.merge_row.compare_at_amount IS 'as in product_prices';
COMMENT ON COLUMN pm_catalog.merge_row.price_type IS 'kind of the price; NULL: retail';
COMMENT ON COLUMN pm_catalog.merge_row.price_min_quantity IS 'the price holds from this many pieces on; NULL: 1';
COMMENT ON COLUMN pm_catalog.merge_row.currency IS 'of price, cost and compare_at_amount (ISO 4217); NULL: EUR';
COMMENT ON COLUMN pm_catalog.merge_row.location IS 'where on_hand lies; NULL: main';
COMMENT ON COLUMN pm_catalog.merge_row.on_hand IS 'pieces that we have there; NULL: stock stays';
COMMENT ON COLUMN pm_catalog.merge_row.low_stock_threshold IS 'as in product_stocks';
COMMENT ON COLUMN pm_catalog.merge_row.images IS 'all addresses of images that the supplier has of the product, the first one shown first; NULL: they stay';

CREATE TABLE pm_catalog.merges (
  job uuid,
  batch integer,
  supplier_id uuid NOT NULL,
  merged_at timestamptz NOT NULL DEFAULT now(),
  created bigint NOT NULL DEFAULT 0,
  updated bigint NOT NULL DEFAULT 0,
  unchanged bigint NOT NULL DEFAULT 0,
  conflicts bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (job, batch)
);
COMMENT ON TABLE pm_catalog.merges IS 'batches that were merged, and how many of their rows had which outcome; kept until forget_job()';
COMMENT ON COLUMN pm_catalog.merges.job IS 'the import';
COMMENT ON COLUMN pm_catalog.merges.batch IS 'which of its batches';
COMMENT ON COLUMN pm_catalog.merges.supplier_id IS 'whose rows they were';
COMMENT ON COLUMN pm_catalog.merges.merged_at IS 'start of the transaction';
COMMENT ON COLUMN pm_catalog.merges.created IS 'rows that made a product';
COMMENT ON COLUMN pm_catalog.merges.updated IS 'rows that differed from what the supplier sent before, or that it sent for the first time, of a product that was there';
COMMENT ON COLUMN pm_catalog.merges.unchanged IS 'rows that were as the supplier sent them before';
COMMENT ON COLUMN pm_catalog.merges.conflicts IS 'rows that were not merged';

CREATE TABLE pm_catalog.merge_outcomes (
  job uuid,
  batch integer,
  part integer,
  outcome text COLLATE "C" NOT NULL CONSTRAINT outcome_is_known CHECK (outcome IN ('created', 'updated', 'unchanged', 'conflict')),
  row_nos bigint[] NOT NULL,
  product_ids uuid[] NOT NULL,
  reasons text[],
  PRIMARY KEY (job, batch, outcome, part),
  FOREIGN KEY (job, batch) REFERENCES pm_catalog.merges ON DELETE CASCADE,
  CONSTRAINT each_row_has_a_product_or_none CHECK (cardinality(product_ids) = cardinality(row_nos)),
  CONSTRAINT each_conflict_has_a_reason CHECK (cardinality(reasons) = cardinality(row_nos))
);
ALTER TABLE pm_catalog.merge_outcomes ALTER row_nos SET STORAGE EXTERNAL, ALTER product_ids SET STORAGE EXTERNAL;
COMMENT ON TABLE pm_catalog.merge_outcomes IS 'what became of each row of a batch, thousands of rows in each one here; kept until forget_batch()';
COMMENT ON COLUMN pm_catalog.merge_outcomes.job IS 'the import';
COMMENT ON COLUMN pm_catalog.merge_outcomes.batch IS 'which of its batches';
COMMENT ON COLUMN pm_catalog.merge_outcomes.part IS 'which part of the batch, from 0';
COMMENT ON COLUMN pm_catalog.merge_outcomes.outcome IS 'created, updated, unchanged or conflict';
COMMENT ON COLUMN pm_catalog.merge_outcomes.row_nos IS 'row_no of each row';
COMMENT ON COLUMN pm_catalog.merge_outcomes.product_ids IS 'product of each row; NULL for a conflict';
COMMENT ON COLUMN pm_catalog.merge_outcomes.reasons IS 'reason of each conflict; NULL for other outcomes';

CREATE FUNCTION pm_catalog.last_batch(job uuid) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT max(m.batch) FROM pm_catalog.merges AS m WHERE m.job = $1;
END;
COMMENT ON FUNCTION pm_catalog.last_batch(uuid) IS 'the highest batch of the job that was merged, forgotten outcomes or not; NULL: none';

CREATE FUNCTION pm_catalog.forget_batch(job uuid, batch integer) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  DELETE FROM pm_catalog.merge_outcomes AS o WHERE o.job = $1 AND o.batch = $2;
END;
COMMENT ON FUNCTION pm_catalog.forget_batch(uuid, integer) IS 'forgets the outcomes of a batch, once whoever merged it has kept what it needs; the batch still counts as merged: to merge it again is error 55000';

CREATE FUNCTION pm_catalog.forget_job(job uuid) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  DELETE FROM pm_catalog.merges AS m WHERE m.job = $1;
  IF to_regclass('pg_temp._foretold') IS NOT NULL THEN
    IF EXISTS (SELECT FROM pg_temp._foretold AS f WHERE f.job = $1) THEN
      PERFORM pm_catalog._forget_foretold();
    END IF;
  END IF;
END
$$;
COMMENT ON FUNCTION pm_catalog.forget_job(uuid) IS 'forgets all batches of a job and their outcomes, and of a dry run what this session remembers';

REVOKE ALL ON FUNCTION pm_catalog.last_batch(uuid), pm_catalog.forget_batch(uuid, integer), pm_catalog.forget_job(uuid) FROM PUBLIC;
SELECT pg_extension_config_dump('pm_catalog.merges', '');
SELECT pg_extension_config_dump('pm_catalog.merge_outcomes', '');
