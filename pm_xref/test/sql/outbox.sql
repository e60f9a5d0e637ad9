-- Outbox: publishing, subscriptions, delivery to this database and through a server.
\set SHOW_CONTEXT never
SELECT pm_xref.add_database('loop', split_part(current_setting('unix_socket_directories'), ', ', 1), current_setting('port')::int, current_database());
CREATE TABLE got (id bigint GENERATED ALWAYS AS IDENTITY, kind text, payload jsonb);
CREATE FUNCTION note(job pm_jobs.job) RETURNS jsonb LANGUAGE sql SET search_path = public AS $$
  INSERT INTO got (kind, payload) VALUES (job.kind, job.payload) RETURNING NULL::jsonb
$$;
SELECT pm_jobs.register_handler('here', 'note(pm_jobs.job)');
SELECT pm_jobs.create_queue('near', ordered => true), pm_jobs.create_queue('loose');
-- what receives events: once more keeps the queue's settings, and has the new handler
SELECT pm_xref.receive_events('far', 'there', 'pm_xref._run_delivery(pm_jobs.job)');
SELECT pm_jobs.alter_queue('far', concurrency => 3);
SELECT pm_xref.receive_events('far', 'there', 'note(pm_jobs.job)');
SELECT q.name, q.ordered, q.concurrency, h.handler FROM pm_jobs.queues AS q, pm_jobs.handlers AS h WHERE q.name = 'far' AND h.kind = 'there';
-- runs what is there, and shows what came
CREATE FUNCTION come() RETURNS TABLE(kind text, topic text, key text, payload jsonb) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pm_jobs.run_pending('near'), pm_jobs.run_pending('far');
  RETURN QUERY WITH d AS (DELETE FROM got RETURNING *) SELECT d.kind, d.payload ->> 'topic', d.payload ->> 'key', d.payload -> 'payload' FROM d ORDER BY d.kind, d.id;
END $$;

-- topics that came with the extension, and others
SELECT topic, shipped, schema -> 'required' AS required FROM pm_xref.topics ORDER BY topic;
SELECT pm_xref.define_topic('app.seen', 'something was seen', '{"required": ["n"]}'), pm_xref.define_topic('app.gone', 'something went');
SELECT pm_xref.define_topic('app.gone', 'something went away');
SELECT * FROM pm_xref.topics WHERE NOT shipped ORDER BY topic;
SELECT pm_xref.define_topic('catalog.stock.low', 'mine');
SELECT pm_xref.drop_topic('catalog.stock.low');
SELECT pm_xref.define_topic('app *', 'mine');
SELECT pm_xref.define_topic('app', NULL);
SELECT pm_xref.define_topic('app', 'mine', '[]');
SELECT pm_xref.drop_topic('app');

-- what is no event
SELECT pm_xref.publish('none', '1', '{}');
SELECT pm_xref.publish('app.seen', '1', '[]');
SELECT pm_xref.publish('app.seen', '1', '{"m": 1}');
SELECT pm_xref.publish('catalog.price.changed', '1', '{"id": 1, "currency": "EUR"}');
SELECT pm_xref.publish(NULL, '1', '{}');
SELECT pm_xref.publish('app.gone', NULL, '{}');
SELECT pm_xref.publish('app.gone', '1', NULL);
SELECT count(*) FROM pm_xref._events;

-- what is no subscription
SELECT pm_xref.subscribe('none', NULL, 'near', 'here');
SELECT pm_xref.subscribe('app.*.seen', NULL, 'near', 'here');
SELECT pm_xref.subscribe(NULL, NULL, 'near', 'here');
SELECT pm_xref.subscribe('app.seen', NULL, NULL, 'here');
SELECT pm_xref.subscribe('app.seen', NULL, 'none', 'here');
SELECT pm_xref.subscribe('app.seen', NULL, 'near', 'none');
SELECT pm_xref.subscribe('app.seen', 'none', 'near', 'here');
SELECT pm_xref.subscribe('app.seen', 'loop', 'none', 'here');
SELECT pm_xref.subscribe('app.seen', 'loop', 'near', 'none');
SELECT pm_xref.unsubscribe('app.seen');
SELECT pm_xref.unsubscribe('app.seen', 'loop');
SELECT count(*) FROM pm_xref._subscriptions;

