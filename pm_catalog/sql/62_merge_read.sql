-- Merging, first step: the source is read once, in key order, into a temporary table.
-- Rows that are as the supplier sent them before keep their key and nothing else.

-- What a merge is asked to do; columns: those of merge_row that the source has, row_no excepted.
CREATE TYPE pm_catalog._merge AS (job uuid, batch integer, supplier uuid, key text, columns text[], content text, prices text, taxonomy text);

CREATE FUNCTION pm_catalog._digest(shape text, VARIADIC "any") RETURNS uuid
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_digest';

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

-- Rows of a batch in the binary format of COPY: see src/batch_rows.c.
CREATE FUNCTION pm_catalog._batch_rows(rows bytea) RETURNS SETOF record
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_batch_rows';

-- Reads the source, something that FROM takes, into _merge_rows; rows: what it reads as
-- $1, with a digest of its own in each row; NULL: the digest is made here.  pos: place in key order; same_id: the product of
-- a row that is unchanged; new_id: the product that another row will be if it is new;
-- reason: why a row is a conflict.  The first of several rows of one key is taken.
CREATE FUNCTION pm_catalog._merge_read(merge pm_catalog._merge, source text, row_no text, rows bytea) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  typed text;
  names text;
  wanted text;
BEGIN
  SELECT string_agg(format('s.%I::%s AS %1$I', c.name, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY c.nth),
         string_agg(format('%I', c.name), ', ' ORDER BY c.nth),
         string_agg(format(CASE WHEN c.name = merge.key THEN 'd.%I' ELSE 'CASE WHEN o.product_id IS NULL THEN d.%I END AS %1$I' END, c.name), ', ' ORDER BY c.nth)
  INTO typed, names, wanted
  FROM unnest(merge.columns) WITH ORDINALITY AS c(name, nth)
  JOIN pg_attribute AS a ON a.attrelid = 'pm_catalog.merge_row'::regclass AND a.attname = c.name;
  EXECUTE format($read$
    INSERT INTO pg_temp._merge_rows (pos, row_no, digest, same_id, new_id, reason, %1$s)
    SELECT row_number() OVER keys, r.row_no, r.digest,
           CASE WHEN lag(%2$I) OVER keys IS DISTINCT FROM %2$I THEN r.same_id END,
           CASE WHEN r.same_id IS NULL THEN pm_xref.uuid7() END,
           CASE WHEN %2$I IS NULL THEN '22004: "%2$s" is NULL' WHEN lag(%2$I) OVER keys = %2$I THEN '23505: duplicate' END,
           %1$s
    FROM (
      SELECT d.row_no, d.digest, o.product_id AS same_id, %3$s
      FROM (SELECT t.*, %4$s AS digest FROM (SELECT %5$s AS row_no, %6$s FROM %7$s AS s) AS t OFFSET 0) AS d
      LEFT JOIN pm_catalog.supplier_products AS o ON o.supplier_id = %8$L AND o.digest = d.digest AND o.is_active
        AND NOT EXISTS (SELECT FROM pm_catalog.products AS p WHERE p.id = o.product_id AND p.deleted_at IS NOT NULL)
    ) AS r
    WINDOW keys AS (ORDER BY %2$I, r.row_no)$read$,
    names, merge.key, wanted,
    CASE WHEN rows IS NULL THEN format('pm_catalog._digest(%L, %s)', ROW(merge.key, merge.columns, merge.content, merge.prices, merge.taxonomy)::text, names) ELSE 't.its_digest' END,
    row_no, typed || CASE WHEN rows IS NULL THEN '' ELSE ', s.digest AS its_digest' END, source, merge.supplier)
  USING rows;
  EXECUTE format($duplicates$
    UPDATE pg_temp._merge_rows AS w SET reason = format('23505: duplicate of row %%s', f.row_no), same_id = NULL
    FROM (SELECT DISTINCT ON (%1$I) %1$I, row_no FROM pg_temp._merge_rows
          WHERE %1$I IN (SELECT d.%1$I FROM pg_temp._merge_rows AS d WHERE d.reason = '23505: duplicate') ORDER BY %1$I, pos) AS f
    WHERE w.reason = '23505: duplicate' AND f.%1$I = w.%1$I$duplicates$, merge.key);
END
$$;

REVOKE ALL ON FUNCTION pm_catalog._digest(text, "any"), pm_catalog._merge_columns(regclass), pm_catalog._batch_rows(bytea),
  pm_catalog._merge_read(pm_catalog._merge, text, text, bytea) FROM PUBLIC;
