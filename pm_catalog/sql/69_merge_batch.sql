-- Merging for a loader that is somewhere else: a batch comes in one value, and what the
-- loader needs goes back in one row.

-- Rows of a batch in the binary format of COPY: see src/batch_rows.c.
CREATE FUNCTION pm_catalog._batch_rows(rows bytea) RETURNS SETOF record
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_batch_rows';

-- What is remembered of a batch, for its loader.
CREATE FUNCTION pm_catalog.batch_counts(job uuid, batch integer,
  OUT created bigint, OUT updated bigint, OUT unchanged bigint, OUT conflicts bigint, OUT row_nos bigint[], OUT reasons text[]) RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT m.created, m.updated, m.unchanged, m.conflicts, c.row_nos, c.reasons
  FROM pm_catalog.merges AS m,
       LATERAL (SELECT coalesce(array_agg(u.row_no ORDER BY u.row_no), '{}') AS row_nos, coalesce(array_agg(u.reason ORDER BY u.row_no), '{}') AS reasons
                FROM pm_catalog.merge_outcomes AS o, unnest(o.row_nos, o.reasons) AS u(row_no, reason)
                WHERE o.job = m.job AND o.batch = m.batch AND o.outcome = 'conflict') AS c
  WHERE m.job = batch_counts.job AND m.batch = batch_counts.batch;
END;
COMMENT ON FUNCTION pm_catalog.batch_counts(uuid, integer) IS
'what is remembered of a batch: how many rows were created, updated, unchanged and conflicts, and the row_no and reason of each conflict, in the order of row_no; no row: it was not merged. After forget_batch() the conflicts are counted and not listed';

-- The columns of a batch, each checked, with types, as FROM wants them.
CREATE FUNCTION pm_catalog._batch_columns(columns text[]) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  list text;
  wrong text;
