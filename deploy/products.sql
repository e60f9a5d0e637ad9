-- products.sql - creates database "products" with every extension in it
--
--   psql -f deploy/products.sql postgres
--
-- Does nothing to what is there already, except that extensions are updated to
-- the installed version.  The operators of pm_gtin are found by search_path,
-- which is therefore a setting of the database.
\set ON_ERROR_STOP on
SET client_min_messages = warning;

SELECT 'CREATE DATABASE products' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'products')
\gexec
\connect products
SET client_min_messages = warning;

CREATE EXTENSION IF NOT EXISTS pm_gtin;
SELECT format('ALTER EXTENSION %I UPDATE', e.extname)
FROM pg_extension AS e JOIN pg_available_extensions AS a ON a.name = e.extname
WHERE e.extname LIKE 'pm\_%' AND e.extversion <> a.default_version
\gexec

ALTER DATABASE products SET search_path = "$user", public, pm_gtin;
