-- health.sql - how the databases are, for people; in the database that has pm_core
\set ON_ERROR_STOP on
\pset footer off
\pset null ''
SELECT h.database, CASE WHEN h.reachable THEN 'up' ELSE 'DOWN' END AS state, round(h.latency_ms::numeric, 1) AS ms,
       split_part(h.version, ' ', 1) AS postgres, CASE WHEN h.reachable THEN (SELECT count(*) FROM jsonb_object_keys(h.extensions)) END AS ext,
       h.connections || '/' || h.connection_limit AS sessions, h.queue_depth AS jobs, date_trunc('second', h.oldest_job) AS oldest, h.workers,
       to_char(h.last_check, 'MM-DD HH24:MI') AS checked, h.orphans, to_char(h.last_backup, 'MM-DD HH24:MI') AS backup, h.error
FROM pm_core.health() AS h;
