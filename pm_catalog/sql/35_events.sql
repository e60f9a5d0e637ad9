-- Events of prices and stock; those of products are in src/product_history.c.

-- The rows that a statement wrote, old ones as o and new ones as n; what there is not is
-- NULL.
CREATE FUNCTION pm_catalog._written_rows(operation text, "table" regclass) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format(CASE operation
    WHEN 'INSERT' THEN 'new_rows AS n LEFT JOIN %s AS o ON false'
    WHEN 'UPDATE' THEN 'new_rows AS n JOIN old_rows AS o ON o.id = n.id'
    ELSE 'old_rows AS o LEFT JOIN %s AS n ON false' END, "table")
$$;

-- Prices that are asked, or will be, other than before.  valid_from says from when on, so
-- a price of the future is told when it is written, not when its time comes.
CREATE FUNCTION pm_catalog._note_prices() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF pm_xref.is_subscribed('catalog.price.changed') THEN
    EXECUTE format($query$
      WITH pair AS MATERIALIZED (
        SELECT o AS old, n AS new, coalesce(o.is_active AND (o.valid_until <= now()) IS NOT TRUE, false) AS was_asked,
               coalesce(n.is_active AND (n.valid_until <= now()) IS NOT TRUE, false) AS is_asked
        FROM %s
        WHERE (o.price, o.valid_from, o.valid_until, o.is_active) IS DISTINCT FROM (n.price, n.valid_from, n.valid_until, n.is_active)
      ), change AS (
        -- a price is asked that was not, or another one
        SELECT p.new AS price, (p.new).price AS amount, greatest((p.new).valid_from, now()) AS since,
               CASE WHEN p.was_asked AND (p.old).valid_from = (p.new).valid_from THEN (p.old).price ELSE pm_catalog._price_at(p.new, (p.new).valid_from, false) END AS previous
        FROM pair AS p
        WHERE p.is_asked AND NOT (p.was_asked AND (p.old).price = (p.new).price AND (p.old).valid_from = (p.new).valid_from)
          AND ((p.new).valid_from >= now() OR pm_catalog._price_at(p.new, now(), true) = (p.new).price)
        UNION ALL
        -- a price is not asked any more: another takes its place, or none
        SELECT p.old, pm_catalog._price_at(p.old, greatest((p.old).valid_from, now()), true), greatest((p.old).valid_from, now()), (p.old).price
        FROM pair AS p
        WHERE p.was_asked AND NOT p.is_asked
        UNION ALL
        -- a price will end, and none follows
        SELECT p.new, NULL, (p.new).valid_until, (p.new).price
        FROM pair AS p
        WHERE p.is_asked AND (p.new).valid_until IS DISTINCT FROM (p.old).valid_until AND (p.new).valid_until IS NOT NULL
          AND pm_catalog._price_at(p.new, (p.new).valid_until, true) IS NULL
      )
      SELECT pm_xref.publish_many('catalog.price.changed', array_agg(e.key ORDER BY e.n), array_agg(e.payload ORDER BY e.n))
      FROM (SELECT (c.price).product_id::text AS key, row_number() OVER (ORDER BY (c.price).product_id, c.since) AS n,
                   jsonb_build_object('id', (c.price).product_id, 'amount', c.amount, 'currency', (c.price).currency, 'previous', c.previous, 'valid_from', c.since,
                     'price_type', (c.price).price_type, 'min_quantity', (c.price).min_quantity, 'supplier_id', (c.price).supplier_id) AS payload
            FROM change AS c WHERE c.amount IS DISTINCT FROM c.previous) AS e
      GROUP BY (e.n - 1) / 1000$query$, pm_catalog._written_rows(TG_OP, 'pm_catalog.product_prices'));
  END IF;
  RETURN NULL;
END
$$;

-- What is asked at a time for what a price is for (inclusive), or was right before it.
CREATE FUNCTION pm_catalog._price_at(p pm_catalog.product_prices, at timestamptz, inclusive boolean) RETURNS numeric
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT b.price FROM pm_catalog.product_prices AS b
  WHERE b.product_id = p.product_id AND b.price_type = p.price_type AND b.currency = p.currency AND b.min_quantity = p.min_quantity
    AND b.supplier_id IS NOT DISTINCT FROM p.supplier_id AND b.is_active
    AND CASE WHEN inclusive THEN b.valid_from <= at AND (b.valid_until <= at) IS NOT TRUE ELSE b.valid_from < at AND (b.valid_until < at) IS NOT TRUE END
  ORDER BY b.valid_from DESC LIMIT 1
$$;

CREATE TRIGGER prices_inserted AFTER INSERT ON pm_catalog.product_prices
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._note_prices();
CREATE TRIGGER prices_updated AFTER UPDATE ON pm_catalog.product_prices
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._note_prices();
CREATE TRIGGER prices_removed AFTER DELETE ON pm_catalog.product_prices
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._note_prices();

-- Stock that fell to its threshold, or comes into being so low; not again while it stays.
CREATE FUNCTION pm_catalog._note_stocks() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF pm_xref.is_subscribed('catalog.stock.low') THEN
    EXECUTE format($query$
      SELECT pm_xref.publish_many('catalog.stock.low', array_agg(e.key ORDER BY e.n), array_agg(e.payload ORDER BY e.n))
      FROM (SELECT n.product_id::text AS key, row_number() OVER (ORDER BY n.product_id, n.id) AS n,
                   jsonb_build_object('id', n.product_id, 'quantity', n.available, 'threshold', n.low_stock_threshold, 'warehouse', n.location, 'variant_id', n.variant_id) AS payload
            FROM %s
            WHERE n.available <= n.low_stock_threshold AND (o.available <= o.low_stock_threshold) IS NOT TRUE) AS e
      GROUP BY (e.n - 1) / 1000$query$, pm_catalog._written_rows(TG_OP, 'pm_catalog.product_stocks'));
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER stocks_inserted AFTER INSERT ON pm_catalog.product_stocks
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._note_stocks();
CREATE TRIGGER stocks_updated AFTER UPDATE ON pm_catalog.product_stocks
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._note_stocks();

REVOKE ALL ON FUNCTION pm_catalog._written_rows(text, regclass), pm_catalog._note_prices(), pm_catalog._price_at(pm_catalog.product_prices, timestamptz, boolean),
  pm_catalog._note_stocks() FROM PUBLIC;
