-- Periods of prices under random statements, against a model that knows starts and written ends alone.
SET search_path = pm_catalog, pm_gtin, public;
SET timezone = 'UTC';
INSERT INTO products (id, title) SELECT ('01a21d28-7d45-7936-84e2-00000000000' || i)::uuid, 'Product ' || i FROM generate_series(1, 4) AS i;
INSERT INTO suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-0000000000aa', 'acme', 'Acme');
CREATE TEMP TABLE model (id uuid PRIMARY KEY, product_id uuid, supplier_id uuid, start integer, ends integer, UNIQUE NULLS NOT DISTINCT (product_id, supplier_id, start));
-- day number to time
CREATE FUNCTION pg_temp.day(n integer) RETURNS timestamptz IMMUTABLE RETURN '2026-01-01'::timestamptz + n * interval '1 day';
DO $$
DECLARE
  what integer;
  wrong record;
  failed integer := 0;
  written integer := 0;
BEGIN
  PERFORM setseed(0.25);
  FOR step IN 1 .. 1500 LOOP
    what := floor(random() * 6);
    CREATE TEMP TABLE batch ON COMMIT DROP AS
      SELECT DISTINCT ON (product_id, supplier_id, start) pm_xref.uuid7() AS id, product_id, supplier_id, start, CASE WHEN random() < 0.3 THEN start + 1 + floor(random() * 20)::int END AS ends
      FROM (SELECT ('01a21d28-7d45-7936-84e2-00000000000' || 1 + floor(random() * 4))::uuid AS product_id,
                   CASE WHEN random() < 0.3 THEN '01a21d28-7d45-7936-84e2-0000000000aa'::uuid END AS supplier_id, floor(random() * 100)::int AS start
            FROM generate_series(1, 1 + floor(random() * 5)::int)) AS r
      WHERE NOT EXISTS (SELECT FROM model AS m WHERE (m.product_id, m.start) = (r.product_id, r.start) AND m.supplier_id IS NOT DISTINCT FROM r.supplier_id);
    IF what <= 1 THEN
      INSERT INTO model SELECT * FROM batch;
      INSERT INTO product_prices (id, product_id, supplier_id, price, valid_from, valid_until)
      SELECT b.id, b.product_id, b.supplier_id, 1 + floor(random() * 100), pg_temp.day(b.start), pg_temp.day(b.ends) FROM batch AS b;
    ELSIF what = 2 THEN  -- some go
      DELETE FROM model WHERE random() < 0.15;
      DELETE FROM product_prices AS p WHERE NOT EXISTS (SELECT FROM model AS m WHERE m.id = p.id);
    ELSIF what = 3 THEN  -- some are to end, or not to
      UPDATE model SET ends = CASE WHEN random() < 0.5 THEN start + 1 + floor(random() * 20)::int END WHERE random() < 0.1;
      UPDATE product_prices AS p SET valid_until = pg_temp.day(m.ends) FROM model AS m WHERE m.id = p.id AND p.ends_at IS DISTINCT FROM pg_temp.day(m.ends);
      -- it has that end already, as the next one starts there: writing the same value says nothing
      UPDATE product_prices AS p SET ends_at = pg_temp.day(m.ends) FROM model AS m WHERE m.id = p.id AND p.ends_at IS DISTINCT FROM pg_temp.day(m.ends);
    ELSE  -- some move to other times and products: each takes the place of a new one
      UPDATE model AS m SET product_id = b.product_id, supplier_id = b.supplier_id, start = b.start, ends = NULL
      FROM (SELECT *, row_number() OVER () AS n FROM batch) AS b, (SELECT id, row_number() OVER (ORDER BY random()) AS n FROM model) AS o
      WHERE o.n = b.n AND m.id = o.id;
      UPDATE product_prices AS p SET product_id = m.product_id, supplier_id = m.supplier_id, valid_from = pg_temp.day(m.start), ends_at = pg_temp.day(m.ends)
      FROM model AS m WHERE m.id = p.id AND (p.product_id, p.supplier_id, p.valid_from, p.ends_at) IS DISTINCT FROM (m.product_id, m.supplier_id, pg_temp.day(m.start), pg_temp.day(m.ends));
    END IF;
    DROP TABLE batch;
    SELECT p.* INTO wrong
    FROM product_prices AS p FULL JOIN model AS m ON m.id = p.id
    WHERE p.id IS NULL OR m.id IS NULL OR p.valid_from <> pg_temp.day(m.start) OR p.ends_at IS DISTINCT FROM pg_temp.day(m.ends)
      OR p.valid_until IS DISTINCT FROM pg_temp.day(least(m.ends, (SELECT min(o.start) FROM model AS o WHERE o.product_id = m.product_id AND o.supplier_id IS NOT DISTINCT FROM m.supplier_id AND o.start > m.start)))
    LIMIT 1;
    IF FOUND THEN
      RAISE EXCEPTION 'step % (%): %', step, what, wrong;
    END IF;
    written := written + (SELECT count(*) FROM product_prices);
  END LOOP;
  RAISE NOTICE 'rows compared: more than 10000: %', written > 10000;
END
$$;
-- no two overlap
SELECT count(*) FROM product_prices AS a JOIN product_prices AS b ON b.product_id = a.product_id AND b.supplier_id IS NOT DISTINCT FROM a.supplier_id AND b.id > a.id
  AND tstzrange(a.valid_from, a.valid_until) && tstzrange(b.valid_from, b.valid_until);
-- lowest_price() against the price of each day
SELECT count(*) > 100 AS enough, count(*) FILTER (WHERE lowest IS DISTINCT FROM of_days) AS wrong
FROM (SELECT lowest_price(p.id, before => pg_temp.day(d)) AS lowest,
        (SELECT min((current_price(p.id, pg_temp.day(e))).price) FROM generate_series(d - 30, d - 1) AS e) AS of_days
      FROM products AS p, generate_series(-1, 120, 3) AS d) AS x;
UPDATE products SET deleted_at = now() WHERE deleted_at IS NULL;
DELETE FROM products;
DELETE FROM suppliers;
