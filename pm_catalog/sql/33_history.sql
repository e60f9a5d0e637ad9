-- What a product was, who made it so, and how to get back.

-- A version of a product; no row: there is none.  Of each column, and each member of
-- technical_specs, it had the first value that is noted from there on.
CREATE FUNCTION pm_catalog._product_version(id uuid, version integer) RETURNS SETOF pm_catalog.products
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  newest pm_catalog.products;
  this pm_catalog.product_versions;
  state jsonb;
  specs jsonb;
  p pm_catalog.products;
BEGIN
  SELECT * INTO newest FROM pm_catalog.products AS n WHERE n.id = _product_version.id;
  IF newest.version = _product_version.version THEN
    RETURN NEXT newest;
    RETURN;
  END IF;
  SELECT * INTO this FROM pm_catalog.product_versions AS v
  WHERE v.product_id = _product_version.id AND v.version = _product_version.version;
  IF NOT FOUND THEN
    RETURN;
  END IF;

  state := to_jsonb(newest);
  WITH notes AS (
    SELECT DISTINCT ON (m.key) m.key, m.value, m.is_there
    FROM pm_catalog.product_versions AS v
    CROSS JOIN LATERAL (
      SELECT e.key, e.value, true FROM jsonb_each(v.old -> 'technical_specs') AS e
      UNION ALL
      SELECT l.key, NULL, false FROM jsonb_array_elements_text(v.lacked) AS l(key)) AS m(key, value, is_there)
    WHERE v.product_id = this.product_id AND v.version >= this.version AND v.version < newest.version
    ORDER BY m.key, v.version
  )
  SELECT ((state -> 'technical_specs') - coalesce(array_agg(n.key), '{}')) || coalesce(jsonb_object_agg(n.key, n.value) FILTER (WHERE n.is_there), '{}')
  INTO specs FROM notes AS n;
  WITH notes AS (
    SELECT DISTINCT ON (e.key) e.key, e.value
    FROM pm_catalog.product_versions AS v CROSS JOIN LATERAL jsonb_each(v.old - 'technical_specs') AS e
    WHERE v.product_id = this.product_id AND v.version >= this.version AND v.version < newest.version
    ORDER BY e.key, v.version
  )
  SELECT state || coalesce(jsonb_object_agg(n.key, n.value), '{}') INTO state FROM notes AS n;

  p := jsonb_populate_record(NULL::pm_catalog.products, state || jsonb_build_object('id', this.product_id, 'technical_specs', specs,
    'version', this.version, 'change_id', this.change_id, 'updated_at', this.made_at, 'filled', ''));
  p.ean := CASE WHEN gtin_kind(p.gtin) IN (8, 13) THEN p.gtin END;
  p.upc := CASE WHEN gtin_kind(p.gtin) = 12 THEN gtin12(p.gtin) END;
  RETURN NEXT p;
END
$$;

-- Throws that what is asked for is not kept any more.
CREATE FUNCTION pm_catalog._forgotten(id uuid, oldest integer, made_at timestamptz) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'the versions of product "%" before % are forgotten', id, oldest
    USING ERRCODE = '55000', DETAIL = format('Version %s is of %s.', oldest, made_at), HINT = 'forget_versions() forgets versions that ended long ago.';
END
$$;

CREATE FUNCTION pm_catalog.product_as_of(id uuid, at timestamptz) RETURNS SETOF pm_catalog.products
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1 SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  last integer;
  oldest integer;
  made timestamptz;
BEGIN
  IF at IS NULL THEN
    RAISE EXCEPTION 'time is NULL' USING ERRCODE = '22004', HINT = 'now() is the newest version.';
  END IF;
  SELECT v.version, v.made_at INTO oldest, made FROM pm_catalog.product_versions AS v
  WHERE v.product_id = product_as_of.id AND v.ended_at > at ORDER BY v.version LIMIT 1;
  IF NOT FOUND THEN
    SELECT p.version, p.updated_at INTO oldest, made FROM pm_catalog.products AS p WHERE p.id = product_as_of.id;
  END IF;
  IF made <= at THEN
    RETURN NEXT (SELECT v FROM pm_catalog._product_version(id, oldest) AS v);
  ELSIF oldest > 1 THEN
    PERFORM pm_catalog._forgotten(id, oldest, made);
  END IF;
