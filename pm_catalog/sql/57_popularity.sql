-- What is popular: events are counted, and count for half as much after each half-life.
-- A count is kept as what it would be at a fixed moment ("then"), which it has grown to
-- since: so no row changes as time passes, and the order of rows never does.

CREATE TABLE pm_catalog._product_events (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  product_id uuid NOT NULL,
  kind text COLLATE "C" NOT NULL CONSTRAINT kind_is_a_slug CHECK (pm_catalog.is_slug(kind)),
  weight integer NOT NULL CONSTRAINT weight_is_positive CHECK (weight > 0),
  at timestamptz NOT NULL DEFAULT now()
);

-- kind '': all kinds together
CREATE TABLE pm_catalog._popularity (
  product_id uuid NOT NULL REFERENCES pm_catalog.products ON DELETE CASCADE,
  kind text COLLATE "C" NOT NULL,
  heat double precision NOT NULL,
  PRIMARY KEY (product_id, kind)
);
CREATE INDEX ON pm_catalog._popularity (kind, heat);

-- The moment and the half-life that all heat is of: one row, once there is some.
CREATE TABLE pm_catalog._popularity_then (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  at timestamptz NOT NULL,
  half_life interval NOT NULL
);

-- By what heat grows, or shrinks, from one moment to another; within what a number holds.
CREATE FUNCTION pm_catalog._growth(since timestamptz, until timestamptz, half_life interval) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT 2 ^ greatest(-500, least(500, date_part('epoch', until - since) / date_part('epoch', half_life)));
END;

CREATE FUNCTION pm_catalog.record_event(product_id uuid, kind text, weight integer DEFAULT 1) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
BEGIN
  INSERT INTO pm_catalog._product_events AS e (product_id, kind, weight)
  SELECT p.id, record_event.kind, record_event.weight FROM pm_catalog.products AS p WHERE p.id = record_event.product_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'product % does not exist', coalesce('"' || product_id || '"', 'NULL') USING ERRCODE = '23503';
  END IF;
END
$$;
COMMENT ON FUNCTION pm_catalog.record_event(uuid, text, integer) IS
'notes that something happened with a product, such as view, cart or order, and how much that weighs; it counts in popular_products after the next run of the upkeep. It waits for nobody. Errors: 23503 no such product, 23514 kind is no slug or weight not above 0, 23502 NULL';

-- Adds events to the heat of their products; returns how many.  One at a time.
CREATE FUNCTION pm_catalog._fold_events(most integer DEFAULT 100000) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  wanted interval;
  t pm_catalog._popularity_then;
  factor double precision;
  folded bigint;
BEGIN
  PERFORM pm_catalog._lock_table('pm_catalog._popularity', true);
  wanted := current_setting('pm_catalog.popularity_half_life');  -- the module is loaded by now
  INSERT INTO pm_catalog._popularity_then (at, half_life) SELECT now(), wanted WHERE NOT EXISTS (SELECT FROM pm_catalog._popularity_then);
  SELECT * INTO STRICT t FROM pm_catalog._popularity_then;
  IF t.half_life <> wanted OR now() - t.at > t.half_life * 500 THEN
    -- heat becomes what it is worth now, before its numbers grow too large; what is worth nothing any more goes
    factor := pm_catalog._growth(now(), t.at, t.half_life);
    DELETE FROM pm_catalog._popularity AS p WHERE p.heat < 0.001 / factor;
    UPDATE pm_catalog._popularity AS p SET heat = p.heat * factor;
    UPDATE pm_catalog._popularity_then SET at = now(), half_life = wanted RETURNING * INTO t;
  END IF;
  WITH gone AS (
    DELETE FROM pm_catalog._product_events AS e
    WHERE e.id = ANY (ARRAY(SELECT f.id FROM pm_catalog._product_events AS f ORDER BY f.id LIMIT most))
    RETURNING e.product_id, e.kind, e.weight, e.at
  ), added AS (
    INSERT INTO pm_catalog._popularity AS p (product_id, kind, heat)
    SELECT g.product_id, coalesce(g.kind, ''), sum(g.weight * pm_catalog._growth(t.at, g.at, t.half_life))
    FROM gone AS g WHERE EXISTS (SELECT FROM pm_catalog.products AS q WHERE q.id = g.product_id)
    GROUP BY GROUPING SETS ((g.product_id), (g.product_id, g.kind))
    ON CONFLICT (product_id, kind) DO UPDATE SET heat = p.heat + EXCLUDED.heat
  )
  SELECT count(*) INTO folded FROM gone;
  RETURN folded;
