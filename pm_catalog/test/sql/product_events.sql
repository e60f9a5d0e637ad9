-- Events of products, for those that are subscribed.
SET search_path = pm_catalog, pm_gtin, public;
\set p '''01a21d28-7d45-7936-84e2-06bc7f30a5bb'''
CREATE FUNCTION public.noop(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT pm_jobs.register_handler('noop', 'public.noop(pm_jobs.job)'), pm_jobs.create_queue('line', ordered => true);
CREATE VIEW public.events AS SELECT topic, key = payload ->> 'id' AS keyed, payload - 'id' AS payload FROM pm_xref._events ORDER BY id;
-- nobody is subscribed, or to something else
INSERT INTO products (id, title) VALUES (:p, 'Unheard of');
SELECT pm_xref.subscribe('catalog.product.deleted', NULL, 'line', 'noop') IS NOT NULL AS subscribed;
UPDATE products SET title = 'Still unheard of';
SELECT * FROM events;
SELECT pm_xref.subscribe('catalog.product.*', NULL, 'line', 'noop') IS NOT NULL AS subscribed;
-- created; the ids of a statement
INSERT INTO products (title, gtin, sku, supplier_id) VALUES ('A pen', '4006381333931', 'PEN', NULL), ('Another', NULL, NULL, NULL);
INSERT INTO products (title, deleted_at) VALUES ('Long gone', now());
-- updated: the new values, whole
UPDATE products SET title = 'A red pen', weight = 1.50, technical_specs = '{"colour": "red", "nib": 1}' WHERE sku = 'PEN';
UPDATE products SET technical_specs = '{"colour": "red"}', weight = NULL WHERE sku = 'PEN';
UPDATE products SET version = version + 1 WHERE sku = 'PEN';
UPDATE products SET title = title;
-- deleted, back, and gone
SELECT delete_product(id) FROM products WHERE sku = 'PEN';
SELECT restore_product(id) FROM products WHERE sku = 'PEN';
UPDATE products SET deleted_at = now(), title = 'Gone' WHERE sku = 'PEN';
DELETE FROM products WHERE sku = 'PEN';
SELECT * FROM events;
-- not what is undone, nor what is restored or replicated
BEGIN;
INSERT INTO products (title) VALUES ('Undone');
ROLLBACK;
SET session_replication_role = replica;
INSERT INTO products (title) VALUES ('Elsewhere');
RESET session_replication_role;
SELECT count(*) FROM events;
-- many: one event each, in the order of the rows, by one statement and in batches
TRUNCATE pm_xref._events;
INSERT INTO products (title) SELECT 'Product ' || i FROM generate_series(1, 2500) AS i;
UPDATE products SET weight = 2, is_active = title NOT LIKE '%5' WHERE title LIKE 'Product %';
UPDATE products SET deleted_at = now() WHERE title LIKE 'Product %9';
SELECT topic, count(*), count(DISTINCT key), count(DISTINCT published_at) AS batches FROM pm_xref._events GROUP BY topic ORDER BY topic;
SELECT count(*) AS out_of_order FROM (SELECT e.payload ->> 'name' AS name, row_number() OVER (ORDER BY e.id) AS n FROM pm_xref._events AS e WHERE e.topic = 'catalog.product.created') AS c WHERE name <> 'Product ' || n;
SELECT count(*) AS lacking FROM product_versions AS v JOIN products AS p ON p.id = v.product_id WHERE p.title LIKE 'Product %' AND v.version = 1
  AND v.old IS DISTINCT FROM CASE WHEN p.title LIKE '%5' THEN '{"weight": null, "is_active": true}' ELSE '{"weight": null}' END::jsonb;
SELECT pm_xref.deliver();
-- the payloads are as their schemas say
SELECT t.topic, bool_and((SELECT bool_and(t.schema -> 'properties' ? k) FROM jsonb_object_keys(e.payload) AS k)) AS known_members
FROM pm_xref._events AS e JOIN pm_xref.topics AS t USING (topic) GROUP BY t.topic ORDER BY 1;
SELECT pm_xref.unsubscribe('catalog.product.deleted'), pm_xref.unsubscribe('catalog.product.*');
DELETE FROM pm_jobs._job;
DELETE FROM pm_xref._events;
SELECT pm_jobs.drop_queue('line'), pm_jobs.unregister_handler('noop');
DROP VIEW public.events;
DROP FUNCTION public.noop(pm_jobs.job);
UPDATE products SET deleted_at = now() WHERE deleted_at IS NULL;
DELETE FROM products;