END
$$;
COMMENT ON FUNCTION pm_catalog.product_as_of(uuid, timestamptz) IS
'the product as it was: its newest version whose time is not after at; no row if it was not created yet or there is none. The time of a version is the start of the transaction that made it, but never before that of the version before it, so what a transaction does counts from its start on. filled is empty unless the version is the newest. Errors: 55000 forget_versions() has forgotten it, 22004';

-- A product's values per locale and channel, as {"locale/channel": {...}}.
CREATE FUNCTION pm_catalog._attributes_now(product_id uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (SELECT coalesce(jsonb_object_agg(concat(coalesce(a.locale, '*'), '/', coalesce(a.channel, '*')), a.attributes), '{}')
          FROM pm_catalog.product_attributes AS a WHERE a.product_id = _attributes_now.product_id);
END
$$;

CREATE FUNCTION pm_catalog.product_history(id uuid)
RETURNS TABLE(version integer, changed_at timestamptz, role name, user_id uuid, job uuid, batch integer, reason text, column_name text, old_value jsonb, new_value jsonb)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  WITH ended AS (
    SELECT * FROM pm_catalog.product_versions AS v WHERE v.product_id = id
  ), newest AS (
    SELECT p.version, p.change_id, p.updated_at AS made_at, to_jsonb(p) || jsonb_build_object('attributes', pm_catalog._attributes_now(p.id)) AS state
    FROM pm_catalog.products AS p WHERE p.id = product_history.id
  ), note AS (
    SELECT e.version, ARRAY[c.key] AS path, c.value FROM ended AS e, jsonb_each(e.old - 'technical_specs') AS c
    UNION ALL
    SELECT e.version, ARRAY['technical_specs', m.key], m.value FROM ended AS e, jsonb_each(e.old -> 'technical_specs') AS m
    UNION ALL
    SELECT e.version, ARRAY['technical_specs', l.key], NULL FROM ended AS e, jsonb_array_elements_text(e.lacked) AS l(key)
    UNION ALL
    SELECT a.version, ARRAY['attributes', concat(coalesce(a.locale, '*'), '/', coalesce(a.channel, '*')), m.key], m.value
    FROM pm_catalog.product_attribute_versions AS a CROSS JOIN LATERAL (
      SELECT o.key, o.value FROM jsonb_each(a.old) AS o UNION ALL SELECT l.key, NULL FROM jsonb_array_elements_text(a.lacked) AS l(key)) AS m
    WHERE a.product_id = product_history.id
  ), change AS (
    SELECT c.version + 1 AS version, array_to_string(c.path, '.') AS column_name, c.value AS old_value,
           CASE WHEN c.is_last THEN n.state #> c.path ELSE c.next_value END AS new_value
    FROM (SELECT o.*, lead(o.value) OVER w AS next_value, lead(o.version) OVER w IS NULL AS is_last
          FROM note AS o WINDOW w AS (PARTITION BY o.path ORDER BY o.version)) AS c
    CROSS JOIN newest AS n
  ), made AS (
    SELECT e.version, e.change_id, e.made_at FROM ended AS e
    UNION
    SELECT n.version, n.change_id, n.made_at FROM newest AS n
  )
  SELECT m.version, m.made_at, c.role, c.user_id, c.job, c.batch, c.reason, h.column_name, h.old_value, h.new_value
  FROM made AS m LEFT JOIN pm_catalog.changes AS c ON c.id = m.change_id LEFT JOIN change AS h ON h.version = m.version
  WHERE m.version = 1 OR EXISTS (SELECT FROM ended AS e WHERE e.version = m.version - 1)
  ORDER BY m.version DESC, h.column_name
$$;
COMMENT ON FUNCTION pm_catalog.product_history(uuid) IS
'who changed which column of the product when, and why, newest first: one row a version and column, members of technical_specs ("technical_specs.index") and values per locale and channel ("attributes.fr/web.name", * for none) apart. A value NULL of JSON is an empty column, NULL of SQL a member or value that was not there. Without a column: the creation (version 1). The oldest version that is kept after forget_versions() is not shown';

-- The columns of products that users set, but for deleted_at.
CREATE FUNCTION pm_catalog._product_columns() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
  FROM pg_attribute AS a
  WHERE a.attrelid = 'pm_catalog.products'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    AND a.attname NOT IN ('id', 'version', 'change_id', 'created_at', 'updated_at', 'filled', 'deleted_at')
$$;

-- Throws that another product has the gtin, sku or slug of this one: the constraint says which.
CREATE FUNCTION pm_catalog._taken(p pm_catalog.products, constraint_name text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  what text := replace(constraint_name, 'products_', '');
  taken text := to_jsonb(p) ->> what;
  other uuid;
BEGIN
  EXECUTE format('SELECT o.id FROM pm_catalog.products AS o WHERE o.%I = ($1).%1$I AND o.deleted_at IS NULL AND o.id <> ($1).id', what) INTO other USING p;
  RAISE EXCEPTION '% "%" of product "%" is taken', what, taken, p.id
    USING ERRCODE = '23505', DETAIL = format('Product "%s" has it.', other), TABLE = 'products', SCHEMA = 'pm_catalog', CONSTRAINT = constraint_name,
          HINT = format('Give one of both another %s first.', what);
END
$$;

-- Changes a product by a statement of ours, for a reason unless that is NULL; says
-- clearly if another product has something unique.
CREATE FUNCTION pm_catalog._change_product(statement text, state pm_catalog.products, reason text) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  before text := coalesce(current_setting('pm_catalog.reason', true), '');  -- unset until the module is loaded
  constraint_name text;
  version integer;
BEGIN
  IF reason IS NOT NULL THEN
    PERFORM set_config('pm_catalog.reason', reason, true);
  END IF;
  BEGIN
    EXECUTE statement INTO version USING state;
  EXCEPTION WHEN unique_violation THEN
    GET STACKED DIAGNOSTICS constraint_name = CONSTRAINT_NAME;
    IF constraint_name NOT IN ('products_gtin', 'products_sku', 'products_slug') THEN
      RAISE;
    END IF;
    PERFORM pm_catalog._taken(state, constraint_name);
  END;
  IF reason IS NOT NULL THEN
    PERFORM set_config('pm_catalog.reason', before, true);
  END IF;
  RETURN version;
END
$$;

-- The product, locked; throws if there is none.
CREATE FUNCTION pm_catalog._lock_product(id uuid) RETURNS pm_catalog.products
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  p pm_catalog.products;
BEGIN
  SELECT * INTO p FROM pm_catalog.products AS n WHERE n.id = _lock_product.id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'product % does not exist', coalesce('"' || id || '"', 'NULL') USING ERRCODE = 'P0002';
  END IF;
  RETURN p;
END
$$;

CREATE FUNCTION pm_catalog.revert(id uuid, version integer) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  p pm_catalog.products := pm_catalog._lock_product(id);
  state pm_catalog.products;
  columns text := pm_catalog._product_columns();
BEGIN
  IF p.deleted_at IS NOT NULL THEN
    RAISE EXCEPTION 'product "%" is deleted', id USING ERRCODE = '55000', HINT = format('Bring it back first: SELECT pm_catalog.restore_product(%L);', id);
  END IF;
  state := (SELECT v FROM pm_catalog._product_version(id, coalesce(version, 0)) AS v);  -- as a whole: its plan outlives ALTER TABLE
  IF state.id IS NULL THEN
    RAISE EXCEPTION 'product "%" has no version %', id, coalesce(version::text, 'NULL')
      USING ERRCODE = '22023', DETAIL = format('Its newest version is %s.', p.version), HINT = 'product_history() lists the versions; forget_versions() forgets some.';
  END IF;
  RETURN pm_catalog._change_product(
    format('UPDATE pm_catalog.products AS p SET (%s) = (SELECT %1$s FROM (SELECT ($1).*) AS s) WHERE p.id = ($1).id RETURNING p.version', columns),
    state, coalesce(nullif(current_setting('pm_catalog.reason', true), ''), format('revert to version %s', version)));
END
$$;
COMMENT ON FUNCTION pm_catalog.revert(uuid, integer) IS
'gives a product the values that it had in a version, as a new version, whose number is returned; nothing of the history goes. Values per locale and channel stay as they are. All rules hold. Errors: P0002 no such product, 22023 no such version, 23505 another product has its gtin, sku or slug now, 23514 its status cannot go back, 23503 what it referred to is gone, 55000 the product is deleted';

CREATE FUNCTION pm_catalog.forget_versions(older_than interval) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  gone bigint;
BEGIN
  IF (older_than >= '0') IS NOT TRUE THEN
    RAISE EXCEPTION 'invalid age of versions: %', coalesce('"' || older_than || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'It is an interval of 0 or more, such as ''2 years''.';
  END IF;
  WITH old AS (
    DELETE FROM pm_catalog.product_versions AS v WHERE v.ended_at < now() - older_than RETURNING v.product_id, v.version
  ), attributes AS (
    DELETE FROM pm_catalog.product_attribute_versions AS a USING old AS o WHERE a.product_id = o.product_id AND a.version = o.version
  )
  SELECT count(*) INTO gone FROM old;
  RETURN gone;
END
$$;
COMMENT ON FUNCTION pm_catalog.forget_versions(interval) IS 'forgets the versions that ended longer ago; returns how many. The products stay as they are, and so does what came later. Errors: 22023';

CREATE FUNCTION pm_catalog.delete_product(id uuid, reason text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  p pm_catalog.products := pm_catalog._lock_product(id);
BEGIN
  IF p.deleted_at IS NOT NULL THEN
    RAISE EXCEPTION 'product "%" is deleted already', id USING ERRCODE = '55000', DETAIL = format('It was at %s.', p.deleted_at);
  END IF;
  PERFORM pm_catalog._change_product('UPDATE pm_catalog.products AS p SET deleted_at = pg_catalog.now() WHERE p.id = ($1).id RETURNING p.version', p, reason);
END
$$;
COMMENT ON FUNCTION pm_catalog.delete_product(uuid, text) IS
'marks a product as deleted, for a reason that its history keeps: nothing can change it until restore_product(), but for what it refers to, and its gtin, sku and slug are free. Its row stays, and so do offers, prices, stock, bundles and whatever else belongs to it. Event catalog.product.deleted. Errors: P0002 no such product, 55000 it is deleted';

CREATE FUNCTION pm_catalog.restore_product(id uuid, reason text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  p pm_catalog.products := pm_catalog._lock_product(id);
BEGIN
  IF p.deleted_at IS NULL THEN
    RAISE EXCEPTION 'product "%" is not deleted', id USING ERRCODE = '55000';
  END IF;
  PERFORM pm_catalog._change_product('UPDATE pm_catalog.products AS p SET deleted_at = NULL WHERE p.id = ($1).id RETURNING p.version', p, reason);
END
$$;
COMMENT ON FUNCTION pm_catalog.restore_product(uuid, text) IS
'brings a product back that was deleted, as it was. Event catalog.product.created. Errors: P0002 no such product, 55000 it is not deleted, 23505 another product has its gtin, sku or slug now, 23514 its family has changed; one UPDATE may then mend it and set deleted_at to NULL';

REVOKE ALL ON FUNCTION pm_catalog._product_version(uuid, integer), pm_catalog._forgotten(uuid, integer, timestamptz), pm_catalog.product_as_of(uuid, timestamptz),
  pm_catalog._attributes_now(uuid), pm_catalog.product_history(uuid), pm_catalog._product_columns(), pm_catalog._taken(pm_catalog.products, text),
  pm_catalog._change_product(text, pm_catalog.products, text), pm_catalog._lock_product(uuid), pm_catalog.revert(uuid, integer),
  pm_catalog.forget_versions(interval), pm_catalog.delete_product(uuid, text), pm_catalog.restore_product(uuid, text) FROM PUBLIC;
