-- What is popular, featured and related, and the upkeep of that.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET search_path = pm_catalog, pm_gtin, public;
INSERT INTO products (id, title, is_featured, slug) SELECT ('01a21d28-7d45-7936-84e2-00000000000' || n)::uuid, title, n <= 2, lower(title)
FROM unnest('{Pen,Book,Lamp,Desk}'::text[]) WITH ORDINALITY AS p(title, n);
CREATE VIEW popular AS SELECT q.title, round(p.score::numeric, 1) AS score FROM popular_products AS p JOIN products AS q ON q.id = p.product_id ORDER BY 2 DESC, 1;
TABLE popular;
SELECT count(record_event(id, 'view')) FROM products, generate_series(1, 3);
SELECT record_event(id, 'order', 10), record_event(id, 'view') FROM products WHERE title = 'Lamp';
TABLE popular;
SELECT _fold_events(5), _fold_events(), _fold_events();
TABLE popular;
SELECT q.title, p.kind, round(p.score::numeric, 1) AS score FROM popularity AS p JOIN products AS q ON q.id = p.product_id ORDER BY 1, 2;
-- refused
SELECT record_event('01a21d28-7d45-7936-84e2-000000000009', 'view');
\set VERBOSITY terse
SELECT record_event(id, 'Bad kind') FROM products LIMIT 1;
SELECT record_event(id, 'view', 0) FROM products LIMIT 1;
SELECT record_event(id, NULL) FROM products LIMIT 1;
\set VERBOSITY default
-- an event counts for half as much after each half-life: what was 7 and 14 days ago
INSERT INTO _product_events (product_id, kind, weight, at) SELECT id, 'view', 64, now() - v.days * interval '1 day'
FROM products, (VALUES ('Desk', 7), ('Desk', 14), ('Pen', 70000)) AS v(title, days) WHERE v.title = products.title;
SELECT _fold_events();
TABLE popular;
-- another half-life begins now: what counted so far goes on from there
SET pm_catalog.popularity_half_life = '1 d';
SELECT _fold_events();
TABLE popular;
UPDATE _popularity_then SET at = at - interval '1 day';
TABLE popular;
-- after hundreds of half-lives nothing is left, and no number is too large
UPDATE _popularity_then SET at = at - interval '1000 days';
SELECT title, score FROM popular ORDER BY title;
SELECT record_event(id, 'view', 5) FROM products WHERE title = 'Book';
SELECT _fold_events();
TABLE popular;
SELECT count(*) AS kept FROM _popularity;
RESET pm_catalog.popularity_half_life;
SET pm_catalog.popularity_half_life = '59 s';
-- products that are not shown, or gone
UPDATE products SET is_active = false WHERE title = 'Book';
TABLE popular;
SELECT record_event(id, 'view') FROM products WHERE title IN ('Pen', 'Desk');
UPDATE products SET deleted_at = now() WHERE deleted_at IS NULL AND title = 'Desk';
DELETE FROM products WHERE title = 'Desk';
SELECT _fold_events();
TABLE popular;
SELECT title, slug, round(score::numeric, 1) AS score FROM featured_products ORDER BY title;
INSERT INTO product_relations (product_id, related_id, kind, position) SELECT p.id, r.id, k.kind, k.position
FROM products AS p, products AS r, (VALUES ('Lamp', 'accessory', 2), ('Book', 'related', 1), ('Lamp', 'related', 1)) AS k(title, kind, position) WHERE p.title = 'Pen' AND r.title = k.title;
SELECT q.title, r.kind, r.position FROM related_products('01a21d28-7d45-7936-84e2-000000000001') AS r JOIN products AS q ON q.id = r.related_id ORDER BY r.kind;
SELECT count(*) FROM related_products('01a21d28-7d45-7936-84e2-000000000001', 1);
-- jobs do it
SELECT schedule_upkeep() > 1 AS scheduled, schedule_upkeep() > 1 AS again;
SELECT name, spec, queue, kind FROM pm_jobs.schedules WHERE queue = 'catalog' AND kind IN ('pm_catalog.counts', 'pm_catalog.popularity') ORDER BY 1;
SELECT record_event(id, 'view', 7) FROM products WHERE title = 'Lamp';
INSERT INTO categories (id, name) VALUES ('01a21d28-7d45-7936-84e2-0000000000cc', 'Light');
UPDATE products SET category_id = '01a21d28-7d45-7936-84e2-0000000000cc' WHERE title = 'Lamp';
SELECT pm_jobs.enqueue('catalog', kind) > 0 AS enqueued FROM unnest('{pm_catalog.counts,pm_catalog.popularity}'::text[]) AS kind;
CALL pm_jobs.run('catalog');
SELECT kind, status, result FROM pm_jobs.jobs WHERE kind LIKE 'pm_catalog.%' ORDER BY kind;
SELECT products FROM _category_counts;
TABLE popular;
DO $$ BEGIN PERFORM pm_jobs.unschedule(s.name) FROM pm_jobs.schedules AS s WHERE s.queue = 'catalog'; END $$;
DROP VIEW popular;
UPDATE products SET deleted_at = now() WHERE deleted_at IS NULL;
DELETE FROM products;
DELETE FROM categories;
