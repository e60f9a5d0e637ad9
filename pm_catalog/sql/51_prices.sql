-- Prices: periods that never overlap, and what is read from them.

CREATE FUNCTION pm_catalog._price_written() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_catalog_price_written';

CREATE TRIGGER price_written BEFORE INSERT OR UPDATE ON pm_catalog.product_prices
FOR EACH ROW EXECUTE FUNCTION pm_catalog._price_written();

-- Has this transaction tried to write a price?
CREATE FUNCTION pm_catalog._has_priced() RETURNS boolean
LANGUAGE c VOLATILE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'pm_catalog_has_priced';

-- After each statement: the products are locked in the order of their ids, but those
-- that this transaction has written itself; then each of their periods ends where the
-- next one starts.
DO $$
DECLARE
  columns CONSTANT text := 'id, product_id, variant_id, price_type, currency, min_quantity, supplier_id, valid_from, ends_at';
  event record;
BEGIN
  FOR event IN
    SELECT e.name, e.tables, format(e.products, columns) AS products
    FROM (VALUES
      ('INSERT', 'NEW TABLE AS new_rows', 'SELECT product_id FROM new_rows'),
      ('DELETE', 'OLD TABLE AS old_rows', 'SELECT product_id FROM old_rows'),
      ('UPDATE', 'OLD TABLE AS old_rows NEW TABLE AS new_rows',
       'SELECT product_id FROM (SELECT %1$s FROM new_rows EXCEPT SELECT %1$s FROM old_rows) AS n
        UNION ALL SELECT product_id FROM (SELECT %1$s FROM old_rows EXCEPT SELECT %1$s FROM new_rows) AS o')
    ) AS e(name, tables, products)
  LOOP
    EXECUTE format($trigger$
      CREATE TRIGGER periods_after_%s AFTER %s ON pm_catalog.product_prices REFERENCING %s
      FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._after_prices(%L, %L)
    $trigger$, lower(event.name), event.name, event.tables, format($lock$
      SELECT count(*) FROM (
        SELECT FROM pm_catalog.products AS p
        WHERE p.id IN (%s) AND NOT pm_catalog._is_own(p.xmin)
        ORDER BY p.id FOR NO KEY UPDATE
      ) AS locked
    $lock$, event.products), format($end$
      UPDATE pm_catalog.product_prices AS p SET valid_until = e.ends
      FROM (
        SELECT r.id, r.valid_until, least(r.ends_at, lead(r.valid_from) OVER (
                 PARTITION BY r.product_id, r.variant_id, r.price_type, r.currency, r.min_quantity, r.supplier_id ORDER BY r.valid_from)) AS ends
        FROM pm_catalog.product_prices AS r WHERE r.product_id IN (%s)
      ) AS e
      WHERE e.valid_until IS DISTINCT FROM e.ends AND p.id = e.id
    $end$, event.products));
  END LOOP;
END
$$;

CREATE FUNCTION pm_catalog.current_price(product_id uuid, at timestamptz DEFAULT now(), price_type text DEFAULT 'retail', currency text DEFAULT 'EUR',
  quantity integer DEFAULT 1, supplier uuid DEFAULT NULL, variant uuid DEFAULT NULL) RETURNS pm_catalog.product_prices
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT p FROM pm_catalog.product_prices AS p
  WHERE p.product_id = current_price.product_id AND p.price_type = current_price.price_type AND p.currency = current_price.currency
    AND p.min_quantity <= current_price.quantity AND p.supplier_id IS NOT DISTINCT FROM current_price.supplier
    AND p.valid_from <= current_price.at AND (p.valid_until > current_price.at OR p.valid_until IS NULL) AND p.is_active
    AND (p.variant_id IS NULL OR p.variant_id = current_price.variant)
  ORDER BY p.variant_id NULLS LAST, p.min_quantity DESC LIMIT 1;
END;
COMMENT ON FUNCTION pm_catalog.current_price(uuid, timestamptz, text, text, integer, uuid, uuid) IS
'the row of product_prices that holds at a time for so many pieces: the active one with the largest min_quantity that they reach; NULL if there is none. supplier: whose price; NULL: ours. variant: of one of its variants, and if that has none, the product''s; NULL: the product''s';

CREATE FUNCTION pm_catalog.lowest_price(product_id uuid, price_type text DEFAULT 'retail', currency text DEFAULT 'EUR', before timestamptz DEFAULT now(),
  days integer DEFAULT 30, quantity integer DEFAULT 1, variant uuid DEFAULT NULL) RETURNS numeric
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH held AS (
    SELECT p.price, p.variant_id,
           tstzrange(greatest(p.valid_from, lowest_price.before - pg_catalog.make_interval(days => greatest(lowest_price.days, 0))), least(p.valid_until, lowest_price.before)) AS period
    FROM pm_catalog.product_prices AS p
    WHERE p.product_id = lowest_price.product_id AND p.price_type = lowest_price.price_type AND p.currency = lowest_price.currency
      AND p.min_quantity = lowest_price.quantity AND p.supplier_id IS NULL AND p.is_active AND (p.variant_id IS NULL OR p.variant_id = lowest_price.variant)
      AND p.valid_from < lowest_price.before AND (p.valid_until > lowest_price.before - pg_catalog.make_interval(days => greatest(lowest_price.days, 0)) OR p.valid_until IS NULL)
  )
  SELECT min(h.price) FROM held AS h
  -- the product's price is not the variant's while that has one of its own
  WHERE h.variant_id IS NOT NULL
    OR NOT coalesce(tstzmultirange(h.period) <@ (SELECT pg_catalog.range_agg(o.period) FROM held AS o WHERE o.variant_id IS NOT NULL), false);
END;
COMMENT ON FUNCTION pm_catalog.lowest_price(uuid, text, text, timestamptz, integer, integer, uuid) IS
'the lowest of our active prices that held at any time in the days before a moment, the moment itself excluded: what Directive 98/6/EC, article 6a (2), calls the prior price if the moment is when a reduction starts and days is at least 30. A price that already held when the days began counts. quantity: the min_quantity of the price. variant: as current_price(). NULL: there was none';

CREATE FUNCTION pm_catalog.price_history(product_id uuid)
RETURNS TABLE(variant_id uuid, price_type text, currency text, min_quantity integer, supplier_id uuid, valid_from timestamptz, valid_until timestamptz,
  price numeric, compare_at_amount numeric, is_active boolean, change numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT p.variant_id, p.price_type, p.currency, p.min_quantity, p.supplier_id, p.valid_from, p.valid_until, p.price, p.compare_at_amount, p.is_active,
         p.price - pg_catalog.lag(p.price) OVER (PARTITION BY p.variant_id, p.price_type, p.currency, p.min_quantity, p.supplier_id ORDER BY p.valid_from)
  FROM pm_catalog.product_prices AS p
  WHERE p.product_id = price_history.product_id
  ORDER BY p.variant_id NULLS FIRST, p.price_type, p.currency, p.min_quantity, p.supplier_id NULLS FIRST, p.valid_from;
END;
COMMENT ON FUNCTION pm_catalog.price_history(uuid) IS
'all prices that a product had, has and will have, in order; change: by how much the price differs from the one of the period before, NULL for the first';

CREATE VIEW pm_catalog.price_reductions WITH (security_invoker = true) AS
SELECT r.product_id, r.variant_id, r.price_type, r.currency, r.min_quantity, r.price, r.compare_at_amount, r.reduced_since, r.valid_until, l.lowest_price,
       r.compare_at_amount <= l.lowest_price AS is_prior_price,
       pg_catalog.round((l.lowest_price - r.price) * 100 / nullif(l.lowest_price, 0), 2) AS reduction
FROM (
  SELECT p.*, (
    -- the reductions before it that it goes on from: each ends where the next starts and is not lower
    SELECT pg_catalog.max(s.valid_from) FROM (
      SELECT h.valid_from,
             pg_catalog.lag(h.valid_until) OVER w = h.valid_from AND pg_catalog.lag(h.is_active AND h.compare_at_amount IS NOT NULL) OVER w
               AND pg_catalog.lag(h.price) OVER w >= h.price AS goes_on
      FROM pm_catalog.product_prices AS h
      WHERE h.product_id = p.product_id AND h.price_type = p.price_type AND h.currency = p.currency AND h.min_quantity = p.min_quantity
        AND h.supplier_id IS NULL AND h.variant_id IS NOT DISTINCT FROM p.variant_id AND h.valid_from <= p.valid_from
      WINDOW w AS (ORDER BY h.valid_from)
    ) AS s
    WHERE s.goes_on IS NOT TRUE
  ) AS reduced_since
  FROM pm_catalog.product_prices AS p
  WHERE p.supplier_id IS NULL AND p.compare_at_amount IS NOT NULL AND p.is_active
    AND p.valid_from <= pg_catalog.now() AND (p.valid_until > pg_catalog.now() OR p.valid_until IS NULL)
) AS r
CROSS JOIN LATERAL (SELECT pm_catalog.lowest_price(r.product_id, r.price_type, r.currency, r.reduced_since, 30, r.min_quantity, r.variant_id)) AS l(lowest_price);
COMMENT ON VIEW pm_catalog.price_reductions IS 'our prices of now that are shown as reduced, with the price that they have to be compared with by Directive 98/6/EC, article 6a';
COMMENT ON COLUMN pm_catalog.price_reductions.product_id IS 'the product';
COMMENT ON COLUMN pm_catalog.price_reductions.variant_id IS 'the variant, if it is a price of its own';
COMMENT ON COLUMN pm_catalog.price_reductions.price_type IS 'kind of price';
COMMENT ON COLUMN pm_catalog.price_reductions.currency IS 'of all amounts (ISO 4217)';
COMMENT ON COLUMN pm_catalog.price_reductions.min_quantity IS 'the price holds from this many pieces on';
COMMENT ON COLUMN pm_catalog.price_reductions.price IS 'the reduced price';
COMMENT ON COLUMN pm_catalog.price_reductions.compare_at_amount IS 'the price that is shown struck through';
COMMENT ON COLUMN pm_catalog.price_reductions.reduced_since IS 'when the reduction started; a price that is reduced further without a break started with the first (article 6a (5))';
COMMENT ON COLUMN pm_catalog.price_reductions.valid_until IS 'its end; NULL: none';
COMMENT ON COLUMN pm_catalog.price_reductions.lowest_price IS 'the lowest price of the 30 days before it started: the prior price; NULL: there was none';
COMMENT ON COLUMN pm_catalog.price_reductions.is_prior_price IS 'is what is shown struck through no higher than the prior price? NULL: there is no prior price';
COMMENT ON COLUMN pm_catalog.price_reductions.reduction IS 'by how many percent the price is lower than the prior price; negative: it is higher';

REVOKE ALL ON FUNCTION pm_catalog._price_written(), pm_catalog._has_priced(), pm_catalog.current_price(uuid, timestamptz, text, text, integer, uuid, uuid),
  pm_catalog.lowest_price(uuid, text, text, timestamptz, integer, integer, uuid), pm_catalog.price_history(uuid) FROM PUBLIC;
