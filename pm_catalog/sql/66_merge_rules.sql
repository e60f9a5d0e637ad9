-- Merging: what stands in the way of rows, by the rules that the tables declare.  All rows
-- are asked at once, and nothing is written but temporary tables: a merge that has failed
-- learns which rows to leave out, and try_batch() what a merge would do.
--
-- A reason is "SQLSTATE: message"; after the message of a CHECK, or of a number that is too
-- large, each column that the row gave has a line "column: value".  A row that breaks many
-- rules has their reasons one after another, each beginning on a line of its own.

-- The reason that a CHECK gives.
CREATE FUNCTION pm_catalog._broken_check(target regclass, check_name name) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT format('23514: new row for relation "%s" violates check constraint "%s"', c.relname, check_name) FROM pg_class AS c WHERE c.oid = target;
END;

-- An expression: a reason with the values of columns, which are there by these names;
-- label: what to call them instead.
CREATE FUNCTION pm_catalog._with_values(reason text, columns text[], label text DEFAULT NULL) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT format('concat(%L%s)', reason, string_agg(format(', %L || pm_catalog._shown(%I::text)', E'\n' || coalesce(label, u.name) || ': ', u.name), '' ORDER BY u.nth))
  FROM unnest(columns) WITH ORDINALITY AS u(name, nth);
END;

-- An expression: the reasons of all conditions that hold, NULL if none does.
CREATE FUNCTION pm_catalog._all_reasons(conditions text[], reasons text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT CASE WHEN count(*) = 0 THEN 'NULL::text'
              ELSE format('CASE WHEN %s THEN concat_ws(E''\n'', %s) END', string_agg(format('(%s)', u.condition), ' OR ' ORDER BY u.nth),
                          string_agg(format('CASE WHEN %s THEN %s END', u.condition, u.reason), ', ' ORDER BY u.nth)) END
  FROM unnest(conditions, reasons) WITH ORDINALITY AS u(condition, reason, nth);
END;

-- An expression: the reasons why a value, which is a column of this name there, cannot be
-- in the column, by the CHECKs that ask for nothing else; NULL: none.  label: the column
-- of merge_row that names it.
CREATE FUNCTION pm_catalog._merge_check(target regclass, column_name text, label text) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT pm_catalog._all_reasons(array_agg(format('NOT (%s)', pg_get_expr(k.conbin, k.conrelid)) ORDER BY k.conname),
                                 array_agg(pm_catalog._with_values(pm_catalog._broken_check(target, k.conname), ARRAY[column_name], label) ORDER BY k.conname))
  FROM pg_constraint AS k JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attname = column_name
  WHERE k.conrelid = target AND k.contype = 'c' AND k.conkey = ARRAY[a.attnum];
END;

-- An item of FROM with one column, reason: which CHECKs of the table a row breaks.  given:
-- the expression of each column that it writes; there: the row that is there, an alias;
-- fresh: a condition, whether there is none, so that other columns have their defaults.
CREATE FUNCTION pm_catalog._merge_checks(target regclass, given jsonb, there text, fresh text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT format('(SELECT %s AS reason FROM (SELECT b.*%s FROM (SELECT %s) AS b) AS t)',
                (SELECT pm_catalog._all_reasons(array_agg(format('%sNOT (%s)', CASE WHEN NOT r.is_given THEN format('(%s) AND ', fresh) END, r.condition) ORDER BY r.conname), array_agg(r.reason ORDER BY r.conname))
                 FROM (SELECT k.conname, pg_get_expr(k.conbin, k.conrelid) AS condition,
                              pm_catalog._with_values(pm_catalog._broken_check(target, k.conname),
                                                      ARRAY(SELECT a.attname::text FROM pg_attribute AS a WHERE a.attrelid = target AND a.attnum = ANY (k.conkey) AND given ? a.attname::text ORDER BY a.attnum)) AS reason,
                              NOT k.convalidated OR EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = target AND a.attnum = ANY (k.conkey) AND (a.attgenerated <> '' OR given ? a.attname::text)) AS is_given
                       FROM pg_constraint AS k WHERE k.conrelid = target AND k.contype = 'c') AS r),
                coalesce(string_agg(format(', %s AS %I', pg_get_expr(d.adbin, d.adrelid), c.attname), '') FILTER (WHERE c.attgenerated <> ''), ''),
                string_agg(format('%s AS %I',
                                  coalesce(given ->> c.attname::text,
                                           CASE WHEN c.attname = 'id' THEN 'NULL::uuid'
                                                WHEN there IS NULL THEN o.value
                                                ELSE format('CASE WHEN %s THEN %s ELSE %s.%I END', fresh, o.value, there, c.attname) END), c.attname), ', ') FILTER (WHERE c.attgenerated = ''))
  FROM pg_attribute AS c LEFT JOIN pg_attrdef AS d ON d.adrelid = c.attrelid AND d.adnum = c.attnum,
       -- a CHECK that asks for it beside what is given must not be reckoned out: it may throw
       LATERAL (SELECT format(CASE WHEN EXISTS (SELECT FROM pg_constraint AS k JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) AND given ? a.attname::text
                                                WHERE k.conrelid = target AND k.contype = 'c' AND c.attnum = ANY (k.conkey)) THEN '(SELECT %s)' ELSE '%s' END,
                              coalesce(CASE WHEN c.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END, format('NULL::%s', format_type(c.atttypid, c.atttypmod)))) AS value) AS o
  WHERE c.attrelid = target AND c.attnum > 0 AND NOT c.attisdropped;
