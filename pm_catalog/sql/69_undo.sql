-- Taking an import back.

-- Why a product stays as it is, or NULL: it was edited since.  A version is the job's if
-- its change is one of these; newest: the product's change now.
CREATE FUNCTION pm_catalog._edited_since(p pm_catalog.products, ours bigint[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN p.deleted_at IS NOT NULL THEN format('deleted since, at %s', p.deleted_at)
    ELSE format('edited since, at %s by role "%s"%s', p.updated_at, c.role, coalesce(' in import "' || c.job || '"', ' because: ' || c.reason, '')) END
  FROM pm_catalog.changes AS c WHERE c.id = p.change_id AND c.id <> ALL (ours)
$$;

-- Puts prices that the job started back to those before them, from now on: what was asked
-- meanwhile stays in the history of prices.  A price that somebody has set since stays.
CREATE FUNCTION pm_catalog._undo_prices(product uuid, times timestamptz[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  r record;
BEGIN
  FOR r IN
    SELECT n.*, b.is_there, b.old_price, b.old_cost, b.old_compare_at_amount, b.old_ends_at, b.old_is_active
    FROM pm_catalog.product_prices AS n
    LEFT JOIN LATERAL (
      SELECT o.valid_until = n.valid_from AS is_there, o.price AS old_price, o.cost AS old_cost, o.compare_at_amount AS old_compare_at_amount,
             o.ends_at AS old_ends_at, o.is_active AS old_is_active
      FROM pm_catalog.product_prices AS o
      WHERE o.product_id = n.product_id AND o.price_type = n.price_type AND o.currency = n.currency AND o.min_quantity = n.min_quantity
        AND o.supplier_id IS NOT DISTINCT FROM n.supplier_id AND o.valid_from < n.valid_from
      ORDER BY o.valid_from DESC LIMIT 1) AS b ON true
    WHERE n.product_id = product AND n.valid_from = ANY (times) AND n.created_at = ANY (times) AND n.valid_from < now()
      AND (n.valid_until IS NULL OR n.valid_until > now())
      AND NOT EXISTS (
        SELECT FROM pm_catalog.product_prices AS l
        WHERE l.product_id = n.product_id AND l.price_type = n.price_type AND l.currency = n.currency AND l.min_quantity = n.min_quantity
          AND l.supplier_id IS NOT DISTINCT FROM n.supplier_id AND l.valid_from > n.valid_from AND l.valid_from <= now())
  LOOP
    IF r.is_there AND (r.old_ends_at IS NULL OR r.old_ends_at > now()) THEN
      INSERT INTO pm_catalog.product_prices (product_id, supplier_id, price_type, currency, min_quantity, price, cost, compare_at_amount, valid_from, ends_at, is_active)
      VALUES (product, r.supplier_id, r.price_type, r.currency, r.min_quantity, r.old_price, r.old_cost, r.old_compare_at_amount, now(), r.old_ends_at, r.old_is_active);
    ELSE
      UPDATE pm_catalog.product_prices AS s SET ends_at = now() WHERE s.id = r.id;
    END IF;
  END LOOP;
END
$$;

-- Takes back what the job did to one product; throws what stands in the way.
CREATE FUNCTION pm_catalog._undo_product(product uuid, job uuid, ours bigint[], times timestamptz[], OUT outcome text, OUT reason text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  p pm_catalog.products;
  first_version integer;
  stays text;
BEGIN
  SELECT * INTO p FROM pm_catalog.products AS n WHERE n.id = product FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    outcome := 'kept';
    reason := 'it is gone';
    RETURN;
  END IF;
  SELECT min(v.version) INTO first_version
  FROM (SELECT h.version FROM pm_catalog.product_versions AS h WHERE h.product_id = product AND h.change_id = ANY (ours)
        UNION ALL SELECT p.version WHERE p.change_id = ANY (ours)) AS v;

  outcome := 'put back';
  IF first_version IS NOT NULL THEN
    reason := pm_catalog._edited_since(p, ours);
    IF reason IS NOT NULL THEN
      outcome := CASE WHEN EXISTS (SELECT FROM pm_catalog.changes AS c WHERE c.id = p.change_id AND c.reason = format('undo of import %s', _undo_product.job))
                      THEN CASE WHEN p.deleted_at IS NULL THEN 'put back' ELSE 'deleted' END ELSE 'kept' END;
      reason := CASE outcome WHEN 'kept' THEN reason ELSE 'it was undone before' END;
      RETURN;
    END IF;
    IF first_version = 1 THEN
      SELECT w.why INTO reason
      FROM (SELECT 1, 'another supplier offers it' FROM pm_catalog.supplier_products AS o WHERE o.product_id = product AND o.is_active AND o.created_at <> ALL (times)
            UNION ALL
            SELECT 2, format('its offer was changed since, at %s', o.updated_at) FROM pm_catalog.supplier_products AS o
            WHERE o.product_id = product AND o.created_at = ANY (times) AND o.updated_at <> ALL (times)
            UNION ALL
            SELECT 3, format('a price was set since, at %s', x.created_at) FROM pm_catalog.product_prices AS x WHERE x.product_id = product AND x.created_at <> ALL (times)
            UNION ALL
            SELECT 4, format('its stock was changed since, at %s', s.updated_at) FROM pm_catalog.product_stocks AS s WHERE s.product_id = product AND s.updated_at <> ALL (times)
           ) AS w(n, why)
      ORDER BY w.n LIMIT 1;
      IF FOUND THEN
        outcome := 'kept';
        RETURN;
      END IF;
      PERFORM pm_catalog.delete_product(product, format('undo of import %s', job));
      UPDATE pm_catalog.supplier_products AS o SET digest = NULL, other_digests = NULL, is_active = false WHERE o.product_id = product AND o.updated_at = ANY (times);
      outcome := 'deleted';
      RETURN;
    END IF;
    PERFORM set_config('pm_catalog.reason', format('undo of import %s', job), true);
    PERFORM pm_catalog.revert(product, first_version - 1);
  ELSIF p.deleted_at IS NOT NULL THEN
    outcome := 'kept';
    reason := pm_catalog._edited_since(p, ours);
    RETURN;
  END IF;

  PERFORM pm_catalog._undo_prices(product, times);
  -- offers: those that the job made go, others can only forget that its row was merged
  DELETE FROM pm_catalog.supplier_products AS o WHERE o.product_id = product AND o.created_at = ANY (times) AND o.updated_at = o.created_at;
  -- what any file said of the product may have been put back with it
  UPDATE pm_catalog.supplier_products AS o SET digest = NULL, other_digests = NULL
  WHERE o.product_id = product AND (o.digest IS NOT NULL OR o.other_digests IS NOT NULL);
  WITH offer AS (
    UPDATE pm_catalog.supplier_products AS o SET is_active = true
    WHERE o.product_id = product AND o.updated_at = ANY (times) RETURNING o.supplier_id
  )
  SELECT string_agg(format('the offer of supplier "%s"', s.code), ', ' ORDER BY s.code) INTO stays
  FROM offer AS o JOIN pm_catalog.suppliers AS s ON s.id = o.supplier_id;
  IF EXISTS (SELECT FROM pm_catalog.product_stocks AS s WHERE s.product_id = product AND s.updated_at = ANY (times)) THEN
    stays := concat_ws(', ', stays, 'our stock');
  END IF;
  reason := 'has no history and stays: ' || stays;
END
$$;

CREATE FUNCTION pm_catalog.undo_job(job uuid, after uuid DEFAULT NULL, most integer DEFAULT 10000) RETURNS TABLE (product_id uuid, outcome text, reason text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  ours bigint[];
  times timestamptz[];
  before text := coalesce(current_setting('pm_catalog.reason', true), '');
  start CONSTANT uuid := coalesce(after, '00000000-0000-0000-0000-000000000000');
  state text;
  message text;
BEGIN
  IF job IS NULL OR (most > 0) IS NOT TRUE THEN
    RAISE EXCEPTION 'undo_job() needs a job, and a number of products above 0' USING ERRCODE = '22023';
  END IF;
  SELECT array_agg(c.id), array_agg(DISTINCT c.changed_at) INTO ours, times FROM pm_catalog.changes AS c WHERE c.job = undo_job.job;
  IF ours IS NULL THEN
    RETURN;
  END IF;
  -- what is changed from here on is of no import
  PERFORM pm_catalog._change_of(NULL, NULL);
  FOR product_id IN
    SELECT u.id
    FROM ((SELECT p.id FROM pm_catalog.products AS p WHERE p.id > start AND p.change_id = ANY (ours) ORDER BY p.id LIMIT most)
          UNION
          (SELECT DISTINCT v.product_id FROM pm_catalog.product_versions AS v WHERE v.product_id > start AND v.change_id = ANY (ours) ORDER BY v.product_id LIMIT most)
          UNION
          (SELECT DISTINCT o.product_id FROM pm_catalog.supplier_products AS o WHERE o.product_id > start AND o.updated_at = ANY (times)
             AND EXISTS (SELECT FROM pm_catalog.products AS p WHERE p.id = o.product_id AND p.deleted_at IS NULL) ORDER BY o.product_id LIMIT most)
          UNION
          -- of whose offers a later file has written others
          (SELECT DISTINCT x.product_id FROM pm_catalog.product_prices AS x WHERE x.product_id > start AND x.created_at = ANY (times)
             AND EXISTS (SELECT FROM pm_catalog.products AS p WHERE p.id = x.product_id AND p.deleted_at IS NULL) ORDER BY x.product_id LIMIT most)) AS u
    ORDER BY u.id LIMIT most
  LOOP
    BEGIN
      SELECT u.outcome, u.reason INTO outcome, reason FROM pm_catalog._undo_product(product_id, job, ours, times) AS u;
    EXCEPTION WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
      IF left(state, 2) NOT IN ('22', '23', '55') THEN
        RAISE;
      END IF;
      outcome := 'failed';
      reason := format('%s: %s', state, message);
    END;
    RETURN NEXT;
  END LOOP;
  PERFORM set_config('pm_catalog.reason', before, true);
END
$$;
COMMENT ON FUNCTION pm_catalog.undo_job(uuid, uuid, integer) IS
'takes back what an import did to products, in the order of their ids, from the one after the given one on, and at most so many at once: call it with the last product_id until there is no row. outcome: put back, the product has the values of before, as a new version, and so do its prices, from now on; deleted, the import had made it (delete_product()); kept, somebody edited or deleted it since, or, of a product that the import had made, changed its offer, set a price or changed our stock of it, a later import too, or another supplier offers it; failed, the reason begins with the SQLSTATE. Offers that the import made go. Cost and stock of other offers, our stock, tags, brands and categories have no history: they stay, which reason says of offers and stock, and the supplier''s next file is merged as if it were new. A second call changes nothing more. Errors: 22023';

REVOKE ALL ON FUNCTION pm_catalog._edited_since(pm_catalog.products, bigint[]), pm_catalog._undo_prices(uuid, timestamptz[]),
  pm_catalog._undo_product(uuid, uuid, bigint[], timestamptz[]), pm_catalog.undo_job(uuid, uuid, integer) FROM PUBLIC;
