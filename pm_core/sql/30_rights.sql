-- What users may do: see src/rights.c.

-- The roles and permissions of the product as it is thought of, for a database that has none.
CREATE FUNCTION pm_core.create_default_roles() RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  LOCK TABLE pm_core.roles IN SHARE ROW EXCLUSIVE MODE;
  IF EXISTS (SELECT FROM pm_core.roles) THEN
    RETURN 0;
  END IF;
  INSERT INTO pm_core.roles (name, description) VALUES
    ('admin', 'may do everything'),
    ('manager', 'keeps products, suppliers and imports'),
    ('user', 'looks at products, suppliers and imports'),
    ('customer', 'buys');
  INSERT INTO pm_core.permissions (name, resource, action)
  SELECT r.resource || ':' || a.action, r.resource, a.action
  FROM unnest('{product,supplier,import}'::text[]) WITH ORDINALITY AS r (resource, n), unnest('{create,read,update,delete}'::text[]) WITH ORDINALITY AS a (action, n)
  ORDER BY r.n, a.n
  ON CONFLICT DO NOTHING;
  INSERT INTO pm_core.permissions (name, resource, action) VALUES ('everything', '*', '*') ON CONFLICT DO NOTHING;
  INSERT INTO pm_core.role_permissions (role_id, permission_id)
  SELECT r.id, p.id
  FROM pm_core.roles AS r, pm_core.permissions AS p
  WHERE CASE r.name WHEN 'admin' THEN p.resource = '*' AND p.action = '*' WHEN 'manager' THEN p.resource IN ('product', 'supplier', 'import')
    WHEN 'user' THEN p.resource IN ('product', 'supplier', 'import') AND p.action = 'read' END;
  RETURN 4;
END
$$;
COMMENT ON FUNCTION pm_core.create_default_roles() IS 'makes roles admin, manager, user and customer with their permissions, if there are no roles at all; returns how many. They are rows like others: a dump has them, and they may be changed and deleted';

-- The rights of a user as resource:action; NULL: unknown or not active.  STABLE, so that it
-- reads by the snapshot that its caller has taken.
CREATE FUNCTION pm_core._rights(user_id uuid) RETURNS text[]
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  u pm_core.users;
BEGIN
  SELECT * INTO u FROM pm_core.users AS f WHERE f.id = _rights.user_id AND f.is_active;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  IF u.is_superuser OR u.is_admin THEN
    RETURN '{*:*}';
  END IF;
  RETURN (
    SELECT coalesce(array_agg(DISTINCT g.granted), '{}')
    FROM (
      SELECT p.resource || ':' || p.action
      FROM pm_core.roles AS r
      JOIN pm_core.role_permissions AS rp ON rp.role_id = r.id
      JOIN pm_core.permissions AS p ON p.id = rp.permission_id
      WHERE r.is_active AND (r.name = u.role OR r.id IN (SELECT ur.role_id FROM pm_core.user_roles AS ur WHERE ur.user_id = u.id))
      UNION ALL
      SELECT d.key || ':' || a.action
      FROM jsonb_each(u.permissions) AS d, jsonb_array_elements_text(d.value) AS a (action)) AS g (granted));
END
$$;

DO $$
DECLARE
  read_from text;
BEGIN
  FOREACH read_from IN ARRAY '{roles,permissions,role_permissions,user_roles}'::text[] LOOP
    EXECUTE format('CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pm_core.%I FOR EACH STATEMENT EXECUTE FUNCTION pm_core._changed(''rights'')', read_from);
    EXECUTE format('ALTER TABLE pm_core.%I ENABLE ALWAYS TRIGGER changed', read_from);
  END LOOP;
END
$$;
-- A login changes neither.
CREATE TRIGGER changed AFTER INSERT OR DELETE OR UPDATE OF id, role, is_active, is_superuser, is_admin, permissions OR TRUNCATE ON pm_core.users
FOR EACH STATEMENT EXECUTE FUNCTION pm_core._changed('rights', 'sessions');
ALTER TABLE pm_core.users ENABLE ALWAYS TRIGGER changed;

CREATE FUNCTION pm_core.has_permission(user_id uuid, resource text, action text) RETURNS boolean
LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'pm_core_has_permission';
COMMENT ON FUNCTION pm_core.has_permission(uuid, text, text) IS 'may the user do that? By a role that is active, by users.permissions, or as admin or superuser; a user who is unknown or not active may nothing. What has been committed when the call begins counts, also in REPEATABLE READ, and what the transaction itself has changed. Never NULL: false, if an argument is NULL';

CREATE FUNCTION pm_core.authorize(user_id uuid, resource text, action text) RETURNS void
LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'pm_core_authorize';
COMMENT ON FUNCTION pm_core.authorize(uuid, text, text) IS 'nothing, if has_permission(). Errors: 42501 naming the permission that is missing';

CREATE FUNCTION pm_core.authorize(resource text, action text) RETURNS void
LANGUAGE sql STABLE PARALLEL RESTRICTED
RETURN pm_core.authorize(pm_core.current_user_id(), resource, action);
COMMENT ON FUNCTION pm_core.authorize(text, text) IS 'the same for whoever is authenticated. Errors: 42501 naming the permission that is missing, or that nobody is authenticated';

-- Row-level security: the own row, and all with permission user:read.
CREATE FUNCTION pm_core._sees_all(resource text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL RESTRICTED
RETURN pm_core._keeps() OR pm_core.has_permission(pm_core.current_user_id(), resource, 'read');

ALTER TABLE pm_core.users ENABLE ROW LEVEL SECURITY;
ALTER TABLE pm_core.users FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON pm_core.users FOR SELECT USING (id = (SELECT pm_core.current_user_id()) OR (SELECT pm_core._sees_all('user')));
CREATE POLICY kept ON pm_core.users USING ((SELECT pm_core._keeps()));
ALTER TABLE pm_core.user_roles ENABLE ROW LEVEL SECURITY;
ALTER TABLE pm_core.user_roles FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON pm_core.user_roles FOR SELECT USING (user_id = (SELECT pm_core.current_user_id()) OR (SELECT pm_core._sees_all('user')));
CREATE POLICY kept ON pm_core.user_roles USING ((SELECT pm_core._keeps()));

REVOKE ALL ON FUNCTION pm_core.create_default_roles(), pm_core._rights(uuid), pm_core.has_permission(uuid, text, text), pm_core.authorize(uuid, text, text),
  pm_core.authorize(text, text), pm_core._sees_all(text) FROM PUBLIC;
