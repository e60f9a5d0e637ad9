-- A user is erased: here at once, everywhere by jobs, with a proof.
SET client_min_messages = warning;
SET pm_core.bcrypt_cost = 4;
CREATE EXTENSION pm_cache;
INSERT INTO pm_core.roles (name, description) VALUES ('erasure', 'asked for by zoe@example.com'), ('erasure too', NULL);
INSERT INTO pm_core.secrets (name, key_id, ciphertext, description) VALUES ('erasure', 'x', sha256('x'), 'of zoe@example.com');
SELECT pm_jobs.create_queue('erasure'), pm_jobs.register_handler('erasure', 'pm_core._run_expire(pm_jobs.job)');
SELECT pm_core.create_user('zoe@example.com', 'correct horse', 'zoe', 'Zoé', 'Quist', 'erasure') AS zoe \gset
SELECT pm_core.create_user('carl@example.com', 'correct horse', 'carl', 'Carl', 'Quist', 'erasure') AS carl \gset
UPDATE pm_core.users SET permissions = '{"order": ["read"]}', is_admin = true, is_verified = true WHERE id = :'zoe';
INSERT INTO pm_core.user_roles SELECT :'zoe', r.id FROM pm_core.roles AS r WHERE r.name = 'erasure too';
SELECT access_token AS token, refresh_token AS refresh FROM pm_core.login('zoe', 'correct horse') \gset
SELECT length(pm_core.request_verification(:'zoe')), length(pm_core.request_password_reset('zoe@example.com'));
SELECT pm_core.verify_password('zoe', 'wrong horse');
SELECT pm_core.send_notification(:'zoe', 'Hello', 'to you') IS NOT NULL, pm_core.send_notification(:'carl', 'Meet zoe@example.com', 'Zoé Quist, zoe@example.com', metadata => '{"of": "zoe@example.com"}') IS NOT NULL;
SELECT pm_core.define_setting('erasure', 'mail to', 'text', '"zoe@example.com"', 'read by zoe@example.com'), pm_core.set_setting('erasure', 'mail to', '"carl@example.com"');
SELECT pm_jobs.enqueue('erasure', 'erasure', format('{"person": {"id": "%s", "first_name": "Zoé", "phone": "1"}, "n": 7}', :'zoe')::jsonb, run_at => 'infinity') AS job \gset
INSERT INTO pm_xref._events (epoch, topic, key, payload) VALUES (0, 'erasure', :'zoe', '{"login": "zoe", "by": "Zoé Quist <ZOE@example.com>"}');
SELECT pm_xref.add_reference('erasure', 'pm_core.app_setting_changes', 'user_id', NULL, 'pm_core.users');
INSERT INTO pm_xref.quarantined (reference, local_table, row_key, key, action, copy)
VALUES ('erasure', 'pm_core.users', jsonb_build_object('id', :'zoe'), :'zoe', 'delete', jsonb_build_object('id', :'zoe', 'email', 'zoe@example.com', 'first_name', 'Zoé', 'role', 'admin'));
SELECT pm_cache.cache_get('user:zoe') IS NULL, pm_cache.cache_set('user:zoe', '{"email": "zoe@example.com"}', 'products');

-- before: what there is
SELECT relation, column_name, found FROM pm_core.erasure_proof(:'zoe', '{zoe@example.com,zoe,Zoé Quist}') WHERE found > 0 ORDER BY 1, 2;

SELECT pm_core.erase_user(:'zoe', '{old@example.com}');
SELECT email = id || '@erased.invalid' AS email, username, hashed_password, first_name, last_name, role, is_active, is_verified, is_admin, permissions, last_login, erased_at IS NOT NULL AS erased
FROM pm_core.users WHERE id = :'zoe';
SELECT pm_core.verify_password('zoe', 'correct horse'), pm_core.verify_password('zoe@example.com', 'correct horse');
\set VERBOSITY sqlstate
SELECT pm_core.verify_token(:'token');
SELECT pm_core.refresh_token(:'refresh');
SELECT pm_core.set_password(:'zoe', 'another horse');
SELECT pm_core.request_verification(:'zoe');
SELECT pm_core.request_password_reset('zoe@example.com');
SELECT pm_core.issue_token(:'zoe');
SELECT pm_core.send_notification(:'zoe', 'Hello', 'again');
UPDATE pm_core.users SET is_active = true WHERE id = :'zoe';
\set VERBOSITY default
-- another may have the names now
SELECT pm_core.create_user('zoe@example.com', 'correct horse', 'zoe', role => 'erasure') AS other \gset

-- then: rounds, until two have found nothing
SELECT finished_at, round, databases, pending::text[] = ARRAY[current_database()::text] AS pending_here, failed FROM pm_core.erasures WHERE user_id = :'zoe';
SELECT payload, status FROM pm_jobs.jobs WHERE queue = 'pm_core.erasure' AND payload @> format('{"person": "%s", "round": 1}', :'zoe')::jsonb \gset
SELECT :'payload'::jsonb - 'person';
-- somebody writes what is gone meanwhile
INSERT INTO pm_xref._events (epoch, topic, key, payload) VALUES (0, 'erasure', 'x', '{"to": "zoe@example.com"}');
CALL pm_jobs.run('pm_core.erasure');
SELECT finished_at IS NOT NULL AS finished, round, databases, pending, failed FROM pm_core.erasures WHERE user_id = :'zoe';
SELECT words, quiet FROM pm_core._erasures WHERE user_id = :'zoe';

