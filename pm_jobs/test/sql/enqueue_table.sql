-- Enqueuing without a plan: the rows, their index entries, and a table that is not as
-- the extension made it.
\set SHOW_CONTEXT never
CREATE EXTENSION amcheck;
CREATE FUNCTION noop(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT pm_jobs.register_handler('noop', 'noop(pm_jobs.job)');
SELECT pm_jobs.create_queue('q'), pm_jobs.create_queue('line', ordered => true);

-- a job of every sort, one by one and many at once; text that is stored out of line
CREATE FUNCTION long_text() RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_build_object('text', string_agg(md5(n::text), '')) FROM generate_series(1, 2000) AS n
$$;
SELECT count(pm_jobs.enqueue(queue, 'noop', payload, run_at, priority, dedup_key, limit_key, max_attempts))
FROM unnest('{q,line}'::text[]) AS queue, (VALUES ('{"a": 1}'::jsonb), (long_text())) AS p(payload), (VALUES (NULL), (now() + interval '1 day')) AS r(run_at),
     (VALUES (0), (7)) AS y(priority), (VALUES (NULL), ('key')) AS d(dedup_key), (VALUES (NULL), ('limit')) AS l(limit_key), (VALUES (NULL), (3)) AS m(max_attempts);
SELECT count(id)
FROM unnest('{q,line}'::text[]) AS queue, (VALUES (NULL), (now() + interval '1 day')) AS r(run_at), (VALUES (NULL), ('limit')) AS l(limit_key),
     pm_jobs.enqueue_many(queue, 'noop', ARRAY(SELECT CASE WHEN n % 100 = 0 THEN long_text() ELSE jsonb_build_object('n', n) END
                                               FROM generate_series(1, 1201) AS n), run_at, 0, limit_key) AS id;
SELECT queue, status, limit_key, count(*), count(*) FILTER (WHERE priority = 7) AS high, count(*) FILTER (WHERE max_attempts = 3) AS three,
       count(length(payload ->> 'text')) AS long, count(payload ->> 'n') AS short
FROM pm_jobs.jobs WHERE finished_at IS NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT count(*) FILTER (WHERE seq = id) = count(*) AS seq, bool_and(dedup_key IS NOT NULL OR NOT dedup_running) AS dedup_running,
       min(enqueued_by::text) = current_user AS role, bool_and(attempts + earlier_attempts + crashes + dedup_slot = 0) AS none
FROM pm_jobs._job;
-- every row has its entries
CREATE VIEW entries AS
SELECT count(bt_index_check(i.indexrelid, true)) AS indexes FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS a ON a.oid = c.relam
WHERE i.indrelid = 'pm_jobs._job'::regclass AND a.amname = 'btree';
SELECT * FROM entries;

-- what the same statement made is there
SELECT pm_jobs.create_queue('new'), pm_jobs.enqueue('new', 'noop') IS NOT NULL AS id;
-- all are enqueued, however few are asked for
SELECT pm_jobs.enqueue_many('new', 'noop', array_fill('{}'::jsonb, ARRAY[10])) IS NOT NULL AS id LIMIT 2;
SELECT count(*) FROM pm_jobs.jobs WHERE queue = 'new';
-- lists of any shape
SELECT count(*) FROM pm_jobs.enqueue_many('new', 'noop', array_fill('{}'::jsonb, ARRAY[3, 5], ARRAY[0, -7]));
SELECT pm_jobs.enqueue_many('new', 'noop', '{{"{}","1"},{"{}","{}"}}');

-- indexes that come and go count at once
CREATE INDEX mine ON pm_jobs._job (kind, id) WHERE priority > 100;
SELECT pm_jobs.enqueue('new', 'noop', priority => 101) IS NOT NULL AS id;
SELECT count(*) FROM pm_jobs.enqueue_many('new', 'noop', '{"{}","{}"}', priority => 101);
SELECT * FROM entries;
SET enable_seqscan = off;
SET enable_sort = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM pm_jobs._job WHERE kind = 'noop' AND priority > 100;
SELECT count(*) FROM pm_jobs._job WHERE kind = 'noop' AND priority > 100;
DROP INDEX pm_jobs.mine;
SELECT pm_jobs.enqueue('new', 'noop', priority => 101) IS NOT NULL AS id;
-- of another kind, on an expression, with somebody's function: by SQL
CREATE INDEX mine ON pm_jobs._job USING hash (kind);
SELECT pm_jobs.enqueue('new', 'noop') IS NOT NULL AS id;
DROP INDEX pm_jobs.mine;
CREATE INDEX mine ON pm_jobs._job (upper(kind));
SELECT pm_jobs.enqueue('new', 'noop') IS NOT NULL AS id;
SELECT * FROM entries;
DROP INDEX pm_jobs.mine;
CREATE FUNCTION is_high(integer) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 > 100';
CREATE INDEX mine ON pm_jobs._job (kind) WHERE is_high(priority);
SELECT pm_jobs.enqueue('new', 'noop', priority => 101) IS NOT NULL AS id;
SELECT * FROM entries;
DROP INDEX pm_jobs.mine;
DROP FUNCTION is_high;
RESET enable_seqscan;
RESET enable_sort;

-- triggers fire and constraints hold
CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'kind % in queue %', NEW.kind, NEW.queue; RETURN NEW; END $$;
CREATE TRIGGER mine BEFORE INSERT ON pm_jobs._job FOR EACH ROW EXECUTE FUNCTION shout();
SELECT pm_jobs.enqueue('new', 'noop') IS NOT NULL AS id;
SELECT count(*) FROM pm_jobs.enqueue_many('new', 'noop', '{"{}","{}"}');
DROP TRIGGER mine ON pm_jobs._job;
SELECT pm_jobs.enqueue('new', 'noop') IS NOT NULL AS id;
ALTER TABLE pm_jobs._job ADD CONSTRAINT mine CHECK (priority < 1000);
\set VERBOSITY sqlstate
SELECT pm_jobs.enqueue('new', 'noop', priority => 1000);
SELECT pm_jobs.enqueue_many('new', 'noop', '{"{}"}', priority => 1000);
ALTER TABLE pm_jobs._job DROP CONSTRAINT mine;
\set VERBOSITY default
SELECT pm_jobs.enqueue('new', 'noop') IS NOT NULL AS id;

-- an id that is taken
SELECT last_value AS last FROM pm_jobs._job_id \gset
SELECT pm_jobs.enqueue('new', 'noop') AS id \gset
SELECT setval('pm_jobs._job_id', :last) = :last AS again;
\set VERBOSITY sqlstate
SELECT pm_jobs.enqueue('new', 'noop');
\set VERBOSITY default
SELECT pm_jobs.enqueue('new', 'noop') = :id + 1 AS next;

-- nothing of a table that is gone is remembered
DROP VIEW entries;
DROP EXTENSION pm_jobs CASCADE;
CREATE EXTENSION pm_jobs;
CREATE FUNCTION noop(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT pm_jobs.register_handler('noop', 'noop(pm_jobs.job)'), pm_jobs.create_queue('q');
\set VERBOSITY sqlstate
ALTER TABLE pm_jobs._job ALTER last_error SET NOT NULL;
SELECT pm_jobs.enqueue('q', 'noop');
SELECT pm_jobs.enqueue_many('q', 'noop', '{"{}"}');
ALTER TABLE pm_jobs._job ALTER last_error DROP NOT NULL;
\set VERBOSITY default
SELECT pm_jobs.enqueue('q', 'noop');
SELECT pm_jobs.enqueue_many('q', 'noop', '{"{}","{}"}');
SELECT count(bt_index_check(i.indexrelid, true)) FROM pg_index AS i WHERE i.indrelid = 'pm_jobs._job'::regclass;

DROP FUNCTION long_text, shout;
DROP EXTENSION amcheck;
SELECT count(pm_jobs.cancel(id)) AS cancelled FROM pm_jobs.jobs WHERE status IN ('ready', 'scheduled');
SELECT count(pm_jobs.drop_queue(name)) AS dropped FROM pm_jobs.queues;
SELECT pm_jobs.unregister_handler('noop');
DROP FUNCTION noop;