-- before a subscription, and after it
SELECT pm_xref.publish('app.seen', 'early', '{"n": 0}') > 0 AS published;
SELECT pm_xref.subscribe('app.seen', NULL, 'near', 'here') IS NOT NULL AS subscribed;
SELECT pm_xref.subscribe('app.*', 'loop', 'far', 'there') IS NOT NULL AS subscribed;
SELECT pm_xref.subscribe('app.seen', NULL, 'near', 'here');
SELECT pm_xref.subscribe('app.*', 'loop', 'loose', 'there') IS NOT NULL AS subscribed;
SELECT pm_xref.unsubscribe('app.*', 'loop', 'loose');
SELECT topic, server, queue, kind, owner = current_user::regrole AS mine, delivered, last_delivery FROM pm_xref.subscriptions ORDER BY topic;
SELECT queue, kind, received FROM pm_xref._inbox ORDER BY queue;
SELECT name, queue, kind, spec FROM pm_jobs.schedules;
SELECT pm_xref.deliver();
SELECT pm_xref.publish('app.seen', 'k', '{"n": 1}') < pm_xref.publish('app.gone', 'k', '{}') AS in_order;
SELECT topic, undelivered, age > '0' AS age FROM pm_xref.outbox_lag ORDER BY topic;
SELECT pm_xref.deliver();
SELECT * FROM come();
SELECT pm_xref.deliver();
SELECT topic, undelivered, age FROM pm_xref.outbox_lag ORDER BY topic;
SELECT topic, delivered, last_delivery IS NOT NULL AS at FROM pm_xref.subscriptions ORDER BY topic;
SELECT queue, received FROM pm_xref._inbox ORDER BY queue;

-- the jobs that wake: one for each transaction and subscription, again after a rollback
DELETE FROM pm_jobs._job;
BEGIN;
SELECT count(pm_xref.publish('app.seen', (n % 7)::text, jsonb_build_object('n', n))) FROM generate_series(1, 700) AS n;
SELECT count(*) FROM pm_jobs.jobs WHERE queue = 'pm_xref';
-- what is not committed is not delivered, nor lost
SELECT pm_xref.deliver();
SELECT count(*) AS publishing FROM pm_xref.outbox_lag WHERE publishing_pid = pg_backend_pid() AND publishing_since = now();
SELECT pm_xref.publish('app.seen', 'more', '{"n": 701}') > 0 AS published;
COMMIT;
BEGIN;
SAVEPOINT a;
SELECT pm_xref.publish('app.gone', 'away', '{}') > 0 AS published;
ROLLBACK TO a;
SELECT pm_xref.publish('app.gone', 'kept', '{}') > 0 AS published;
SAVEPOINT b;
SELECT pm_xref.publish('app.gone', 'kept too', '{}') > 0 AS published;
RELEASE b;
COMMIT;
SELECT count(*), count(DISTINCT limit_key), min(enqueued_by::text) = current_user AS mine FROM pm_jobs.jobs WHERE queue = 'pm_xref';
SELECT pm_jobs.run_pending('pm_xref');
SELECT result, count(*) FROM pm_jobs.jobs WHERE queue = 'pm_xref' AND status = 'succeeded' AND result IS NOT NULL GROUP BY result ORDER BY 1;
SELECT count(*) FROM pm_jobs.jobs WHERE queue = 'pm_xref' AND status <> 'succeeded';
SELECT kind, topic, sum(count), bool_and(in_order) AS in_order
FROM (SELECT kind, topic, count(*), array_agg((payload ->> 'n')::int ORDER BY n) = array_agg((payload ->> 'n')::int ORDER BY (payload ->> 'n')::int) AS in_order
      FROM come() WITH ORDINALITY AS c(kind, topic, key, payload, n) WHERE topic = 'app.seen' GROUP BY kind, topic, key) AS k
