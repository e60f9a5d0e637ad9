-- Merging: what stands in the way of rows because of what other products have, or other rows want.

-- Names of brands into _merge_names, for _merge_groups(): of one that would have to be made
-- the id is nobody's, and if it cannot be made there is a reason.
CREATE FUNCTION pm_catalog._look_up_brands(merge pm_catalog._merge, names text[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  EXECUTE format('INSERT INTO pg_temp._merge_names SELECT ''brand'', n.given, CASE WHEN n.key <> '''' THEN coalesce(a.brand_id, %L) END, CASE WHEN n.key <> '''' AND a.brand_id IS NULL THEN %s END '
                 'FROM (SELECT u AS given, btrim(u) AS name, pm_catalog.brand_key(u) AS key FROM unnest($1) AS u OFFSET 0) AS n LEFT JOIN pm_catalog.brand_aliases AS a ON a.alias_key = n.key',
                 '00000000-0000-0000-0000-000000000000'::uuid, pm_catalog._merge_check('pm_catalog.brands', 'name', 'brand'))
  USING names;
  IF merge.told THEN
    UPDATE pg_temp._merge_names AS n SET reason = NULL
    WHERE n.kind = 'brand' AND n.reason IS NOT NULL
      AND pm_catalog.brand_key(n.name) IN (SELECT pm_catalog.brand_key(f.name) FROM pg_temp._foretold_brands AS f);
  END IF;
END
$$;

-- The same of paths of categories.
CREATE FUNCTION pm_catalog._look_up_categories(merge pm_catalog._merge, names text[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  EXECUTE format('INSERT INTO pg_temp._merge_names SELECT ''category'', $1[f.place], CASE WHEN f.level = cardinality(f.names) THEN f.category_id ELSE %L END, '
                 'CASE WHEN cardinality(f.names) > 51 THEN format(''22023: invalid path of a category: "%%s"'', left(array_to_string(f.names, ''" > "''), 64)) '
                 'WHEN f.level < cardinality(f.names) THEN coalesce((SELECT string_agg(r.reason, E''\n'') FROM (SELECT %s AS reason FROM unnest(f.names[f.level + 1:]) AS i(name)) AS r), t.reason, '
                 'CASE WHEN c.depth + 1 + cardinality(f.names) - f.level > 51 THEN format(''23514: category "%%s" would have more than 50 above it'', f.names[f.level + 51 - c.depth]) END) END '
                 'FROM pm_catalog._follow_paths($2, pm_catalog._written_paths($1)) AS f LEFT JOIN pm_catalog.categories AS c ON c.id = f.category_id, '
                 '(SELECT %s AS reason FROM (SELECT $2 AS taxonomy) AS x) AS t',
                 '00000000-0000-0000-0000-000000000000'::uuid, pm_catalog._merge_check('pm_catalog.categories', 'name', 'category'), pm_catalog._merge_check('pm_catalog.categories', 'taxonomy', 'taxonomy'))
  USING names, merge.taxonomy;
END
$$;

-- The codes that are unique and that rows write, the key excepted: before and after are
-- expressions of _merge_wide() and of the supplier's offer, o.
CREATE FUNCTION pm_catalog._merge_codes(merge pm_catalog._merge, known boolean) RETURNS TABLE(kind text, before text, after text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT v.name, CASE WHEN known THEN format(CASE WHEN v.name = 'supplier_sku' THEN 'o.%I' ELSE 'p.%I::text' END, v.name) ELSE 'NULL::text' END,
         CASE WHEN NOT known OR v.name = 'supplier_sku' THEN format('%s::text', v.value)
              ELSE format('CASE WHEN k.pos IS NULL THEN %s ELSE %s END::text', v.value, coalesce(a.after, format('p.%I', v.name))) END
  FROM pm_catalog._merge_values(merge) AS v
  LEFT JOIN pm_catalog._merge_after(merge, pm_catalog._merge_own(merge)) AS a ON a.name = v.name AND v.target = 'pm_catalog.products'::regclass
  WHERE v.name IN ('gtin', 'sku', 'slug', 'supplier_sku') AND (v.name <> merge.key OR v.name = 'supplier_sku');
END;

-- _merge_wide() with the supplier's offer.
CREATE FUNCTION pm_catalog._merge_with_offers(merge pm_catalog._merge, low bigint, high bigint, known boolean) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN pm_catalog._merge_wide(merge, low, high)
       || CASE WHEN NOT known THEN ''
               WHEN merge.told AND merge.key = 'supplier_sku'
               THEN format(' LEFT JOIN LATERAL (SELECT f.supplier_sku FROM pg_temp._foretold_products AS f WHERE f.id = k.product_id '
                           'UNION ALL SELECT o.supplier_sku FROM pm_catalog.supplier_products AS o WHERE o.product_id = k.product_id AND o.supplier_id = %L '
                           'AND NOT EXISTS (SELECT FROM pg_temp._foretold_products AS f WHERE f.id = k.product_id)) AS o ON true', merge.supplier)
               ELSE format(' LEFT JOIN LATERAL (SELECT o.supplier_sku FROM pm_catalog.supplier_products AS o WHERE o.product_id = k.product_id AND o.supplier_id = %L LIMIT 1) AS o ON true', merge.supplier) END;

-- What rows of a range give up and take, into _merge_claims: codes, and unique values of
-- attributes, whose kind is a list [family, attribute, locale, channel].
CREATE FUNCTION pm_catalog._merge_claim(merge pm_catalog._merge, low bigint, high bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  known CONSTANT boolean := EXISTS (SELECT FROM pg_temp._merge_known);
  code record;
  held text;
BEGIN
  FOR code IN SELECT * FROM pm_catalog._merge_codes(merge, known) LOOP
    EXECUTE format('INSERT INTO pg_temp._merge_claims (pos, product_id, is_new, kind, before, after) '
                   'SELECT c.pos, c.product_id, c.is_new, %L, c.before, c.after '
                   'FROM (SELECT w.pos, coalesce(k.product_id, w.new_id) AS product_id, k.pos IS NULL AS is_new, %s AS before, %s AS after FROM %s) AS c WHERE c.before IS DISTINCT FROM c.after',
                   code.kind, code.before, code.after, pm_catalog._merge_with_offers(merge, low, high, known));
  END LOOP;
  IF NOT EXISTS (SELECT FROM pm_catalog.family_attributes AS a WHERE a.is_unique)
     OR NOT (known AND merge.content <> 'never' OR 'family' = ANY (merge.columns)) THEN
    RETURN;
  END IF;
  held := 'SELECT jsonb_build_array(u.family_id, u.attribute, u.locale, u.channel)::text AS kind, u.value FROM pm_catalog._unique_values AS u WHERE u.product_id = n.product_id';
  IF merge.told THEN
    held := 'SELECT h.kind, h.value FROM (' || held || ') AS h WHERE NOT EXISTS (SELECT FROM pg_temp._foretold_gone AS g WHERE g.kind = h.kind AND g.code = h.value) '
            'UNION ALL SELECT t.kind, t.code FROM pg_temp._foretold_codes AS t WHERE t.product_id = n.product_id AND t.kind LIKE ''[%''';
  END IF;
  EXECUTE format($claims$
    INSERT INTO pg_temp._merge_claims (pos, product_id, is_new, kind, before, after)
    SELECT n.pos, n.product_id, n.is_new, c.kind, c.before, c.after
    FROM (SELECT w.pos, coalesce(k.product_id, w.new_id) AS product_id, k.pos IS NULL AS is_new, %s AS product FROM %s OFFSET 0) AS n,
    LATERAL (
      SELECT kind, h.value AS before, v.value AS after
      FROM (SELECT jsonb_build_array(a.family_id, a.code, s.locale, s.channel)::text AS kind, pm_catalog._held_value(s.held -> a.code) AS value
            FROM (SELECT NULL AS locale, NULL AS channel, pm_catalog._computed_specs(n.product) AS held
                  UNION ALL SELECT x.locale, x.channel, x.attributes FROM pm_catalog.product_attributes AS x WHERE NOT n.is_new AND x.product_id = n.product_id) AS s
            JOIN pm_catalog.family_attributes AS a ON a.family_id = (n.product).family_id AND a.is_unique
            WHERE s.held ->> a.code IS NOT NULL) AS v
      FULL JOIN (SELECT * FROM (%s) AS old WHERE NOT n.is_new) AS h USING (kind)
    ) AS c
    WHERE c.before IS DISTINCT FROM c.after$claims$,
    pm_catalog._merge_product(merge), pm_catalog._merge_wide(merge, low, high), held);
END
$$;

-- A condition: the family of a product forbids to take its code, c.kind, away.
CREATE FUNCTION pm_catalog._merge_stays(merge pm_catalog._merge, product text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format('EXISTS (SELECT FROM pm_catalog.family_attributes AS a WHERE a.code = c.kind AND a.data_type = ''column'' AND a.is_mandatory AND a.family_id = %s)',
              format(CASE WHEN merge.told AND merge.key = 'supplier_sku'
                          THEN '(SELECT (f.product).family_id FROM pg_temp._foretold_products AS f WHERE f.id = %1$s UNION ALL SELECT p.family_id FROM pm_catalog.products AS p WHERE p.id = %1$s '
                               'AND NOT EXISTS (SELECT FROM pg_temp._foretold_products AS f WHERE f.id = %1$s))'
                          ELSE '(SELECT p.family_id FROM pm_catalog.products AS p WHERE p.id = %1$s)' END, product));

-- Who has the codes that rows want, into _merge_held; stays: its family forbids to give it
-- up for a moment, which one product must to whose code another one that is there takes.
CREATE FUNCTION pm_catalog._merge_find_holders(merge pm_catalog._merge) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  kinds CONSTANT text[] := ARRAY(SELECT c.kind FROM pm_catalog._merge_codes(merge, false) AS c WHERE c.kind <> merge.key);
  still CONSTANT text := CASE WHEN merge.told THEN ' AND NOT EXISTS (SELECT FROM pg_temp._foretold_gone AS g WHERE g.kind = c.kind AND g.code = c.after)' ELSE '' END;
  kind text;
  scope text;
  statement text;
BEGIN
  FOREACH kind IN ARRAY kinds LOOP
    statement := format('INSERT INTO pg_temp._merge_held (pos, is_new, kind, code, holder, stays) SELECT c.pos, c.is_new, c.kind, c.after, t.%1$I, %2$s FROM pg_temp._merge_claims AS c JOIN %3$s AND t.%1$I <> c.product_id %4$s '
                       'WHERE c.kind = %5$L%6$s',
                       CASE kind WHEN 'supplier_sku' THEN 'product_id' ELSE 'id' END,
                       CASE kind WHEN 'supplier_sku' THEN 'false'
                                 ELSE pm_catalog._merge_stays(merge, 't.id') END,
                       CASE kind WHEN 'supplier_sku' THEN format('pm_catalog.supplier_products AS t ON t.supplier_id = %L AND t.supplier_sku = c.after', merge.supplier)
                                 ELSE format('pm_catalog.products AS t ON t.%I = c.after%s AND t.deleted_at IS NULL', kind, CASE kind WHEN 'gtin' THEN '::pm_gtin.gtin' END) END,
                       -- the offer of a deleted product gives its code up
                       CASE kind WHEN 'supplier_sku' THEN format('AND t.product_id <> ALL (%L::uuid[])', pm_catalog._deleted_offers(merge.supplier)) END,
                       kind, still);
    IF merge.told THEN
      PERFORM pm_catalog._merge_find(statement, NULL, NULL);
    ELSE
      EXECUTE statement;
    END IF;
  END LOOP;
  IF EXISTS (SELECT FROM pg_temp._merge_claims AS c WHERE c.kind LIKE '[%' AND c.after IS NOT NULL) THEN
    -- each kind of place by itself: the index does not know that NULL is NULL
    FOREACH scope IN ARRAY ARRAY['u.locale IS NULL AND u.channel IS NULL', 'u.locale = a.list ->> 2 AND u.channel IS NULL',
                                 'u.locale IS NULL AND u.channel = a.list ->> 3', 'u.locale = a.list ->> 2 AND u.channel = a.list ->> 3'] LOOP
      EXECUTE format('INSERT INTO pg_temp._merge_held (pos, is_new, kind, code, holder, stays) SELECT c.pos, c.is_new, c.kind, c.after, u.product_id, false '
                     'FROM pg_temp._merge_claims AS c, LATERAL (SELECT c.kind::jsonb AS list OFFSET 0) AS a JOIN pm_catalog._unique_values AS u '
                     'ON u.family_id = (a.list ->> 0)::uuid AND u.attribute = a.list ->> 1 AND %s '
                     'WHERE c.kind LIKE ''[%%'' AND (a.list ->> 2 IS NULL) = (%L) AND (a.list ->> 3 IS NULL) = (%L) AND u.value = c.after AND u.product_id <> c.product_id%s',
                     scope, scope LIKE '%locale IS NULL%', scope LIKE '%channel IS NULL%', still);
    END LOOP;
  END IF;
  IF merge.told THEN
    PERFORM pm_catalog._merge_find(format(
      'INSERT INTO pg_temp._merge_held (pos, is_new, kind, code, holder, stays) SELECT c.pos, c.is_new, c.kind, c.after, t.product_id, %s '
      'FROM pg_temp._merge_claims AS c JOIN pg_temp._foretold_codes AS t ON t.code = c.after AND t.kind = c.kind AND t.product_id <> c.product_id WHERE c.kind <> %L',
      pm_catalog._merge_stays(merge, 't.product_id'), merge.key), NULL, NULL);
  END IF;
END
$$;

-- Gives the rows of _merge_broken their reasons; they claim nothing more.
CREATE FUNCTION pm_catalog._merge_mark() RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_temp._merge_broken) THEN
    RETURN false;
  END IF;
  UPDATE pg_temp._merge_rows AS w SET reason = b.reason FROM pg_temp._merge_broken AS b WHERE b.pos = w.pos;
  DELETE FROM pg_temp._merge_claims AS c USING pg_temp._merge_broken AS b WHERE b.pos = c.pos;
  DELETE FROM pg_temp._merge_held AS h USING pg_temp._merge_broken AS b WHERE b.pos = h.pos;
  DELETE FROM pg_temp._merge_broken;
  RETURN true;
END
$$;

-- The reason that a unique index gives, with the code that is taken.
CREATE FUNCTION pm_catalog._taken_code(kind text, code text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format(E'23505: duplicate key value violates unique constraint "%s"\n%s: %s',
              CASE kind WHEN 'gtin' THEN 'products_gtin' WHEN 'sku' THEN 'products_sku' WHEN 'slug' THEN 'products_slug'
                        WHEN 'supplier_sku' THEN 'supplier_products_supplier_sku' ELSE 'value_is_unique_in_its_family' END,
              CASE WHEN kind LIKE '[%' THEN kind::jsonb ->> 1 ELSE kind END, pm_catalog._shown(code));

-- Marks the rows of a range that break a rule: by themselves, or because they want what is
-- not given up by a row that is merged, or what a row before them wants.  Says whether
-- products that are there take codes from one another.  Its tables stay: _merge_claims
-- has what the rows that are left take and give up.
CREATE FUNCTION pm_catalog._merge_find_broken(merge pm_catalog._merge, low bigint, high bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp SET random_page_cost = 1
AS $$
DECLARE
  repeats boolean;
BEGIN
  CREATE TEMP TABLE _merge_broken (pos bigint, reason text);
  CREATE TEMP TABLE _merge_claims (pos bigint, product_id uuid, is_new boolean, kind text COLLATE "C", before text COLLATE "C", after text COLLATE "C");
  CREATE TEMP TABLE _merge_held (pos bigint, is_new boolean, kind text COLLATE "C", code text COLLATE "C", holder uuid, stays boolean);
  PERFORM pm_catalog._merge_resolve(merge, low, high, false);
  PERFORM pm_catalog._merge_groups(merge, low, high, false);
  PERFORM pm_catalog._merge_ask(pm_catalog._merge_question(merge, low, high), low, high);
  PERFORM pm_catalog._merge_mark();
  PERFORM pm_catalog._merge_claim(merge, low, high);
  PERFORM pm_catalog._merge_find_holders(merge);
  repeats := EXISTS (SELECT FROM pg_temp._merge_claims AS c WHERE c.after IS NOT NULL GROUP BY c.after, c.kind HAVING count(*) > 1);
  LOOP
    INSERT INTO pg_temp._merge_broken (pos, reason)
    SELECT DISTINCT ON (h.pos) h.pos, pm_catalog._taken_code(h.kind, h.code) FROM pg_temp._merge_held AS h
    WHERE NOT EXISTS (SELECT FROM pg_temp._merge_claims AS c WHERE c.product_id = h.holder AND c.kind = h.kind AND c.before = h.code AND (h.is_new OR NOT h.stays))
    ORDER BY h.pos, h.kind;
    IF NOT FOUND AND repeats THEN
      INSERT INTO pg_temp._merge_broken (pos, reason)
      SELECT DISTINCT ON (n.pos) n.pos, pm_catalog._taken_code(n.kind, n.after)
      FROM (SELECT c.pos, c.kind, c.after, row_number() OVER (PARTITION BY c.after, c.kind ORDER BY c.pos) AS nth FROM pg_temp._merge_claims AS c WHERE c.after IS NOT NULL) AS n
      WHERE n.nth > 1 ORDER BY n.pos, n.kind;
    END IF;
    EXIT WHEN NOT pm_catalog._merge_mark();
  END LOOP;
  RETURN EXISTS (SELECT FROM pg_temp._merge_held AS h WHERE NOT h.is_new AND h.kind NOT LIKE '[%');
END
$$;

-- The products of a range that are there, and what they have of a code before and after.
CREATE FUNCTION pm_catalog._merge_moving(merge pm_catalog._merge, low bigint, high bigint, before text, after text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format('WITH m AS MATERIALIZED (SELECT k.product_id, %s AS before, %s AS after FROM %s WHERE k.pos IS NOT NULL)', before, after, pm_catalog._merge_with_offers(merge, low, high, true));

-- Throws 23505 if products of a range that are there take codes from one another, and a
-- family could forbid that: whether it goes well must not be a matter of their order.
CREATE FUNCTION pm_catalog._merge_refuse_moves(merge pm_catalog._merge, low bigint, high bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  code record;
  moves boolean;
BEGIN
  IF NOT EXISTS (SELECT FROM pm_catalog.family_attributes AS a WHERE a.data_type = 'column' AND a.is_mandatory AND a.code = ANY (merge.columns)) THEN
    RETURN;
  END IF;
  FOR code IN
    SELECT c.* FROM pm_catalog._merge_codes(merge, true) AS c
    WHERE EXISTS (SELECT FROM pm_catalog.family_attributes AS a WHERE a.code = c.kind AND a.data_type = 'column' AND a.is_mandatory)
  LOOP
    EXECUTE pm_catalog._merge_moving(merge, low, high, code.before, code.after)
      || ' SELECT EXISTS (SELECT FROM m JOIN m AS o ON o.after = m.before AND o.product_id <> m.product_id WHERE m.before IS DISTINCT FROM m.after)' INTO moves;
    IF moves THEN
      RAISE EXCEPTION 'products take the % of one another', code.kind USING ERRCODE = '23505';
    END IF;
  END LOOP;
END
$$;

-- Takes from products of a range the codes that others of it, which are there, too, will
-- have: an index looks at each row, not at what a statement leaves.
CREATE FUNCTION pm_catalog._merge_release(merge pm_catalog._merge, low bigint, high bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  code record;
BEGIN
  FOR code IN SELECT * FROM pm_catalog._merge_codes(merge, true) LOOP
    EXECUTE format('%s UPDATE %s AS t SET %I = NULL%s FROM m WHERE t.%I = m.product_id%s AND m.before IS DISTINCT FROM m.after '
                   'AND EXISTS (SELECT FROM m AS o WHERE o.after = m.before AND o.product_id <> m.product_id)',
                   pm_catalog._merge_moving(merge, low, high, code.before, code.after),
                   CASE code.kind WHEN 'supplier_sku' THEN 'pm_catalog.supplier_products' ELSE 'pm_catalog.products' END, code.kind,
                   -- what was said by the code goes with it
                   CASE code.kind WHEN 'supplier_sku' THEN ', digest = NULL, other_digests = NULL, updated_at = now()' END,
                   CASE code.kind WHEN 'supplier_sku' THEN 'product_id' ELSE 'id' END,
                   CASE code.kind WHEN 'supplier_sku' THEN format(' AND t.supplier_id = %L', merge.supplier) END);
  END LOOP;
END
$$;

REVOKE ALL ON FUNCTION pm_catalog._look_up_brands(pm_catalog._merge, text[]), pm_catalog._look_up_categories(pm_catalog._merge, text[]), pm_catalog._merge_codes(pm_catalog._merge, boolean),
  pm_catalog._merge_with_offers(pm_catalog._merge, bigint, bigint, boolean), pm_catalog._merge_claim(pm_catalog._merge, bigint, bigint),
  pm_catalog._merge_find_holders(pm_catalog._merge), pm_catalog._merge_mark(), pm_catalog._taken_code(text, text),
  pm_catalog._merge_find_broken(pm_catalog._merge, bigint, bigint), pm_catalog._merge_stays(pm_catalog._merge, text), pm_catalog._merge_moving(pm_catalog._merge, bigint, bigint, text, text),
  pm_catalog._merge_refuse_moves(pm_catalog._merge, bigint, bigint), pm_catalog._merge_release(pm_catalog._merge, bigint, bigint) FROM PUBLIC;
