-- Publishing many events at once, and leaving it out where nobody is subscribed.
\set SHOW_CONTEXT never
SELECT pm_xref.define_topic('many.seen', 'something was seen', '{"required": ["n", "m"]}'), pm_xref.define_topic('many.gone', 'something went');
CREATE FUNCTION many_noop(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT pm_jobs.register_handler('many_noop', 'many_noop(pm_jobs.job)'), pm_jobs.create_queue('many', ordered => true);

-- all or none
CREATE VIEW many_events AS SELECT topic, key, payload, row_number() OVER (ORDER BY id) AS n, count(*) OVER (PARTITION BY published_at) AS together FROM pm_xref._events WHERE topic LIKE 'many.%' ORDER BY id;
SELECT pm_xref.publish_many('many.seen', '{a,b,a}', ARRAY['{"n": 1, "m": null}', '{"n": 2, "m": {}, "more": [1]}', '{"m": 0, "n": 3}']::jsonb[]);
SELECT * FROM many_events;
SELECT pm_xref.publish_many('many.gone', '{}', '{}');
SELECT pm_xref.publish_many('many.seen', '{a,b}', ARRAY['{"n": 1, "m": 1}', '{"n": 1}']::jsonb[]);
SELECT pm_xref.publish_many('many.seen', '{a,b}', ARRAY['{"n": 1, "m": 1}', '["n", "m"]']::jsonb[]);
SELECT pm_xref.publish_many('many.gone', '{a}', ARRAY['"n"']::jsonb[]);
SELECT pm_xref.publish_many('many.none', '{a}', ARRAY['{}']::jsonb[]);
SELECT pm_xref.publish_many('many.gone', '{a,b}', ARRAY['{}']::jsonb[]);
SELECT pm_xref.publish_many('many.gone', '{a,NULL}', ARRAY['{}', '{}']::jsonb[]);
SELECT pm_xref.publish_many('many.gone', '{a,b}', ARRAY['{}', NULL]::jsonb[]);
SELECT pm_xref.publish_many(NULL, '{a}', ARRAY['{}']::jsonb[]);
SELECT pm_xref.publish_many('many.gone', NULL, ARRAY['{}']::jsonb[]);
SELECT pm_xref.publish_many('many.gone', '{a}', NULL);
BEGIN;
SET LOCAL session_replication_role = replica;
SELECT pm_xref.publish_many('many.gone', '{a}', ARRAY['{}']::jsonb[]);
COMMIT;
BEGIN;
SELECT pm_xref.publish_many('many.gone', '{a}', ARRAY['{}']::jsonb[]);
PREPARE TRANSACTION 'many';
SELECT count(*) FROM many_events;

-- a trigger that somebody has put there, and more rows than go into the table at a time
CREATE TABLE many_noted AS SELECT '' AS key WHERE false;
CREATE FUNCTION many_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.many_noted VALUES (NEW.key); RETURN NEW; END $$;
CREATE TRIGGER many_note BEFORE INSERT ON pm_xref._events FOR EACH ROW EXECUTE FUNCTION many_note();
SELECT pm_xref.publish_many('many.gone', '{a,b}', ARRAY['{}', '{}']::jsonb[]);
DROP TRIGGER many_note ON pm_xref._events;
SELECT array_agg(key) FROM many_noted;
BEGIN READ ONLY;
SELECT pm_xref.publish_many('many.gone', '{a}', ARRAY['{}']::jsonb[]);
ROLLBACK;
SELECT pm_xref.publish_many('many.gone', array_agg('k' || i ORDER BY i), array_agg(jsonb_build_object('i', i) ORDER BY i)) FROM generate_series(1, 513) AS i;
SELECT count(*), count(*) FILTER (WHERE key = 'k' || (payload ->> 'i') AND xid = (SELECT max(e.xid) FROM pm_xref._events AS e) AND (payload ->> 'i')::int = n - 5) AS right
FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM pm_xref._events WHERE topic LIKE 'many.%') AS e WHERE payload ? 'i';
SET enable_seqscan = off;
SELECT count(*) FROM pm_xref._events AS e WHERE e.epoch = pm_xref._epoch() AND e.xid >= (SELECT max(xid) FROM pm_xref._events);
RESET enable_seqscan;
DELETE FROM pm_xref._events WHERE topic = 'many.gone' AND payload = '{}' OR payload ? 'i';
DROP TABLE many_noted;
DROP FUNCTION many_note();

-- order and delivery are those of single ones
SELECT pm_xref.subscribe('many.*', NULL, 'many', 'many_noop') IS NOT NULL AS subscribed;
BEGIN;
SELECT pm_xref.publish_many('many.gone', ARRAY(SELECT 'k' || i % 3 FROM generate_series(1, 1200) AS i), ARRAY(SELECT jsonb_build_object('i', i) FROM generate_series(1, 1200) AS i));
SELECT pm_xref.publish('many.gone', 'k0', '{"i": 1201}') IS NOT NULL AS published;
COMMIT;
SELECT pm_xref.deliver();
SELECT payload ->> 'key' AS key, count(*), bool_and(i = rank) AS in_order
FROM (SELECT j.payload, (j.payload -> 'payload' -> 'i')::int AS i, row_number() OVER (ORDER BY j.id) AS rank FROM pm_jobs.jobs AS j WHERE j.queue = 'many') AS d GROUP BY 1 ORDER BY 1;

-- who is subscribed to what; a transaction that asks in vain holds a lock till its end
CREATE FUNCTION many_locks() RETURNS bigint LANGUAGE sql AS
$$ SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'pm_xref._topics'::regclass AND mode = 'RowExclusiveLock' $$;
SELECT topic, pm_xref.is_subscribed(topic), many_locks() FROM unnest(ARRAY['many.gone', 'many.', 'many', 'Many.gone', '', NULL]) AS topic;
SELECT many_locks();
SELECT pm_xref.is_subscribed('many.gone'), many_locks();
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT pm_xref.subscribe('many.gone', NULL, 'many', 'many_noop');
ROLLBACK;
SELECT pm_xref.unsubscribe('many.*');
SELECT pm_xref.is_subscribed('many.gone');
DROP VIEW many_events;
DELETE FROM pm_xref._events WHERE topic LIKE 'many.%';
DELETE FROM pm_jobs._job WHERE queue = 'many';
SELECT pm_jobs.drop_queue('many'), pm_jobs.unregister_handler('many_noop'), pm_xref.drop_topic('many.seen'), pm_xref.drop_topic('many.gone');
DROP FUNCTION many_locks(), many_noop(pm_jobs.job);
