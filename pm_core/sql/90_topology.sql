-- Topology: the databases are the foreign servers that pm_xref.add_database() makes, and this
-- one; what is kept here is only which of them has an extension.

CREATE TABLE pm_core._homes (
  extension name PRIMARY KEY,
  database name NOT NULL,
  CONSTRAINT extension_is_one_of_ours CHECK (extension ~ '^pm_[a-z0-9_]+$')
);
COMMENT ON TABLE pm_core._homes IS 'Which database has an extension that this one has not; see set_home()';
SELECT pg_extension_config_dump('pm_core._homes', '');

CREATE VIEW pm_core.databases WITH (security_invoker) AS
SELECT d.name, d.is_here, d.host, d.port, d.dbname,
       ARRAY(SELECT e.extname FROM pg_catalog.pg_extension AS e WHERE d.is_here AND e.extname LIKE 'pm\_%'
             UNION ALL SELECT h.extension FROM pm_core._homes AS h WHERE h.database = d.name AND NOT d.is_here
             ORDER BY 1) AS extensions
FROM (
  SELECT pg_catalog.current_database() AS name, true AS is_here, NULL::text AS host, NULL::text AS port, pg_catalog.current_database()::text AS dbname
  UNION ALL
  SELECT s.srvname, false, o.host, o.port, o.dbname
  FROM pg_catalog.pg_foreign_server AS s JOIN pg_catalog.pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
    CROSS JOIN LATERAL (
      SELECT max(o.option_value) FILTER (WHERE o.option_name = 'host') AS host,
             max(o.option_value) FILTER (WHERE o.option_name = 'port') AS port,
             max(o.option_value) FILTER (WHERE o.option_name = 'dbname') AS dbname
      FROM pg_catalog.pg_options_to_table(s.srvoptions) AS o) AS o
  WHERE w.fdwname = 'postgres_fdw' AND s.srvname <> pg_catalog.current_database()
) AS d;
COMMENT ON VIEW pm_core.databases IS 'The topology: this database, and each foreign server of postgres_fdw, as pm_xref.add_database() makes them; one that is named like this database is this database.';
COMMENT ON COLUMN pm_core.databases.name IS 'name of the foreign server; of this database its own';
COMMENT ON COLUMN pm_core.databases.is_here IS 'is it this one?';
COMMENT ON COLUMN pm_core.databases.host IS 'where it stands, as libpq takes it: hosts with commas are tried in turn; NULL: here, or the usual socket';
COMMENT ON COLUMN pm_core.databases.port IS 'its port, or the ports of a list of hosts; NULL: here, or the usual one';
COMMENT ON COLUMN pm_core.databases.dbname IS 'its name on that server';
COMMENT ON COLUMN pm_core.databases.extensions IS 'of this database all of ours that are installed; of another one those that set_home() has told of';

CREATE FUNCTION pm_core.set_home(extension name, database name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF database IS NULL THEN
    DELETE FROM pm_core._homes AS h WHERE h.extension = set_home.extension;
    RETURN;
  END IF;
  IF NOT EXISTS (SELECT FROM pm_core.databases AS d WHERE d.name = database AND NOT d.is_here) THEN
    RAISE EXCEPTION 'database "%" is none of the others', database
      USING ERRCODE = '42704', HINT = 'Those are in view pm_core.databases; pm_xref.add_database() makes one. What is installed here needs no telling.';
  END IF;
  INSERT INTO pm_core._homes AS h (extension, database) VALUES (set_home.extension, set_home.database)
  ON CONFLICT ON CONSTRAINT _homes_pkey DO UPDATE SET database = excluded.database WHERE h.database <> excluded.database;
END
$$;
COMMENT ON FUNCTION pm_core.set_home(name, name) IS
'tells which other database has an extension, for route(); NULL: none. An extension that is installed here is at home here, whatever is told. deploy/create.sh tells what it has created. 42704: there is no such database; 23502, 23514: no name of an extension of ours';

-- The entities, by the name of their model and of their relation.
CREATE FUNCTION pm_core._entities() RETURNS TABLE(entity text, schema_name text, relation text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 19
BEGIN ATOMIC
  VALUES ('User', 'pm_core', 'users'), ('Role', 'pm_core', 'roles'), ('Permission', 'pm_core', 'permissions'), ('Notification', 'pm_core', 'notifications'),
    ('Product', 'pm_catalog', 'products'), ('Category', 'pm_catalog', 'categories'), ('Brand', 'pm_catalog', 'brands'),
    ('Supplier', 'pm_suppliers', 'suppliers'),
    ('ImportConfig', 'pm_imports', 'import_configs'), ('ImportJob', 'pm_imports', 'import_jobs'), ('ImportLog', 'pm_imports', 'import_logs'),
    ('MediaFile', 'pm_media', 'media_files'), ('MediaThumbnail', 'pm_media', 'media_thumbnails'),
    ('ExportPlatform', 'pm_exports', 'export_platforms'), ('ExportJob', 'pm_exports', 'export_jobs'),
    ('Code2ASINJob', 'pm_code2asin', 'code2asin_jobs'), ('Code2ASINResult', 'pm_code2asin', 'code2asin_results'),
    ('ProductMetrics', 'pm_analytics', 'product_metrics'), ('SupplierMetrics', 'pm_analytics', 'supplier_metrics');
END;

CREATE FUNCTION pm_core.route(entity text) RETURNS TABLE(database text, schema_name text, relation text)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1 SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  SELECT e.schema_name, e.relation INTO route.schema_name, route.relation
  FROM pm_core._entities() AS e WHERE route.entity IN (e.entity, e.relation);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'unknown entity: %', coalesce('"' || left(entity, 64) || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'It is one of ' || (SELECT string_agg(e.entity, ', ' ORDER BY e.entity) FROM pm_core._entities() AS e) || ', or the relation of one.';
  END IF;
  database := (SELECT d.name FROM pm_core.databases AS d WHERE route.schema_name = ANY (d.extensions) ORDER BY d.is_here DESC LIMIT 1);
  IF database IS NULL THEN
    RAISE EXCEPTION 'no database is known to have entity "%"', left(entity, 64)
      USING ERRCODE = '55000', DETAIL = format('It belongs to extension %s.', route.schema_name),
        HINT = 'deploy/create.sh tells where it has installed it; pm_core.set_home() tells by hand.';
  END IF;
  RETURN NEXT;
END
$$;
COMMENT ON FUNCTION pm_core.route(text) IS
'where an entity lives: the database, by its name in view databases, the schema and the relation. entity is the name of a model, as Product, or of its relation, as products. 22023: unknown entity; 55000: no database is known to have its extension';

REVOKE ALL ON FUNCTION pm_core.set_home(name, name), pm_core._entities(), pm_core.route(text) FROM PUBLIC;
