-- Stocks: pieces are promised, shipped and moved, never more than there are.

CREATE TRIGGER written BEFORE UPDATE ON pm_catalog.product_stocks FOR EACH ROW EXECUTE FUNCTION pm_catalog._set_updated_at();
-- who writes digests, which are no part of an offer, says himself whether it has changed
CREATE TRIGGER written BEFORE UPDATE ON pm_catalog.supplier_products FOR EACH ROW
WHEN (OLD.digest IS NOT DISTINCT FROM NEW.digest AND OLD.other_digests IS NOT DISTINCT FROM NEW.other_digests) EXECUTE FUNCTION pm_catalog._set_updated_at();

-- Changes one row of product_stocks and returns it; refused if it would be left with
-- less than nothing.  Who waits for the row decides by what it then holds.
CREATE FUNCTION pm_catalog._change_stock(verb text, product_id uuid, variant_id uuid, location text, quantity integer, on_hand integer, reserved integer)
RETURNS pm_catalog.product_stocks
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  stock pm_catalog.product_stocks;
  what text := format('product "%s"', product_id) || coalesce(', variant "' || variant_id || '"', '');
BEGIN
  IF quantity IS NULL OR quantity <= 0 THEN
    RAISE EXCEPTION 'invalid quantity to %: %', verb, coalesce('"' || quantity || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'It is a number of pieces above 0.';
  END IF;
  UPDATE pm_catalog.product_stocks AS s SET on_hand = s.on_hand + _change_stock.on_hand, reserved = s.reserved + _change_stock.reserved
  WHERE s.product_id = _change_stock.product_id AND s.variant_id IS NOT DISTINCT FROM _change_stock.variant_id AND s.location = _change_stock.location
    AND s.reserved::bigint + _change_stock.reserved BETWEEN 0 AND s.on_hand::bigint + _change_stock.on_hand
  RETURNING s.* INTO stock;
  IF NOT FOUND THEN
    SELECT s.* INTO stock FROM pm_catalog.product_stocks AS s
    WHERE s.product_id = _change_stock.product_id AND s.variant_id IS NOT DISTINCT FROM _change_stock.variant_id AND s.location = _change_stock.location;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'no stock of % at "%"', what, left(location, 64)
        USING ERRCODE = '23514', TABLE = 'product_stocks', SCHEMA = 'pm_catalog', HINT = 'receive_stock() brings the first pieces to a location.';
    END IF;
    RAISE EXCEPTION 'cannot % % of % at "%"', verb, quantity, what, location
      USING ERRCODE = '23514', TABLE = 'product_stocks', SCHEMA = 'pm_catalog', CONSTRAINT = 'reserved_is_at_most_on_hand',
            DETAIL = format('On hand are %s, reserved %s, available %s.', stock.on_hand, stock.reserved, stock.available);
  END IF;
  RETURN stock;
END
$$;

CREATE FUNCTION pm_catalog.reserve_stock(product_id uuid, quantity integer, location text DEFAULT 'main', variant_id uuid DEFAULT NULL) RETURNS integer
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT s.available FROM pm_catalog._change_stock('reserve', product_id, variant_id, location, quantity, 0, quantity) AS s;
END;
COMMENT ON FUNCTION pm_catalog.reserve_stock(uuid, integer, text, uuid) IS
'promises so many pieces to somebody; returns how many are available after that. Errors: 23514 fewer are available, or there is no stock there; 22023 quantity is not above 0; 40001 in REPEATABLE READ if another changed the stock meanwhile';

CREATE FUNCTION pm_catalog.release_stock(product_id uuid, quantity integer, location text DEFAULT 'main', variant_id uuid DEFAULT NULL) RETURNS integer
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT s.available FROM pm_catalog._change_stock('release', product_id, variant_id, location, quantity, 0, -quantity) AS s;
END;
COMMENT ON FUNCTION pm_catalog.release_stock(uuid, integer, text, uuid) IS
'takes back the promise of so many pieces; returns how many are available after that. Errors: 23514 fewer are reserved, or there is no stock there; 22023, 40001 as reserve_stock()';

CREATE FUNCTION pm_catalog.ship_stock(product_id uuid, quantity integer, location text DEFAULT 'main', variant_id uuid DEFAULT NULL) RETURNS integer
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT s.on_hand FROM pm_catalog._change_stock('ship', product_id, variant_id, location, quantity, -quantity, -quantity) AS s;
END;
COMMENT ON FUNCTION pm_catalog.ship_stock(uuid, integer, text, uuid) IS
'hands over so many reserved pieces; returns how many are on hand after that. Errors: 23514 fewer are reserved, or there is no stock there; 22023, 40001 as reserve_stock()';

CREATE FUNCTION pm_catalog.receive_stock(product_id uuid, quantity integer, location text DEFAULT 'main', variant_id uuid DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  after integer;
BEGIN
  IF quantity IS NULL OR quantity <= 0 THEN
    RAISE EXCEPTION 'invalid quantity to receive: %', coalesce('"' || quantity || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'It is a number of pieces above 0.';
  END IF;
  INSERT INTO pm_catalog.product_stocks AS s (product_id, variant_id, location, on_hand)
  VALUES (receive_stock.product_id, receive_stock.variant_id, receive_stock.location, receive_stock.quantity)
  ON CONFLICT (product_id, variant_id, location) DO UPDATE SET on_hand = s.on_hand + EXCLUDED.on_hand
  RETURNING s.on_hand INTO after;
  RETURN after;
END
$$;
COMMENT ON FUNCTION pm_catalog.receive_stock(uuid, integer, text, uuid) IS
'adds so many pieces to the stock at a location, which is made if there is none; returns how many are on hand after that. Errors: 22003 more than an integer holds, 22023 quantity is not above 0, 23503 no such product or variant';

CREATE FUNCTION pm_catalog.move_stock(product_id uuid, quantity integer, "from" text, "to" text, variant_id uuid DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  source ALIAS FOR "from";
  target ALIAS FOR "to";
  stock pm_catalog.product_stocks;
BEGIN
  IF source = target THEN
    RAISE EXCEPTION 'stock cannot be moved from "%" to itself', left(source, 64) USING ERRCODE = '22023';
  END IF;
  -- in the order of the locations: a move back at the same time waits, and is no deadlock
  IF source < target COLLATE "C" THEN
    stock := pm_catalog._change_stock('move', product_id, variant_id, source, quantity, -quantity, 0);
    PERFORM pm_catalog.receive_stock(product_id, quantity, target, variant_id);
  ELSE
    PERFORM pm_catalog.receive_stock(product_id, quantity, target, variant_id);
    stock := pm_catalog._change_stock('move', product_id, variant_id, source, quantity, -quantity, 0);
  END IF;
  RETURN stock.available;
END
$$;
COMMENT ON FUNCTION pm_catalog.move_stock(uuid, integer, text, text, uuid) IS
'moves so many available pieces to another location; returns how many are available where they were. Errors: 23514 fewer are available, or there is no stock there; 22023 quantity is not above 0, or both locations are the same; 22003, 23503 as receive_stock(), 40001 as reserve_stock()';

CREATE VIEW pm_catalog.product_availability WITH (security_invoker = true) AS
SELECT p.id AS product_id, s.on_hand, s.reserved, s.available, s.is_low, o.supplier_stock, o.lead_time_days
FROM pm_catalog.products AS p
CROSS JOIN LATERAL (
  SELECT coalesce(sum(t.on_hand), 0) AS on_hand, coalesce(sum(t.reserved), 0) AS reserved, coalesce(sum(t.available), 0) AS available,
         coalesce(bool_or(t.available <= t.low_stock_threshold), false) AS is_low
  FROM pm_catalog.product_stocks AS t WHERE t.product_id = p.id
) AS s
CROSS JOIN LATERAL (
  SELECT coalesce(sum(f.stock), 0) AS supplier_stock, min(f.lead_time_days) AS lead_time_days
  FROM pm_catalog.supplier_products AS f WHERE f.product_id = p.id AND f.is_active
) AS o;
COMMENT ON VIEW pm_catalog.product_availability IS 'how many pieces of each product there are, at all locations and of all variants';
COMMENT ON COLUMN pm_catalog.product_availability.product_id IS 'the product';
COMMENT ON COLUMN pm_catalog.product_availability.on_hand IS 'pieces that are there';
COMMENT ON COLUMN pm_catalog.product_availability.reserved IS 'pieces of them that are promised';
COMMENT ON COLUMN pm_catalog.product_availability.available IS 'on_hand - reserved';
COMMENT ON COLUMN pm_catalog.product_availability.is_low IS 'is the available stock anywhere down to its low_stock_threshold?';
COMMENT ON COLUMN pm_catalog.product_availability.supplier_stock IS 'pieces that suppliers with an active offer say they have';
COMMENT ON COLUMN pm_catalog.product_availability.lead_time_days IS 'days until the fastest of them delivers; NULL: none says so';

REVOKE ALL ON FUNCTION pm_catalog._change_stock(text, uuid, uuid, text, integer, integer, integer), pm_catalog.reserve_stock(uuid, integer, text, uuid),
  pm_catalog.release_stock(uuid, integer, text, uuid), pm_catalog.ship_stock(uuid, integer, text, uuid),
  pm_catalog.receive_stock(uuid, integer, text, uuid), pm_catalog.move_stock(uuid, integer, text, text, uuid) FROM PUBLIC;
