-- Permissions: where they come from, and that every change counts at once.
\set VERBOSITY terse
SELECT pm_core.create_default_roles();
SELECT pm_core.create_user('anne@example.com') AS anne, pm_core.create_user('bob@example.com', role => 'customer') AS bob \gset
CREATE FUNCTION can(email text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(r || ':' || a, ' ' ORDER BY r COLLATE "C", a COLLATE "C") FROM pm_core.users AS u, unnest('{product,supplier,import,order}'::text[]) AS r, unnest('{create,read,update,delete}'::text[]) AS a
  WHERE u.email = can.email AND pm_core.has_permission(u.id, r, a)
$$;
-- by users.role
SELECT can('anne@example.com'), can('bob@example.com');
-- by user_roles, added to it
INSERT INTO pm_core.user_roles SELECT :'bob', id FROM pm_core.roles WHERE name = 'user';
SELECT can('bob@example.com');
-- direct, and with asterisks
UPDATE pm_core.users SET permissions = '{"order": ["create"], "*": ["update"], "import": ["*"]}' WHERE id = :'bob';
SELECT can('bob@example.com');
UPDATE pm_core.users SET permissions = '{"*": ["*"]}' WHERE id = :'bob';
SELECT can('bob@example.com');
UPDATE pm_core.users SET permissions = '{}' WHERE id = :'bob';
-- a role that is not active gives nothing
UPDATE pm_core.roles SET is_active = false WHERE name = 'user';
SELECT can('anne@example.com'), can('bob@example.com');
UPDATE pm_core.roles SET is_active = true WHERE name = 'user';
-- the flags
UPDATE pm_core.users SET is_admin = true WHERE id = :'bob';
SELECT pm_core.has_permission(:'bob', 'anything', 'at all');
UPDATE pm_core.users SET is_admin = false, is_superuser = true WHERE id = :'bob';
SELECT pm_core.has_permission(:'bob', 'anything', 'at all');
UPDATE pm_core.users SET is_active = false WHERE id = :'bob';
SELECT pm_core.has_permission(:'bob', 'anything', 'at all');
UPDATE pm_core.users SET is_active = true, is_superuser = false WHERE id = :'bob';
-- a permission that is renamed, deleted, taken
UPDATE pm_core.permissions SET action = 'look' WHERE name = 'product:read';
SELECT can('bob@example.com'), pm_core.has_permission(:'bob', 'product', 'look');
UPDATE pm_core.permissions SET action = 'read' WHERE name = 'product:read';
DELETE FROM pm_core.permissions WHERE name = 'supplier:read';
SELECT can('bob@example.com');
DELETE FROM pm_core.user_roles;
SELECT can('bob@example.com');
-- in the changing transaction, undone by a savepoint and by the transaction
BEGIN;
SELECT pm_core.has_permission(:'anne', 'order', 'create');
SAVEPOINT s;
UPDATE pm_core.users SET permissions = '{"order": ["create"]}' WHERE id = :'anne';
SELECT pm_core.has_permission(:'anne', 'order', 'create');
ROLLBACK TO s;
SELECT pm_core.has_permission(:'anne', 'order', 'create');
UPDATE pm_core.users SET permissions = '{"order": ["create"]}' WHERE id = :'anne';
SELECT pm_core.has_permission(:'anne', 'order', 'create');
ROLLBACK;
SELECT pm_core.has_permission(:'anne', 'order', 'create');
DO $$
DECLARE
  anne uuid := (SELECT id FROM pm_core.users WHERE email = 'anne@example.com');
BEGIN
  BEGIN
    UPDATE pm_core.users SET permissions = '{"order": ["create"]}' WHERE id = anne;
    RAISE NOTICE 'within: %', pm_core.has_permission(anne, 'order', 'create');
    RAISE EXCEPTION 'undo';
  EXCEPTION WHEN raise_exception THEN
    RAISE NOTICE 'after: %', pm_core.has_permission(anne, 'order', 'create');
  END;
END
$$;
-- prepared: not yet, then by COMMIT PREPARED
BEGIN;
UPDATE pm_core.users SET permissions = '{"order": ["create"]}' WHERE id = :'anne';
SELECT pm_core.has_permission(:'anne', 'order', 'create');
PREPARE TRANSACTION 'rights';
SELECT pm_core.has_permission(:'anne', 'order', 'create');
COMMIT PREPARED 'rights';
SELECT pm_core.has_permission(:'anne', 'order', 'create');
-- under replica, as a restore sets it
SET session_replication_role = replica;
UPDATE pm_core.users SET permissions = '{}' WHERE id = :'anne';
RESET session_replication_role;
SELECT pm_core.has_permission(:'anne', 'order', 'create');
-- nobody, nothing: false and not NULL
SELECT pm_core.has_permission(NULL, 'product', 'read'), pm_core.has_permission(:'anne', NULL, 'read'), pm_core.has_permission(:'anne', 'product', NULL),
  pm_core.has_permission('00000000-0000-0000-0000-000000000000', 'product', 'read'), pm_core.has_permission(:'anne', '', ''), pm_core.has_permission(:'anne', 'product:read', ''),
  pm_core.has_permission(:'anne', repeat('x', 1000), 'read'), pm_core.has_permission(:'anne', '*', 'read'), pm_core.has_permission(:'anne', 'product', 'read');
-- authorize
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT pm_core.authorize(:'anne', 'product', 'read');
UPDATE pm_core.users SET id = '01900000-0000-7000-8000-000000000001' WHERE id = :'anne';
SELECT pm_core.authorize('01900000-0000-7000-8000-000000000001', 'product', 'delete');
SELECT pm_core.authorize(NULL, 'product', 'read');
SELECT pm_core.authorize('01900000-0000-7000-8000-000000000001', NULL, NULL);
SELECT pm_core.authorize('product', 'read');
-- more users than are kept
INSERT INTO pm_core.users (email) SELECT n || '@many' FROM generate_series(1, 5000) AS n;
SELECT count(*) FILTER (WHERE pm_core.has_permission(id, 'product', 'read')) AS may, count(*) FILTER (WHERE pm_core.has_permission(id, 'product', 'delete')) AS may_not FROM pm_core.users WHERE email LIKE '%@many';
-- in a parallel query, which keeps nothing
CREATE TABLE asked AS SELECT id FROM pm_core.users WHERE email LIKE '%@many';
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET force_parallel_mode = on;
EXPLAIN (COSTS OFF) SELECT pm_core.has_permission((SELECT min(id::text) FROM asked)::uuid, 'product', 'read');
SELECT pm_core.has_permission((SELECT min(id::text) FROM asked)::uuid, 'product', 'read');
RESET force_parallel_mode;
DROP TABLE asked;
DROP FUNCTION can(text);
DELETE FROM pm_core.users;
DELETE FROM pm_core.roles;
DELETE FROM pm_core.permissions;
