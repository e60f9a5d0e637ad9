-- What a merge would do.  The batches of a dry run come in order, in one session; what the
-- rows of earlier ones would have left is remembered there, in temporary tables:
-- _foretold           the dry run and its last batch
-- _foretold_codes     codes that their rows take: those of _merge_claims, and the keys
-- _foretold_gone      codes that products or offers of the catalog have given up
-- _foretold_brands    names of brands
-- _foretold_products  products and the codes of their offers as rows leave them; only if
--                     the key is supplier_sku: by gtin a product can be met again

-- Do the rules that _merge_find_broken() asks say all that a merge can meet?  Not if
-- somebody has given the tables triggers, unique indexes, policies or the like of his own,
-- nor if the caller may not write them, which an attempt says best.
CREATE FUNCTION pm_catalog._is_foretellable() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT NOT EXISTS (
    SELECT FROM pg_class AS c
    JOIN unnest(ARRAY['pm_catalog.products', 'pm_catalog.supplier_products', 'pm_catalog.product_prices', 'pm_catalog.product_stocks', 'pm_catalog.product_images', 'pm_catalog.product_tags',
                      'pm_catalog.tags', 'pm_catalog.brands', 'pm_catalog.brand_aliases', 'pm_catalog.categories', 'pm_catalog._unique_values']::regclass[]) AS t(id) ON t.id = c.oid
    WHERE c.relhasrules OR row_security_active(c.oid) OR NOT has_table_privilege(c.oid, 'INSERT')
      OR EXISTS (SELECT FROM pg_trigger AS g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal AND g.tgenabled <> 'D'
                   AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = g.tgfoid AND d.deptype = 'e'))
      OR EXISTS (SELECT FROM pg_index AS i JOIN pg_class AS n ON n.oid = i.indexrelid WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion)
                   AND n.relname <> ALL ('{products_pkey,products_gtin,products_sku,products_slug,products_family_id,supplier_products_pkey,supplier_products_supplier_sku,product_prices_pkey,'
                     'product_prices_period,product_stocks_pkey,product_stocks_location,product_images_pkey,product_tags_pkey,tags_pkey,tags_name_key,tags_slug_key,brands_pkey,brands_code_key,'
                     'brand_aliases_pkey,categories_pkey,categories_slug_key,categories_number_key,categories_path_key,categories_id_taxonomy_key,categories_taxonomy_parent_id_name_key,value_is_unique_in_its_family}'))
      OR EXISTS (SELECT FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
                 WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                   AND (a.attgenerated <> '' AND a.attname <> ALL ('{ean,upc,margin,available,depth,alias_key}')
                        OR a.attnotnull AND d.adnum IS NULL AND a.attidentity = ''
                           AND a.attname <> ALL ('{title,product_id,supplier_id,price,url,tag_id,name,slug,alias,brand_id,path,family_id,attribute,value}')))
      OR EXISTS (SELECT FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype = 'c'
                   AND c.relname IN ('product_images', 'product_tags', 'tags', 'brands', 'brand_aliases', 'categories')
                   AND k.conname <> ALL ('{name_is_a_label,alias_is_a_label,alias_has_a_letter_or_digit,code_is_a_slug,slug_is_a_slug,logo_url_is_of_the_web,taxonomy_is_a_slug,'
                     'path_ends_with_the_category,depth_is_at_most_50,url_is_of_the_web,position_is_positive}'))
      OR EXISTS (SELECT FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype = 'f'
                   AND k.confrelid <> ALL (ARRAY['pm_catalog.products', 'pm_catalog.suppliers', 'pm_catalog.brands', 'pm_catalog.categories', 'pm_catalog.families', 'pm_catalog.tags',
                                                 'pm_catalog.product_variants']::regclass[])));
END;

-- What a merge does, seen by merging and undoing it.
CREATE FUNCTION pm_catalog._try_by_merging(job uuid, batch integer, columns text[], rows bytea, supplier uuid, key text, options jsonb,
  OUT created bigint, OUT updated bigint, OUT unchanged bigint, OUT conflicts bigint, OUT row_nos bigint[], OUT reasons text[])
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
BEGIN
  SELECT m.created, m.updated, m.unchanged, m.conflicts, m.row_nos, m.reasons
  INTO _try_by_merging.created, _try_by_merging.updated, _try_by_merging.unchanged, _try_by_merging.conflicts, _try_by_merging.row_nos, _try_by_merging.reasons
  FROM pm_catalog.merge_batch(job, batch, columns, rows, supplier, key, options) AS m;
  RAISE EXCEPTION USING ERRCODE = 'PMTRY';
EXCEPTION WHEN SQLSTATE 'PMTRY' THEN
  RETURN; -- what was done is undone, what was found out is kept
END
$$;