-- the proof
SELECT count(*) > 40 AS searched, sum(found) FROM pm_core.erasure_proof(:'zoe', '{zoe@example.com,zoe,Zoé Quist,old@example.com}');
SELECT payload #- '{person,id}' FROM pm_jobs._job WHERE id = :job;
SELECT key = :'zoe' AS of_zoe, payload FROM pm_xref._events WHERE topic = 'erasure' ORDER BY id;
SELECT copy - 'id' FROM pm_xref.quarantined WHERE reference = 'erasure';
SELECT value, default_value, description FROM pm_core.app_settings WHERE category = 'erasure';
SELECT r.description, s.description FROM pm_core.roles AS r, pm_core.secrets AS s WHERE r.name = 'erasure' AND s.name = 'erasure';
SELECT old_value, new_value FROM pm_core.app_setting_changes WHERE category = 'erasure' ORDER BY id;
SELECT user_id = :'carl' AS of_carl, title, message, metadata FROM pm_core.notifications WHERE user_id IN (:'zoe', :'carl');
SELECT pm_cache.cache_get('user:zoe');
SELECT email, username FROM pm_core.users WHERE id = :'other';

-- again: nothing happens, and it ends again
SELECT pm_core.erase_user(:'zoe');
CALL pm_jobs.run('pm_core.erasure');
SELECT finished_at IS NOT NULL AS finished, round FROM pm_core.erasures WHERE user_id = :'zoe';
-- in the midst of the first one: the second begins anew, and still knows the names
SELECT pm_core.erase_user(:'carl'), pm_core.erase_user(:'carl');
SELECT round, words @> '{carl@example.com,carl}' AS knows FROM pm_core._erasures WHERE user_id = :'carl';
CALL pm_jobs.run('pm_core.erasure');
SELECT finished_at IS NOT NULL AS finished, words FROM pm_core._erasures WHERE user_id = :'carl';
-- a job that is cancelled is seen, and erase_user() is what helps
SELECT pm_core.erase_user(:'other');
SELECT count(pm_jobs.cancel(job)) FROM pm_core._erasure_steps WHERE user_id = :'other';
SELECT finished_at, pending = ARRAY[current_database()::text] AS pending, failed = pending AS failed FROM pm_core.erasures WHERE user_id = :'other';
SELECT pm_core.erase_user(:'other');
CALL pm_jobs.run('pm_core.erasure');
SELECT finished_at IS NOT NULL AS finished, failed FROM pm_core.erasures WHERE user_id = :'other';
-- an answer that comes too late, or twice, counts for nothing
SELECT pm_core.end_erasure_step(:'other', NULL, 1, 5), pm_core.erasure_words(:'other', NULL, 1);
SELECT finished_at IS NOT NULL AS finished FROM pm_core.erasures WHERE user_id = :'other';

-- arguments
SELECT pm_core.erase_user('00000000-0000-0000-0000-000000000000');
SELECT pm_core.erase_user(NULL);
SELECT pm_core.erase_user(:'zoe', NULL);
SELECT pm_core.erase_user(:'zoe', '{a}');
SELECT pm_core.erase_user(:'zoe', '{"anne "}');
SELECT pm_core.erasure_proof(NULL);
SELECT pm_core.erasure_proof(:'zoe', NULL);
SET ROLE pg_read_all_data;
SELECT pm_core.erase_user(:'zoe');
SELECT pm_core.erasure_proof(:'zoe');
SELECT pm_core._find_person('x', :'zoe', '{}');
RESET ROLE;
-- a rollback leaves the user as it was
SELECT pm_core.create_user('dora@example.com', 'correct horse', 'dora', role => 'erasure') AS dora \gset
BEGIN;
SELECT pm_core.erase_user(:'dora');
ROLLBACK;
SELECT pm_core.verify_password('dora', 'correct horse') = :'dora' AS still_there, (SELECT count(*) FROM pm_core.erasures WHERE user_id = :'dora');

SELECT pm_jobs.cancel(:job);
SELECT pm_jobs.drop_queue('erasure'), pm_jobs.unregister_handler('erasure');
DELETE FROM pm_xref._events WHERE topic = 'erasure';
DELETE FROM pm_xref.quarantined WHERE reference = 'erasure';
SELECT pm_xref.drop_reference('erasure');
DELETE FROM pm_core.app_settings WHERE category = 'erasure';
DELETE FROM pm_core.app_setting_changes WHERE category = 'erasure';
DELETE FROM pm_core.users WHERE id IN (:'zoe', :'carl', :'dora', :'other');
DELETE FROM pm_core.roles WHERE name LIKE 'erasure%';
DELETE FROM pm_core.secrets WHERE name = 'erasure';
DROP EXTENSION pm_cache;