END
$$;

CREATE VIEW pm_catalog.popularity WITH (security_invoker = true) AS
SELECT p.product_id, p.kind, p.heat * pm_catalog._growth(now(), t.at, t.half_life) AS score
FROM pm_catalog._popularity AS p CROSS JOIN pm_catalog._popularity_then AS t
WHERE p.kind <> '';
COMMENT ON VIEW pm_catalog.popularity IS 'how much happened with products lately, by kind of event';
COMMENT ON COLUMN pm_catalog.popularity.product_id IS 'the product';
COMMENT ON COLUMN pm_catalog.popularity.kind IS 'what happened, as record_event() was told';
COMMENT ON COLUMN pm_catalog.popularity.score IS 'the weights of the events, each halved for each pm_catalog.popularity_half_life that has passed since';

CREATE VIEW pm_catalog.popular_products WITH (security_invoker = true) AS
SELECT p.product_id, p.heat * (SELECT pm_catalog._growth(now(), t.at, t.half_life) FROM pm_catalog._popularity_then AS t) AS score
FROM pm_catalog._popularity AS p JOIN pm_catalog.products AS q ON q.id = p.product_id
WHERE p.kind = '' AND pm_catalog._is_shown(q.status, q.is_active, q.deleted_at)
ORDER BY p.heat DESC;
COMMENT ON VIEW pm_catalog.popular_products IS 'products that are shown, those with which most happened lately first: LIMIT reads no more than that';
COMMENT ON COLUMN pm_catalog.popular_products.product_id IS 'the product';
COMMENT ON COLUMN pm_catalog.popular_products.score IS 'the weights of its events of all kinds, each halved for each pm_catalog.popularity_half_life that has passed since';

CREATE VIEW pm_catalog.featured_products WITH (security_invoker = true) AS
SELECT q.id AS product_id, q.title, q.slug, coalesce(p.score, 0) AS score
FROM pm_catalog.products AS q LEFT JOIN pm_catalog.popular_products AS p ON p.product_id = q.id
WHERE q.is_featured AND pm_catalog._is_shown(q.status, q.is_active, q.deleted_at);
COMMENT ON VIEW pm_catalog.featured_products IS 'products that are shown before others: is_featured, active, not deleted, and with status active';
COMMENT ON COLUMN pm_catalog.featured_products.product_id IS 'the product';
COMMENT ON COLUMN pm_catalog.featured_products.title IS 'its name';
COMMENT ON COLUMN pm_catalog.featured_products.slug IS 'unique part of its address';
COMMENT ON COLUMN pm_catalog.featured_products.score IS 'its score among popular_products; 0: nothing happened with it';
CREATE INDEX products_featured ON pm_catalog.products (id) WHERE is_featured;

CREATE FUNCTION pm_catalog.related_products(product_id uuid, limit_rows integer DEFAULT 10)
RETURNS TABLE(related_id uuid, kind text, "position" integer)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT r.related_id, r.kind, r.position
  FROM pm_catalog.product_relations AS r JOIN pm_catalog.products AS q ON q.id = r.related_id
  WHERE r.product_id = related_products.product_id AND pm_catalog._is_shown(q.status, q.is_active, q.deleted_at)
  ORDER BY r.kind, r.position, r.related_id LIMIT related_products.limit_rows;
END;
COMMENT ON FUNCTION pm_catalog.related_products(uuid, integer) IS
'the products that are shown beside one, as product_relations says, but for those that are not shown at all: in order of kind and position. limit_rows NULL: all';

REVOKE ALL ON FUNCTION pm_catalog._growth(timestamptz, timestamptz, interval), pm_catalog.record_event(uuid, text, integer),
  pm_catalog._fold_events(integer), pm_catalog.related_products(uuid, integer) FROM PUBLIC;

SELECT pg_extension_config_dump('pm_catalog._product_events', '');
SELECT pg_extension_config_dump('pm_catalog._product_events_id_seq', '');
SELECT pg_extension_config_dump('pm_catalog._popularity', '');
SELECT pg_extension_config_dump('pm_catalog._popularity_then', '');
