-- products.sql - creates database "products" with every extension in it, and the
-- roles of a deployment
--
--   psql -f deploy/products.sql postgres        (as superuser)
--
-- Does nothing to what is there already, except that extensions are updated to
-- the installed version and grants are given again.  The operators of pm_gtin are
-- found by search_path, which is therefore a setting of the database.
--
-- Extensions create no roles; each says in its sql/grants.sql what they may do.
--   pm_admin   keeps reference data up to date, sees and steers every job: GRANT pm_admin TO somebody
\set ON_ERROR_STOP on
SET client_min_messages = warning;

SELECT 'CREATE DATABASE products' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'products')
\gexec
\connect products
SET client_min_messages = warning;

CREATE EXTENSION IF NOT EXISTS pm_gtin;
CREATE EXTENSION IF NOT EXISTS pm_jobs;
SELECT format('ALTER EXTENSION %I UPDATE', e.extname)
FROM pg_extension AS e JOIN pg_available_extensions AS a ON a.name = e.extname
WHERE e.extname LIKE 'pm\_%' AND e.extversion <> a.default_version
\gexec

SELECT 'CREATE ROLE pm_admin' WHERE to_regrole('pm_admin') IS NULL
\gexec
\ir ../pm_gtin/sql/grants.sql
\ir ../pm_jobs/sql/grants.sql

ALTER DATABASE products SET search_path = "$user", public, pm_gtin;
