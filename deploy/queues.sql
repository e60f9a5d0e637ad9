-- queues.sql - the queues and schedules of this database, where what they serve is
-- there; a queue that is there keeps its settings
--
-- Jobs that reach other databases run as pm_worker: it may enqueue, and schedules are
-- its own.
SELECT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'pm_jobs') AS has_jobs
\gset
\if :has_jobs
\o /dev/null
SELECT format('SELECT pm_jobs.create_queue(%1$L, %2$s), pm_jobs.grant_queue(%1$L, ''pm_worker'')', q.name, q.concurrency)
FROM queues AS q JOIN pg_extension AS e ON e.extname = q.extension
WHERE NOT EXISTS (SELECT FROM pm_jobs.queues AS there WHERE there.name = q.name)
\gexec
SELECT 'SET ROLE pm_worker', format('SELECT pm_jobs.schedule(%L, %L, %L, %L)', s.name, s.spec, s.queue, s.kind), 'RESET ROLE'
FROM schedules AS s JOIN pm_jobs.queues AS q ON q.name = s.queue JOIN pm_jobs.handlers AS h ON h.kind = s.kind
WHERE NOT EXISTS (SELECT FROM pm_jobs.schedules AS there WHERE there.name = s.name AND there.owner = 'pm_worker'::regrole)
\gexec
-- the catalog's upkeep, unless it is there, perhaps at other times, and the events by
-- which it learns of suppliers
SELECT to_regclass('pm_catalog._upkeep') IS NOT NULL AS has_catalog
\gset
\if :has_catalog
SELECT 'SELECT pm_catalog.schedule_upkeep()'
WHERE EXISTS (SELECT FROM pm_catalog._upkeep AS u WHERE NOT EXISTS (SELECT FROM pm_jobs.schedules AS there WHERE there.name = u.kind))
\gexec
SELECT pm_catalog.receive_suppliers();
\endif
-- notifications, what expires, failed logins
SELECT 'SELECT pm_core.schedule_upkeep()'
WHERE to_regprocedure('pm_core.schedule_upkeep(text)') IS NOT NULL
  AND NOT EXISTS (SELECT FROM pm_jobs.schedules AS there WHERE there.name = 'pm_core.expire')
\gexec
-- how imports have read codes of suppliers
SELECT 'SELECT pm_suppliers.receive_codes()' WHERE to_regprocedure('pm_suppliers.receive_codes(text)') IS NOT NULL
\gexec
-- imports: one of a supplier at a time, their handlers, and what is done each night
SELECT 'SELECT pm_imports.schedule_upkeep()'
WHERE to_regprocedure('pm_imports.schedule_upkeep()') IS NOT NULL AND to_regprocedure('pm_imports.run_import(pm_jobs.job)') IS NOT NULL
  AND NOT EXISTS (SELECT FROM pm_jobs.schedules AS there WHERE there.name = 'pm_imports.nightly')
\gexec
-- the nightly check of references, unless it is there, perhaps at another time
SELECT 'SELECT pm_xref.schedule_checks()'
WHERE to_regprocedure('pm_xref.schedule_checks(text)') IS NOT NULL
  AND NOT EXISTS (SELECT FROM pm_jobs.schedules AS there WHERE there.name = 'pm_xref.nightly')
\gexec
\o
\endif
