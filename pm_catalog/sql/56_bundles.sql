-- Bundles: none is inside itself, whatever is written.

-- Who puts something into a bundle is alone until it commits: a bundle that another is
-- just making is not seen yet.  Taken before the first row is locked.
CREATE TRIGGER lock_before_insert BEFORE INSERT ON pm_catalog.product_bundle_items
FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._lock_writers('alone');
CREATE TRIGGER lock_before_update BEFORE UPDATE OF bundle_id, product_id ON pm_catalog.product_bundle_items
FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._lock_writers('alone');
CREATE TRIGGER lock_before_update BEFORE UPDATE OF id, product_id ON pm_catalog.product_bundles
FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._lock_writers('alone', 'pm_catalog.product_bundle_items');

-- Throws if a bundle of these is inside itself.  Looks with the snapshot of its caller.
CREATE FUNCTION pm_catalog._check_bundles(ids uuid[]) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  culprit uuid;
  chain uuid[];
  steps jsonb := '{}';
  step uuid;
BEGIN
  WITH RECURSIVE inside(start, id) AS (
    SELECT b.id, c.id
    FROM unnest(ids) AS b(id) JOIN pm_catalog.product_bundle_items AS i ON i.bundle_id = b.id JOIN pm_catalog.product_bundles AS c ON c.product_id = i.product_id
    UNION
    SELECT n.start, c.id
    FROM inside AS n JOIN pm_catalog.product_bundle_items AS i ON i.bundle_id = n.id JOIN pm_catalog.product_bundles AS c ON c.product_id = i.product_id
  )
  SELECT n.start INTO culprit FROM inside AS n WHERE n.id = n.start ORDER BY n.start LIMIT 1;
  IF culprit IS NULL THEN
    RETURN;
  END IF;
  -- the shortest way back to it: from each bundle inside it, the one that it was found in
  chain := ARRAY[culprit];
  WHILE steps -> culprit::text IS NULL LOOP
    SELECT steps || jsonb_object_agg(f.id, f.bundle_id), array_agg(f.id) INTO steps, chain
    FROM (SELECT DISTINCT ON (c.id) c.id, i.bundle_id
          FROM pm_catalog.product_bundle_items AS i JOIN pm_catalog.product_bundles AS c ON c.product_id = i.product_id
          WHERE i.bundle_id = ANY (chain) AND NOT steps ? c.id::text
          ORDER BY c.id, i.bundle_id) AS f;
  END LOOP;
  step := culprit;
  chain := ARRAY[culprit];
  LOOP
    step := (steps ->> step::text)::uuid;
    chain := step || chain;
    EXIT WHEN step = culprit;
  END LOOP;
  RAISE EXCEPTION 'bundle "%" cannot be inside itself', culprit
    USING ERRCODE = '23514', SCHEMA = 'pm_catalog', TABLE = 'product_bundle_items', COLUMN = 'product_id',
          DETAIL = format('The chain would be %s.',
            (SELECT pm_catalog._chain(array_agg(p.title ORDER BY n.place))
             FROM unnest(chain) WITH ORDINALITY AS n(id, place)
                   JOIN pm_catalog.product_bundles AS b ON b.id = n.id JOIN pm_catalog.products AS p ON p.id = b.product_id)),
          HINT = 'Take one of them out of the one before it.';
END
$$;

CREATE TRIGGER bundles_after_insert AFTER INSERT ON pm_catalog.product_bundle_items REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._after_statement(
  'SELECT pm_catalog._check_bundles(ARRAY(SELECT DISTINCT n.bundle_id FROM new_rows AS n))');
CREATE TRIGGER bundles_after_update AFTER UPDATE ON pm_catalog.product_bundle_items REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._after_statement(
  'SELECT pm_catalog._check_bundles(ARRAY(SELECT n.bundle_id FROM new_rows AS n)) WHERE EXISTS (
     SELECT n.bundle_id, n.product_id FROM new_rows AS n EXCEPT SELECT o.bundle_id, o.product_id FROM old_rows AS o)');
CREATE TRIGGER bundles_after_update AFTER UPDATE ON pm_catalog.product_bundles REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._after_statement(
  'SELECT pm_catalog._check_bundles(ARRAY(SELECT n.id FROM new_rows AS n LEFT JOIN old_rows AS o ON o.id = n.id AND o.product_id = n.product_id WHERE o.id IS NULL))');

CREATE FUNCTION pm_catalog.bundle_contents(bundle uuid) RETURNS TABLE(product_id uuid, quantity numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10 SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  bundles uuid[] := ARRAY[bundle];  -- of one depth, each once: there may be more ways to them than anybody can count
  times numeric[] := '{1}';
  products uuid[] := '{}';
  quantities numeric[] := '{}';
BEGIN
  WHILE cardinality(bundles) > 0 LOOP
    SELECT coalesce(array_agg(f.bundle_id) FILTER (WHERE f.bundle_id IS NOT NULL), '{}'),
           coalesce(array_agg(f.quantity) FILTER (WHERE f.bundle_id IS NOT NULL), '{}'),
           products || array_agg(f.product_id) FILTER (WHERE f.bundle_id IS NULL),
           quantities || array_agg(f.quantity) FILTER (WHERE f.bundle_id IS NULL)
    INTO bundles, times, products, quantities
    FROM (SELECT i.product_id, b.id AS bundle_id, sum(u.times * i.quantity) AS quantity
          FROM unnest(bundles, times) AS u(id, times) JOIN pm_catalog.product_bundle_items AS i ON i.bundle_id = u.id
          LEFT JOIN pm_catalog.product_bundles AS b ON b.product_id = i.product_id
          GROUP BY i.product_id, b.id) AS f;
  END LOOP;
  RETURN QUERY SELECT p.product_id, sum(p.quantity) FROM unnest(products, quantities) AS p(product_id, quantity) GROUP BY p.product_id;
END
$$;
COMMENT ON FUNCTION pm_catalog.bundle_contents(uuid) IS 'the products that are in a bundle, and in the bundles in it, that are no bundles themselves, with how many of each';

CREATE FUNCTION pm_catalog.bundle_availability(bundle uuid) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT pg_catalog.min(pg_catalog.div(s.available, c.quantity))::bigint
  FROM pm_catalog.bundle_contents(bundle) AS c
  CROSS JOIN LATERAL (
    SELECT coalesce(pg_catalog.sum(t.available), 0) AS available FROM pm_catalog.product_stocks AS t WHERE t.product_id = c.product_id
  ) AS s;
END;
COMMENT ON FUNCTION pm_catalog.bundle_availability(uuid) IS
'how many times a bundle can be put together from what is available of bundle_contents() at all locations; NULL for a bundle in which nothing is, or that does not exist';

REVOKE ALL ON FUNCTION pm_catalog._check_bundles(uuid[]), pm_catalog.bundle_contents(uuid), pm_catalog.bundle_availability(uuid) FROM PUBLIC;
