-- Addresses of images: what suppliers say, and events of what is new.
\set VERBOSITY terse
SET client_min_messages = warning;
SET search_path = pm_catalog, pm_gtin, public;
INSERT INTO suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-0000000001a1', 'one', 'One'), ('01a21d28-7d45-7936-84e2-0000000001a2', 'two', 'Two');
CREATE VIEW pictures AS
SELECT p.gtin, s.code, i.position, i.url FROM product_images AS i JOIN products AS p ON p.id = i.product_id JOIN suppliers AS s ON s.id = i.supplier_id ORDER BY p.gtin, s.code, i.position;
CREATE TABLE source (row_no bigint, gtin gtin, title text, images text[]);
CREATE FUNCTION merge(supplier text, batch integer) RETURNS TABLE(row_no bigint, outcome text, reason text) LANGUAGE sql AS $$
  SELECT m.row_no, m.outcome, m.reason FROM pm_catalog.suppliers AS s,
    pm_catalog.merge_products('01a21d28-7d45-7936-84e2-0000000001aa', batch, 'source', s.id) AS m WHERE s.code = supplier ORDER BY m.row_no
$$;

-- new products; one that is named twice has its first place; NULL and no image; bad ones are conflicts
INSERT INTO source VALUES
  (1, '4006381333931', 'A', '{https://x.example/a1.jpg,http://x.example/a2.jpg,https://x.example/a1.jpg,NULL}'), (2, '4006381333948', 'B', '{}'), (3, '4006381333955', 'C', NULL),
  (4, '4006381333962', 'D', '{ftp://x.example/d.jpg}'), (5, '4006381333979', 'E', '{"https://x.example/a b.jpg"}'), (6, '4006381333986', 'F', ARRAY['HTTPS://x.example/' || repeat('f', 1982)]);
SELECT row_no, outcome, left(reason, 40) AS reason FROM merge('one', 1);
SELECT gtin, code, position, left(url, 30) AS url FROM pictures;
SELECT gtin FROM products AS p WHERE p.title IN ('D', 'E');

-- nothing was published: nobody is subscribed
SELECT count(*) FROM pm_xref._events WHERE topic = 'catalog.image.found';
SELECT FROM pm_jobs.create_queue('images', ordered => true);
SELECT FROM pm_jobs.register_handler('image', 'pm_catalog.supplier_changed(pm_jobs.job)');
SELECT pm_xref.subscribe('catalog.image.found', NULL, 'images', 'image') IS NOT NULL AS subscribed;
CREATE FUNCTION told() RETURNS TABLE(gtin gtin, supplier text, payload jsonb) LANGUAGE sql AS $$
  WITH e AS (DELETE FROM pm_xref._events AS d WHERE d.topic = 'catalog.image.found' RETURNING d.*)
  SELECT p.gtin, s.code, e.payload - '{id,supplier_id}'::text[] FROM e JOIN pm_catalog.products AS p ON p.id::text = e.key AND p.id::text = e.payload ->> 'id'
  JOIN pm_catalog.suppliers AS s ON s.id::text = e.payload ->> 'supplier_id' ORDER BY e.id
$$;

-- the same: nothing; another place, a new one, one less; NULL leaves what is there; an empty array takes all away
SELECT outcome, count(*) FROM merge('one', 2) GROUP BY 1 ORDER BY 1;
SELECT * FROM told();
TRUNCATE source;
INSERT INTO source VALUES (1, '4006381333931', 'A', '{https://x.example/a0.jpg,https://x.example/a1.jpg}'), (2, '4006381333948', 'B', '{https://x.example/b.jpg}'), (3, '4006381333955', 'C', '{}'), (4, '4006381333986', 'F', NULL);
SELECT * FROM merge('one', 3);
SELECT * FROM told();
SELECT gtin, code, position, left(url, 30) AS url FROM pictures;
-- the same batch again changes nothing, nor tells it
SELECT outcome, count(*) FROM merge('one', 3) GROUP BY 1;
SELECT * FROM told();
-- another supplier has its own
SELECT * FROM merge('two', 4);
SELECT * FROM told();
UPDATE source SET images = '{}';
SELECT * FROM merge('one', 5);
SELECT * FROM told();
SELECT gtin, code, position, left(url, 30) AS url FROM pictures;

-- by hand, and told again for who is new
INSERT INTO product_images (product_id, supplier_id, url) SELECT p.id, s.id, 'https://x.example/hand.jpg' FROM products AS p, suppliers AS s WHERE p.gtin = '4006381333955' AND s.code = 'one';
UPDATE product_images SET found_at = '2024-01-01';
SELECT * FROM told();
SELECT pm_catalog.delete_product(p.id, 'x') FROM products AS p WHERE p.gtin = '4006381333948';
SELECT publish_images();
SELECT * FROM told();
INSERT INTO product_images (product_id, supplier_id, url) SELECT product_id, supplier_id, E'https://x.example/\u00e9\n' FROM product_images LIMIT 1;
INSERT INTO product_images (product_id, supplier_id, url, position) SELECT product_id, supplier_id, 'https://x', 0 FROM product_images LIMIT 1;
SELECT pm_xref.unsubscribe('catalog.image.found', NULL, 'images');
SELECT FROM pm_jobs.unregister_handler('image');
DROP FUNCTION merge, told;
DROP VIEW pictures;
DROP TABLE source;