BEGIN
  SELECT string_agg(format('%I %s', c.name, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY c.nth),
         min(c.name) FILTER (WHERE a.attnum IS NULL OR c.name = 'row_no' OR c.again > 1)
  INTO list, wrong
  FROM (SELECT u.name, u.nth, count(*) OVER (PARTITION BY u.name) AS again FROM unnest(columns) WITH ORDINALITY AS u(name, nth)) AS c
  LEFT JOIN pg_attribute AS a ON a.attrelid = 'pm_catalog.merge_row'::regclass AND a.attname = c.name AND NOT a.attisdropped;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'column "%" of the batch is not known, or given twice', left(wrong, 64)
      USING ERRCODE = '42703', HINT = 'Type pm_catalog.merge_row has the columns that can be merged; row_no and digest go before them without being named.';
  END IF;
  RETURN list;
END
$$;

-- Merges the rows of a batch, unless that was done before; leaves nothing but that.
CREATE FUNCTION pm_catalog._merge_batch_once(merge pm_catalog._merge, source text, rows bytea, ahead boolean) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
BEGIN
  IF pm_catalog._merge_once(merge, source, 's.row_no', 's.digest', rows, ahead) THEN
    DROP TABLE pg_temp._merge_rows, pg_temp._merge_known, pg_temp._merge_names;
  END IF;
END
$$;

CREATE FUNCTION pm_catalog.merge_batch(job uuid, batch integer, columns text[], rows bytea, supplier uuid, key text, options jsonb, ahead boolean DEFAULT false,
  OUT created bigint, OUT updated bigint, OUT unchanged bigint, OUT conflicts bigint, OUT row_nos bigint[], OUT reasons text[])
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp SET jit = off
AS $$
DECLARE
  source text;
  merge pm_catalog._merge;
BEGIN
  IF job IS NULL OR batch IS NULL OR columns IS NULL OR rows IS NULL OR supplier IS NULL OR key IS NULL OR options IS NULL OR ahead IS NULL OR array_position(columns, NULL) IS NOT NULL THEN
    RAISE EXCEPTION 'merge_batch() needs a job, a batch, columns, rows, a supplier, a key and options' USING ERRCODE = '22004';
  END IF;
  source := format('(SELECT r.* FROM pm_catalog._batch_rows($1) AS r(row_no bigint, digest uuid, %s))', pm_catalog._batch_columns(columns));
  merge := pm_catalog._merge_checked(job, batch, supplier, key, columns, options);
  IF ahead THEN
    BEGIN
      PERFORM pm_catalog._merge_batch_once(merge, source, rows, true);
      IF EXISTS (SELECT FROM pm_catalog.merges AS m WHERE m.job = merge_batch.job AND m.batch = merge_batch.batch AND m.conflicts > 0) THEN
        RAISE EXCEPTION 'a row that is refused could be merged after others' USING ERRCODE = '40000';
      END IF;
    EXCEPTION WHEN data_exception OR integrity_constraint_violation OR transaction_rollback THEN
      RETURN;
    END;
  ELSE
    PERFORM pm_catalog._merge_batch_once(merge, source, rows, false);
  END IF;
  SELECT c.created, c.updated, c.unchanged, c.conflicts, c.row_nos, c.reasons
  INTO merge_batch.created, merge_batch.updated, merge_batch.unchanged, merge_batch.conflicts, merge_batch.row_nos, merge_batch.reasons
  FROM pm_catalog.batch_counts(job, batch) AS c;
END
$$;
COMMENT ON FUNCTION pm_catalog.merge_batch(uuid, integer, text[], bytea, uuid, text, jsonb, boolean) IS
'the merge of merge_products() for a loader on another server: rows in the binary format of COPY without header and trailer, each with row_no (bigint), digest (uuid) and the columns in their order, as merge_row has them. The digest is kept with the offer instead of one that is made here, but for bytes 6 and 7, which say of what the row is, and the rows are taken to differ: whoever sends them has left out those whose digest, but for these bytes, supplier_digests() has. The result is that of batch_counts(), also if the batch was merged before. ahead: batches before it are not committed, so that a row could be refused for what they do; if one is, no row is merged and the result is NULLs: to be sent again once they are. A loader that commits batches in their order then has what merging one after the other has, if no key is in two of them. Errors: those of merge_products(); 22P03 rows that are not in that format; 42703 a column that is unknown or given twice; what types say of bad values';

-- Offers that a supplier makes no more.
CREATE FUNCTION pm_catalog.supplier_keys(supplier uuid, key text) RETURNS TABLE(product_id uuid, key_value text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT o.product_id, CASE supplier_keys.key WHEN 'gtin' THEN p.gtin::text WHEN 'sku' THEN p.sku WHEN 'supplier_sku' THEN o.supplier_sku END
  FROM pm_catalog.supplier_products AS o JOIN pm_catalog.products AS p ON p.id = o.product_id
  WHERE o.supplier_id = supplier_keys.supplier AND o.is_active AND p.deleted_at IS NULL;
END;
COMMENT ON FUNCTION pm_catalog.supplier_keys(uuid, text) IS 'products that the supplier offers, and what merge_products() knows each by under this key; NULL: it has none, or the key is not known';

CREATE FUNCTION pm_catalog.end_offers(job uuid, supplier uuid, product_ids uuid[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  ended bigint;
BEGIN
  IF job IS NULL OR supplier IS NULL OR product_ids IS NULL THEN
    RAISE EXCEPTION 'end_offers() needs a job, a supplier and products' USING ERRCODE = '22004';
  END IF;
  -- remembered as batch 0, which no loader has
  INSERT INTO pm_catalog.merges (job, batch, supplier_id) VALUES (job, 0, supplier) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    RETURN (SELECT m.updated FROM pm_catalog.merges AS m WHERE m.job = end_offers.job AND m.batch = 0);
  END IF;
  PERFORM p.id FROM pm_catalog.products AS p WHERE p.id = ANY (product_ids) ORDER BY p.id FOR NO KEY UPDATE;
  PERFORM pm_catalog._change_of(job, 0);
  UPDATE pm_catalog.supplier_products AS o SET is_active = false, updated_at = now()
  WHERE o.supplier_id = supplier AND o.product_id = ANY (product_ids) AND o.is_active;
  GET DIAGNOSTICS ended = ROW_COUNT;
  UPDATE pm_catalog.products AS p SET is_active = false
  WHERE p.id = ANY (product_ids) AND p.is_active AND p.deleted_at IS NULL
    AND NOT EXISTS (SELECT FROM pm_catalog.supplier_products AS o WHERE o.product_id = p.id AND o.is_active);
  PERFORM pm_catalog._change_of(NULL, NULL);
  UPDATE pm_catalog.merges AS m SET updated = ended WHERE m.job = end_offers.job AND m.batch = 0;
  RETURN ended;
END
$$;
COMMENT ON FUNCTION pm_catalog.end_offers(uuid, uuid, uuid[]) IS
'ends offers of a supplier (is_active), as a change of the job, and makes those products inactive (is_active) that nobody offers any more: a merge that brings an offer of one again makes it active, unless the product was written since; returns how many offers that were. Remembered until forget_job(): the same job again changes nothing and gives the same number. Error: 22004 NULL';

CREATE FUNCTION pm_catalog.supplier_digests(supplier uuid, columns text[]) RETURNS SETOF uuid
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT o.digest FROM pm_catalog._offer_digests(supplier_digests.supplier, pm_catalog._merge_areas(supplier_digests.columns)) AS o;
END;
COMMENT ON FUNCTION pm_catalog.supplier_digests(uuid, text[]) IS 'digests of the rows with these columns, or fewer, that a merge would find unchanged, in no order; bytes 6 and 7 are the catalog''s';

REVOKE ALL ON FUNCTION pm_catalog._batch_rows(bytea), pm_catalog.batch_counts(uuid, integer), pm_catalog._batch_columns(text[]), pm_catalog._merge_batch_once(pm_catalog._merge, text, bytea, boolean),
  pm_catalog.merge_batch(uuid, integer, text[], bytea, uuid, text, jsonb, boolean),
  pm_catalog.supplier_keys(uuid, text), pm_catalog.end_offers(uuid, uuid, uuid[]), pm_catalog.supplier_digests(uuid, text[]) FROM PUBLIC;
