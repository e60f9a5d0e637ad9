-- The nightly job: checks, repairs as declared, forgets what is too old.
\set SHOW_CONTEXT never
SELECT pm_xref.add_database('back', split_part(current_setting('unix_socket_directories'), ', ', 1), current_setting('port')::int, current_database());
CREATE TABLE parent (id int PRIMARY KEY);
INSERT INTO parent SELECT generate_series(1, 100);
CREATE TABLE child (id int PRIMARY KEY, a int, b int, c int, d int);
INSERT INTO child SELECT i, i, i, i, i FROM generate_series(1, 100) AS i;
UPDATE child SET a = 101 WHERE id = 1;
UPDATE child SET b = 101 WHERE id = 2;
UPDATE child SET c = 101 WHERE id = 3;
UPDATE child SET d = 100 + id WHERE id > 90;
SELECT pm_xref.add_reference('a is told', 'child', 'a', 'back', 'public.parent'),
  pm_xref.add_reference('b is emptied', 'child', 'b', 'back', 'public.parent', on_orphan => 'set_null'),
  pm_xref.add_reference('c goes', 'child', 'c', NULL, 'public.parent', on_orphan => 'delete'),
  pm_xref.add_reference('d has too many', 'child', 'd', 'back', 'public.parent', on_orphan => 'quarantine'),
  pm_xref.add_reference('e fails', 'child', 'd', 'back', 'public.nothing', on_orphan => 'delete');

SELECT pm_xref.schedule_checks('never');
SELECT pm_xref.schedule_checks() > now() AS later;
SELECT pm_xref.schedule_checks('0 4 * * *') > now() AS later;
SELECT name, spec, queue, kind, missed FROM pm_jobs.schedules WHERE name LIKE 'pm\_xref%';
SELECT kind, handler, transactional FROM pm_jobs.handlers WHERE kind LIKE 'pm\_xref%';
SELECT name, concurrency, max_attempts, own_commit FROM pm_jobs.queues WHERE name = 'pm_xref';

-- the night comes
UPDATE pm_jobs._schedules SET next_run = now() WHERE name = 'pm_xref.nightly';
SELECT pm_jobs.run_pending('pm_xref');
SELECT status, payload, result - 'rows_checked' #- '{repair,detail}' #- '{repair,hint}' AS result FROM pm_jobs.jobs WHERE queue = 'pm_xref' ORDER BY id;
SELECT * FROM child WHERE id < 5 ORDER BY id;
SELECT count(*) FROM child;
SELECT reference, state, count(*) FROM pm_xref.orphans GROUP BY 1, 2 ORDER BY 1, 2;
SELECT reference, action, row_key FROM pm_xref.quarantined ORDER BY 1;

-- the next one: nothing more to do; copies of deleted rows are kept for a while only, as are checks, but for the last good one
UPDATE pm_xref.quarantined SET quarantined_at = now() - interval '31 days';
UPDATE pm_xref.checks SET started_at = started_at - interval '91 days';
SELECT pm_jobs.enqueue('pm_xref', 'pm_xref.nightly') > 0 AS enqueued;
-- a second one, while jobs of the first wait, makes none for the same references
SELECT pm_jobs.enqueue('pm_xref', 'pm_xref.nightly') > 0 AS enqueued;
SELECT pm_jobs.run_pending('pm_xref', 2);
SELECT count(*) FROM pm_jobs.jobs WHERE queue = 'pm_xref' AND status = 'ready';
-- a reference that is gone until its job runs
SELECT pm_xref.drop_reference('a is told');
SELECT pm_jobs.run_pending('pm_xref');
SELECT status, payload, result - 'rows_checked' #- '{repair,detail}' #- '{repair,hint}' AS result FROM pm_jobs.jobs WHERE queue = 'pm_xref' ORDER BY id OFFSET 6;
SELECT reference, action FROM pm_xref.quarantined ORDER BY 1;
SELECT reference, count(*) AS checks, count(sqlstate) AS failed FROM pm_xref.checks GROUP BY 1 ORDER BY 1;
SELECT * FROM pm_xref._forget_old();
SET pm_xref.keep_checks = 0;
SET pm_xref.keep_deleted = '1h';
UPDATE pm_xref.quarantined SET action = 'delete', quarantined_at = now() - interval '30 min' WHERE reference = 'b is emptied';
SELECT * FROM pm_xref._forget_old();
RESET pm_xref.keep_checks;
RESET pm_xref.keep_deleted;
SHOW pm_xref.keep_checks;
SHOW pm_xref.keep_deleted;

SELECT pm_jobs.unschedule('pm_xref.nightly'), pm_jobs.drop_queue('pm_xref'), pm_jobs.unregister_handler('pm_xref.nightly');
SELECT count(pm_xref.forget_quarantined(name)) FROM pm_xref._references;
SELECT count(pm_xref.drop_reference(name)) FROM (SELECT name FROM pm_xref._references ORDER BY 1) AS f;
DELETE FROM pm_jobs._finished;
DROP TABLE parent, child;
SET client_min_messages = warning;
DROP SERVER back CASCADE;
