-- The health of all databases, and what is known of their backups.

CREATE TABLE pm_core.backups (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  database name NOT NULL,
  kind text NOT NULL,
  started_at timestamptz NOT NULL,
  finished_at timestamptz NOT NULL,
  location text,
  size bigint,
  ok boolean NOT NULL,
  CONSTRAINT kind_is_known CHECK (kind IN ('dump', 'base', 'restore')),
  CONSTRAINT it_finished_after_it_started CHECK (finished_at >= started_at),
  CONSTRAINT size_is_not_negative CHECK (size >= 0)
);
CREATE INDEX backups_good ON pm_core.backups (database, finished_at) WHERE ok AND kind <> 'restore';
COMMENT ON TABLE pm_core.backups IS 'Backups and restores of databases, good and bad, as record_backup() was told of them; kept until somebody deletes them';
COMMENT ON COLUMN pm_core.backups.id IS 'a UUID of version 7';
COMMENT ON COLUMN pm_core.backups.database IS 'name of the database, as in view databases';
COMMENT ON COLUMN pm_core.backups.kind IS 'dump; base: a copy of the server, as by pg_basebackup; restore: of either';
COMMENT ON COLUMN pm_core.backups.started_at IS 'when it began';
COMMENT ON COLUMN pm_core.backups.finished_at IS 'when it ended';
COMMENT ON COLUMN pm_core.backups.location IS 'where it is';
COMMENT ON COLUMN pm_core.backups.size IS 'in bytes';
COMMENT ON COLUMN pm_core.backups.ok IS 'is it whole? Of a restore: is it complete, and do its references hold?';
SELECT pg_extension_config_dump('pm_core.backups', '');

CREATE FUNCTION pm_core.record_backup(database text, kind text, started timestamptz, finished timestamptz, location text, size bigint, ok boolean) RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  INSERT INTO pm_core.backups AS b (database, kind, started_at, finished_at, location, size, ok)
  VALUES (record_backup.database, record_backup.kind, started, finished, record_backup.location, record_backup.size, record_backup.ok) RETURNING b.id;
END;
COMMENT ON FUNCTION pm_core.record_backup(text, text, timestamptz, timestamptz, text, bigint, boolean) IS
'notes a backup of a database (kind dump or base), or a restore, for health(); deploy/backup.sh and deploy/restore.sh call it. size in bytes. Returns its id. 23502, 23514: NULL, or a value that backups refuses';

-- Asks this database and foreign servers: see src/health.c.
CREATE FUNCTION pm_core._ask_databases(here text, servers text[], OUT database text, OUT reachable boolean, OUT latency_ms double precision,
  OUT version text, OUT extensions jsonb, OUT backends integer, OUT connection_limit integer, OUT queue_depth bigint, OUT oldest_job interval,
  OUT workers integer, OUT trouble text, OUT last_check timestamptz, OUT orphans bigint, OUT error text) RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE ROWS 8 AS 'MODULE_PATHNAME', 'pm_core_ask_databases';

-- What others say may be anything, by clocks of their own: no age is negative, and a backup
-- of the future does not count yet.
CREATE FUNCTION pm_core._health() RETURNS TABLE(database text, reachable boolean, latency_ms double precision, version text, extensions jsonb,
  connections integer, connection_limit integer, queue_depth bigint, oldest_job interval, workers integer, last_check timestamptz, orphans bigint,
  last_backup timestamptz, error text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 8 SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY
  SELECT a.database, a.reachable, a.latency_ms, a.version, a.extensions,
         CASE WHEN a.backends IS NOT NULL THEN greatest(greatest(a.backends, 0) - greatest(a.workers, 0), 0) END, a.connection_limit, a.queue_depth,
         CASE WHEN a.oldest_job < '0' THEN '0' ELSE a.oldest_job END, a.workers, CASE WHEN a.last_check > clock_timestamp() THEN clock_timestamp() ELSE a.last_check END, a.orphans,
         (SELECT max(b.finished_at) FROM pm_core.backups AS b WHERE b.database = a.database::name AND b.ok AND b.kind <> 'restore' AND b.finished_at <= clock_timestamp()),
         nullif(concat_ws('; ', a.error, 'pm_jobs: ' || a.trouble), '')
  FROM pm_core._ask_databases(current_database(), ARRAY(SELECT d.name::text FROM pm_core.databases AS d WHERE NOT d.is_here ORDER BY d.name)) AS a
  ORDER BY a.database COLLATE "C";
END
$$;

CREATE FUNCTION pm_core.health() RETURNS TABLE(database text, reachable boolean, latency_ms double precision, version text, extensions jsonb,
  connections integer, connection_limit integer, queue_depth bigint, oldest_job interval, workers integer, last_check timestamptz, orphans bigint,
  last_backup timestamptz, error text)
LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 8 AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.health() IS
'how each database of view databases is: a row for each, all asked at once, and no longer than pm_core.health_timeout (800 ms) together. The others are asked by the user mappings of role pm_worker, or of the extension''s owner if there is no such role.
database: its name; reachable: has it answered?; latency_ms: from beginning to connect to the first answer, in milliseconds; version: of PostgreSQL; extensions: ours, with their versions; connections: its sessions, but for workers of pm_jobs; connection_limit: of the database, or of the server if it has none; queue_depth: jobs that could run now; oldest_job: how long the oldest of them has waited; workers: those of pm_jobs that work for it now, none where there has been nothing to do; last_check: when all of its references had been checked, that is when the last good check of the one ended that was checked longest ago, or now if that is to come by its clock, NULL if it has none or one never was; orphans: rows that refer to nothing, as the last checks found them, NULL if it has no reference; last_backup: when the last good one ended, by record_backup(), but for those noted for a time that is to come; error: why it is not reachable, or what could not be found out, or what keeps pm_jobs from working. What is not known is NULL. No password is in it. Administrators, pm_worker and pg_monitor only';

REVOKE ALL ON FUNCTION pm_core.record_backup(text, text, timestamptz, timestamptz, text, bigint, boolean), pm_core._ask_databases(text, text[]),
  pm_core._health(), pm_core.health() FROM PUBLIC;
