-- Completing what is typed.
\set VERBOSITY terse
CREATE SCHEMA test_suggest;
SET search_path = test_suggest, pm_catalog, pm_gtin;
SET client_min_messages = warning;
TRUNCATE products, brands, suppliers, tags CASCADE;
TRUNCATE search_documents, search_words, _search_pending;
INSERT INTO products (title) SELECT 'Crème de marrons ' || i FROM generate_series(1, 5) AS i;
INSERT INTO products (title) SELECT 'Crayon noir ' || i FROM generate_series(1, 3) AS i;
INSERT INTO products (title) VALUES ('Marron glacé'), ('Chocolat noir'), ('Chocolat Noisette');
SELECT index_products();
SELECT * FROM suggest('cr');
SELECT * FROM suggest('CRÈ');
SELECT * FROM suggest('m');
SELECT * FROM suggest('m', 1);
-- after other words: what is found together with them, as it was typed
SELECT * FROM suggest('Chocolat n');
SELECT * FROM suggest('crayons no');
SELECT * FROM suggest('crème de m');
SELECT * FROM suggest('zzz m');
-- nothing to complete
SELECT * FROM suggest('chocolat ');
SELECT * FROM suggest('zz');
SELECT * FROM suggest('cr', 0);
SELECT * FROM suggest('cr', NULL);
-- a word that no product has any more is suggested no more
UPDATE products SET deleted_at = now() WHERE title LIKE 'Crayon%';
SELECT index_products();
SELECT count(*) FROM suggest('cray');
SET client_min_messages = warning;
DROP SCHEMA test_suggest CASCADE;
