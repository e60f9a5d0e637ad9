-- Which databases there are, and where entities live.
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT name = current_database() AS mine, is_here, host, port, dbname = current_database() AS named_so, extensions FROM pm_core.databases;
SELECT pm_xref.add_database('t_catalog', '/nowhere', 5432, 'products'), pm_xref.add_database('t_media', NULL, NULL, 'media');
-- another wrapper's server is no database; one that is named like this one is this one
CREATE FOREIGN DATA WRAPPER t_other;
CREATE SERVER t_elsewhere FOREIGN DATA WRAPPER t_other;
SELECT pm_xref.add_database(current_database(), NULL, NULL, 'itself');
-- one of two hosts, each with its port
CREATE SERVER t_twin FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'a.example.com,b.example.com', port '5432,5433', dbname 'twin');
SELECT name, is_here, host, port, dbname, extensions FROM pm_core.databases WHERE NOT is_here ORDER BY name;
-- homes
SELECT pm_core.set_home('pm_catalog', 't_catalog'), pm_core.set_home('pm_suppliers', 't_catalog'), pm_core.set_home('pm_media', 't_catalog');
SELECT pm_core.set_home('pm_media', 't_media'), pm_core.set_home('pm_suppliers', NULL);
SELECT name, extensions FROM pm_core.databases WHERE NOT is_here ORDER BY name;
SELECT pm_core.set_home('pm_media', 't_none');
SELECT pm_core.set_home('pm_media', current_database());
SELECT pm_core.set_home('pm_media', 't_elsewhere');
SELECT pm_core.set_home('hstore', 't_media');
SELECT pm_core.set_home(NULL, 't_media');
-- routes
SELECT database = current_database() AS mine, schema_name, relation FROM pm_core.route('User');
SELECT * FROM pm_core.route('Product');
SELECT * FROM pm_core.route('media_files');
-- what is installed here is at home here
SELECT pm_core.set_home('pm_core', 't_media');
SELECT database = current_database() AS mine FROM pm_core.route('Role');
SELECT pm_core.set_home('pm_core', NULL);
SELECT pm_core.route('Supplier');
SELECT pm_core.route('product');
SELECT pm_core.route('Product''; DROP TABLE pm_core.users; --');
SELECT pm_core.route(repeat('x', 100));
SELECT pm_core.route(NULL);
-- each entity of ours that is here has its relation, and each has a schema that can be told
SELECT e.entity FROM pm_core._entities() AS e WHERE e.schema_name = 'pm_core' AND to_regclass(e.schema_name || '.' || e.relation) IS NULL;
SELECT count(*), count(DISTINCT entity), count(DISTINCT relation) FROM pm_core._entities();
DROP SERVER t_catalog CASCADE;
DROP SERVER t_media CASCADE;
DROP SERVER t_twin;
DROP FOREIGN DATA WRAPPER t_other CASCADE;
SELECT format('DROP SERVER %I CASCADE', current_database()) \gexec
-- a database that is gone is nobody's home
SELECT pm_core.route('Product');
SELECT pm_core.set_home('pm_catalog', NULL), pm_core.set_home('pm_media', NULL);
SELECT count(*) FROM pm_core._homes;
