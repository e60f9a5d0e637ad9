-- Enqueuing: what a job holds, what is refused, part of the caller's transaction.
\set SHOW_CONTEXT never
CREATE FUNCTION noop(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT pm_jobs.register_handler('noop', 'noop(pm_jobs.job)');
SELECT pm_jobs.create_queue('q', max_attempts => 3);
SELECT pm_jobs.create_queue('other');

SELECT pm_jobs.enqueue('q', 'noop') IS NOT NULL AS id;
SELECT pm_jobs.enqueue('q', 'noop', '{"a": [1, 2]}', now() + interval '1 hour', -5, 'dedup', 'limit', 9, true) IS NOT NULL AS id;
-- a time that has come is no time
SELECT pm_jobs.enqueue('q', 'noop', run_at => now() - interval '1 year') IS NOT NULL AS id;
SELECT pm_jobs.enqueue('q', 'noop', run_at => '-infinity') IS NOT NULL AS id;
SELECT pm_jobs.enqueue('q', 'noop', run_at => 'infinity') IS NOT NULL AS id;
SELECT status, kind, payload, priority, CASE WHEN isfinite(run_at) THEN (run_at - enqueued_at)::text ELSE run_at::text END AS delay, attempts, max_attempts, dedup_key, limit_key, result, last_error,
       enqueued_by = current_user::regrole AS mine, started_at, finished_at
FROM pm_jobs.jobs WHERE queue = 'q' AND finished_at IS NULL ORDER BY id;

-- refused, and nothing enqueued
SELECT pm_jobs.enqueue('none', 'noop');
SELECT pm_jobs.enqueue(NULL, 'noop');
SELECT pm_jobs.enqueue('q', 'none');
SELECT pm_jobs.enqueue('q', NULL);
SELECT pm_jobs.enqueue('q', 'noop', '[1]');
SELECT pm_jobs.enqueue('q', 'noop', '"text"');
SELECT pm_jobs.enqueue('q', 'noop', to_jsonb(repeat('long', 40)));
SELECT pm_jobs.enqueue('q', 'noop', 'null');
SELECT pm_jobs.enqueue('q', 'noop', NULL);
SELECT pm_jobs.enqueue('q', 'noop', priority => NULL);
SELECT pm_jobs.enqueue('q', 'noop', max_attempts => 0);
SELECT pm_jobs.enqueue('q', 'noop', max_attempts => -3);
SELECT count(*) FROM pm_jobs.jobs WHERE finished_at IS NULL;

-- part of the transaction
BEGIN;
SELECT pm_jobs.enqueue('other', 'noop') IS NOT NULL AS id;
SAVEPOINT s;
SELECT pm_jobs.enqueue('other', 'noop') IS NOT NULL AS id;
ROLLBACK TO s;
SELECT count(*) FROM pm_jobs.jobs WHERE queue = 'other';
ROLLBACK;
SELECT count(*) FROM pm_jobs.jobs WHERE queue = 'other';
BEGIN READ ONLY;
SELECT pm_jobs.enqueue('other', 'noop');
ROLLBACK;
-- at every isolation level
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT pm_jobs.enqueue('other', 'noop', dedup_key => 'k') = pm_jobs.enqueue('other', 'noop', dedup_key => 'k') AS same;
COMMIT;

-- many at once, in their order; all or none
SELECT array_agg(id ORDER BY n) = array_agg(id ORDER BY id) AS in_order, count(DISTINCT id)
FROM pm_jobs.enqueue_many('other', 'noop', ARRAY(SELECT jsonb_build_object('n', n) FROM generate_series(1, 1000) AS n), priority => 2,
       limit_key => 'tenant', max_attempts => 1, run_at => now() + interval '1 day') WITH ORDINALITY AS m(id, n);
SELECT count(*), min(payload ->> 'n'), priority, limit_key, max_attempts, min(status), bool_and(payload ->> 'n' = rank::text) AS ranked
FROM (SELECT *, rank() OVER (ORDER BY id) FROM pm_jobs.jobs WHERE limit_key = 'tenant') AS j
GROUP BY priority, limit_key, max_attempts;
SELECT pm_jobs.enqueue_many('other', 'noop', '{}');
SELECT pm_jobs.enqueue_many('other', 'noop', NULL);
SELECT pm_jobs.enqueue_many('other', 'noop', ARRAY['{}', '{}', '[]', '{}', '1']::jsonb[]);
SELECT pm_jobs.enqueue_many('other', 'noop', ARRAY['{}', NULL]::jsonb[]);
SELECT pm_jobs.enqueue_many('other', 'noop', '{}', priority => NULL);
SELECT pm_jobs.enqueue_many('none', 'noop', '{}');
SELECT pm_jobs.enqueue_many('other', 'none', '{}');
SELECT count(*) FROM pm_jobs.jobs WHERE queue = 'other';

-- from SQL, PL/pgSQL and triggers
CREATE TABLE customers (id integer, mail text);
CREATE FUNCTION welcome() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pm_jobs.enqueue('q', 'noop', jsonb_build_object('customer', NEW.id), dedup_key => 'welcome ' || NEW.id);
  RETURN NULL;
END $$;
CREATE TRIGGER welcome AFTER INSERT ON customers FOR EACH ROW EXECUTE FUNCTION welcome();
INSERT INTO customers SELECT n % 3 FROM generate_series(1, 6) AS n;
SELECT payload, dedup_key FROM pm_jobs.jobs WHERE payload ? 'customer' ORDER BY dedup_key;

-- an ordered queue gives every job a key
SELECT pm_jobs.create_queue('line', ordered => true);
SELECT pm_jobs.enqueue('line', 'noop') < pm_jobs.enqueue('line', 'noop', limit_key => 'a') AS later;
SELECT count(*) FROM pm_jobs.enqueue_many('line', 'noop', '{"{}","{}"}');
SELECT limit_key, count(*) FROM pm_jobs.jobs WHERE queue = 'line' GROUP BY limit_key ORDER BY limit_key;

-- each with its own key; both ways of enqueuing give the same
SELECT array_agg(id ORDER BY n) = array_agg(id ORDER BY id) AS in_order, count(DISTINCT id)
FROM pm_jobs.enqueue_keyed('line', 'noop', ARRAY(SELECT jsonb_build_object('keyed', n) FROM generate_series(1, 1200) AS n),
       ARRAY(SELECT nullif((n % 600)::text, '0') FROM generate_series(1, 1200) AS n), priority => 3, max_attempts => 2) WITH ORDINALITY AS m(id, n);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM pm_jobs.enqueue_keyed('line', 'noop', ARRAY(SELECT jsonb_build_object('keyed', n) FROM generate_series(1, 1200) AS n),
  ARRAY(SELECT nullif((n % 600)::text, '0') FROM generate_series(1, 1200) AS n), run_at => now() + interval '1 day', priority => 3, max_attempts => 2);
COMMIT;
SELECT status, priority, max_attempts, count(*), count(DISTINCT limit_key), count(*) FILTER (WHERE limit_key = '') AS no_key,
       bool_and(limit_key = coalesce(nullif(((payload ->> 'keyed')::int % 600)::text, '0'), '')) AS its_own
FROM pm_jobs.jobs WHERE payload ? 'keyed' GROUP BY 1, 2, 3 ORDER BY 1;
SELECT count(*) FROM pm_jobs.enqueue_keyed('q', 'noop', ARRAY['{"loose": 1}', '{"loose": 2}']::jsonb[], '{a,NULL}');
SELECT payload, limit_key FROM pm_jobs.jobs WHERE payload ? 'loose' ORDER BY id;
SELECT pm_jobs.enqueue_keyed('q', 'noop', '{}', '{}');
SELECT pm_jobs.enqueue_keyed('q', 'noop', '{"{}"}', '{}');
SELECT pm_jobs.enqueue_keyed('q', 'noop', '{"{}"}', NULL);
SELECT pm_jobs.enqueue_keyed('q', 'noop', '{1}', '{a}');
SELECT pm_jobs.enqueue_keyed('none', 'noop', '{"{}"}', '{a}');

DROP TABLE customers;
DROP FUNCTION welcome;
SELECT count(pm_jobs.cancel(id)) AS cancelled FROM pm_jobs.jobs WHERE status IN ('ready', 'scheduled');
SELECT count(pm_jobs.drop_queue(name)) AS dropped FROM pm_jobs.queues;
SELECT pm_jobs.unregister_handler('noop');
DROP FUNCTION noop;