GROUP BY kind, topic ORDER BY kind, topic;

-- what does not publish
BEGIN;
SET LOCAL session_replication_role = replica;
SELECT pm_xref.publish('app.gone', 'replica', '{}') IS NULL AS nothing;
COMMIT;
BEGIN;
SELECT pm_xref.publish('app.gone', 'prepared', '{}') > 0 AS published;
PREPARE TRANSACTION 'events';
BEGIN;
PREPARE TRANSACTION 'nothing';
ROLLBACK PREPARED 'nothing';
SELECT pm_xref.deliver();

-- large events go in several batches
SELECT count(pm_xref.publish('app.gone', n::text, jsonb_build_object('n', n, 'text', (SELECT string_agg(md5(i::text || n), '') FROM generate_series(1, 16000) AS i)))) FROM generate_series(1, 5) AS n;
SELECT pm_xref.deliver();
SELECT kind, key, payload -> 'n' AS n, length(payload ->> 'text') FROM come();

-- a subscriber that fails, and comes back
SELECT pm_xref.publish('app.seen', 'k', '{"n": 1}') > 0 AS published;
ALTER SERVER loop OPTIONS (SET dbname 'nowhere');
SELECT pm_xref.deliver();
SELECT topic, undelivered, failures, sqlstate, message, next_try > failed_at AS later FROM pm_xref.outbox_lag ORDER BY topic;
SELECT * FROM come();
-- wakes nobody while it waits; the job that tries again does
UPDATE pm_xref._subscriptions SET next_try = now() + interval '1 h' WHERE next_try IS NOT NULL;
DELETE FROM pm_jobs._job;
SELECT pm_xref.publish('app.gone', 'k', '{}') > 0 AS published;
SELECT count(*) FROM pm_jobs.jobs WHERE queue = 'pm_xref' AND finished_at IS NULL;
SELECT pm_jobs.enqueue('pm_xref', 'pm_xref.deliver', jsonb_build_object('subscription', id)) > 0 AS job FROM pm_xref.subscriptions WHERE topic = 'app.*';
SELECT pm_jobs.run_pending('pm_xref');
SELECT failures FROM pm_xref.outbox_lag WHERE topic = 'app.*';
UPDATE pm_xref._subscriptions SET next_try = now() WHERE next_try IS NOT NULL;
SELECT pm_jobs.enqueue('pm_xref', 'pm_xref.deliver', jsonb_build_object('subscription', id)) > 0 AS job FROM pm_xref.subscriptions WHERE topic = 'app.*';
SELECT pm_jobs.run_pending('pm_xref');
SELECT s.failures, j.status, j.run_at = s.next_try AS then, j.payload - 'subscription' AS payload
FROM pm_xref.outbox_lag AS s JOIN pm_jobs.jobs AS j ON j.limit_key = s.subscription::text AND finished_at IS NULL;
DO $$ BEGIN EXECUTE format('ALTER SERVER loop OPTIONS (SET dbname %L)', current_database()); END $$;
-- the job of every minute looks at all
DELETE FROM pm_jobs._job;
SELECT pm_jobs.enqueue('pm_xref', 'pm_xref.deliver') > 0 AS job;
SELECT pm_jobs.run_pending('pm_xref');
SELECT pm_jobs.run_pending('pm_xref') >= 0 AS ran;
SELECT * FROM come();
SELECT topic, undelivered, failures, sqlstate, next_try FROM pm_xref.outbox_lag ORDER BY topic;

