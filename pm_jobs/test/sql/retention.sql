-- Partitions: made before they are needed, dropped when nothing in them is kept any more.
\set SHOW_CONTEXT never
-- the extension as it comes
DROP EXTENSION pm_jobs CASCADE;
CREATE EXTENSION pm_jobs;
CREATE FUNCTION noop(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT pm_jobs.register_handler('noop', 'noop(pm_jobs.job)');
SELECT pm_jobs.create_queue('week');
SELECT pm_jobs.create_queue('month', retention => '30 days');
CREATE VIEW blocks AS
SELECT i.inhparent::regclass AS parent, array_agg(substring(c.relname FROM '\d+$')::integer ORDER BY substring(c.relname FROM '\d+$')::integer) AS blocks
FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
WHERE i.inhparent IN ('pm_jobs._finished'::regclass, 'pm_jobs._attempts'::regclass)
GROUP BY i.inhparent;
SELECT * FROM blocks ORDER BY parent::text;

-- the first id of the last block makes the next one
SELECT pm_jobs.cancel(pm_jobs.enqueue('week', 'noop'));
SELECT pm_jobs.enqueue('week', 'noop') AS waiting \gset
SELECT setval('pm_jobs._job_id', 9999998);
SELECT pm_jobs.cancel(pm_jobs.enqueue('week', 'noop'));
SELECT * FROM blocks ORDER BY parent::text;
SELECT pm_jobs.cancel(pm_jobs.enqueue('month', 'noop'));
SELECT * FROM blocks ORDER BY parent::text;
-- many at once over the end of a block, and a jump over several
SELECT setval('pm_jobs._job_id', 29999998);
SELECT count(*) FROM pm_jobs.enqueue_many('week', 'noop', ARRAY(SELECT '{}'::jsonb FROM generate_series(1, 4))) AS id, LATERAL pm_jobs.cancel(id);
SELECT * FROM blocks ORDER BY parent::text;
SELECT setval('pm_jobs._job_id', 70000000);
SELECT pm_jobs.cancel(pm_jobs.enqueue('week', 'noop'));
SELECT * FROM blocks ORDER BY parent::text;
SELECT id / 10000000 AS block, count(*), array_agg(DISTINCT status) FROM pm_jobs.jobs GROUP BY 1 ORDER BY 1;

-- nothing is old, but in block 4 there never was anything
SELECT pm_jobs.purge();
-- eight days later; a job of block 0 still waits and keeps its attempts
INSERT INTO pm_jobs._attempts VALUES (:waiting, 1, now(), now(), 'failed', 'P0001', 'once', NULL, NULL, NULL, 1);
UPDATE pm_jobs._finished SET finished_at = finished_at - interval '8 days';
SELECT pm_jobs.purge();
SELECT * FROM blocks ORDER BY parent::text;
SELECT message FROM pm_jobs.attempts;
SELECT pm_jobs.purge();
-- ids have left the block in use, which was eight days old
SELECT pm_jobs.enqueue('month', 'noop') AS next \gset
SELECT :next;
-- the waiting one ends after its block went: the block comes back
SELECT pm_jobs.cancel(:waiting);
SELECT * FROM blocks ORDER BY parent::text;
SELECT status FROM pm_jobs.jobs WHERE id = :waiting;
-- a queue's own retention, and one that is gone
SELECT pm_jobs.alter_queue('month', retention => '7 days');
SELECT pm_jobs.cancel(:next);
SELECT pm_jobs.drop_queue('week');
SELECT pm_jobs.purge();
SELECT * FROM blocks ORDER BY parent::text;
UPDATE pm_jobs._finished SET finished_at = finished_at - interval '8 days';
SELECT pm_jobs.purge() > 0 AS dropped;
SELECT status, count(*) FROM pm_jobs.jobs GROUP BY status;
-- not by an old snapshot, which may not show what has just finished
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT pm_jobs.purge();
ROLLBACK;
-- run() drops them whatever the default
SELECT setval('pm_jobs._job_id', 200000000);
SET default_transaction_isolation = 'repeatable read';
CALL pm_jobs.run();
RESET default_transaction_isolation;
SELECT * FROM blocks ORDER BY parent::text;
SELECT pm_jobs.drop_queue('month');
SELECT pm_jobs.unregister_handler('noop');
DROP VIEW blocks;
DROP FUNCTION noop;
