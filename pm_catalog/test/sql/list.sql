-- Listing products page by page.
\set VERBOSITY terse
CREATE SCHEMA test_list;
SET search_path = test_list, pm_catalog, pm_gtin;
SET client_min_messages = warning;
TRUNCATE products, brands, suppliers, tags CASCADE;
TRUNCATE search_documents, search_words, _search_pending;
CREATE FUNCTION id(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
INSERT INTO brands (id, name) VALUES (id(801), 'Alpha'), (id(802), 'Beta');
-- many of a moment and of a title
SET session_replication_role = replica;
INSERT INTO products (id, title, brand_id, created_at) SELECT id(i), CASE i % 3 WHEN 0 THEN 'Étui' WHEN 1 THEN 'etui ' || i ELSE 'Zèbre' END, id(801 + i % 2), timestamptz '2026-01-01 UTC' + i / 10 * interval '1 hour' FROM generate_series(1, 100) AS i;
RESET session_replication_role;
SELECT index_products();
-- each order, in pages of 7: every product once, in order
CREATE FUNCTION walk(filters jsonb, sort text, rows integer) RETURNS TABLE (page integer, product_id uuid, title text, created_at timestamptz) LANGUAGE plpgsql AS $$
DECLARE
  token text;
  r record;
BEGIN
  page := 0;
  LOOP
    page := page + 1;
    r := NULL;
    FOR r IN SELECT * FROM pm_catalog.list_products(filters, sort, token, rows) LOOP
      product_id := r.product_id; title := r.title; created_at := r.created_at;
      RETURN NEXT;
    END LOOP;
    EXIT WHEN r IS NULL;
    token := r.after_this;
  END LOOP;
END $$;
SELECT sort, max(page), count(*), count(DISTINCT product_id) AS different,
       array_agg(product_id ORDER BY n) = CASE sort
         WHEN 'newest' THEN (SELECT array_agg(p.id ORDER BY p.created_at DESC, p.id DESC) FROM products AS p)
         WHEN 'oldest' THEN (SELECT array_agg(p.id ORDER BY p.created_at, p.id) FROM products AS p)
         ELSE (SELECT array_agg(p.id ORDER BY fold(p.title) COLLATE "C", p.id) FROM products AS p) END AS in_order
FROM unnest(ARRAY['newest', 'oldest', 'title']) AS sort, LATERAL (SELECT w.*, row_number() OVER () AS n FROM walk('{}', sort, 7) AS w) AS w GROUP BY sort ORDER BY sort;
SELECT count(*), count(DISTINCT product_id), min(p.brand_id::text) = max(p.brand_id::text) AS one_brand FROM walk('{"brand": "00000000-0000-7000-8000-000000000802"}', 'title', 9) AS w JOIN products AS p ON p.id = w.product_id;
SELECT title, created_at FROM list_products(sort => 'title', limit_rows => 3);
-- a page goes on where it ended, though products before it are gone
SELECT after_this AS token FROM list_products(limit_rows => 3) OFFSET 2 \gset
UPDATE products SET deleted_at = now() WHERE id IN (id(99), id(100));
SELECT product_id FROM list_products(after => :'token', limit_rows => 2);
SELECT product_id FROM list_products(limit_rows => 1);
-- errors
SELECT * FROM list_products(sort => 'price');
SELECT * FROM list_products(sort => NULL);
SELECT * FROM list_products(after => 'x');
SELECT * FROM list_products(sort => 'oldest', after => :'token');
SELECT * FROM list_products(sort => 'title', after => 'title-ff' || repeat('0', 32));
SELECT * FROM list_products(limit_rows => 1001);
SELECT * FROM list_products('{"colour": "red"}');
SET client_min_messages = warning;
DROP SCHEMA test_list CASCADE;
