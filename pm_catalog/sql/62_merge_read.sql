-- Merging, first step: the source is read once, in key order, into a temporary table.
-- Of rows that are as the supplier sent them before it has what their outcome needs.

-- What a merge is asked to do; columns: those of merge_row that the source has, row_no
-- excepted; told: it is only foretold, and batches before it were: see _foretold_codes.
CREATE TYPE pm_catalog._merge AS (job uuid, batch integer, supplier uuid, key text, columns text[], content text, prices text, taxonomy text, told boolean);

CREATE FUNCTION pm_catalog._digest(shape text, VARIADIC "any") RETURNS uuid
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_digest';

-- The area of the catalog that a column is of, as a bit: what changes together is together.
-- A column that nobody has told apart is of all of them.
CREATE FUNCTION pm_catalog._merge_area(column_name text) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE
  WHEN column_name = 'gtin' THEN 1
  WHEN column_name IN ('sku', 'asin') THEN 2
  WHEN column_name IN ('title', 'short_description', 'description', 'long_description', 'slug', 'manufacturer_reference', 'external_id') THEN 4
  WHEN column_name IN ('status', 'is_active', 'is_featured') THEN 8
  WHEN column_name IN ('technical_specs', 'family') THEN 16
  WHEN column_name IN ('brand', 'category') THEN 32
  WHEN column_name IN ('tags', 'images') THEN 64
  WHEN column_name IN ('weight', 'width', 'height', 'depth') THEN 128
  WHEN column_name = 'supplier_sku' THEN 256
  WHEN column_name = 'cost' THEN 512
  WHEN column_name = 'currency' THEN 1024
  WHEN column_name = 'stock' THEN 2048
  WHEN column_name = 'lead_time_days' THEN 4096
  WHEN column_name = 'min_quantity' THEN 8192
  WHEN column_name IN ('price', 'compare_at_amount', 'price_type', 'price_min_quantity') THEN 16384
  WHEN column_name IN ('on_hand', 'location', 'low_stock_threshold') THEN 32768
  ELSE 65535 END;

CREATE FUNCTION pm_catalog._merge_areas(columns text[]) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (SELECT coalesce(bit_or(pm_catalog._merge_area(c.name)), 0) FROM unnest(columns) AS c(name));

-- A digest with the areas of which its row says something, its key included.
CREATE FUNCTION pm_catalog._digest_of(digest uuid, areas integer) RETURNS uuid
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_digest_of';

CREATE FUNCTION pm_catalog._areas_of(digest uuid) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_areas_of';

