-- Users and roles: what is made, and what is refused.
\set VERBOSITY terse
SET pm_core.bcrypt_cost = 4;
SELECT pm_core.create_user('nobody@example.com');
SELECT pm_core.create_default_roles(), pm_core.create_default_roles() AS again;
SELECT r.name, array_agg(p.name ORDER BY p.id) FROM pm_core.roles AS r LEFT JOIN pm_core.role_permissions AS rp ON rp.role_id = r.id LEFT JOIN pm_core.permissions AS p ON p.id = rp.permission_id
GROUP BY r.id ORDER BY r.id;
SELECT pm_core.create_user('Anne@Example.com', 'correct horse', 'anne', 'Anne', 'Martin', 'manager') IS NOT NULL AS made;
SELECT pm_core.create_user('bob@example.com') IS NOT NULL AS made;
SELECT email, username, left(hashed_password, 7) AS hash, first_name, last_name, role, is_active, is_verified, is_superuser, is_admin, permissions, last_login FROM pm_core.users ORDER BY email;
-- unique in any case
SELECT pm_core.create_user('ANNE@example.COM');
SELECT pm_core.create_user('anne2@example.com', username => 'ANNE');
-- bad input: the row in the message has no hash
DO $$
DECLARE
  detail text;
BEGIN
  PERFORM pm_core.create_user('x', 'correct horse');
EXCEPTION WHEN check_violation THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
  RAISE NOTICE 'with its row: %, with a hash: %', detail LIKE '%, x, %', detail LIKE '%$2a$%';
END
$$;
SELECT pm_core.create_user('no address');
SELECT pm_core.create_user(NULL);
SELECT pm_core.create_user('c@example.com', username => 'c@example.com');
SELECT pm_core.create_user('c@example.com', role => 'king');
SELECT pm_core.create_user('c@example.com', 'short');
SELECT pm_core.create_user('c@example.com', repeat('é', 37));
SELECT pm_core.create_user('c@example.com', repeat('x', 73));
UPDATE pm_core.users SET permissions = '{"product": "read"}' WHERE username = 'anne';
UPDATE pm_core.users SET permissions = '{"product": ["Read"]}' WHERE username = 'anne';
UPDATE pm_core.users SET permissions = '{"pro duct": ["read"]}' WHERE username = 'anne';
UPDATE pm_core.users SET permissions = '["read"]' WHERE username = 'anne';
UPDATE pm_core.users SET permissions = '{"product": [1]}' WHERE username = 'anne';
UPDATE pm_core.users SET hashed_password = 'plain' WHERE username = 'anne';
DELETE FROM pm_core.roles WHERE name = 'manager';
-- a role's new name is its users'
UPDATE pm_core.roles SET name = 'editor' WHERE name = 'manager';
SELECT role FROM pm_core.users WHERE username = 'anne';
-- updated_at: of what is kept of a user, not of a login
UPDATE pm_core.users SET updated_at = '2020-01-01';
UPDATE pm_core.users SET last_login = now();
SELECT count(*) FROM pm_core.users WHERE updated_at = '2020-01-01';
UPDATE pm_core.users SET first_name = 'Ann' WHERE username = 'anne';
SELECT count(*) FROM pm_core.users WHERE updated_at = '2020-01-01';
SELECT pm_core.deactivate_user('00000000-0000-0000-0000-000000000000');
SELECT pm_core.deactivate_user(NULL);
-- deactivated: no right, no login
SELECT pm_core.has_permission(id, 'product', 'update') FROM pm_core.users WHERE username = 'anne';
SELECT pm_core.deactivate_user(id) FROM pm_core.users WHERE username = 'anne';
SELECT pm_core.has_permission(id, 'product', 'update'), is_active FROM pm_core.users WHERE username = 'anne';
SELECT pm_core.verify_password('anne', 'correct horse') IS NULL AS refused;
-- what belongs to a user goes with the row
INSERT INTO pm_core.user_roles SELECT u.id, r.id FROM pm_core.users AS u, pm_core.roles AS r WHERE u.username = 'anne' AND r.name = 'user';
SELECT pm_core.send_notification(id, 'Hello', 'text') IS NOT NULL AS sent FROM pm_core.users WHERE username = 'anne';
DELETE FROM pm_core.users;
SELECT (SELECT count(*) FROM pm_core.user_roles), (SELECT count(*) FROM pm_core.notifications);
DELETE FROM pm_core.roles;
DELETE FROM pm_core.permissions;
