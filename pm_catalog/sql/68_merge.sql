-- merge_products(): a batch of a supplier's rows into the catalog.

-- _merge_find_broken(), asked again if another session has meanwhile made the product of a
-- row: its code was then taken for another product's.  Leaves nothing but reasons.  Error
-- 40001 after ten times.
CREATE FUNCTION pm_catalog._merge_ask_for_broken(merge pm_catalog._merge, low bigint, high bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  way text;
  moves boolean;
  stale boolean;
BEGIN
  FOR tries IN 1 .. 10 LOOP
    BEGIN
      moves := pm_catalog._merge_find_broken(merge, low, high);
      FOREACH way IN ARRAY pm_catalog._merge_joins(merge) LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM pg_temp._merge_rows AS w %s WHERE w.pos BETWEEN $1 AND $2 AND w.reason LIKE ''23505: duplicate key %%'' '
                       'AND NOT EXISTS (SELECT FROM pg_temp._merge_known AS k WHERE k.pos = w.pos))', way)
        INTO stale USING low, high;
        IF stale THEN
          RAISE EXCEPTION USING ERRCODE = 'PMOLD';
        END IF;
      END LOOP;
      DELETE FROM pg_temp._merge_known;
      DELETE FROM pg_temp._merge_names;
      DROP TABLE pg_temp._merge_broken, pg_temp._merge_claims, pg_temp._merge_held;
      RETURN moves;
    EXCEPTION WHEN SQLSTATE 'PMOLD' THEN
      NULL; -- undone: no row has a reason, no table is left
    END;
  END LOOP;
  RAISE EXCEPTION 'other sessions made products of these rows ten times' USING ERRCODE = '40001';
END
$$;

-- Merges all rows that were read: first all at once, and when that fails those that no
-- rule stands against.  What still fails is halved: a row that fails alone is a conflict.
-- A range that meets another session is tried again.  ahead: what fails is thrown.  Of the
-- rows the planner needs to know how many there are, for which a small sample is enough.
CREATE FUNCTION pm_catalog._merge_run(merge pm_catalog._merge, ahead boolean) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp SET default_statistics_target = 1
AS $$
DECLARE
  lows bigint[];
  highs bigint[];
  low bigint;
  high bigint;
  n integer := 0;
  tries integer := 0;
  asked boolean := false;
  moves boolean := false;
  halved boolean := false;
  state text;
  message text;
  detail text;
BEGIN
  SELECT ARRAY[min(w.pos)], ARRAY[max(w.pos)] INTO lows, highs FROM pg_temp._merge_rows AS w WHERE w.new_id IS NOT NULL AND w.reason IS NULL;
  IF lows[1] IS NULL THEN
    RETURN;
  END IF;
  ANALYZE pg_temp._merge_rows (pos, new_id, reason, brand, category, family);
  n := 1;
  WHILE n > 0 LOOP
    low := lows[n];
    high := highs[n];
    BEGIN
      PERFORM pm_catalog._merge_apply(merge, low, high, moves);
      n := n - 1;
      tries := 0;
      CONTINUE;
    EXCEPTION WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
      tries := tries + 1;
      IF ahead THEN
        RAISE;
      ELSIF state IN ('40001', '40P01') AND tries < 10 THEN
        CONTINUE;
      ELSIF left(state, 2) NOT IN ('22', '23') THEN
        RAISE;
      ELSIF asked AND state = '23505' AND tries = 1 THEN -- another session may have made the product, which is there now
        CONTINUE;
      END IF;
    END;
    tries := 0;
    IF NOT asked THEN
      asked := true;
      moves := pm_catalog._merge_ask_for_broken(merge, low, high);
      CONTINUE;
    END IF;
    IF low = high THEN
      UPDATE pg_temp._merge_rows AS w
      SET reason = format('%s: %s%s', state, message, CASE WHEN detail <> '' AND detail NOT LIKE 'Failing row contains %' THEN E'\n' || detail ELSE '' END)
      WHERE w.pos = low;
      n := n - 1;
    ELSE
      IF NOT halved THEN
        CREATE INDEX ON pg_temp._merge_rows (pos);
        halved := true;
      END IF;
      lows[n] := (low + high) / 2 + 1;
      lows[n + 1] := low;
      highs[n + 1] := (low + high) / 2;
      n := n + 1;
    END IF;
  END LOOP;
