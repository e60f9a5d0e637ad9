-- Sagas: every way through one, in this database and on a server that leads back to it.
\set SHOW_CONTEXT never
\set VERBOSITY default
SELECT pm_xref.add_database('back', split_part(current_setting('unix_socket_directories'), ', ', 1), current_setting('port')::int, current_database());
CREATE SCHEMA zoo;
CREATE TABLE zoo.done (n int GENERATED ALWAYS AS IDENTITY, saga uuid, what text, payload jsonb);
CREATE TABLE zoo.once (saga uuid UNIQUE DEFERRABLE INITIALLY DEFERRED);
-- does something, and fails with the SQLSTATE that table zoo.fails has for it
CREATE TABLE zoo.fails (what text PRIMARY KEY, code text);
CREATE FUNCTION zoo.work(what text, saga uuid, payload jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  error text := (SELECT code FROM zoo.fails AS f WHERE f.what = work.what);
BEGIN
  INSERT INTO zoo.done (saga, what, payload) VALUES (saga, what, payload);
  IF error IS NOT NULL THEN
    RAISE EXCEPTION '% fails', what USING ERRCODE = error, DETAIL = 'As it is meant to.';
  END IF;
  RETURN jsonb_build_object('did', what);
END $$;
SELECT format('CREATE FUNCTION zoo.%I(saga uuid, payload jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT zoo.work(%1$L, saga, payload) $$', f)
FROM unnest('{a,undo a,b,undo b,c,undo c}'::text[]) AS f \gexec
-- what has been done for a saga, and what it says about itself
CREATE FUNCTION zoo.effects(id uuid) RETURNS text LANGUAGE sql AS $$ SELECT string_agg(what, ', ' ORDER BY n) FROM zoo.done WHERE saga = id $$;
CREATE FUNCTION zoo.story(id uuid) RETURNS TABLE(n int, step text, direction text, event text, state text, sqlstate text, message text)
LANGUAGE sql AS $$
  SELECT n, step, direction, event, state, sqlstate, regexp_replace(message, 'saga [0-9a-f-]{36}', 'saga ...')
  FROM pm_xref.saga_transitions WHERE saga = id ORDER BY n
$$;

-- the error of a statement, without the id of the saga
CREATE FUNCTION zoo.error(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  message text;
  detail text;
  hint text;
BEGIN
  EXECUTE statement;
  RETURN 'none';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RETURN regexp_replace(concat_ws(' ', SQLSTATE, message, CASE WHEN SQLSTATE <> '23514' THEN detail END, hint), '[0-9a-f-]{36}', '...');
END $$;

-- definitions
SELECT pm_xref.define_saga('bad', NULL);
SELECT pm_xref.define_saga('', '[]');
SELECT pm_xref.define_saga('bad', '{"name": "a"}');
SELECT pm_xref.define_saga('bad', '[]');
SELECT pm_xref.define_saga('bad', '[{"name": "a", "action": "zoo.a"}, 7]');
SELECT pm_xref.define_saga('bad', '[{"name": "a", "action": "zoo.a", "undo": "zoo.b"}]');
SELECT pm_xref.define_saga('bad', '[{"action": "zoo.a"}]');
SELECT pm_xref.define_saga('bad', '[{"name": "", "action": "zoo.a"}]');
SELECT pm_xref.define_saga('bad', '[{"name": ["a"], "action": "zoo.a"}]');
SELECT pm_xref.define_saga('bad', '[{"name": "a", "action": null}]');
SELECT pm_xref.define_saga('bad', '[{"name": "a", "action": "a"}]');
SELECT pm_xref.define_saga('bad', '[{"name": "a", "action": "zoo.a; DROP TABLE zoo.done"}]');
SELECT pm_xref.define_saga('bad', '[{"name": "a", "action": "zoo.a(text)"}]');
SELECT pm_xref.define_saga('bad', '[{"name": "a", "action": "zoo.a", "compensation": 1}]');
SELECT pm_xref.define_saga('bad', '[{"name": "a", "action": "zoo.a", "server": "nowhere"}]');
SELECT pm_xref.define_saga('bad', '[{"name": "a", "action": "zoo.a", "server": 5}]');
SELECT pm_xref.define_saga('bad', '[{"name": "a", "action": "zoo.a"}, {"name": "a", "action": "zoo.b"}]');
SELECT pm_xref.define_saga('bad', '[{"name": "a", "action": "zoo.missing"}]');
SELECT pm_xref.define_saga('bad', '[{"name": "a", "action": "zoo.a", "compensation": "zoo.work"}]');
SELECT pm_xref.define_saga('bad', '[{"name": "a", "action": "pg_catalog.jsonb_build_object"}]');
CREATE FUNCTION zoo.set(saga uuid, payload jsonb) RETURNS SETOF jsonb LANGUAGE sql AS 'SELECT payload';
SELECT pm_xref.define_saga('bad', '[{"name": "a", "action": "zoo.set"}]');
SELECT pm_xref.define_saga('bad', '[{"name": "a", "server": "back", "action": "zoo.a", "compensation": "zoo.missing"}]');
CREATE SERVER silent FOREIGN DATA WRAPPER postgres_fdw OPTIONS (dbname 'none');
SELECT pm_xref.define_saga('unchecked', '[{"name": "a", "server": "silent", "action": "zoo.missing"}]');
SELECT pm_xref.define_saga('three', '[{"name": "one", "action": "zoo.a", "compensation": "zoo.\"undo a\""},
  {"name": "two", "server": "back", "action": "zoo.b(uuid, jsonb)", "compensation": "zoo.\"undo b\""},
  {"name": "three", "action": "zoo.c ( uuid,jsonb ) ", "compensation": null}]');
SELECT * FROM pm_xref._saga_definitions ORDER BY name;
SELECT name, concurrency, max_attempts, backoff, ordered FROM pm_jobs.queues WHERE name = 'pm_xref.sagas';
SELECT kind, handler, transactional FROM pm_jobs.handlers WHERE kind LIKE 'pm\_xref.saga%' ORDER BY kind;
SELECT pm_jobs.alter_queue('pm_xref.sagas', backoff => '{0}', max_attempts => 3);
SELECT pm_xref.drop_saga('unchecked'), pm_xref.drop_saga('bad');
SELECT pm_xref.drop_saga('unchecked');

-- starting
SELECT pm_xref.start_saga('none', '{}');
SELECT pm_xref.start_saga(NULL, '{}');
SELECT pm_xref.start_saga('three', NULL);
SELECT pm_xref.start_saga('three', '[1]');
SELECT pm_xref.start_saga('three', '{"results": 1}');
BEGIN;
SELECT pm_xref.start_saga('three', '{}') AS id \gset
SELECT count(*) FROM pm_xref.sagas;
ROLLBACK;
SELECT count(*) FROM pm_xref.sagas;
SELECT count(*) FROM pm_jobs.jobs WHERE queue = 'pm_xref.sagas';

-- all steps; each sees the results of those before
SELECT pm_xref.start_saga('three', '{"x": 1}') AS id \gset
SELECT name, state, step, direction, attempts, payload, results, job IS NOT NULL AS has_job, started_by, finished_at FROM pm_xref.sagas;
CALL pm_jobs.run('pm_xref.sagas');
SELECT what, payload FROM zoo.done WHERE saga = :'id' ORDER BY n;
SELECT name, state, step, direction, attempts, sqlstate, results, job, finished_at > started_at AS finished FROM pm_xref.sagas WHERE id = :'id';
SELECT * FROM zoo.story(:'id');
SELECT kind, status, payload = jsonb_build_object('saga', :'id'), limit_key = :'id', result FROM pm_jobs.jobs WHERE limit_key = :'id' ORDER BY id;
SELECT step, direction, outcome, result FROM pm_xref._saga_steps WHERE saga = :'id';

-- a failure at each step: what was done before it is undone, the last first
INSERT INTO zoo.fails VALUES ('a', '22023');
SELECT pm_xref.start_saga('three', '{"x": 1}') AS id \gset
CALL pm_jobs.run('pm_xref.sagas');
SELECT state, step, direction, sqlstate, message, detail, zoo.effects(id) FROM pm_xref.sagas WHERE id = :'id';
SELECT * FROM zoo.story(:'id');
UPDATE zoo.fails SET what = 'b', code = 'P0004';
SELECT pm_xref.start_saga('three', '{"x": 1}') AS id \gset
CALL pm_jobs.run('pm_xref.sagas');
SELECT state, step, direction, sqlstate, message, detail, zoo.effects(id) FROM pm_xref.sagas WHERE id = :'id';
SELECT * FROM zoo.story(:'id');
-- it will never be done by a call that comes late
DELETE FROM zoo.fails;
SELECT * FROM pm_xref._saga_step(:'id', 2, 'action', 'zoo.b(uuid,jsonb)', '{}');
-- what is answered is on disk
BEGIN;
SET LOCAL synchronous_commit = off;
SELECT outcome FROM pm_xref._saga_step(:'id', 2, 'action', 'zoo.b(uuid,jsonb)', '{}');
SHOW synchronous_commit;
COMMIT;
INSERT INTO zoo.fails VALUES ('c', '23514');
SELECT pm_xref.start_saga('three', '{"x": 1}') AS id \gset
CALL pm_jobs.run('pm_xref.sagas');
SELECT what, payload FROM zoo.done WHERE saga = :'id' ORDER BY n;
SELECT state, step, direction, sqlstate, message, detail, results FROM pm_xref.sagas WHERE id = :'id';
SELECT * FROM zoo.story(:'id');
DELETE FROM zoo.fails;

-- inside one transaction, steps of this database alone
BEGIN;
SELECT pm_xref.start_saga('three', '{}') AS id \gset
SELECT pm_jobs.run_pending('pm_xref.sagas');
SELECT state, step, zoo.effects(id) FROM pm_xref.sagas WHERE id = :'id';
ROLLBACK;
SELECT count(*) FROM pm_xref._saga_steps WHERE saga = :'id';

-- an error that may pass is no failure, here or there
INSERT INTO zoo.fails VALUES ('a', '40001');
SELECT pm_xref.start_saga('three', '{}') AS id \gset
CALL pm_jobs.run('pm_xref.sagas', 4);
SELECT state, step, direction, attempts, sqlstate, message, zoo.effects(id) FROM pm_xref.sagas WHERE id = :'id';
UPDATE zoo.fails SET what = 'b', code = '53100';
CALL pm_jobs.run('pm_xref.sagas', 5);
SELECT state, step, direction, attempts, sqlstate, message, zoo.effects(id) FROM pm_xref.sagas WHERE id = :'id';
SELECT count(*) FROM pm_xref._saga_steps WHERE saga = :'id';
DELETE FROM zoo.fails;
CALL pm_jobs.run('pm_xref.sagas');
SELECT state, attempts, sqlstate, zoo.effects(id) FROM pm_xref.sagas WHERE id = :'id';
SELECT event, count(*) FROM zoo.story(:'id') GROUP BY event ORDER BY event;

-- the next attempt waits as the queue says
SELECT pm_jobs.alter_queue('pm_xref.sagas', backoff => '{1 min,1 h}');
INSERT INTO zoo.fails VALUES ('a', '57P03');
SELECT pm_xref.start_saga('three', '{}') AS id \gset
CALL pm_jobs.run('pm_xref.sagas');
SELECT s.attempts, j.status, round(extract(epoch FROM j.run_at - clock_timestamp()) / 60) AS minutes
FROM pm_xref.sagas AS s JOIN pm_jobs.jobs AS j ON j.id = s.job WHERE s.id = :'id';
UPDATE pm_jobs._job SET run_at = NULL WHERE limit_key = :'id';
CALL pm_jobs.run('pm_xref.sagas');
SELECT s.attempts, j.status, round(extract(epoch FROM j.run_at - clock_timestamp()) / 60) AS minutes
FROM pm_xref.sagas AS s JOIN pm_jobs.jobs AS j ON j.id = s.job WHERE s.id = :'id';
DELETE FROM zoo.fails;
UPDATE pm_jobs._job SET run_at = NULL WHERE limit_key = :'id';
SELECT pm_jobs.alter_queue('pm_xref.sagas', backoff => '{0}');
CALL pm_jobs.run('pm_xref.sagas');
SELECT state, attempts, sqlstate FROM pm_xref.sagas WHERE id = :'id';

-- a cancel, or a timeout, fails the attempt of the job; another one is made
INSERT INTO zoo.fails VALUES ('a', '57014');
SELECT pm_xref.start_saga('three', '{}') AS id \gset
CALL pm_jobs.run('pm_xref.sagas', 2);
SELECT s.state, s.attempts, j.status, j.attempts AS of_the_job, j.last_error FROM pm_xref.sagas AS s JOIN pm_jobs.jobs AS j ON j.id = s.job WHERE s.id = :'id';
DELETE FROM zoo.fails;
CALL pm_jobs.run('pm_xref.sagas');
SELECT state, attempts, sqlstate FROM pm_xref.sagas WHERE id = :'id';

-- a constraint that the function deferred fails with it
CREATE FUNCTION zoo.twice(saga uuid, payload jsonb) RETURNS jsonb LANGUAGE sql AS $$
  INSERT INTO zoo.once VALUES (saga), (saga) RETURNING NULL::jsonb
$$;
SELECT pm_xref.define_saga('twice', '[{"name": "one", "action": "zoo.a", "compensation": "zoo.\"undo a\""}, {"name": "two", "server": "back", "action": "zoo.twice"}]');
SELECT pm_xref.start_saga('twice', '{}') AS id \gset
CALL pm_jobs.run('pm_xref.sagas');
SELECT state, sqlstate, zoo.effects(id) FROM pm_xref.sagas WHERE id = :'id';
-- a function that is gone has failed, too
SELECT pm_xref.start_saga('twice', '{}') AS id \gset
DROP FUNCTION zoo.twice(uuid, jsonb);
CALL pm_jobs.run('pm_xref.sagas');
SELECT state, sqlstate, message, detail, zoo.effects(id) FROM pm_xref.sagas WHERE id = :'id';
SELECT pm_xref.define_saga('null', '[{"name": "one", "action": "zoo.null"}]');
CREATE FUNCTION zoo.null(saga uuid, payload jsonb) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT pm_xref.define_saga('null', '[{"name": "one", "action": "zoo.null"}]');
SELECT pm_xref.start_saga('null', '{}') AS id \gset
CALL pm_jobs.run('pm_xref.sagas');
SELECT state, results FROM pm_xref.sagas WHERE id = :'id';

-- a compensation that fails is tried again, until it is stuck
INSERT INTO zoo.fails VALUES ('c', '22000'), ('undo b', '42P01');
SELECT pm_xref.start_saga('three', '{}') AS id \gset
CALL pm_jobs.run('pm_xref.sagas');
SELECT state, step, direction, attempts, sqlstate, message, zoo.effects(id) FROM pm_xref.sagas WHERE id = :'id';
SELECT j.status, j.run_at, j.kind FROM pm_xref.sagas AS s JOIN pm_jobs.jobs AS j ON j.id = s.job WHERE s.id = :'id';
SELECT zoo.error(format('SELECT pm_xref.cancel_saga(%L)', :'id'));
UPDATE zoo.fails SET code = '08000' WHERE what = 'undo b';
SELECT pm_xref.retry_saga(:'id');
SELECT state, step, attempts, sqlstate FROM pm_xref.sagas WHERE id = :'id';
SELECT zoo.error(format('SELECT pm_xref.retry_saga(%L)', :'id'));
CALL pm_jobs.run('pm_xref.sagas', 9);
SELECT state, step, direction, attempts, sqlstate, zoo.effects(id) FROM pm_xref.sagas WHERE id = :'id';
DELETE FROM zoo.fails;
CALL pm_jobs.run('pm_xref.sagas');
SELECT state, attempts, zoo.effects(id) FROM pm_xref.sagas WHERE id = :'id';
SELECT event, direction, state, sqlstate, count(*) FROM zoo.story(:'id') WHERE step = 'two' GROUP BY 1, 2, 3, 4 ORDER BY min(n);
SELECT zoo.error(format('SELECT pm_xref.retry_saga(%L)', :'id'));
SELECT zoo.error(format('SELECT pm_xref.cancel_saga(%L)', :'id'));

-- a server that cannot be asked decides nothing, but is no passing trouble
ALTER SERVER back OPTIONS (SET dbname 'nowhere');
SELECT pm_xref.start_saga('three', '{}') AS id \gset
CALL pm_jobs.run('pm_xref.sagas', 7);
SELECT state, step, attempts, sqlstate, zoo.effects(id) FROM pm_xref.sagas WHERE id = :'id';
ALTER SERVER back OPTIONS (SET dbname 'template1');
CALL pm_jobs.run('pm_xref.sagas');
SELECT state, step, direction, attempts, sqlstate, regexp_replace(message, 'saga [0-9a-f-]{36}', 'saga ...') AS message, zoo.effects(id) FROM pm_xref.sagas WHERE id = :'id';
SELECT pm_xref.cancel_saga(:'id');
SELECT state, cancelled, attempts FROM pm_xref.sagas WHERE id = :'id';
SELECT format('ALTER SERVER back OPTIONS (SET dbname %L)', current_database()) \gexec
CALL pm_jobs.run('pm_xref.sagas');
SELECT state, cancelled, zoo.effects(id) FROM pm_xref.sagas WHERE id = :'id';
SELECT * FROM zoo.story(:'id') WHERE event NOT IN ('undecided');
-- a call that is still on its way finds it cancelled
SELECT * FROM pm_xref._saga_step(:'id', 2, 'action', 'zoo.b(uuid,jsonb)', '{}');

-- cancelled: before anything is done; after some steps; too late for the step that is asked for
SELECT pm_xref.start_saga('three', '{}') AS id \gset
SELECT pm_xref.cancel_saga(:'id'), pm_xref.cancel_saga(:'id');
SELECT state, cancelled FROM pm_xref.sagas WHERE id = :'id';
CALL pm_jobs.run('pm_xref.sagas');
SELECT state, sqlstate, zoo.effects(id) FROM pm_xref.sagas WHERE id = :'id';
SELECT * FROM zoo.story(:'id');
SELECT pm_xref.start_saga('three', '{}') AS id \gset
CALL pm_jobs.run('pm_xref.sagas', 2);
SELECT pm_xref.cancel_saga(:'id');
CALL pm_jobs.run('pm_xref.sagas');
SELECT state, zoo.effects(id) FROM pm_xref.sagas WHERE id = :'id';
SELECT * FROM zoo.story(:'id');
SELECT pm_xref.start_saga('three', '{}') AS id \gset
CALL pm_jobs.run('pm_xref.sagas', 1);
SELECT outcome, result FROM pm_xref._saga_step(:'id', 2, 'action', 'zoo.b(uuid,jsonb)', '{}');
SELECT pm_xref.cancel_saga(:'id');
CALL pm_jobs.run('pm_xref.sagas');
SELECT state, results, zoo.effects(id) FROM pm_xref.sagas WHERE id = :'id';
SELECT * FROM zoo.story(:'id');
-- a saga whose last step was cancelled too late has nothing left to do forwards
SELECT pm_xref.define_saga('far', '[{"name": "one", "server": "back", "action": "zoo.a", "compensation": "zoo.\"undo a\""}]');
SELECT pm_xref.start_saga('far', '{}') AS id \gset
SELECT outcome, result FROM pm_xref._saga_step(:'id', 1, 'action', 'zoo.a(uuid,jsonb)', '{}');
SELECT pm_xref.cancel_saga(:'id');
CALL pm_jobs.run('pm_xref.sagas');
SELECT state, zoo.effects(id) FROM pm_xref.sagas WHERE id = :'id';

-- one that runs keeps its steps
SELECT pm_xref.start_saga('three', '{}') AS id \gset
SELECT pm_xref.define_saga('three', '[{"name": "only", "action": "zoo.c"}]');
SELECT pm_xref.start_saga('three', '{}') AS other \gset
SELECT pm_xref.drop_saga('three');
CALL pm_jobs.run('pm_xref.sagas');
SELECT state, zoo.effects(id) FROM pm_xref.sagas WHERE id IN (:'id', :'other') ORDER BY id;

-- its job cancelled: it is stuck until it is retried; the job gone: it gets a new one
SELECT pm_xref.start_saga('far', '{}') AS id \gset
SELECT pm_jobs.cancel(job) FROM pm_xref.sagas WHERE id = :'id';
SELECT state, step, direction FROM pm_xref.sagas WHERE id = :'id';
SELECT pm_xref.retry_saga(:'id');
SELECT state, step, direction FROM pm_xref.sagas WHERE id = :'id';
DELETE FROM pm_jobs._job WHERE limit_key = :'id';
SELECT state FROM pm_xref.sagas WHERE id = :'id';
SELECT pm_xref.cancel_saga(:'id');
CALL pm_jobs.run('pm_xref.sagas');
SELECT state, zoo.effects(id) FROM pm_xref.sagas WHERE id = :'id';
SELECT * FROM zoo.story(:'id');

-- nothing but legal transitions, and no saga that contradicts itself
SELECT pm_xref.start_saga('far', '{}') AS id \gset
SELECT zoo.error('UPDATE pm_xref._sagas SET state = ''completed'', step = 2, job = NULL, finished_at = now() WHERE id = ' || quote_literal(:'id'));
SELECT zoo.error('UPDATE pm_xref._sagas SET event = ''done'', state = ''running'', step = 1 WHERE id = ' || quote_literal(:'id'));
SELECT zoo.error('UPDATE pm_xref._sagas SET event = ''undecided'', payload = ''{"x": 2}'' WHERE id = ' || quote_literal(:'id'));
SELECT zoo.error('UPDATE pm_xref._sagas SET event = ''done'', state = ''completed'', step = 2 WHERE id = ' || quote_literal(:'id'));
SELECT zoo.error('UPDATE pm_xref._sagas SET event = ''failed'', state = ''compensating'', direction = ''compensation'', step = 0 WHERE id = ' || quote_literal(:'id'));
UPDATE pm_xref._sagas SET event = 'stuck', state = 'stuck' WHERE id = :'id';
SELECT zoo.error('UPDATE pm_xref._sagas SET event = ''retried'', state = ''compensating'', direction = ''compensation'' WHERE id = ' || quote_literal(:'id'));
SELECT n, event, state FROM zoo.story(:'id');
SELECT pm_xref.retry_saga('00000000-0000-0000-0000-000000000000');
SELECT pm_xref.cancel_saga(NULL);
-- the job of another saga, or of one that is over, does nothing
SELECT pm_xref._run_saga(ROW(0, 'pm_xref.sagas', 'pm_xref.saga', jsonb_build_object('saga', :'id'), 1, 1, now())::pm_jobs.job) IS NULL AS nothing;
CALL pm_jobs.run('pm_xref.sagas');
SELECT state FROM pm_xref.sagas WHERE id = :'id';

-- forgotten: what has finished, here and where its steps were
SELECT pm_xref.purge_sagas(NULL);
SELECT pm_xref.purge_sagas('-1 s');
SELECT pm_xref.purge_sagas();
SELECT count(*) > 10 AS finished FROM pm_xref.sagas WHERE finished_at IS NOT NULL;
SELECT count(*) > 10 AS recorded FROM pm_xref._saga_steps;
SELECT pm_xref.purge_sagas('0') > 10 AS forgotten;
SELECT state, count(*) FROM pm_xref.sagas GROUP BY state;
SELECT count(*) FROM pm_xref._saga_steps;

-- who sees what, and may do what; grants as a deployment makes them
CREATE ROLE saga_one;
CREATE ROLE saga_two;
SELECT pm_jobs.grant_queue('pm_xref.sagas', 'saga_one'), pm_jobs.grant_queue('pm_xref.sagas', 'saga_two');
GRANT USAGE ON SCHEMA zoo TO saga_one, saga_two;
GRANT SELECT, INSERT ON zoo.done, zoo.fails TO saga_one, saga_two;
GRANT SELECT ON pm_xref._saga_definitions, pm_xref.sagas, pm_xref.saga_transitions TO saga_one, saga_two;
GRANT SELECT, INSERT, UPDATE ON pm_xref._sagas, pm_xref._saga_transitions TO saga_one, saga_two;
SELECT format('GRANT EXECUTE ON FUNCTION %s TO saga_one, saga_two', p.oid::regprocedure)
FROM pg_proc AS p WHERE p.pronamespace = 'pm_xref'::regnamespace AND p.proname ~ 'saga|step|_is_passing|_goes_on|_no_definition' AND p.proname NOT IN ('_saga_moves', '_forget_steps', 'purge_sagas') ORDER BY p.oid::regprocedure::text COLLATE "C" \gexec
SELECT pm_xref.define_saga('near', '[{"name": "one", "action": "zoo.a", "compensation": "zoo.\"undo a\""}, {"name": "two", "action": "zoo.b"}]');
SET ROLE saga_one;
SELECT pm_xref.start_saga('near', '{}') AS id \gset
SELECT name, state, started_by FROM pm_xref.sagas;
SELECT count(*) FROM pm_xref.saga_transitions;
SELECT pm_xref.define_saga('mine', '[{"name": "one", "action": "zoo.a"}]');
SET ROLE saga_two;
SELECT count(*) FROM pm_xref.sagas;
SELECT count(*) FROM pm_xref.saga_transitions;
\set VERBOSITY sqlstate
SELECT pm_xref.cancel_saga(:'id');
SELECT pm_xref.retry_saga(:'id');
\set VERBOSITY default
RESET ROLE;
SELECT pm_xref.cancel_saga(:'id');
CALL pm_jobs.run('pm_xref.sagas');
SELECT state, started_by, zoo.effects(id) FROM pm_xref.sagas WHERE id = :'id';
SELECT DISTINCT enqueued_by FROM pm_jobs.jobs WHERE limit_key = :'id';
-- one that is stuck goes on as who started it
INSERT INTO zoo.fails VALUES ('b', '22000'), ('undo a', '42501');
SET ROLE saga_one;
SELECT pm_xref.start_saga('near', '{}') AS id \gset
RESET ROLE;
CALL pm_jobs.run('pm_xref.sagas');
SELECT state FROM pm_xref.sagas WHERE id = :'id';
DELETE FROM zoo.fails;
SELECT pm_xref.retry_saga(:'id');
CALL pm_jobs.run('pm_xref.sagas');
SELECT state, zoo.effects(id) FROM pm_xref.sagas WHERE id = :'id';
SELECT DISTINCT enqueued_by FROM pm_jobs.jobs WHERE limit_key = :'id';
SELECT pm_jobs.revoke_queue('pm_xref.sagas', 'saga_one'), pm_jobs.revoke_queue('pm_xref.sagas', 'saga_two');

-- nothing is left
DELETE FROM pm_xref._sagas;
DELETE FROM pm_xref._saga_steps;
DELETE FROM pm_xref._saga_definitions;
DELETE FROM pm_jobs._attempts AS a USING pm_jobs._finished AS f WHERE f.id = a.job_id AND f.queue = 'pm_xref.sagas';
DELETE FROM pm_jobs._finished WHERE queue = 'pm_xref.sagas';
SELECT pm_jobs.drop_queue('pm_xref.sagas'), pm_jobs.unregister_handler('pm_xref.saga'), pm_jobs.unregister_handler('pm_xref.saga_remote');
SET client_min_messages = warning;
DROP OWNED BY saga_one, saga_two;
DROP ROLE saga_one, saga_two;
DROP SERVER back CASCADE;
DROP SERVER silent;
DROP SCHEMA zoo CASCADE;
