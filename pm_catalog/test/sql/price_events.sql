-- Events of prices and of low stock.
SET search_path = pm_catalog, pm_gtin, public;
\set p '''01a21d28-7d45-7936-84e2-06bc7f30a5bb'''
INSERT INTO products (id, title) VALUES (:p, 'A pen');
CREATE FUNCTION public.noop(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT pm_jobs.register_handler('noop', 'public.noop(pm_jobs.job)'), pm_jobs.create_queue('line', ordered => true);
-- takes the events out, times as days from now
CREATE FUNCTION public.told() RETURNS TABLE(told text) LANGUAGE sql AS $$
  WITH gone AS (DELETE FROM pm_xref._events RETURNING *)
  SELECT format('%s: %s -> %s %s%s from day %s', g.payload ->> 'price_type', coalesce(g.payload ->> 'previous', 'none'), coalesce(g.payload ->> 'amount', 'none'), g.payload ->> 'currency',
    CASE WHEN g.payload -> 'min_quantity' <> '1' THEN ' for ' || (g.payload ->> 'min_quantity') ELSE '' END, round(extract(epoch FROM (g.payload ->> 'valid_from')::timestamptz - now()) / 86400))
  FROM gone AS g ORDER BY g.id
$$;
INSERT INTO product_prices (product_id, price, valid_from) VALUES (:p, 9, now() - interval '20 days');
SELECT pm_xref.subscribe('catalog.price.changed', NULL, 'line', 'noop') IS NOT NULL AS subscribed;
SELECT * FROM public.told();
-- another price, from now on; the same again is none
INSERT INTO product_prices (product_id, price, valid_from) VALUES (:p, 10, now() - interval '10 days');
SELECT * FROM public.told();
INSERT INTO product_prices (product_id, price, valid_from) VALUES (:p, 10, now() - interval '5 days');
SELECT * FROM public.told();
-- lines of their own: another type, currency, quantity
INSERT INTO product_prices (product_id, price, price_type, currency, min_quantity) VALUES (:p, 7, 'wholesale', 'EUR', 1), (:p, 11, 'retail', 'USD', 1), (:p, 8, 'retail', 'EUR', 10);
SELECT * FROM public.told();
-- a price of the future, told when it is written; one of the past that is over already
INSERT INTO product_prices (product_id, price, valid_from) VALUES (:p, 12, now() + interval '3 days');
INSERT INTO product_prices (product_id, price, valid_from) VALUES (:p, 5, now() - interval '15 days');
SELECT * FROM public.told();
-- corrected in place; nothing that the price is not made of
UPDATE product_prices SET price = price + 1 WHERE price = 10 AND valid_from > now() - interval '6 days';
UPDATE product_prices SET cost = 1, compare_at_amount = 99 WHERE price = 11 AND currency = 'EUR';
SELECT * FROM public.told();
-- ends without a successor
UPDATE product_prices SET valid_until = now() + interval '7 days' WHERE price = 7;
SELECT * FROM public.told();
-- not asked any more: what was before takes its place, or nothing
UPDATE product_prices SET is_active = false WHERE price = 11 AND currency = 'EUR';
SELECT * FROM public.told();
UPDATE product_prices SET is_active = false WHERE price = 11 AND currency = 'EUR';
SELECT * FROM public.told();
DELETE FROM product_prices WHERE currency = 'USD' OR min_quantity = 10;
SELECT * FROM public.told();
SELECT pm_xref.unsubscribe('catalog.price.changed');

-- stock: told once when it falls to the threshold
SELECT pm_xref.subscribe('catalog.stock.low', NULL, 'line', 'noop') IS NOT NULL AS subscribed;
CREATE FUNCTION public.low() RETURNS SETOF jsonb LANGUAGE sql AS $$ WITH gone AS (DELETE FROM pm_xref._events RETURNING *) SELECT g.payload - 'id' FROM gone AS g ORDER BY g.id $$;
INSERT INTO product_stocks (product_id, on_hand, low_stock_threshold, location) VALUES (:p, 10, 3, 'main'), (:p, 2, 3, 'lyon'), (:p, 0, NULL, 'web');
SELECT public.low();
UPDATE product_stocks SET reserved = 6 WHERE location = 'main';
SELECT public.low();
UPDATE product_stocks SET reserved = 7 WHERE location = 'main';
SELECT public.low();
UPDATE product_stocks SET on_hand = on_hand - 1 WHERE on_hand > 0;
SELECT public.low();
UPDATE product_stocks SET on_hand = 20 WHERE location = 'main';
UPDATE product_stocks SET low_stock_threshold = 13 WHERE location = 'main';
SELECT public.low();
UPDATE product_stocks SET low_stock_threshold = 0 WHERE location = 'web';
SELECT public.low();
SELECT pm_xref.unsubscribe('catalog.stock.low');
UPDATE product_stocks SET on_hand = 0, reserved = 0;
SELECT public.low();
DELETE FROM pm_jobs._job;
SELECT pm_jobs.drop_queue('line'), pm_jobs.unregister_handler('noop');
DROP FUNCTION public.told(), public.low(), public.noop(pm_jobs.job);
SELECT delete_product(:p);
DELETE FROM products;