-- Of the digests that an offer has, those of other files that hold after a
-- row has written some areas: what is of the same areas is what the row takes the place of.
CREATE FUNCTION pm_catalog._kept_digests(latest uuid, others uuid[], merged uuid, written integer) RETURNS uuid[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_kept_digests';

-- What was said by a code of a product is said of another one once it has moved, whoever moved it.
CREATE TRIGGER forget_digests AFTER UPDATE ON pm_catalog.products REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._after_change('gtin, sku',
  'UPDATE pm_catalog.supplier_products AS s SET digest = NULL, other_digests = NULL
   FROM new_rows AS r JOIN old_rows AS o ON o.id = r.id
   WHERE s.product_id = r.id AND (r.gtin, r.sku) IS DISTINCT FROM (o.gtin, o.sku) AND (s.digest IS NOT NULL OR s.other_digests IS NOT NULL)');

-- The columns of a source that are there, each checked; errors: 42809 it has no rows,
-- 42703 a column that is not known, 42804 a column of another type.
CREATE FUNCTION pm_catalog._merge_columns(source regclass) RETURNS text[]
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  wrong record;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = source AND c.relkind IN ('r', 'p', 'v', 'm', 'f')) THEN
    RAISE EXCEPTION 'source "%" is not a table or view', source USING ERRCODE = '42809';
  END IF;
  SELECT s.attname AS name, format_type(s.atttypid, NULL) AS type, format_type(t.atttypid, NULL) AS should_be INTO wrong
  FROM pg_attribute AS s
  LEFT JOIN pg_attribute AS t ON t.attrelid = 'pm_catalog.merge_row'::regclass AND t.attname = s.attname AND NOT t.attisdropped
  LEFT JOIN pg_type AS y ON y.oid = s.atttypid
  WHERE s.attrelid = source AND s.attnum > 0 AND NOT s.attisdropped
    AND (t.attname IS NULL
         OR t.atttypid NOT IN (s.atttypid, y.typbasetype)
            AND NOT EXISTS (SELECT FROM pg_cast AS c WHERE c.castsource IN (s.atttypid, y.typbasetype) AND c.casttarget = t.atttypid AND c.castcontext = 'i'))
  ORDER BY s.attnum LIMIT 1;
  IF wrong.should_be IS NOT NULL THEN
    RAISE EXCEPTION 'column "%" of source "%" is of type %, not %', wrong.name, source, wrong.type, wrong.should_be
      USING ERRCODE = '42804', HINT = 'Types that convert without loss are taken; convert the other ones while staging, so that a bad value is an error of its row.';
  ELSIF wrong.name IS NOT NULL THEN
    RAISE EXCEPTION 'column "%" of source "%" is not known', wrong.name, source
      USING ERRCODE = '42703', HINT = 'Type pm_catalog.merge_row has the columns that can be merged; a view can rename or leave out others.';
  END IF;
  RETURN ARRAY(SELECT t.attname::text
               FROM pg_attribute AS t JOIN pg_attribute AS s ON s.attname = t.attname AND s.attrelid = source AND NOT s.attisdropped
               WHERE t.attrelid = 'pm_catalog.merge_row'::regclass AND NOT t.attisdropped
               ORDER BY t.attnum);
END
$$;

-- The rows of a query (row_no, digest, same_id, columns), as _merge_rows has them: see
-- src/merge_scan.c.  batch is its $1.
CREATE FUNCTION pm_catalog._merge_scan(query text, key text, batch bytea DEFAULT NULL) RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_catalog_merge_scan';

-- Reads the source, an item of FROM that is s, into _merge_rows; row_no is an expression of
-- s.  digest is one, too, if whoever gives the rows has digests of his own and knows that
-- these rows differ; NULL: digests are made here, and compared with those of the offers.
-- batch: what source calls $1.
CREATE FUNCTION pm_catalog._merge_read(merge pm_catalog._merge, source text, row_no text, digest text, batch bytea) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  typed text;
  names text;
  types text;
  query text;
  areas CONSTANT integer := pm_catalog._merge_areas(merge.columns);
BEGIN
  SELECT string_agg(format('s.%I::%s%s AS %1$I', c.name, format_type(a.atttypid, a.atttypmod), CASE WHEN a.attcollation = '"C"'::regcollation THEN ' COLLATE "C"' END), ', ' ORDER BY c.nth),
         string_agg(format('%I', c.name), ', ' ORDER BY c.nth),
         string_agg(format('%I %s', c.name, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY c.nth)
  INTO typed, names, types
  FROM unnest(merge.columns) WITH ORDINALITY AS c(name, nth)
  JOIN pg_attribute AS a ON a.attrelid = 'pm_catalog.merge_row'::regclass AND a.attname = c.name;
  IF digest IS NOT NULL THEN
    query := format('SELECT %s, pm_catalog._digest_of(%s, %s), NULL::uuid, %s FROM %s AS s', row_no, digest, areas, typed, source);
  ELSE
    query := format($read$
      SELECT d.row_no, d.digest, o.product_id, %1$s
      FROM (SELECT t.*, pm_catalog._digest_of(pm_catalog._digest(%2$L, %1$s), %7$s) AS digest FROM (SELECT %3$s AS row_no, %4$s FROM %5$s AS s) AS t OFFSET 0) AS d
      LEFT JOIN pm_catalog._offer_digests(%6$L, %7$s) AS o USING (digest)$read$,
      names, ROW(merge.key, merge.columns, merge.content, merge.prices, merge.taxonomy)::text, row_no, typed, source, merge.supplier, areas);
  END IF;
  EXECUTE format('INSERT INTO pg_temp._merge_rows (pos, row_no, digest, same_id, new_id, reason, row_nos, product_ids, %s) '
                 'SELECT * FROM pm_catalog._merge_scan(%L, %L, $1) AS r(pos bigint, row_no bigint, digest uuid, same_id uuid, new_id uuid, reason text, row_nos bigint[], product_ids uuid[], %s)',
                 names, query, merge.key, types)
  USING batch;
END
$$;
COMMENT ON FUNCTION pm_catalog._merge_read(pm_catalog._merge, text, text, text, bytea) IS
'fills _merge_rows. pos: place in key order; row_nos, product_ids: a row that stands for many that are unchanged; same_id: the product of one that is unchanged; new_id: the product that another row makes if it is new; reason: why a row is a conflict. The first of several rows of one key by row_no is taken';

REVOKE ALL ON FUNCTION pm_catalog._digest(text, "any"), pm_catalog._merge_area(text), pm_catalog._merge_areas(text[]), pm_catalog._digest_of(uuid, integer), pm_catalog._areas_of(uuid), pm_catalog._kept_digests(uuid, uuid[], uuid, integer), pm_catalog._merge_columns(regclass), pm_catalog._merge_scan(text, text, bytea),
  pm_catalog._merge_read(pm_catalog._merge, text, text, text, bytea) FROM PUBLIC;