-- Forgets the dry run of this session.
CREATE FUNCTION pm_catalog._forget_foretold() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF to_regclass('pg_temp._foretold') IS NOT NULL THEN
    DROP TABLE pg_temp._foretold, pg_temp._foretold_codes, pg_temp._foretold_gone, pg_temp._foretold_brands, pg_temp._foretold_products;
  END IF;
END
$$;

-- Begins a dry run, or goes on with it after a batch; error 55000 if this session cannot.
CREATE FUNCTION pm_catalog._go_on_foretelling(job uuid, batch integer, after integer, question jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  is_next boolean;
BEGIN
  IF after = 0 THEN
    PERFORM pm_catalog._forget_foretold();
    CREATE TEMP TABLE _foretold (job uuid, batch integer, question jsonb);
    CREATE TEMP TABLE _foretold_codes (code text COLLATE "C", kind text COLLATE "C", product_id uuid NOT NULL, PRIMARY KEY (code, kind));
    CREATE TEMP TABLE _foretold_gone (code text COLLATE "C", kind text COLLATE "C", PRIMARY KEY (code, kind));
    CREATE TEMP TABLE _foretold_brands (name text COLLATE "C" PRIMARY KEY);
    CREATE TEMP TABLE _foretold_products (id uuid PRIMARY KEY, product pm_catalog.products, supplier_sku text COLLATE "C");
    IF question ->> 'key' = 'supplier_sku' THEN
      CREATE INDEX ON pg_temp._foretold_codes (product_id);
    END IF;
    INSERT INTO pg_temp._foretold VALUES (job, batch, question);
    RETURN;
  END IF;
  IF to_regclass('pg_temp._foretold') IS NOT NULL THEN
    UPDATE pg_temp._foretold AS f SET batch = _go_on_foretelling.batch
    WHERE f.job = _go_on_foretelling.job AND f.batch = after AND f.question = _go_on_foretelling.question RETURNING true INTO is_next;
  END IF;
  IF is_next IS NULL THEN
    RAISE EXCEPTION 'batch % of dry run "%" cannot follow batch % in this session', batch, job, after
      USING ERRCODE = '55000', HINT = 'What rows of earlier batches would do is known to the session that has tried them, in their order and with the same columns and options. Begin again with the first one.';
  END IF;
END
$$;

-- Notes which codes rows of a batch that are no conflicts would give up.  By the index: what
-- was foretold grows with each batch, and must not be read for each.
CREATE FUNCTION pm_catalog._foretell_gone() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
  INSERT INTO pg_temp._foretold_gone (code, kind)
  SELECT c.before, c.kind FROM pg_temp._merge_claims AS c
  WHERE c.before IS NOT NULL
    AND NOT EXISTS (SELECT FROM pg_temp._foretold_codes AS t WHERE t.code = c.before AND t.kind = c.kind AND t.product_id = c.product_id);
  DELETE FROM pg_temp._foretold_codes AS t USING pg_temp._merge_claims AS c
  WHERE t.code = c.before AND t.kind = c.kind AND t.product_id = c.product_id;
END
$$;

-- Remembers what the rows of a batch that are no conflicts would leave.
CREATE FUNCTION pm_catalog._remember_foretold(merge pm_catalog._merge) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
BEGIN
  PERFORM pm_catalog._foretell_gone();
  INSERT INTO pg_temp._foretold_codes (code, kind, product_id) SELECT c.after, c.kind, c.product_id FROM pg_temp._merge_claims AS c WHERE c.after IS NOT NULL ORDER BY c.after;
  IF 'brand' = ANY (merge.columns) THEN
    INSERT INTO pg_temp._foretold_brands (name)
    SELECT DISTINCT w.brand FROM pg_temp._merge_rows AS w WHERE w.new_id IS NOT NULL AND w.reason IS NULL AND w.brand IS NOT NULL ON CONFLICT DO NOTHING;
  END IF;
  IF merge.key = 'supplier_sku' THEN
    EXECUTE format('INSERT INTO pg_temp._foretold_products (id, product, supplier_sku) SELECT coalesce(k.product_id, w.new_id), %s, w.supplier_sku FROM %s '
                   'ON CONFLICT (id) DO UPDATE SET product = excluded.product, supplier_sku = excluded.supplier_sku', pm_catalog._merge_product(merge), pm_catalog._merge_wide(merge, 0, 9223372036854775807));
  ELSE
    BEGIN
      EXECUTE format('INSERT INTO pg_temp._foretold_codes (code, kind, product_id) SELECT w.%I::text, %1$L, coalesce(k.product_id, w.new_id) FROM %s LEFT JOIN pg_temp._merge_known AS k USING (pos) ORDER BY 1',
                     merge.key, pm_catalog._merge_some(0, 9223372036854775807));
    EXCEPTION WHEN unique_violation THEN
      RAISE EXCEPTION 'a row of batch % has the key of one in an earlier batch of dry run "%"', merge.batch, merge.job
        USING ERRCODE = '55000', HINT = 'Of rows with one key a dry run takes one: leave the others out.';
    END;
  END IF;
END
$$;

CREATE FUNCTION pm_catalog.try_batch(job uuid, batch integer, columns text[], rows bytea, supplier uuid, key text, options jsonb, after integer DEFAULT NULL,
  OUT created bigint, OUT updated bigint, OUT unchanged bigint, OUT conflicts bigint, OUT row_nos bigint[], OUT reasons text[])
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp SET jit = off SET default_statistics_target = 1
AS $$
DECLARE
  merge pm_catalog._merge;
  list text;
  low bigint;
  high bigint;
BEGIN
  IF job IS NULL OR batch IS NULL OR columns IS NULL OR rows IS NULL OR supplier IS NULL OR key IS NULL OR options IS NULL OR array_position(columns, NULL) IS NOT NULL THEN
    RAISE EXCEPTION 'try_batch() needs a job, a batch, columns, rows, a supplier, a key and options' USING ERRCODE = '22004';
  END IF;
  list := pm_catalog._batch_columns(columns);
  merge := pm_catalog._merge_checked(job, batch, supplier, key, columns, options);
  IF after IS NOT NULL THEN
    PERFORM pm_catalog._go_on_foretelling(job, batch, after, jsonb_build_object('supplier', supplier, 'key', key, 'columns', columns, 'options', options));
  END IF;
  IF NOT pm_catalog._is_foretellable() THEN
    SELECT t.created, t.updated, t.unchanged, t.conflicts, t.row_nos, t.reasons
    INTO try_batch.created, try_batch.updated, try_batch.unchanged, try_batch.conflicts, try_batch.row_nos, try_batch.reasons
    FROM pm_catalog._try_by_merging(job, batch, columns, rows, supplier, key, options) AS t;
    RETURN;
  END IF;
  merge.told := after > 0;
  PERFORM pm_catalog._merge_tables();
  PERFORM pm_catalog._merge_read(merge, format('(SELECT r.* FROM pm_catalog._batch_rows($1) AS r(row_no bigint, digest uuid, %s))', list), 's.row_no', 's.digest', rows);
  ANALYZE pg_temp._merge_rows (pos, new_id, reason, brand, category, family);
  SELECT coalesce(min(w.pos), 0), coalesce(max(w.pos), 0) INTO low, high FROM pg_temp._merge_rows AS w;
  PERFORM pm_catalog._merge_find_broken(merge, low, high);
  IF after IS NOT NULL THEN
    PERFORM pm_catalog._remember_foretold(merge);
  END IF;
  SELECT count(*) FILTER (WHERE w.reason IS NULL AND k.pos IS NULL), count(*) FILTER (WHERE w.reason IS NULL AND k.pos IS NOT NULL), 0, count(w.reason),
         coalesce(array_agg(w.row_no ORDER BY w.row_no) FILTER (WHERE w.reason IS NOT NULL), '{}'), coalesce(array_agg(w.reason ORDER BY w.row_no) FILTER (WHERE w.reason IS NOT NULL), '{}')
  INTO try_batch.created, try_batch.updated, try_batch.unchanged, try_batch.conflicts, try_batch.row_nos, try_batch.reasons
  FROM pg_temp._merge_rows AS w LEFT JOIN pg_temp._merge_known AS k USING (pos);
  DROP TABLE pg_temp._merge_rows, pg_temp._merge_known, pg_temp._merge_names, pg_temp._merge_broken, pg_temp._merge_claims, pg_temp._merge_held;
END
$$;
COMMENT ON FUNCTION pm_catalog.try_batch(uuid, integer, text[], bytea, uuid, text, jsonb, integer) IS
'what merge_batch() would do now: the same counts and conflicts, found by asking what the tables'' rules say; it writes only temporary tables and locks no row. after: the batch of this dry run that this session tried before, 0 for the first one: then the batch is tried as if those before it were merged; a key comes in one batch only. NULL: it is tried alone. Tables with triggers, unique indexes, generated columns or policies of somebody''s own are written and that is undone, each batch alone. Errors: those of merge_batch(); 55000 the session has not tried the batch before, or tried it with other columns or options, or a key comes again: begin with the first batch';

REVOKE ALL ON FUNCTION pm_catalog._is_foretellable(), pm_catalog._try_by_merging(uuid, integer, text[], bytea, uuid, text, jsonb),
  pm_catalog._forget_foretold(), pm_catalog._go_on_foretelling(uuid, integer, integer, jsonb), pm_catalog._foretell_gone(), pm_catalog._remember_foretold(pm_catalog._merge),
  pm_catalog.try_batch(uuid, integer, text[], bytea, uuid, text, jsonb, integer) FROM PUBLIC;