END;

-- A branch of a CASE: numbers that their columns of the table cannot hold; written: a
-- condition, in which %I is the column.
CREATE FUNCTION pm_catalog._merge_overflows(merge pm_catalog._merge, target regclass, written text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT format('WHEN (%s) IS NOT NULL THEN %1$s ',
                pm_catalog._all_reasons(array_agg(format('%s AND abs(round(%s, %s)) >= %L::numeric AND %2$s <> ''NaN''', format(written, a.attname), v.raw, n.scale, format('1e%s', n.digits - n.scale)) ORDER BY a.attnum),
                                        array_agg(format('%L || pm_catalog._shown((%s)::text)', format(E'22003: numeric field overflow\n%s: ', a.attname), v.raw) ORDER BY a.attnum)))
  FROM pm_catalog._merge_values(merge) AS v JOIN pg_attribute AS a ON a.attrelid = v.target AND a.attname = v.name,
       LATERAL (SELECT (a.atttypmod - 4) >> 16 & 65535 AS digits, ((a.atttypmod - 4) & 2047 # 1024) - 1024 AS scale) AS n
  WHERE v.target = $2 AND a.atttypid = 'numeric'::regtype AND a.atttypmod >= 0;
END;

-- Rows of a range with what they name, and of each that is there the product, p, as it is.
CREATE FUNCTION pm_catalog._merge_wide(merge pm_catalog._merge, low bigint, high bigint) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN pm_catalog._merge_from(merge, low, high) || ' LEFT JOIN pg_temp._merge_known AS k ON k.pos = w.pos '
       || CASE WHEN merge.told AND merge.key = 'supplier_sku'
               THEN 'LEFT JOIN LATERAL (SELECT (f.product).* FROM pg_temp._foretold_products AS f WHERE f.id = k.product_id '
                    'UNION ALL SELECT c.* FROM pm_catalog.products AS c WHERE c.id = k.product_id '
                    'AND NOT EXISTS (SELECT FROM pg_temp._foretold_products AS f WHERE f.id = k.product_id)) AS p ON true'
               ELSE 'LEFT JOIN pm_catalog.products AS p ON p.id = k.product_id' END;

-- The condition under which a row changes all columns of a product that is there.
CREATE FUNCTION pm_catalog._merge_own(merge pm_catalog._merge) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE merge.content WHEN 'always' THEN 'true' ELSE 'k.own' END;

-- The product as a row leaves it, from _merge_wide().
CREATE FUNCTION pm_catalog._merge_product(merge pm_catalog._merge) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT format('ROW(%s)::pm_catalog.products',
                string_agg(CASE WHEN a.attgenerated <> '' THEN 'NULL'
                                ELSE format('CASE WHEN k.pos IS NULL THEN %s ELSE %s END',
                                            CASE a.attname WHEN 'id' THEN 'w.new_id' WHEN 'supplier_id' THEN format('%L::uuid', merge.supplier)
                                                           ELSE coalesce(v.value, pg_get_expr(d.adbin, d.adrelid), 'NULL') END,
                                            coalesce(x.after, format('p.%I', a.attname))) END, ', ' ORDER BY a.attnum))
  FROM pg_attribute AS a
  LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  LEFT JOIN pm_catalog._merge_values(merge) AS v ON v.target = a.attrelid AND v.name = a.attname
  LEFT JOIN pm_catalog._merge_after(merge, pm_catalog._merge_own(merge)) AS x ON x.name = a.attname
  WHERE a.attrelid = 'pm_catalog.products'::regclass AND a.attnum > 0 AND NOT a.attisdropped;
END;

-- Why values per locale and channel keep a product from a family; NULL: they do not.
CREATE FUNCTION pm_catalog._unfit_attributes(product_id uuid, family_id uuid) RETURNS text
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT CASE WHEN $2 IS NULL THEN format('23502: product %s has attributes per locale or channel, which are of its family', $1)
              ELSE (SELECT format(E'23514: product %s, locale "%s", channel "%s", does not fit its family "%s"\n%s: %s (%s)', $1, a.locale, a.channel, n.code, f.path, f.message, f.rule)
                    FROM pm_catalog.product_attributes AS a JOIN pm_catalog.families AS n ON n.id = $2,
                         pm_catalog._check_attributes($2, a.attributes, a.locale IS NOT NULL, a.channel IS NOT NULL) AS f
                    WHERE a.product_id = $1 ORDER BY a.locale, a.channel, f.path LIMIT 1) END
  WHERE EXISTS (SELECT FROM pm_catalog.product_attributes AS a WHERE a.product_id = $1);
END;

-- An expression: the reasons why a row's product cannot be written, and what it asks
-- for, more items of FROM; known: are there rows of products that are there?
CREATE FUNCTION pm_catalog._merge_product_rules(merge pm_catalog._merge, known boolean, OUT reason text, OUT more text)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  products CONSTANT regclass := 'pm_catalog.products';
  own CONSTANT text := pm_catalog._merge_own(merge);
  given jsonb;
  before text;
  after text;
BEGIN
  SELECT jsonb_object_agg(v.name, CASE WHEN NOT known THEN v.value ELSE format('CASE WHEN k.pos IS NULL THEN %s ELSE %s END', v.value, coalesce(a.after, format('p.%I', v.name))) END),
         string_agg(format('p.%I', a.name), ', ' ORDER BY a.name) FILTER (WHERE a.name IS NOT NULL), string_agg(a.after, ', ' ORDER BY a.name)
  INTO given, before, after
  FROM pm_catalog._merge_values(merge) AS v LEFT JOIN pm_catalog._merge_after(merge, own) AS a ON a.name = v.name
  WHERE v.target = products;
  more := 'CROSS JOIN LATERAL ' || pm_catalog._merge_checks(products, given, CASE WHEN known THEN 'p' END, CASE WHEN known THEN 'k.pos IS NULL' ELSE 'true' END) || ' AS of_product';
  reason := 'CASE '
    || CASE WHEN known AND before IS NULL THEN 'WHEN k.pos IS NOT NULL THEN NULL ' ELSE '' END
    || pm_catalog._merge_overflows(merge, products, CASE WHEN known THEN format('(k.pos IS NULL OR %s OR p.%%I IS NULL)', own) ELSE 'true' END)
    -- what is no object cannot even be merged
    || CASE WHEN given ? 'technical_specs' THEN format('WHEN jsonb_typeof(w.technical_specs) <> ''object'' THEN %L ', pm_catalog._broken_check(products, 'technical_specs_is_an_object')) ELSE '' END
    || CASE WHEN known AND before IS NOT NULL THEN format('WHEN k.pos IS NOT NULL AND ROW(%s) IS NOT DISTINCT FROM ROW(%s) THEN NULL ', before, after) ELSE '' END
    || 'ELSE nullif(concat_ws(E''\n'', of_product.reason'
    || CASE WHEN known AND given ? 'status'
            THEN format(', CASE WHEN k.pos IS NOT NULL AND pm_catalog._is_illegal_move(p.status, %1$s) THEN format(E''23514: status of product "%%s" cannot change from "%%s" to "%%s"\nstatus: %%s'', p.id, p.status, %1$s, %1$s) END', given ->> 'status') ELSE '' END
    || CASE WHEN known AND given ? 'family_id'
            THEN format(', CASE WHEN k.pos IS NOT NULL AND %1$s IS DISTINCT FROM p.family_id THEN pm_catalog._unfit_attributes(p.id, %1$s) END', given ->> 'family_id') ELSE '' END
    || CASE WHEN known OR given ? 'family_id'
            THEN format(', CASE WHEN %s IS NOT NULL THEN ''23514: '' || pm_catalog._unfit_product(%s) END', coalesce(given ->> 'family_id', 'p.family_id'), pm_catalog._merge_product(merge)) ELSE '' END
    || '), '''') '
    || 'END';
END
$$;

-- The same of a row's offer, price, stock, tags and images.
CREATE FUNCTION pm_catalog._merge_other_rules(merge pm_catalog._merge, known boolean, OUT reason text, OUT more text)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  given jsonb;
  its regclass;
  part text;
  there text;
BEGIN
  reason := '';
  more := '';
  FOREACH its IN ARRAY ARRAY['pm_catalog.supplier_products', 'pm_catalog.product_prices', 'pm_catalog.product_stocks']::regclass[] LOOP
    SELECT jsonb_object_agg(v.name, v.value) INTO given FROM pm_catalog._merge_values(merge) AS v WHERE v.target = its;
    CONTINUE WHEN given IS NULL AND its <> 'pm_catalog.supplier_products'::regclass;
    part := CASE its WHEN 'pm_catalog.supplier_products'::regclass THEN 'offer' WHEN 'pm_catalog.product_prices'::regclass THEN 'price' ELSE 'stock' END;
    IF part = 'price' AND known AND NOT given ?& '{cost,compare_at_amount}' THEN
      -- what the file does not say goes on
      more := format('%s LEFT JOIN LATERAL (%s) AS c ON true', more, pm_catalog._merge_price_now(
        'k.product_id', pm_catalog._merge_price_of(merge), coalesce(given ->> 'price_type', '''retail'''), coalesce(given ->> 'currency', '''EUR'''), coalesce(given ->> 'min_quantity', '1'), clock_timestamp()));
      given := '{"cost": "c.cost", "compare_at_amount": "c.compare_at_amount"}' || given;
    END IF;
    more := format('%s CROSS JOIN LATERAL %s AS of_%s', more, pm_catalog._merge_checks(its, coalesce(given, '{}'), NULL, 'true'), part);
    reason := reason || format(', CASE %s%sWHEN true THEN of_%s.reason END',
                               CASE part WHEN 'price' THEN 'WHEN w.price IS NULL THEN NULL ' WHEN 'stock' THEN 'WHEN w.on_hand IS NULL THEN NULL ' ELSE '' END,
                               pm_catalog._merge_overflows(merge, its, 'true'), part);
    -- a row that is there keeps its other columns, for which a CHECK may ask, too
    there := 'old_' || part;
    IF known AND part <> 'price' AND EXISTS (
         SELECT FROM pg_constraint AS k JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
         WHERE k.conrelid = its AND k.contype = 'c' GROUP BY k.oid HAVING bool_or(given ? a.attname::text) AND NOT bool_and(given ? a.attname::text)) THEN
      more := format('%s LEFT JOIN LATERAL (SELECT t.* FROM %s AS t WHERE t.product_id = k.product_id AND %s LIMIT 1) AS %s ON true CROSS JOIN LATERAL %s AS of_%4$s', more, its,
                     CASE part WHEN 'offer' THEN format('t.supplier_id = %L', merge.supplier)
                               ELSE format('t.variant_id IS NULL AND t.location = %s AND w.on_hand IS NOT NULL', coalesce(given ->> 'location', '''main''')) END,
                     there, pm_catalog._merge_checks(its, given, there, 'false'));
      reason := reason || format(', CASE WHEN %1$s.product_id IS NOT NULL AND of_%2$s.reason IS NULL THEN of_%1$s.reason END', there, part);
    END IF;
  END LOOP;
  IF 'tags' = ANY (merge.columns) THEN
    reason := reason || format(', CASE WHEN w.tags IS NOT NULL AND (k.pos IS NULL OR %L OR %L AND k.own) THEN (SELECT string_agg(t.reason, E''\n'') FROM (SELECT %s AS reason FROM unnest(w.tags) AS u(name)) AS t) END',
                               merge.content = 'always', merge.content = 'own', pm_catalog._merge_check('pm_catalog.tags', 'name', 'tags'));
  END IF;
  IF 'images' = ANY (merge.columns) THEN
    reason := reason || format(', CASE WHEN w.images IS NOT NULL THEN (SELECT string_agg(t.reason, E''\n'') FROM (SELECT %s AS reason FROM unnest(w.images) AS u(url)) AS t) END',
                               pm_catalog._merge_check('pm_catalog.product_images', 'url', 'images'));
  END IF;
END
$$;

-- A query: the rows of a range, of which it takes those from $1 to $2, that break a rule by
-- themselves, whatever other rows do, and the reasons.
CREATE FUNCTION pm_catalog._merge_question(merge pm_catalog._merge, low bigint, high bigint) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  known CONSTANT boolean := EXISTS (SELECT FROM pg_temp._merge_known);
  of_product record := pm_catalog._merge_product_rules(merge, known);
  of_others record := pm_catalog._merge_other_rules(merge, known);
  names text;
BEGIN
  SELECT string_agg(format(', %I.reason', k.kind), '' ORDER BY k.kind) INTO names FROM (SELECT DISTINCT n.kind FROM pg_temp._merge_names AS n WHERE n.reason IS NOT NULL) AS k;
  RETURN format('SELECT r.pos, r.reason FROM (SELECT w.pos, nullif(concat_ws(E''\n'', %s%s%s), '''') AS reason FROM %s %s %s WHERE w.pos BETWEEN $1 AND $2 OFFSET 0) AS r WHERE r.reason IS NOT NULL',
                of_product.reason, of_others.reason, names, pm_catalog._merge_wide(merge, low, high), of_product.more, of_others.more);
END
$$;

-- Puts the answers into _merge_broken.  Rows for which a rule throws are found by halving.
CREATE FUNCTION pm_catalog._merge_ask(question text, low bigint, high bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  state text;
  message text;
BEGIN
  EXECUTE 'INSERT INTO pg_temp._merge_broken (pos, reason) ' || question USING low, high;
EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN
  IF low = high THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
    INSERT INTO pg_temp._merge_broken (pos, reason) VALUES (low, format('%s: %s', state, message));
  ELSE
    PERFORM pm_catalog._merge_ask(question, low, (low + high) / 2);
    PERFORM pm_catalog._merge_ask(question, (low + high) / 2 + 1, high);
  END IF;
END
$$;

REVOKE ALL ON FUNCTION pm_catalog._broken_check(regclass, name), pm_catalog._with_values(text, text[], text), pm_catalog._all_reasons(text[], text[]), pm_catalog._merge_check(regclass, text, text), pm_catalog._merge_checks(regclass, jsonb, text, text),
  pm_catalog._merge_overflows(pm_catalog._merge, regclass, text), pm_catalog._merge_wide(pm_catalog._merge, bigint, bigint), pm_catalog._merge_own(pm_catalog._merge),
  pm_catalog._merge_product(pm_catalog._merge), pm_catalog._unfit_attributes(uuid, uuid), pm_catalog._merge_product_rules(pm_catalog._merge, boolean),
  pm_catalog._merge_other_rules(pm_catalog._merge, boolean), pm_catalog._merge_question(pm_catalog._merge, bigint, bigint),
  pm_catalog._merge_ask(text, bigint, bigint) FROM PUBLIC;
