-- Who is authenticated, until when, and what row-level security shows.
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT pm_core.create_default_roles();
SELECT pm_core.create_user('anne@example.com') AS anne, pm_core.create_user('bob@example.com') AS bob, pm_core.create_user('chief@example.com') AS chief \gset
SELECT a.access_token AS anne_token, b.access_token AS bob_token, c.access_token AS chief_token FROM pm_core.issue_token(:'anne') AS a, pm_core.issue_token(:'bob') AS b, pm_core.issue_token(:'chief') AS c \gset
UPDATE pm_core.users SET permissions = '{"user": ["read"], "notification": ["read"]}' WHERE id = :'chief';
INSERT INTO pm_core.user_roles SELECT u.id, r.id FROM pm_core.users AS u, pm_core.roles AS r WHERE r.name = 'customer';
SELECT count(pm_core.send_notification(id, 'For ' || split_part(email, '@', 1), 'text')) FROM pm_core.users;
-- until the end of the transaction
SELECT pm_core.current_user_id();
SELECT pm_core.authenticate(:'anne_token') = pm_core.current_user_id() AS known;
SELECT pm_core.current_user_id();
BEGIN;
SELECT pm_core.authenticate(:'anne_token') = :'anne' AS anne;
SELECT pm_core.current_user_id() = :'anne' AS anne;
SELECT pm_core.authenticate(:'anne_token') = :'anne' AS again;
SAVEPOINT s;
SELECT pm_core.authenticate(:'bob_token');
ROLLBACK TO s;
SELECT pm_core.current_user_id() = :'anne' AS anne;
COMMIT;
SELECT pm_core.current_user_id();
-- by a live access token alone
SELECT access_token AS short, refresh_token AS refresh FROM pm_core.issue_token(:'anne') \gset
SELECT pm_core._sign_claims(k.kid, format('{"sub":"%s","sid":"%s","use":"access","role":"pm_reader","iat":1,"exp":2}', :'anne', pm_core.verify_token(:'short')->>'sid')) AS late FROM pm_core._signing_keys AS k \gset
SELECT pm_core.authenticate(:'refresh');
SELECT pm_core.authenticate(:'late');
SELECT pm_core.authenticate(:'short') = :'anne' AS anne;
SELECT pm_core.revoke_token(:'short');
SELECT pm_core.authenticate(:'short');
SELECT pm_core.current_user_id();
-- a savepoint takes it along, and keeps it
BEGIN;
SAVEPOINT s;
SELECT pm_core.authenticate(:'anne_token') = :'anne' AS anne;
ROLLBACK TO s;
SELECT pm_core.current_user_id();
SAVEPOINT t;
SAVEPOINT u;
SELECT pm_core.authenticate(:'bob_token') = :'bob' AS bob;
RELEASE u;
SELECT pm_core.current_user_id() = :'bob' AS bob;
ROLLBACK TO t;
SELECT pm_core.current_user_id();
ROLLBACK;
BEGIN;
SELECT pm_core.authenticate(:'anne_token') = :'anne' AS anne;
PREPARE TRANSACTION 'identity';
SELECT pm_core.current_user_id();
ROLLBACK PREPARED 'identity';
-- a setting is no identity
SET request.jwt.claims = '{"role": "pm_admin"}';
SELECT pm_core.current_user_id();
-- PostgREST: by the header
BEGIN;
SELECT pm_core.authenticate_request();
SELECT set_config('request.headers', '{"host": "x"}', true);
SELECT pm_core.authenticate_request(), pm_core.current_user_id();
SELECT set_config('request.headers', json_build_object('authorization', 'Bearer ' || :'anne_token')::text, true) IS NOT NULL AS set;
SELECT pm_core.authenticate_request();
SELECT pm_core.current_user_id() = :'anne' AS anne;
COMMIT;
BEGIN;
SELECT set_config('request.headers', '{"authorization": "Basic x"}', true);
SELECT pm_core.authenticate_request();
ROLLBACK;
-- what a role without rights of its own sees: nothing, the own rows, all of them
CREATE ROLE regress_web;
GRANT USAGE ON SCHEMA pm_core TO regress_web;
GRANT SELECT (id, email) ON pm_core.users TO regress_web;
GRANT SELECT, UPDATE (read), DELETE ON pm_core.notifications TO regress_web;
GRANT SELECT ON pm_core.user_roles TO regress_web;
GRANT EXECUTE ON FUNCTION pm_core._is_inside(), pm_core._is_admin(), pm_core._keeps(), pm_core._sees_all(text), pm_core.current_user_id(), pm_core.has_permission(uuid, text, text),
  pm_core.authenticate(text), pm_core._is_line(text, integer), pm_core.unread_count(), pm_core.mark_read(uuid[]), pm_core.authorize(text, text), pm_core.authorize(uuid, text, text) TO regress_web;
CREATE FUNCTION seen() RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws('; ', (SELECT string_agg(email, ' ' ORDER BY email) FROM pm_core.users), (SELECT string_agg(title, ' ' ORDER BY title) FROM pm_core.notifications), (SELECT count(*) FROM pm_core.user_roles))
$$;
SET ROLE regress_web;
SELECT seen();
BEGIN;
SELECT FROM pm_core.authenticate(:'anne_token');
SELECT seen(), pm_core.unread_count();
UPDATE pm_core.notifications SET read = true;
SELECT seen(), pm_core.unread_count();
UPDATE pm_core.notifications SET read = false;
SELECT pm_core.mark_read(ARRAY[gen_random_uuid()]), pm_core.mark_read(), pm_core.mark_read() AS again;
DELETE FROM pm_core.notifications;
SELECT hashed_password FROM pm_core.users;
ROLLBACK;
BEGIN;
SELECT FROM pm_core.authenticate(:'chief_token');
SELECT seen(), pm_core.unread_count(), pm_core.mark_read();
SELECT pm_core.authorize('user', 'read');
\set VERBOSITY terse
SELECT pm_core.authorize('user', 'delete');
ROLLBACK;
RESET ROLE;
-- the owner of the tables, who is no superuser, is no exception; the functions go on
CREATE ROLE regress_owner;
GRANT USAGE ON SCHEMA pm_core TO regress_owner;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pm_core TO regress_owner;
DO $$
DECLARE
  name text;
BEGIN
  FOR name IN SELECT c.oid::regclass FROM pg_class AS c WHERE c.relnamespace = 'pm_core'::regnamespace AND c.relkind = 'r' LOOP
    EXECUTE format('ALTER TABLE %s OWNER TO regress_owner', name);
  END LOOP;
  FOR name IN SELECT p.oid::regprocedure FROM pg_proc AS p WHERE p.pronamespace = 'pm_core'::regnamespace LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO regress_owner', name);
  END LOOP;
END
$$;
GRANT USAGE ON SCHEMA pm_xref TO regress_owner;
GRANT EXECUTE ON FUNCTION pm_xref.uuid7() TO regress_owner;
SET ROLE regress_owner;
SELECT seen();
SELECT pm_core.create_user('dora@example.com') IS NOT NULL AS made;
BEGIN;
SELECT pm_core.authenticate(:'bob_token') = :'bob' AS bob;
SELECT seen();
ROLLBACK;
SELECT pm_core.has_permission(:'chief', 'user', 'read');
RESET ROLE;
DROP FUNCTION seen();
DROP EXTENSION pm_core;
DROP OWNED BY regress_web, regress_owner;
DROP ROLE regress_web, regress_owner;
CREATE EXTENSION pm_core;
