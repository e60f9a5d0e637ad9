-- The copy of the suppliers: events of pm_suppliers, in any order but per supplier.
SET search_path = pm_catalog, pm_gtin, public;
\set a '01a21d28-7d45-7936-84e2-06bc7f30a50a'
\set b '01a21d28-7d45-7936-84e2-06bc7f30a50b'
SELECT receive_suppliers();
SELECT receive_suppliers();
SELECT name, ordered FROM pm_jobs._queues WHERE name = 'suppliers';
SELECT pm_xref.subscribe('suppliers.supplier.changed', NULL, 'suppliers', 'supplier_changed') IS NOT NULL AS subscribed;
CREATE FUNCTION public.tell(id uuid, code text, name text, active boolean DEFAULT true, more jsonb DEFAULT '{}') RETURNS bigint LANGUAGE sql AS $$
  SELECT pm_xref.publish('suppliers.supplier.changed', id::text, jsonb_build_object('id', id, 'code', code, 'name', name, 'is_active', active) || more)
$$;
CREATE FUNCTION public.come() RETURNS TABLE(outcomes jsonb[]) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pm_xref.deliver();
  PERFORM pm_jobs.run_pending('suppliers');
  RETURN QUERY SELECT array_agg(j.result ORDER BY j.id) FROM pm_jobs.jobs AS j WHERE j.queue = 'suppliers' AND j.finished_at >= now();
END $$;
CREATE VIEW public.copy AS SELECT right(id::text, 1) AS id, CASE WHEN code = id::text THEN '(its id)' ELSE code END AS code, name, is_active FROM suppliers ORDER BY id;
-- created and changed
SELECT public.tell(:'a', 'acme', 'Acme') > 0 AND public.tell(:'b', 'best', 'Best Buys') > 0 AS told;
SELECT * FROM public.come();
SELECT public.tell(:'a', 'acme', 'Acme Inc.', false) > 0 AND public.tell(:'a', 'acme', 'Acme Ltd.') > 0 AS told;
SELECT * FROM public.come();
SELECT * FROM public.copy;
-- two that exchange their codes, by way of a third
SELECT public.tell(:'a', 'tmp', 'Acme Ltd.') + public.tell(:'b', 'acme', 'Best Buys') + public.tell(:'a', 'best', 'Acme Ltd.') > 0 AS told;
SELECT * FROM public.come();
SELECT * FROM public.copy;
-- a job that was dead and is run again long after does nothing
SELECT payload AS old FROM pm_jobs.jobs WHERE queue = 'suppliers' ORDER BY id LIMIT 1 \gset
SELECT pm_jobs.enqueue('suppliers', 'supplier_changed', :'old') IS NOT NULL AS again;
SELECT * FROM public.come();
SELECT * FROM public.copy;
-- the code goes to another before its owner's event has come; an older claim does not get it back
CREATE FUNCTION public.event(id uuid, code text, published timestamptz) RETURNS jsonb LANGUAGE sql AS $$
  SELECT supplier_changed(jsonb_populate_record(NULL::pm_jobs.job, jsonb_build_object('payload', jsonb_build_object('published_at', published,
    'payload', jsonb_build_object('id', id, 'code', code, 'name', code, 'is_active', true)))))
$$;
SELECT public.event(:'a', 'acme', '2100-01-01'), public.event(:'b', 'acme', '2099-01-01');
SELECT * FROM public.copy;
SELECT public.event(:'b', 'new', '2100-01-01');
SELECT * FROM public.copy;
-- deleted: it stays, inactive, with what refers to it
INSERT INTO products (title, supplier_id) VALUES ('A pen', :'a');
UPDATE suppliers SET changed_at = '-infinity';
SELECT public.tell(:'a', 'acme', 'Acme', true, '{"deleted": true}') > 0 AS told;
SELECT public.tell('01a21d28-7d45-7936-84e2-06bc7f30a50c', 'none', 'None', true, '{"deleted": true}') > 0 AS told;
SELECT * FROM public.come();
SELECT * FROM public.copy;
-- what is no supplier
SELECT supplier_changed(jsonb_populate_record(NULL::pm_jobs.job, '{"payload": {"payload": {"code": "x"}}}'));
SELECT public.event(:'b', ' new', '2101-01-01');
SELECT pm_xref.unsubscribe('suppliers.supplier.changed');
DELETE FROM pm_xref._events;
DROP VIEW public.copy;
DROP FUNCTION public.tell(uuid, text, text, boolean, jsonb), public.come(), public.event(uuid, text, timestamptz);
UPDATE products SET deleted_at = now();
DELETE FROM products;
DELETE FROM suppliers;