END
$$;

-- The options of a merge, checked.
CREATE FUNCTION pm_catalog._merge_options(options jsonb) RETURNS TABLE(content text, prices text, taxonomy text)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  option record;
BEGIN
  IF jsonb_typeof(options) <> 'object' THEN
    RAISE EXCEPTION 'options are not a JSON object: "%"', left(options::text, 64) USING ERRCODE = '22023';
  END IF;
  FOR option IN
    SELECT e.key, e.value, k.choices FROM jsonb_each(options) AS e
    LEFT JOIN (VALUES ('content', '["own", "always", "never"]'::jsonb), ('prices', '["own", "ours", "supplier"]'), ('taxonomy', NULL)) AS k(name, choices) ON k.name = e.key
    WHERE k.name IS NULL OR NOT coalesce(k.choices @> e.value AND jsonb_typeof(e.value) = 'string', jsonb_typeof(e.value) = 'string')
  LOOP
    RAISE EXCEPTION 'option "%" cannot be "%"', option.key, left(coalesce(option.value #>> '{}', 'null'), 64)
      USING ERRCODE = '22023', HINT = 'Options are {"content": "own"|"always"|"never", "prices": "own"|"ours"|"supplier", "taxonomy": name}.';
  END LOOP;
  RETURN QUERY SELECT coalesce(options ->> 'content', 'own'), coalesce(options ->> 'prices', 'own'), coalesce(options ->> 'taxonomy', 'main');
END
$$;

-- What is remembered of a batch.
CREATE FUNCTION pm_catalog._merge_outcomes(job uuid, batch integer) RETURNS TABLE(row_no bigint, outcome text, product_id uuid, reason text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT u.row_no, o.outcome, u.product_id, u.reason
  FROM pm_catalog.merge_outcomes AS o, unnest(o.row_nos, o.product_ids, o.reasons) AS u(row_no, product_id, reason)
  WHERE o.job = $1 AND o.batch = $2;
END;

-- What became of each row that was not packed, as a query.
CREATE FUNCTION pm_catalog._merge_results() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN $$
  SELECT w.row_no,
         CASE WHEN w.reason IS NOT NULL THEN 'conflict' WHEN w.same_id IS NOT NULL THEN 'unchanged' WHEN k.pos IS NOT NULL THEN 'updated' ELSE 'created' END AS outcome,
         CASE WHEN w.reason IS NULL THEN coalesce(w.same_id, k.product_id, w.new_id) END AS product_id, w.reason, w.pos / 4096 AS part
  FROM pg_temp._merge_rows AS w LEFT JOIN pg_temp._merge_known AS k USING (pos)
  WHERE w.row_nos IS NULL
$$;

-- Remembers outcomes with the batch.  Parts are few, which the planner cannot know: it would sort.
CREATE FUNCTION pm_catalog._merge_remember(job uuid, batch integer) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_sort = off
AS $$
BEGIN
  EXECUTE format('INSERT INTO pm_catalog.merge_outcomes (job, batch, outcome, part, row_nos, product_ids, reasons) '
                 'SELECT $1, $2, r.outcome, r.part, array_agg(r.row_no), array_agg(r.product_id), CASE WHEN r.outcome = ''conflict'' THEN array_agg(r.reason) END '
                 'FROM (%s) AS r GROUP BY r.outcome, r.part '
                 'UNION ALL SELECT $1, $2, ''unchanged'', w.pos / 4096, w.row_nos, w.product_ids, NULL FROM pg_temp._merge_rows AS w WHERE w.row_nos IS NOT NULL',
                 pm_catalog._merge_results())
  USING job, batch;
  UPDATE pm_catalog.merges AS m SET created = n.created, updated = n.updated, unchanged = n.unchanged, conflicts = n.conflicts
  FROM (SELECT coalesce(sum(cardinality(o.row_nos)) FILTER (WHERE o.outcome = 'created'), 0) AS created,
               coalesce(sum(cardinality(o.row_nos)) FILTER (WHERE o.outcome = 'updated'), 0) AS updated,
               coalesce(sum(cardinality(o.row_nos)) FILTER (WHERE o.outcome = 'unchanged'), 0) AS unchanged,
               coalesce(sum(cardinality(o.row_nos)) FILTER (WHERE o.outcome = 'conflict'), 0) AS conflicts
        FROM pm_catalog.merge_outcomes AS o WHERE o.job = _merge_remember.job AND o.batch = _merge_remember.batch) AS n
  WHERE m.job = _merge_remember.job AND m.batch = _merge_remember.batch;
END
$$;

-- The merge of these columns, checked.
CREATE FUNCTION pm_catalog._merge_checked(job uuid, batch integer, supplier uuid, key text, columns text[], options jsonb) RETURNS pm_catalog._merge
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  merge pm_catalog._merge;
BEGIN
  IF key NOT IN ('gtin', 'supplier_sku', 'sku') THEN
    RAISE EXCEPTION 'key "%" is not known', left(key, 64) USING ERRCODE = '22023', HINT = 'Keys are gtin, supplier_sku and sku.';
  END IF;
  IF to_regclass('pg_temp._merge_rows') IS NOT NULL THEN
    RAISE EXCEPTION 'a merge cannot run inside itself' USING ERRCODE = '55000';
  END IF;
  IF NOT key = ANY (columns) THEN
    RAISE EXCEPTION 'there is no column "%", which is the key', key USING ERRCODE = '42703';
  END IF;
  SELECT job, batch, supplier, key, columns, o.content, o.prices, o.taxonomy, false INTO merge FROM pm_catalog._merge_options(options) AS o;
  IF NOT EXISTS (SELECT FROM pm_catalog.suppliers AS s WHERE s.id = supplier) THEN
    RAISE EXCEPTION 'supplier "%" is not in the catalog', supplier
      USING ERRCODE = '23503', HINT = 'Suppliers come from pm_suppliers by its events; one that is new there arrives within seconds.';
  END IF;
  RETURN merge;
END
$$;

-- Makes the temporary tables of a call.
CREATE FUNCTION pm_catalog._merge_tables() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
BEGIN
  CREATE TEMP TABLE _merge_rows (pos bigint, digest uuid, same_id uuid, new_id uuid, reason text, row_nos bigint[], product_ids uuid[], LIKE pm_catalog.merge_row);
  ALTER TABLE pg_temp._merge_rows ALTER row_nos SET STORAGE EXTERNAL, ALTER product_ids SET STORAGE EXTERNAL;
  CREATE TEMP TABLE _merge_known (pos bigint PRIMARY KEY, product_id uuid NOT NULL, own boolean NOT NULL);
  CREATE TEMP TABLE _merge_names (kind text, name text COLLATE "C", id uuid, reason text, PRIMARY KEY (kind, name));
END
$$;

-- Merges the rows of a source: see _merge_read(); ahead: what fails is thrown.  false: the
-- batch was merged before, and nothing is done; true: the temporary tables have what became
-- of the rows.
-- Without JIT: statements are made for each batch, and expected to cost more than they do.
CREATE FUNCTION pm_catalog._merge_once(merge pm_catalog._merge, source text, row_no text, digest text, rows bytea, ahead boolean) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp SET jit = off
AS $$
BEGIN
  IF merge.job IS NOT NULL THEN
    INSERT INTO pm_catalog.merges (job, batch, supplier_id) VALUES (merge.job, merge.batch, merge.supplier) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
      IF EXISTS (SELECT FROM pm_catalog.merges AS m WHERE m.job = merge.job AND m.batch = merge.batch AND m.created + m.updated + m.unchanged + m.conflicts > 0)
         AND NOT EXISTS (SELECT FROM pm_catalog.merge_outcomes AS o WHERE o.job = merge.job AND o.batch = merge.batch) THEN
        RAISE EXCEPTION 'batch % of job "%" was merged and its outcomes were forgotten', merge.batch, merge.job USING ERRCODE = '55000';
      END IF;
      RETURN false;
    END IF;
  END IF;

  PERFORM pm_catalog._merge_tables();
  PERFORM pm_catalog._merge_read(merge, source, row_no, digest, rows);
  PERFORM pm_catalog._merge_run(merge, ahead);
  IF merge.job IS NOT NULL THEN
    PERFORM pm_catalog._change_of(NULL, NULL);
    PERFORM pm_catalog._merge_remember(merge.job, merge.batch);
  END IF;
  RETURN true;
END
$$;

-- Without JIT: statements are made for each batch, and expected to cost more than they do.
CREATE FUNCTION pm_catalog.merge_products(job uuid, batch integer, source regclass, supplier uuid, key text DEFAULT 'gtin', options jsonb DEFAULT '{}')
RETURNS TABLE(row_no bigint, outcome text, product_id uuid, reason text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp SET jit = off
AS $$
#variable_conflict use_column
DECLARE
  columns text[];
BEGIN
  IF source IS NULL OR supplier IS NULL OR key IS NULL OR options IS NULL OR (job IS NULL) <> (batch IS NULL) THEN
    RAISE EXCEPTION 'merge_products() needs a source, a supplier, a key and options, and a batch if there is a job' USING ERRCODE = '22004';
  END IF;
  -- locked first: its columns stay as they are found to be
  IF (SELECT c.relkind FROM pg_class AS c WHERE c.oid = source) IN ('r', 'p', 'v', 'm', 'f') THEN
    EXECUTE format('SELECT FROM %s LIMIT 0', source);
  END IF;
  columns := pm_catalog._merge_columns(source);
  IF NOT pm_catalog._merge_once(pm_catalog._merge_checked(job, batch, supplier, key, array_remove(columns, 'row_no'), options), source::text,
                                CASE WHEN 'row_no' = ANY (columns) THEN 's.row_no::bigint' ELSE 'row_number() OVER ()' END, NULL, NULL, false) THEN
    RETURN QUERY SELECT * FROM pm_catalog._merge_outcomes(job, batch);
    RETURN;
  END IF;
  RETURN QUERY SELECT unnest(w.row_nos), 'unchanged', unnest(w.product_ids), NULL::text FROM pg_temp._merge_rows AS w WHERE w.row_nos IS NOT NULL;
  RETURN QUERY EXECUTE format('SELECT r.row_no, r.outcome, r.product_id, r.reason FROM (%s) AS r', pm_catalog._merge_results());
  DROP TABLE pg_temp._merge_rows, pg_temp._merge_known, pg_temp._merge_names;
END
$$;
COMMENT ON FUNCTION pm_catalog.merge_products(uuid, integer, regclass, uuid, text, jsonb) IS
'merges a batch of a supplier''s rows: products, offers, prices, stocks and tags; the columns of the source are among those of merge_row. Each row has one outcome: created, updated, unchanged (as the supplier sent it before: nothing is touched) or conflict (nothing of it is merged; the reason begins with its SQLSTATE, lines "column: value" have what the rule forbids, and those of all rules that the row breaks by itself follow one another). The batch is remembered with the transaction: the same job and batch again changes nothing and gives the same outcomes; without a job nothing is remembered. Errors: 42703 a column that is unknown, or no key; 42804 a column of another type; 42809 no table; 22023 key or option; 22004 NULL; 23503 the supplier is not known; 55000 the outcomes of the batch were forgotten, or the source merges; 40001, 40P01 other sessions were in the way ten times';

REVOKE ALL ON FUNCTION pm_catalog._merge_ask_for_broken(pm_catalog._merge, bigint, bigint), pm_catalog._merge_run(pm_catalog._merge, boolean), pm_catalog._merge_options(jsonb), pm_catalog._merge_outcomes(uuid, integer),
  pm_catalog._merge_results(), pm_catalog._merge_remember(uuid, integer), pm_catalog._merge_checked(uuid, integer, uuid, text, text[], jsonb),
  pm_catalog._merge_tables(), pm_catalog._merge_once(pm_catalog._merge, text, text, text, bytea, boolean), pm_catalog.merge_products(uuid, integer, regclass, uuid, text, jsonb) FROM PUBLIC;