-- the subscriber's position is the truth: it is set back, lost, and ahead
SELECT pm_xref.publish('app.gone', 'k', '{"n": 1}') > 0 AS published;
CREATE TEMP TABLE kept AS SELECT subscription, position FROM pm_xref._inbox;
SELECT pm_xref.deliver();
SELECT * FROM come();
UPDATE pm_xref._inbox AS i SET position = k.position FROM kept AS k WHERE k.subscription = i.subscription;
SELECT pm_xref.publish('app.gone', 'k', '{"n": 2}') > 0 AS published;
SELECT pm_xref.deliver();
SELECT * FROM come();
UPDATE pm_xref._subscriptions AS s SET confirmed = k.position, position = k.position FROM kept AS k WHERE k.subscription = s.id;
SELECT pm_xref.publish('app.gone', 'k', '{"n": 3}') > 0 AS published;
SELECT pm_xref.deliver();
SELECT * FROM come();
DELETE FROM pm_xref._inbox WHERE queue = 'far';
SELECT pm_xref.deliver() > 700 AS all_of_it;
SELECT topic, count(*) FROM come() GROUP BY topic ORDER BY topic;

-- what is old is purged, but nothing that a subscription waits for
SELECT pm_xref.purge_events();
SET pm_xref.keep_events = 0;
SELECT pm_xref.publish('app.gone', 'k', '{"n": 4}') > 0 AS published;
SELECT pm_xref.publish('catalog.product.deleted', 'k', '{"id": 1}') > 0 AS published;
SELECT pm_xref.purge_events() > 700 AS purged;
SELECT topic FROM pm_xref._events ORDER BY id;
SELECT pm_xref.deliver(), pm_xref.purge_events();
SELECT * FROM come();
SELECT count(*) FROM pm_xref._events;
-- a subscriber that lacks what is gone
UPDATE pm_xref._inbox AS i SET position = k.position FROM kept AS k WHERE k.subscription = i.subscription;
SELECT pm_xref.deliver();
SELECT topic, sqlstate, message, hint FROM pm_xref.outbox_lag WHERE failures > 0;
SELECT pm_xref.unsubscribe('app.*', 'loop');
SELECT pm_xref.subscribe('app.*', 'loop', 'far', 'there') IS NOT NULL AS subscribed;
SELECT pm_xref.publish('app.gone', 'k', '{"n": 5}') > 0 AS published;
SELECT pm_xref.deliver();
SELECT * FROM come();
SELECT pm_xref.unsubscribe('app.*', 'loop');
SELECT pm_xref.unsubscribe('app.seen');

-- in this database a failure undoes the batches before it, and counts none of them
CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''spoiled''; END';
CREATE TRIGGER spoil BEFORE INSERT ON pm_jobs._job FOR EACH ROW WHEN (new.payload ->> 'key' = '600') EXECUTE FUNCTION spoil();
SELECT pm_xref.subscribe('app.seen', NULL, 'near', 'here') IS NOT NULL AS subscribed;
SELECT count(pm_xref.publish('app.seen', i::text, '{"n": 1}')) FROM generate_series(1, 700) AS i;
SELECT pm_xref.deliver();
SELECT s.delivered, s.last_delivery, (SELECT count(*) FROM pm_jobs._job AS j WHERE j.queue = 'near') AS jobs FROM pm_xref.subscriptions AS s;
DROP TRIGGER spoil ON pm_jobs._job;
SELECT pm_xref.deliver();
SELECT s.delivered, (SELECT count(*) FROM pm_jobs._job AS j WHERE j.queue = 'near') AS jobs FROM pm_xref.subscriptions AS s;
DROP FUNCTION spoil();
SELECT pm_xref.unsubscribe('app.seen');
SELECT count(*) FROM pm_xref._inbox;
SELECT count(*) FROM pm_jobs.schedules;

RESET pm_xref.keep_events;
SELECT pm_xref.drop_topic('app.seen'), pm_xref.drop_topic('app.gone');
DELETE FROM pm_jobs._job;
SELECT pm_jobs.drop_queue(q) FROM unnest('{near,far,loose,pm_xref}'::text[]) AS q;
SELECT pm_jobs.unregister_handler(k) FROM unnest('{here,there,pm_xref.deliver}'::text[]) AS k;
DROP FUNCTION come(), note(pm_jobs.job);
DROP TABLE got;
DROP SERVER loop CASCADE;
