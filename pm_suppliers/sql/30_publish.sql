-- What happens to suppliers is published in the transaction that does it.

CREATE FUNCTION pm_suppliers._publish(id uuid, code text, name text, is_active boolean, more jsonb DEFAULT '{}') RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE
RETURN pm_xref.publish('suppliers.supplier.changed', id::text,
  jsonb_build_object('id', id, 'code', code, 'name', name, 'is_active', is_active) || more);

-- One event a supplier and statement, in order of id; none if nobody is subscribed, as
-- in a restore, where subscriptions come after suppliers.
CREATE FUNCTION pm_suppliers._publish_changes() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT pm_xref.is_subscribed('suppliers.supplier.changed') THEN
    RETURN NULL;
  ELSIF TG_OP = 'INSERT' THEN
    PERFORM pm_suppliers._publish(n.id, n.code, n.name, n.is_active) FROM new_rows AS n ORDER BY n.id;
  ELSIF TG_OP = 'UPDATE' THEN
    PERFORM pm_suppliers._publish(n.id, n.code, n.name, n.is_active)
    FROM new_rows AS n JOIN old_rows AS o ON o.id = n.id
    WHERE (n.code, n.name, n.is_active) IS DISTINCT FROM (o.code, o.name, o.is_active) ORDER BY n.id;
  ELSE
    PERFORM pm_suppliers._publish(o.id, o.code, o.name, o.is_active, '{"deleted": true}') FROM old_rows AS o ORDER BY o.id;
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER publish_inserted AFTER INSERT ON pm_suppliers.suppliers
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_suppliers._publish_changes();
CREATE TRIGGER publish_updated AFTER UPDATE ON pm_suppliers.suppliers
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_suppliers._publish_changes();
CREATE TRIGGER publish_deleted AFTER DELETE ON pm_suppliers.suppliers
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_suppliers._publish_changes();

CREATE FUNCTION pm_suppliers._refuse_truncate() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'table pm_suppliers.suppliers cannot be truncated'
    USING ERRCODE = '55000', HINT = 'Its copies in other databases would not be told. Use DELETE.';
END
$$;
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON pm_suppliers.suppliers
FOR EACH STATEMENT EXECUTE FUNCTION pm_suppliers._refuse_truncate();

-- FOR SHARE: what changes a supplier meanwhile publishes after us.
CREATE FUNCTION pm_suppliers.publish_suppliers() RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
  WITH held AS (SELECT s.id, s.code, s.name, s.is_active FROM pm_suppliers.suppliers AS s ORDER BY s.id FOR SHARE)
  SELECT count(pm_suppliers._publish(h.id, h.code, h.name, h.is_active)) FROM held AS h
$$;
COMMENT ON FUNCTION pm_suppliers.publish_suppliers() IS
'publishes every supplier as it is now, for a subscriber that is new or has lost its copy; returns how many';

REVOKE ALL ON FUNCTION pm_suppliers._publish(uuid, text, text, boolean, jsonb), pm_suppliers._publish_changes(), pm_suppliers._refuse_truncate(),
  pm_suppliers.publish_suppliers() FROM PUBLIC;
