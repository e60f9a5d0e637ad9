-- Merging, second step: rows of a range are written, all of them or none.

-- Inserts the rows of each query into the table of the same place, as INSERT would:
-- see src/bulk_insert.c.
CREATE FUNCTION pm_catalog._bulk_insert(targets regclass[], queries text[]) RETURNS bigint[]
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_catalog_bulk_insert';

-- Attributes of a product after those of a row are set: null takes one away.
CREATE FUNCTION pm_catalog._merge_specs(before jsonb, set_to jsonb) RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_merge_specs';

-- The value that a column of a table gets from an expression: of its type, and its
-- default in place of a NULL that it cannot hold.
CREATE FUNCTION pm_catalog._merge_value(target regclass, column_name text, expression text) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT format(CASE WHEN a.attnotnull AND d.adbin IS NOT NULL THEN 'coalesce(%s, %s)' ELSE '%s' END,
                CASE WHEN a.atttypmod >= 0 THEN format('(%s)::%s', expression, format_type(a.atttypid, a.atttypmod)) ELSE expression END,
                pg_get_expr(d.adbin, d.adrelid))
  FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = target AND a.attname = column_name;
END;

-- What a row gives to columns of the tables, and before it is of the column's type; w: the row;
-- brand, category and family: see _merge_from().
CREATE FUNCTION pm_catalog._merge_values(merge pm_catalog._merge) RETURNS TABLE(target regclass, name text, value text, raw text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT t.target, t.name, pm_catalog._merge_value(t.target, t.name, t.value), t.value
  FROM (
    SELECT 'pm_catalog.products'::regclass, c, format(CASE c WHEN 'technical_specs' THEN 'pm_catalog._merge_specs(''{}'', w.%I)' ELSE 'w.%I' END, c)
    FROM unnest(ARRAY['gtin', 'asin', 'sku', 'manufacturer_reference', 'external_id', 'title', 'short_description', 'description', 'long_description',
                      'status', 'is_active', 'is_featured', 'weight', 'width', 'height', 'depth', 'technical_specs', 'slug']) AS c
    WHERE c = ANY (merge.columns)
    UNION ALL
    SELECT 'pm_catalog.products'::regclass, c || '_id', format('%I.id', c)
    FROM unnest(ARRAY['brand', 'category', 'family']) AS c WHERE c = ANY (merge.columns)
    UNION ALL
    SELECT 'pm_catalog.supplier_products'::regclass, c, format('w.%I', c)
    FROM unnest(ARRAY['supplier_sku', 'cost', 'currency', 'stock', 'lead_time_days', 'min_quantity']) AS c WHERE c = ANY (merge.columns)
    UNION ALL
    SELECT 'pm_catalog.product_prices'::regclass, p.name, format('w.%I', p.source)
    FROM (VALUES ('price', 'price'), ('cost', 'cost'), ('compare_at_amount', 'compare_at_amount'), ('currency', 'currency'), ('price_type', 'price_type'),
                 ('min_quantity', 'price_min_quantity')) AS p(name, source)
    WHERE p.source = ANY (merge.columns) AND 'price' = ANY (merge.columns)
    UNION ALL
    SELECT 'pm_catalog.product_stocks'::regclass, c, format('w.%I', c)
    FROM unnest(ARRAY['location', 'on_hand', 'low_stock_threshold']) AS c WHERE c = ANY (merge.columns) AND 'on_hand' = ANY (merge.columns)
  ) AS t(target, name, value);
END;

-- A value as reasons show it: on one line, the beginning of it.
CREATE FUNCTION pm_catalog._shown(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN left(regexp_replace(value, '[[:cntrl:]]+', ' ', 'g'), 100);

-- The rows of a range that are neither unchanged nor a conflict.
CREATE FUNCTION pm_catalog._merge_some(low bigint, high bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN format('(SELECT * FROM pg_temp._merge_rows WHERE pos BETWEEN %s AND %s AND new_id IS NOT NULL AND reason IS NULL) AS w', low, high);

-- The same with what they name.
CREATE FUNCTION pm_catalog._merge_from(merge pm_catalog._merge, low bigint, high bigint) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT pm_catalog._merge_some(low, high)
         || coalesce(string_agg(format(' LEFT JOIN pg_temp._merge_names AS %I ON %1$I.kind = %1$L AND %1$I.name = w.%1$I', c), ''), '')
  FROM unnest(ARRAY['brand', 'category', 'family']) AS c WHERE c = ANY (merge.columns);
END;

-- _merge_joins() by supplier_sku, after batches that are only foretold.
CREATE FUNCTION pm_catalog._foretold_joins(merge pm_catalog._merge) RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT array_agg(j.item ORDER BY k.nth, j.nth)
  FROM (VALUES (1, 'supplier_sku', format('JOIN pm_catalog.supplier_products AS o ON o.supplier_id = %L AND o.supplier_sku = w.supplier_sku '
                                          'JOIN pm_catalog.products AS p ON p.id = o.product_id AND p.deleted_at IS NULL', merge.supplier)),
               (2, 'gtin', 'JOIN pm_catalog.products AS p ON p.gtin = w.gtin AND p.deleted_at IS NULL')) AS k(nth, name, there),
  LATERAL (VALUES
    (1, format('%s AND NOT EXISTS (SELECT FROM pg_temp._foretold_gone AS g WHERE g.kind = %L AND g.code = w.%2$I::text)', k.there, k.name)),
    (2, format('JOIN (SELECT t.code, t.product_id AS id, CASE WHEN c.id IS NULL THEN %L::uuid ELSE c.supplier_id END AS supplier_id FROM pg_temp._foretold_codes AS t '
               'LEFT JOIN pm_catalog.products AS c ON c.id = t.product_id WHERE t.kind = %L) AS p ON p.code = w.%2$I::text', merge.supplier, k.name))) AS j(nth, item)
  WHERE k.name = ANY (merge.columns);
END;

-- How rows find the products that are there, one way after the other; each is an item of
-- FROM after w, with p.id and p.supplier_id.
CREATE FUNCTION pm_catalog._merge_joins(merge pm_catalog._merge) RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN merge.told AND merge.key = 'supplier_sku' THEN pm_catalog._foretold_joins(merge)
            WHEN merge.key <> 'supplier_sku' THEN ARRAY[format('JOIN pm_catalog.products AS p ON p.%I = w.%1$I AND p.deleted_at IS NULL', merge.key)]
            ELSE ARRAY[format('JOIN pm_catalog.supplier_products AS o ON o.supplier_id = %L AND o.supplier_sku = w.supplier_sku '
                              'JOIN pm_catalog.products AS p ON p.id = o.product_id AND p.deleted_at IS NULL', merge.supplier)]
                 || CASE WHEN 'gtin' = ANY (merge.columns) THEN ARRAY['JOIN pm_catalog.products AS p ON p.gtin = w.gtin AND p.deleted_at IS NULL'] END
            END;

-- Runs a statement that finds products by key or code; low and high are its $1 and $2.  By
-- the index, however large the catalog is, or what a dry run has foretold: before its first
-- ANALYZE the planner takes nearly all products for deleted, and would read all the other
-- ones for each batch.
CREATE FUNCTION pm_catalog._merge_find(statement text, low bigint, high bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
  EXECUTE statement USING low, high;
END
$$;

-- Finds the products of rows that are there, locks them in key order if the rows are to be
-- written, and notes them in _merge_known; rows that cannot be merged become conflicts.
CREATE FUNCTION pm_catalog._merge_resolve(merge pm_catalog._merge, low bigint, high bigint, locks boolean) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  way text;
  nth integer := 0;
BEGIN
  FOREACH way IN ARRAY pm_catalog._merge_joins(merge) LOOP
    PERFORM pm_catalog._merge_find(format($known$
      INSERT INTO pg_temp._merge_known (pos, product_id, own)
      SELECT f.pos, f.id, f.supplier_id IS NOT DISTINCT FROM %L::uuid
      FROM (SELECT w.pos, p.id, p.supplier_id FROM pg_temp._merge_rows AS w %s
            WHERE w.pos BETWEEN $1 AND $2 AND w.new_id IS NOT NULL AND w.reason IS NULL%s
            ORDER BY w.pos%s) AS f$known$,
      merge.supplier, way, CASE WHEN nth > 0 THEN ' AND NOT EXISTS (SELECT FROM pg_temp._merge_known AS k WHERE k.pos = w.pos)' END, CASE WHEN locks THEN ' FOR NO KEY UPDATE OF p' END),
      low, high);
    nth := nth + 1;
  END LOOP;
  IF merge.key = 'supplier_sku' THEN
    -- two codes of one product; a row that is unchanged has it, else the first one
    WITH twice AS (
      SELECT r.pos, first_value(r.row_no) OVER same AS row_no, row_number() OVER same AS nth
      FROM (SELECT k.pos, w.row_no, k.product_id, 1 AS turn FROM pg_temp._merge_known AS k JOIN pg_temp._merge_rows AS w USING (pos)
            UNION ALL
            SELECT NULL, u.row_no, u.product_id, 0
            FROM (SELECT w.row_no, w.same_id AS product_id FROM pg_temp._merge_rows AS w WHERE w.same_id IS NOT NULL
                  UNION ALL SELECT unnest(w.row_nos), unnest(w.product_ids) FROM pg_temp._merge_rows AS w WHERE w.row_nos IS NOT NULL) AS u
            WHERE u.product_id IN (SELECT k.product_id FROM pg_temp._merge_known AS k)) AS r
      WINDOW same AS (PARTITION BY r.product_id ORDER BY r.turn, r.pos)
    ), gone AS (
      DELETE FROM pg_temp._merge_known AS k USING twice AS t WHERE k.pos = t.pos AND t.nth > 1
    )
    UPDATE pg_temp._merge_rows AS w SET reason = format('23505: its product is that of row %s', t.row_no)
    FROM twice AS t WHERE w.pos = t.pos AND t.nth > 1;
  END IF;
  UPDATE pg_temp._merge_rows AS w SET reason = '23502: a new product needs a title'
  WHERE w.pos BETWEEN low AND high AND w.new_id IS NOT NULL AND w.reason IS NULL AND w.title IS NULL
    AND NOT EXISTS (SELECT FROM pg_temp._merge_known AS k WHERE k.pos = w.pos);
  IF 'family' = ANY (merge.columns) THEN
    UPDATE pg_temp._merge_rows AS w SET reason = concat_ws(E'\n', w.reason, format(E'23503: family "%1$s" is not known\nfamily: %1$s', pm_catalog._shown(w.family)))
    WHERE w.pos BETWEEN low AND high AND w.new_id IS NOT NULL AND (w.reason IS NULL OR w.reason = '23502: a new product needs a title')
      AND w.family IS NOT NULL AND NOT EXISTS (SELECT FROM pm_catalog.families AS f WHERE f.code = w.family);
  END IF;
END
$$;

-- A query: the different brands, categories or families that rows of a range, $1 to $2,
-- name and that are not in _merge_names.
CREATE FUNCTION pm_catalog._merge_named(kind text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format('SELECT array_agg(d.name ORDER BY d.name) FROM (SELECT DISTINCT w.%1$I AS name FROM pg_temp._merge_rows AS w '
              'WHERE w.pos BETWEEN $1 AND $2 AND w.new_id IS NOT NULL AND w.reason IS NULL AND w.%1$I IS NOT NULL) AS d '
              'WHERE NOT EXISTS (SELECT FROM pg_temp._merge_names AS n WHERE n.kind = %1$L AND n.name = d.name)', kind);

-- The brands, categories and families that rows name, into _merge_names.  makes: brands and
-- categories are made if they are not there; else it only looks: see _look_up_brands().
CREATE FUNCTION pm_catalog._merge_groups(merge pm_catalog._merge, low bigint, high bigint, makes boolean) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  kind text;
  names text[];
BEGIN
  FOREACH kind IN ARRAY ARRAY['brand', 'category', 'family'] LOOP
    CONTINUE WHEN NOT kind = ANY (merge.columns);
    EXECUTE pm_catalog._merge_named(kind) INTO names USING low, high;
    CONTINUE WHEN names IS NULL;
    IF kind = 'family' THEN
      INSERT INTO pg_temp._merge_names SELECT kind, f.code, f.id, NULL FROM pm_catalog.families AS f WHERE f.code = ANY (names);
    ELSIF kind = 'brand' AND makes THEN
      INSERT INTO pg_temp._merge_names SELECT kind, e.name, e.brand_id, NULL FROM pm_catalog.ensure_brands(names) AS e;
    ELSIF kind = 'brand' THEN
      PERFORM pm_catalog._look_up_brands(merge, names);
    ELSIF makes THEN
      INSERT INTO pg_temp._merge_names SELECT kind, e.path, e.category_id, NULL FROM pm_catalog.ensure_categories(merge.taxonomy, names) AS e;
    ELSE
      PERFORM pm_catalog._look_up_categories(merge, names);
    END IF;
  END LOOP;
  ANALYZE pg_temp._merge_names;
END
$$;

-- Inserts the products of rows that are new, their offers, prices and stocks; in key
-- order, since that is the order of _merge_rows: to sort wide rows again would cost more.
CREATE FUNCTION pm_catalog._merge_insert(merge pm_catalog._merge, low bigint, high bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  targets regclass[];
  queries text[];
BEGIN
  SELECT array_agg(t.target ORDER BY t.nth),
         array_agg(format('SELECT %s%s FROM %s WHERE %sNOT EXISTS (SELECT FROM pg_temp._merge_known AS k WHERE k.pos = w.pos)',
                          t.keys, v.list, CASE t.nth WHEN 1 THEN pm_catalog._merge_from(merge, low, high) ELSE pm_catalog._merge_some(low, high) END, t.condition) ORDER BY t.nth)
  INTO targets, queries
  FROM (VALUES
    (1, 'pm_catalog.products'::regclass, format('w.new_id AS id, %L::uuid AS supplier_id', merge.supplier), ''),
    (2, 'pm_catalog.supplier_products', format('w.new_id AS product_id, %L::uuid AS supplier_id, w.digest', merge.supplier), ''),
    (3, 'pm_catalog.product_prices', format('w.new_id AS product_id, %L::uuid AS supplier_id', CASE WHEN merge.prices = 'supplier' THEN merge.supplier END), 'w.price IS NOT NULL AND '),
    (4, 'pm_catalog.product_stocks', 'w.new_id AS product_id', 'w.on_hand IS NOT NULL AND ')
  ) AS t(nth, target, keys, condition),
  LATERAL (SELECT count(*) AS columns, coalesce(string_agg(format(', %s AS %I', v.value, v.name), ''), '') AS list
           FROM pm_catalog._merge_values(merge) AS v WHERE v.target = t.target) AS v
  WHERE t.nth <= 2 OR v.columns > 0;
  PERFORM pm_catalog._bulk_insert(targets, queries);
END
$$;

-- What columns of a product that is there, p, become by a row; own: an expression, whether
-- the row changes all of them, or fills what is NULL.
CREATE FUNCTION pm_catalog._merge_after(merge pm_catalog._merge, own text) RETURNS TABLE(name text, after text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT v.name,
         format(CASE WHEN v.name = 'technical_specs'
                     THEN 'CASE WHEN w.%1$I IS NULL THEN p.%1$I WHEN %2$s THEN pm_catalog._merge_specs(p.%1$I, w.%1$I) ELSE pm_catalog._merge_specs(''{}'', w.%1$I) || p.%1$I END'
                     WHEN a.attnotnull THEN 'CASE WHEN %2$s THEN coalesce(w.%1$I, p.%1$I) ELSE p.%1$I END'
                     ELSE 'CASE WHEN %2$s OR p.%1$I IS NULL THEN %3$s ELSE p.%1$I END' END, v.name, own, v.value)
  FROM pm_catalog._merge_values(merge) AS v JOIN pg_attribute AS a ON a.attrelid = v.target AND a.attname = v.name
  WHERE v.target = 'pm_catalog.products'::regclass AND v.name <> merge.key AND merge.content <> 'never';
END;

-- Makes those products active again that end_offers() made inactive, and that nobody has
-- written since.
CREATE FUNCTION pm_catalog._merge_revive(merge pm_catalog._merge, low bigint, high bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  ended uuid[];
BEGIN
  -- OFFSET: each is looked up; few are inactive, so the planner would read the table for them
  EXECUTE format('SELECT array_agg(k.product_id) FROM %s JOIN pg_temp._merge_known AS k USING (pos), '
                 'LATERAL (SELECT p.is_active, p.updated_at FROM pm_catalog.products AS p WHERE p.id = k.product_id OFFSET 0) AS p '
                 'WHERE NOT p.is_active AND EXISTS (SELECT FROM pm_catalog.supplier_products AS o WHERE o.product_id = k.product_id AND NOT o.is_active AND o.updated_at = p.updated_at)',
                 pm_catalog._merge_some(low, high))
  INTO ended;
  IF ended IS NOT NULL THEN
    UPDATE pm_catalog.products AS p SET is_active = true WHERE p.id = ANY (ended);
  END IF;
END
$$;

-- Updates the products of rows that are there.
CREATE FUNCTION pm_catalog._merge_update(merge pm_catalog._merge, low bigint, high bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  names text;
  before text;
  after text;
BEGIN
  SELECT string_agg(quote_ident(a.name), ', ' ORDER BY a.name), string_agg(format('p.%I', a.name), ', ' ORDER BY a.name), string_agg(a.after, ', ' ORDER BY a.name)
  INTO names, before, after
  FROM pm_catalog._merge_after(merge, CASE merge.content WHEN 'always' THEN 'true' ELSE 'k.own' END) AS a;
  IF names IS NULL THEN
    RETURN;
  END IF;
  EXECUTE format('UPDATE pm_catalog.products AS p SET (%1$s) = ROW(%2$s) FROM %3$s JOIN pg_temp._merge_known AS k USING (pos) '
                 'WHERE p.id = k.product_id AND ROW(%4$s) IS DISTINCT FROM ROW(%2$s)',
                 names, after, pm_catalog._merge_from(merge, low, high), before);
END
$$;

-- Writes the offers of products that are there.
CREATE FUNCTION pm_catalog._merge_offers(merge pm_catalog._merge, low bigint, high bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  list record;
BEGIN
  SELECT coalesce(string_agg(format(', %I', v.name), ''), '') AS names, coalesce(string_agg(', ' || v.value, ''), '') AS values,
         coalesce(string_agg(format(', %I = excluded.%1$I', v.name), ''), '') AS set_to,
         -- areas that are written: not the key, by which the product was found, and of what the offer itself has only what differs
         (pm_catalog._merge_areas(array_remove(merge.columns, merge.key)) & ~coalesce(bit_or(pm_catalog._merge_area(v.name)), 0))::text
           || coalesce(string_agg(format(' | CASE WHEN o.%I IS DISTINCT FROM excluded.%1$I THEN %s ELSE 0 END', v.name, pm_catalog._merge_area(v.name)), ''), '') AS written INTO list
  FROM pm_catalog._merge_values(merge) AS v WHERE v.target = 'pm_catalog.supplier_products'::regclass;
  EXECUTE format('INSERT INTO pm_catalog.supplier_products AS o (product_id, supplier_id, digest%s) '
                 'SELECT k.product_id, %L::uuid, w.digest%s FROM %s JOIN pg_temp._merge_known AS k USING (pos) ORDER BY w.pos '
                 'ON CONFLICT (product_id, supplier_id) DO UPDATE SET digest = excluded.digest, other_digests = CASE WHEN o.is_active THEN pm_catalog._kept_digests(o.digest, o.other_digests, excluded.digest, %s) END, is_active = true, updated_at = now()%s',
                 list.names, merge.supplier, list.values, pm_catalog._merge_some(low, high), list.written, list.set_to);
END
$$;

-- A query: the price from which one of a row differs, or not; each argument is an expression.
CREATE FUNCTION pm_catalog._merge_price_now(product text, supplier text, price_type text, currency text, min_quantity text, present timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format('SELECT c.id, c.price, c.cost, c.compare_at_amount, c.valid_from, c.valid_until FROM pm_catalog.product_prices AS c '
              'WHERE c.product_id = %s AND c.price_type = %s AND c.currency = %s AND c.min_quantity = %s AND c.supplier_id IS NOT DISTINCT FROM %s '
              'AND c.variant_id IS NULL AND c.valid_from <= %L ORDER BY c.valid_from DESC LIMIT 1', product, price_type, currency, min_quantity, supplier, present);

-- Whose the price of a row is; k: its product in _merge_known.
CREATE FUNCTION pm_catalog._merge_price_of(merge pm_catalog._merge) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE merge.prices WHEN 'ours' THEN 'NULL::uuid' WHEN 'supplier' THEN format('%L::uuid', merge.supplier)
                         ELSE format('CASE WHEN NOT k.own THEN %L::uuid END', merge.supplier) END;

-- Starts a period for each price of a product that is there which is not the current one:
-- from the start of the transaction, or from now if another session, which was waited
-- for, has started one since.  One that this transaction has started is changed.
CREATE FUNCTION pm_catalog._merge_prices(merge pm_catalog._merge, low bigint, high bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  value jsonb;
  present timestamptz := clock_timestamp();
  cost text;
  compare text;
  differ text;
BEGIN
  SELECT jsonb_object_agg(v.name, v.value) INTO value FROM pm_catalog._merge_values(merge) AS v WHERE v.target = 'pm_catalog.product_prices'::regclass;
  IF NOT value ? 'price' THEN
    RETURN;
  END IF;
  cost := CASE WHEN value ? 'cost' THEN 'n.cost' ELSE 'c.cost' END;
  compare := CASE WHEN value ? 'compare_at_amount' THEN 'n.compare_at_amount' ELSE 'c.compare_at_amount' END;
  differ := format('FROM (SELECT w.*, k.product_id, %s AS supplier_id, %s AS new_type, %s AS new_currency, %s AS new_quantity '
                   'FROM %s JOIN pg_temp._merge_known AS k USING (pos) WHERE w.price IS NOT NULL) AS n '
                   'LEFT JOIN LATERAL (%s) AS c ON true '
                   'WHERE (c.valid_until <= %L OR ROW(c.price, c.cost, c.compare_at_amount) IS DISTINCT FROM ROW(n.price, %s, %s))',
                   pm_catalog._merge_price_of(merge), coalesce(value ->> 'price_type', '''retail''::text'), coalesce(value ->> 'currency', '''EUR''::text'), coalesce(value ->> 'min_quantity', '1'),
                   pm_catalog._merge_some(low, high), pm_catalog._merge_price_now('n.product_id', 'n.supplier_id', 'n.new_type', 'n.new_currency', 'n.new_quantity', present),
                   present, cost, compare);
  IF pm_catalog._has_priced() THEN
    EXECUTE format('UPDATE pm_catalog.product_prices AS p SET price = d.price, cost = d.cost, compare_at_amount = d.compare '
                   'FROM (SELECT c.id, n.price, %s AS cost, %s AS compare %s AND c.valid_from = now()) AS d WHERE p.id = d.id', cost, compare, differ);
  END IF;
  PERFORM pm_catalog._bulk_insert('{pm_catalog.product_prices}', ARRAY[format(
    'SELECT n.product_id, n.supplier_id, n.new_type AS price_type, n.new_currency AS currency, n.new_quantity AS min_quantity, n.price, %s AS cost, %s AS compare_at_amount, '
    'CASE WHEN c.valid_from > now() THEN %L ELSE now() END AS valid_from %s AND c.valid_from IS DISTINCT FROM now() ORDER BY n.pos', cost, compare, present, differ)]);
END
$$;

-- Writes our stocks of products that are there, if they differ.
CREATE FUNCTION pm_catalog._merge_stocks(merge pm_catalog._merge, low bigint, high bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  list record;
BEGIN
  SELECT string_agg(quote_ident(v.name), ', ' ORDER BY v.name) AS names, string_agg(v.value, ', ' ORDER BY v.name) AS values,
         string_agg(format('%I = excluded.%1$I', v.name), ', ' ORDER BY v.name) FILTER (WHERE v.name <> 'location') AS set_to,
         string_agg(format('s.%I', v.name), ', ' ORDER BY v.name) AS before, string_agg(format('excluded.%I', v.name), ', ' ORDER BY v.name) AS after,
         coalesce(min(v.value) FILTER (WHERE v.name = 'location'), '''main''') AS location INTO list
  FROM pm_catalog._merge_values(merge) AS v WHERE v.target = 'pm_catalog.product_stocks'::regclass;
  IF list.names IS NULL THEN
    RETURN;
  END IF;
  -- one that does not differ is not even locked
  EXECUTE format('INSERT INTO pm_catalog.product_stocks AS s (product_id, %1$s) '
                 'SELECT k.product_id, %2$s FROM %3$s JOIN pg_temp._merge_known AS k USING (pos) '
                 'LEFT JOIN LATERAL (SELECT s.* FROM pm_catalog.product_stocks AS s WHERE s.product_id = k.product_id AND s.variant_id IS NULL AND s.location = %4$s LIMIT 1) AS s ON true '
                 'WHERE w.on_hand IS NOT NULL AND ROW(%5$s) IS DISTINCT FROM ROW(%2$s) ORDER BY w.pos '
                 'ON CONFLICT (product_id, variant_id, location) DO UPDATE SET %6$s, updated_at = now() WHERE ROW(%5$s) IS DISTINCT FROM ROW(%7$s)',
                 list.names, list.values, pm_catalog._merge_some(low, high), list.location, list.before, list.set_to, list.after);
END
$$;

-- The slug of a tag of this name; _merge_tags() adds 12 digits to one that another tag has.
CREATE FUNCTION pm_catalog._tag_slug(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN coalesce(nullif(btrim(left(btrim(regexp_replace(lower(regexp_replace(normalize(name, NFKD), '[\u0300-\u036f]', '', 'g')), '[^a-z0-9]+', '-', 'g'), '-'), 180), '-'), ''), 'tag');

-- Makes the tags of rows that are not there, and gives each product those of its row.
CREATE FUNCTION pm_catalog._merge_tags(merge pm_catalog._merge, low bigint, high bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  CREATE TEMP TABLE _merge_tags AS
  SELECT coalesce(k.product_id, w.new_id) AS product_id, t.name, k.pos IS NOT NULL AS known
  FROM pg_temp._merge_rows AS w
  LEFT JOIN pg_temp._merge_known AS k USING (pos)
  LEFT JOIN LATERAL (SELECT DISTINCT u.name FROM unnest(w.tags) AS u(name) WHERE u.name IS NOT NULL) AS t ON true
  WHERE w.pos BETWEEN low AND high AND w.new_id IS NOT NULL AND w.reason IS NULL AND w.tags IS NOT NULL
    AND (k.pos IS NULL OR merge.content = 'always' OR merge.content = 'own' AND k.own);
  INSERT INTO pm_catalog.tags (name, slug)
  SELECT m.name, CASE WHEN m.first AND m.slug !~ '-[0-9a-f]{12}$' AND NOT EXISTS (SELECT FROM pm_catalog.tags AS t WHERE t.slug = m.slug) THEN m.slug ELSE format('%s-%s', m.slug, left(md5(m.name), 12)) END
  FROM (SELECT n.name, s.slug, row_number() OVER (PARTITION BY s.slug ORDER BY n.name) = 1 AS first
        FROM (SELECT DISTINCT w.name FROM pg_temp._merge_tags AS w WHERE w.name IS NOT NULL
                AND NOT EXISTS (SELECT FROM pm_catalog.tags AS t WHERE t.name = w.name)) AS n,
             LATERAL (SELECT pm_catalog._tag_slug(n.name) AS slug) AS s) AS m
  ORDER BY m.name
  ON CONFLICT (name) DO NOTHING;
  DELETE FROM pm_catalog.product_tags AS p USING (SELECT DISTINCT w.product_id FROM pg_temp._merge_tags AS w WHERE w.known) AS k
  WHERE p.product_id = k.product_id
    AND NOT EXISTS (SELECT FROM pg_temp._merge_tags AS w JOIN pm_catalog.tags AS t ON t.name = w.name WHERE w.product_id = p.product_id AND t.id = p.tag_id);
  INSERT INTO pm_catalog.product_tags (product_id, tag_id)
  SELECT w.product_id, t.id FROM pg_temp._merge_tags AS w JOIN pm_catalog.tags AS t ON t.name = w.name
  ON CONFLICT DO NOTHING;
  DROP TABLE pg_temp._merge_tags;
END
$$;

-- Deleted products of which the supplier's offer has a code or a digest.  By their index, which is
-- small: before the first ANALYZE the planner takes nearly all products for deleted.
CREATE FUNCTION pm_catalog._deleted_offers(supplier uuid) RETURNS uuid[]
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
  deleted CONSTANT uuid[] := ARRAY(SELECT p.id FROM pm_catalog.products AS p WHERE p.deleted_at IS NOT NULL);
BEGIN
  IF deleted = '{}' THEN
    RETURN deleted;
  END IF;
  RETURN ARRAY(SELECT o.product_id FROM pm_catalog.supplier_products AS o
               WHERE o.product_id = ANY (deleted) AND o.supplier_id = supplier AND (o.supplier_sku IS NOT NULL OR o.digest IS NOT NULL OR o.other_digests IS NOT NULL));
END
$$;

-- The digests of these areas, or some of them, that a supplier's offers of products have that are there.
CREATE FUNCTION pm_catalog._offer_digests(supplier uuid, areas integer) RETURNS TABLE(product_id uuid, digest uuid)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH gone AS MATERIALIZED (SELECT pg_catalog.unnest(pm_catalog._deleted_offers(supplier)) AS id)
  SELECT o.product_id, o.digest FROM pm_catalog.supplier_products AS o
  WHERE o.supplier_id = supplier AND o.is_active AND pm_catalog._areas_of(o.digest) & ~areas = 0 AND o.product_id NOT IN (SELECT g.id FROM gone AS g)
  UNION ALL
  SELECT o.product_id, d.digest FROM pm_catalog.supplier_products AS o CROSS JOIN LATERAL pg_catalog.unnest(o.other_digests) AS d(digest)
  WHERE o.supplier_id = supplier AND o.is_active AND o.other_digests IS NOT NULL AND pm_catalog._areas_of(d.digest) & ~areas = 0 AND o.product_id NOT IN (SELECT g.id FROM gone AS g);
END;

-- Merges the rows of a range.  What is there is written first: it may free a code that
-- a new product takes.  A page that is looked up costs no more than one that is read in
-- turn: most have been looked at for another table, or will be for the next row.  moves:
-- products that are there may take codes from one another.
CREATE FUNCTION pm_catalog._merge_apply(merge pm_catalog._merge, low bigint, high bigint, moves boolean) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp SET random_page_cost = 1
AS $$
DECLARE
  deleted uuid[];
BEGIN
  IF merge.job IS NOT NULL THEN
    PERFORM pm_catalog._change_of(merge.job, merge.batch);
  END IF;
  PERFORM pm_catalog._merge_resolve(merge, low, high, true);
  PERFORM pm_catalog._merge_groups(merge, low, high, true);
  deleted := pm_catalog._deleted_offers(merge.supplier);
  IF deleted <> '{}' THEN
    -- an offer of a deleted product gives its code up
    UPDATE pm_catalog.supplier_products AS o SET supplier_sku = NULL, is_active = false, digest = NULL, other_digests = NULL, updated_at = now()
    FROM pg_temp._merge_rows AS w
    WHERE o.product_id = ANY (deleted) AND o.supplier_id = merge.supplier
      AND w.supplier_sku = o.supplier_sku AND w.pos BETWEEN low AND high AND w.new_id IS NOT NULL AND w.reason IS NULL;
    -- nor is it any more what tells that a row is unchanged: if the product comes back, two offers would say so
    UPDATE pm_catalog.supplier_products AS o SET digest = NULL, other_digests = NULL
    FROM pg_temp._merge_rows AS w
    JOIN (SELECT s.product_id, unnest(s.digest || s.other_digests) AS digest FROM pm_catalog.supplier_products AS s
          WHERE s.product_id = ANY (deleted) AND s.supplier_id = merge.supplier) AS d USING (digest)
    WHERE o.product_id = d.product_id AND o.supplier_id = merge.supplier AND w.pos BETWEEN low AND high AND w.new_id IS NOT NULL AND w.reason IS NULL;
  END IF;
  IF EXISTS (SELECT FROM pg_temp._merge_known AS k WHERE k.pos BETWEEN low AND high) THEN
    IF moves THEN
      PERFORM pm_catalog._merge_release(merge, low, high);
    ELSE
      PERFORM pm_catalog._merge_refuse_moves(merge, low, high);
    END IF;
    PERFORM pm_catalog._merge_revive(merge, low, high);
    PERFORM pm_catalog._merge_update(merge, low, high);
    PERFORM pm_catalog._merge_offers(merge, low, high);
    PERFORM pm_catalog._merge_prices(merge, low, high);
    PERFORM pm_catalog._merge_stocks(merge, low, high);
  END IF;
  PERFORM pm_catalog._merge_insert(merge, low, high);
  IF 'tags' = ANY (merge.columns) THEN
    PERFORM pm_catalog._merge_tags(merge, low, high);
  END IF;
  IF 'images' = ANY (merge.columns) THEN
    PERFORM pm_catalog._merge_images(merge, low, high);
  END IF;
END
$$;

REVOKE ALL ON FUNCTION pm_catalog._bulk_insert(regclass[], text[]), pm_catalog._merge_specs(jsonb, jsonb), pm_catalog._merge_value(regclass, text, text),
  pm_catalog._merge_values(pm_catalog._merge), pm_catalog._shown(text), pm_catalog._merge_some(bigint, bigint), pm_catalog._merge_from(pm_catalog._merge, bigint, bigint), pm_catalog._foretold_joins(pm_catalog._merge), pm_catalog._merge_joins(pm_catalog._merge),
  pm_catalog._merge_find(text, bigint, bigint), pm_catalog._merge_resolve(pm_catalog._merge, bigint, bigint, boolean), pm_catalog._merge_revive(pm_catalog._merge, bigint, bigint), pm_catalog._merge_named(text), pm_catalog._merge_groups(pm_catalog._merge, bigint, bigint, boolean),
  pm_catalog._merge_insert(pm_catalog._merge, bigint, bigint), pm_catalog._merge_after(pm_catalog._merge, text), pm_catalog._merge_update(pm_catalog._merge, bigint, bigint),
  pm_catalog._merge_offers(pm_catalog._merge, bigint, bigint), pm_catalog._merge_price_now(text, text, text, text, text, timestamptz), pm_catalog._merge_price_of(pm_catalog._merge), pm_catalog._merge_prices(pm_catalog._merge, bigint, bigint),
  pm_catalog._merge_stocks(pm_catalog._merge, bigint, bigint), pm_catalog._tag_slug(text), pm_catalog._merge_tags(pm_catalog._merge, bigint, bigint), pm_catalog._deleted_offers(uuid), pm_catalog._offer_digests(uuid, integer),
  pm_catalog._merge_apply(pm_catalog._merge, bigint, bigint, boolean) FROM PUBLIC;
