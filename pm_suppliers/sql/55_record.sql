-- Recording what was read, and counting it.

-- A code as it was read, and how often it came.
CREATE TYPE pm_suppliers._reading AS (
  code text,
  gtin pm_gtin.gtin,
  method text,
  confidence real,
  suggestion pm_gtin.gtin,
  reason text,
  seen bigint
);

-- Codes longer than this are read, but not remembered.
CREATE FUNCTION pm_suppliers._max_code() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 200;

-- A row of counts that no other transaction is writing: nobody waits for another's.
CREATE FUNCTION pm_suppliers._hold_counts(supplier uuid) RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  today date := (now() AT TIME ZONE 'UTC')::date;
  held uuid;
BEGIN
  SELECT c.id INTO held FROM pm_suppliers._code_counts AS c WHERE c.supplier_id = supplier AND c.day = today LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    INSERT INTO pm_suppliers._code_counts (supplier_id, day) VALUES (supplier, today) RETURNING id INTO held;
  END IF;
  RETURN held;
END
$$;

-- Reads the codes by the rules, and takes readings of others, different ones; records both
-- in the order of their keys, adds to the counts, and answers with what holds: a decision,
-- if there is one.
CREATE FUNCTION pm_suppliers._record(supplier uuid, codes text[], rules pm_suppliers.identifier_rules, readings pm_suppliers._reading[])
RETURNS TABLE (key text, gtin pm_gtin.gtin, method text, confidence real, status text, suggestion pm_gtin.gtin, reason text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  held uuid := pm_suppliers._hold_counts(supplier);
BEGIN
  RETURN QUERY
  WITH reading AS MATERIALIZED (
    -- of the writings of one code, one is read: they differ in nothing that matters
    SELECT d.key, btrim(d.code, E' \t\n\x0B\f\r') AS code, r.gtin, r.method, r.confidence, r.suggestion, r.reason, d.seen
    FROM (SELECT pm_suppliers.code_key(u.code) AS key, min(u.code COLLATE "C") AS code, count(*) AS seen FROM unnest(codes) AS u(code)
          WHERE pm_suppliers.code_key(u.code) <> '' GROUP BY pm_suppliers.code_key(u.code)) AS d
    CROSS JOIN LATERAL pm_suppliers._read(d.code, rules) AS r
    UNION ALL
    SELECT pm_suppliers.code_key(u.code), btrim(u.code, E' \t\n\x0B\f\r'), u.gtin, u.method, u.confidence, u.suggestion, u.reason, u.seen
    FROM unnest(readings) AS u),
  stored AS (
    INSERT INTO pm_suppliers._resolutions AS t
      (supplier_id, original_ean, resolved_ean, suggestion, resolution_method, confidence, reason, seen, last_seen)
    SELECT supplier, r.code, r.gtin, r.suggestion, r.method, r.confidence, r.reason, r.seen, now()
    FROM reading AS r WHERE length(r.code) <= pm_suppliers._max_code() ORDER BY r.key
    ON CONFLICT (supplier_id, upper(original_ean COLLATE "C")) DO UPDATE SET
      seen = t.seen + excluded.seen,
      last_seen = excluded.last_seen,
      resolved_ean = CASE t.status WHEN 'automatic' THEN excluded.resolved_ean ELSE t.resolved_ean END,
      suggestion = CASE t.status WHEN 'automatic' THEN excluded.suggestion ELSE t.suggestion END,
      resolution_method = CASE t.status WHEN 'automatic' THEN excluded.resolution_method ELSE t.resolution_method END,
      confidence = CASE t.status WHEN 'automatic' THEN excluded.confidence ELSE t.confidence END,
      reason = CASE t.status WHEN 'automatic' THEN excluded.reason ELSE t.reason END
    RETURNING upper(t.original_ean COLLATE "C") AS key, t.resolved_ean, t.resolution_method, t.confidence, t.status, t.suggestion, t.reason),
  answer AS (
    SELECT r.key, r.seen, s.resolved_ean, s.resolution_method, s.confidence, s.status, s.suggestion, s.reason FROM reading AS r JOIN stored AS s ON s.key = r.key
    UNION ALL
    SELECT r.key, r.seen, r.gtin, r.method, r.confidence, NULL, r.suggestion, r.reason FROM reading AS r WHERE length(r.code) > pm_suppliers._max_code()),
  counted AS (
    UPDATE pm_suppliers._code_counts AS c
    SET exact = c.exact + n.exact, resolved = c.resolved + n.resolved, confirmed = c.confirmed + n.confirmed, rejected = c.rejected + n.rejected,
        unresolved = c.unresolved + n.unresolved, missing = c.missing + n.missing
    FROM (SELECT coalesce(sum(k.seen) FILTER (WHERE k.class = 'exact'), 0) AS exact, coalesce(sum(k.seen) FILTER (WHERE k.class = 'resolved'), 0) AS resolved,
                 coalesce(sum(k.seen) FILTER (WHERE k.class = 'confirmed'), 0) AS confirmed, coalesce(sum(k.seen) FILTER (WHERE k.class = 'rejected'), 0) AS rejected,
                 coalesce(sum(k.seen) FILTER (WHERE k.class = 'unresolved'), 0) AS unresolved,
                 coalesce(cardinality(codes), 0) - (SELECT count(*) FROM unnest(codes) AS u(code) WHERE pm_suppliers.code_key(u.code) <> '') AS missing
          FROM (SELECT a.seen, CASE WHEN a.status IN ('confirmed', 'rejected') THEN a.status WHEN a.resolved_ean IS NULL THEN 'unresolved'
                                    WHEN a.resolution_method IN ('exact', 'trim') THEN 'exact' ELSE 'resolved' END AS class
                FROM answer AS a) AS k) AS n
    WHERE c.id = held)
  SELECT a.key, a.resolved_ean, a.resolution_method, a.confidence, a.status, a.suggestion, a.reason FROM answer AS a;
END
$$;

REVOKE ALL ON FUNCTION pm_suppliers._max_code(), pm_suppliers._hold_counts(uuid), pm_suppliers._record(uuid, text[], pm_suppliers.identifier_rules, pm_suppliers._reading[]) FROM PUBLIC;
REVOKE ALL ON TYPE pm_suppliers._reading FROM PUBLIC;
