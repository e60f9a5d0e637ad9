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

-- What is asked at a time (inclusive), or was right before it, for the line of prices of p:
-- an expression, which costs less than a call for each price.
CREATE FUNCTION pm_catalog._price_at(at text, inclusive boolean) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('(SELECT b.price FROM pm_catalog.product_prices AS b '
                'WHERE b.product_id = p.product_id AND b.price_type = p.price_type AND b.currency = p.currency AND b.min_quantity = p.min_quantity '
                'AND b.supplier_id IS NOT DISTINCT FROM p.supplier_id AND b.is_active AND b.valid_from %2$s %1$s AND (b.valid_until %2$s %1$s) IS NOT TRUE '
                'ORDER BY b.valid_from DESC LIMIT 1)', at, CASE WHEN inclusive THEN '<=' ELSE '<' END)
$$;

-- Prices that are asked, or will be, other than before.  valid_from says from when on, so
-- a price of the future is told when it is written, not when its time comes.
CREATE FUNCTION pm_catalog._note_prices() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
BEGIN
  -- what the periods of other rows become by a statement is told with it
  IF pm_xref.is_subscribed('catalog.price.changed') AND NOT pm_catalog._is_derived(TG_RELID) THEN
    EXECUTE format($query$
      WITH pair AS MATERIALIZED (
        SELECT coalesce(n.product_id, o.product_id) AS product_id, coalesce(n.price_type, o.price_type) AS price_type, coalesce(n.currency, o.currency) AS currency,
               coalesce(n.min_quantity, o.min_quantity) AS min_quantity, CASE WHEN n.id IS NULL THEN o.supplier_id ELSE n.supplier_id END AS supplier_id,
               o.price AS old_price, o.valid_from AS old_from, o.valid_until AS old_until, n.price, n.valid_from, n.valid_until,
               coalesce(o.is_active AND (o.valid_until <= now()) IS NOT TRUE, false) AS was_asked,
               coalesce(n.is_active AND (n.valid_until <= now()) IS NOT TRUE, false) AS is_asked
        FROM %1$s
        WHERE (o.price, o.valid_from, o.valid_until, o.is_active) IS DISTINCT FROM (n.price, n.valid_from, n.valid_until, n.is_active)
      ), change AS MATERIALIZED (
        -- a price is asked that was not, or another one
        SELECT p.*, p.price AS amount, greatest(p.valid_from, now()) AS since,
               CASE WHEN p.was_asked AND p.old_from = p.valid_from THEN p.old_price
                    ELSE %2$s END AS previous
        FROM pair AS p
        WHERE p.is_asked AND NOT (p.was_asked AND p.old_price = p.price AND p.old_from = p.valid_from)
          AND (p.valid_from >= now() OR %3$s = p.price)
        UNION ALL
        -- a price is not asked any more: another takes its place, or none
        SELECT p.*, %4$s, greatest(p.old_from, now()), p.old_price
        FROM pair AS p
        WHERE p.was_asked AND NOT p.is_asked
        UNION ALL
        -- a price will end, and none follows
        SELECT p.*, NULL, p.valid_until, p.price
        FROM pair AS p
        WHERE p.is_asked AND p.valid_until IS DISTINCT FROM p.old_until AND p.valid_until IS NOT NULL
          AND %5$s IS NULL
      )
      SELECT pm_xref.publish_many('catalog.price.changed', g.keys, g.payloads) FROM (
      SELECT array_agg(e.key ORDER BY e.n) AS keys, array_agg(e.payload ORDER BY e.n) AS payloads
      FROM (SELECT c.product_id::text AS key, row_number() OVER (ORDER BY c.product_id, c.since, c.price_type, c.currency, c.min_quantity, c.supplier_id) AS n,
                   jsonb_build_object('id', c.product_id, 'amount', c.amount, 'currency', c.currency, 'previous', c.previous, 'valid_from', c.since,
                     'price_type', c.price_type, 'min_quantity', c.min_quantity, 'supplier_id', c.supplier_id) AS payload
            FROM change AS c WHERE c.amount IS DISTINCT FROM c.previous) AS e
      GROUP BY (e.n - 1) / 1000 ORDER BY (e.n - 1) / 1000) AS g$query$, pm_catalog._written_rows(TG_OP, 'pm_catalog.product_prices'),
      pm_catalog._price_at('p.valid_from', false), pm_catalog._price_at('now()', true), pm_catalog._price_at('greatest(p.old_from, now())', true), pm_catalog._price_at('p.valid_until', true));
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER prices_inserted AFTER INSERT ON pm_catalog.product_prices
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._note_prices();
CREATE TRIGGER prices_updated AFTER UPDATE ON pm_catalog.product_prices
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._note_prices();
CREATE TRIGGER prices_removed AFTER DELETE ON pm_catalog.product_prices
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._note_prices();

-- Stock that fell to its threshold, or comes into being so low; not again while it stays.
CREATE FUNCTION pm_catalog._note_stocks() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
BEGIN
  IF pm_xref.is_subscribed('catalog.stock.low') THEN
    EXECUTE format($query$
      SELECT pm_xref.publish_many('catalog.stock.low', g.keys, g.payloads) FROM (
      SELECT array_agg(e.key ORDER BY e.n) AS keys, array_agg(e.payload ORDER BY e.n) AS payloads
      FROM (SELECT n.product_id::text AS key, row_number() OVER (ORDER BY n.product_id, n.id) AS n,
                   jsonb_build_object('id', n.product_id, 'quantity', n.available, 'threshold', n.low_stock_threshold, 'warehouse', n.location, 'variant_id', n.variant_id) AS payload
            FROM %s
            WHERE n.available <= n.low_stock_threshold AND (o.available <= o.low_stock_threshold) IS NOT TRUE) AS e
      GROUP BY (e.n - 1) / 1000 ORDER BY (e.n - 1) / 1000) AS g$query$, pm_catalog._written_rows(TG_OP, 'pm_catalog.product_stocks'));
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER stocks_inserted AFTER INSERT ON pm_catalog.product_stocks
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._note_stocks();
CREATE TRIGGER stocks_updated AFTER UPDATE ON pm_catalog.product_stocks
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._note_stocks();

REVOKE ALL ON FUNCTION pm_catalog._written_rows(text, regclass), pm_catalog._note_prices(), pm_catalog._price_at(text, boolean),
  pm_catalog._note_stocks() FROM PUBLIC;
