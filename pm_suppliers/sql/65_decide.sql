-- Decisions of people about codes.

-- The code as it is kept; 22023 if it is none, 22001 if it is too long to be remembered.
CREATE FUNCTION pm_suppliers._code(code text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  trimmed text := btrim(code, E' \t\n\x0B\f\r');
BEGIN
  IF (trimmed <> '') IS NOT TRUE THEN
    RAISE EXCEPTION 'there is no code: %', coalesce('"' || left(code, 64) || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'What a code means can be decided, not what a missing one does.';
  ELSIF length(trimmed) > pm_suppliers._max_code() THEN
    RAISE EXCEPTION 'code is too long to be remembered: "%..."', left(trimmed, 64)
      USING ERRCODE = '22001', DETAIL = format('It has %s characters.', length(trimmed)), HINT = format('Codes of up to %s are.', pm_suppliers._max_code());
  END IF;
  RETURN trimmed;
END
$$;

-- Writes a decision; answers with what held before, locked.
CREATE FUNCTION pm_suppliers._decide(supplier_code text, code text, status text, gtin pm_gtin.gtin, reason text, decided_by text,
  OUT previous_status text, OUT previous_gtin pm_gtin.gtin)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  supplier uuid := pm_suppliers._hold_supplier(supplier_code);
  kept text := pm_suppliers._code(code);
BEGIN
  IF (length(decided_by) BETWEEN 1 AND 255) IS FALSE THEN
    RAISE EXCEPTION 'invalid decided_by: "%"', left(decided_by, 64)
      USING ERRCODE = '22023', HINT = 'It names who decides, in 1 to 255 characters; NULL: the current role.';
  END IF;
  SELECT t.status, t.resolved_ean INTO previous_status, previous_gtin FROM pm_suppliers._resolutions AS t
  WHERE t.supplier_id = supplier AND upper(t.original_ean COLLATE "C") = upper(kept COLLATE "C") FOR UPDATE;
  INSERT INTO pm_suppliers._resolutions (supplier_id, original_ean, status, resolved_ean, resolution_method, confidence, reason, decided_by, decided_at)
  VALUES (supplier, kept, status, gtin, status, CASE status WHEN 'confirmed' THEN 1 ELSE 0 END, reason, coalesce(decided_by, current_user), clock_timestamp())
  ON CONFLICT (supplier_id, upper(original_ean COLLATE "C")) DO UPDATE SET
    status = excluded.status, resolved_ean = excluded.resolved_ean, suggestion = NULL, resolution_method = excluded.resolution_method,
    confidence = excluded.confidence, reason = excluded.reason, decided_by = excluded.decided_by, decided_at = excluded.decided_at;
END
$$;

CREATE FUNCTION pm_suppliers.confirm_resolution(supplier_code text, code text, gtin pm_gtin.gtin, decided_by text DEFAULT NULL,
  OUT previous_status text, OUT other_codes text[])
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
BEGIN
  IF gtin IS NULL THEN
    RAISE EXCEPTION 'no number to confirm for code %', coalesce('"' || left(code, 64) || '"', 'NULL')
      USING ERRCODE = '22004', HINT = 'Give the number, such as the suggestion, or use reject_resolution().';
  END IF;
  SELECT d.previous_status INTO previous_status FROM pm_suppliers._decide(supplier_code, code, 'confirmed', gtin, NULL, decided_by) AS d;
  SELECT coalesce(array_agg(t.original_ean ORDER BY t.original_ean COLLATE "C"), '{}') INTO other_codes
  FROM pm_suppliers._resolutions AS t
  WHERE t.supplier_id = pm_suppliers._supplier(supplier_code) AND t.status = 'confirmed' AND t.resolved_ean = confirm_resolution.gtin
    AND upper(t.original_ean COLLATE "C") <> pm_suppliers.code_key(code);
END
$$;
COMMENT ON FUNCTION pm_suppliers.confirm_resolution(text, text, pm_gtin.gtin, text) IS
'decides that a code of a supplier stands for this number, from now on; the code need not have been seen. decided_by: who says so, NULL: the current role. previous_status: automatic, confirmed, rejected, or NULL if the code was not known. other_codes: further codes of the supplier that were confirmed for the same number, which is allowed and worth a look; view shared_resolutions has them all. Errors: 22004 no number, 22023 no code or a bad decided_by, 22001 code longer than 200 characters, 23503 unknown supplier';

CREATE FUNCTION pm_suppliers.reject_resolution(supplier_code text, code text, reason text, decided_by text DEFAULT NULL,
  OUT previous_status text, OUT previous_gtin pm_gtin.gtin)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
BEGIN
  IF (length(btrim(reason)) BETWEEN 1 AND 1000) IS NOT TRUE THEN
    RAISE EXCEPTION 'no reason to reject code %: %', coalesce('"' || left(code, 64) || '"', 'NULL'), coalesce('"' || left(reason, 64) || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'Say why in 1 to 1000 characters, for those who see the code again.';
  END IF;
  SELECT d.previous_status, d.previous_gtin INTO previous_status, previous_gtin
  FROM pm_suppliers._decide(supplier_code, code, 'rejected', NULL, btrim(reason), decided_by) AS d;
END
$$;
COMMENT ON FUNCTION pm_suppliers.reject_resolution(text, text, text, text) IS
'decides that a code of a supplier stands for no number, from now on, for a reason; the code need not have been seen. decided_by as in confirm_resolution(). previous_status, previous_gtin: what it was; NULL if the code was not known. Errors: 22023 no code, no reason or a bad decided_by, 22001 code longer than 200 characters, 23503 unknown supplier';

CREATE FUNCTION pm_suppliers.forget_resolution(supplier_code text, code text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  DELETE FROM pm_suppliers._resolutions AS t
  WHERE t.supplier_id = pm_suppliers._supplier(supplier_code) AND upper(t.original_ean COLLATE "C") = pm_suppliers.code_key(code);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'nothing is known about code % of supplier "%"', coalesce('"' || left(code, 64) || '"', 'NULL'), supplier_code
      USING ERRCODE = 'P0002', HINT = 'View pm_suppliers.supplier_ean_resolutions has what is.';
  END IF;
END
$$;
COMMENT ON FUNCTION pm_suppliers.forget_resolution(text, text) IS
'forgets what is known and was decided about a code: it is read anew when it comes again. What was counted stays. Errors: P0002 nothing is known, 23503 unknown supplier';

CREATE FUNCTION pm_suppliers.decisions(supplier_code text)
RETURNS TABLE (key text, code text, status text, gtin pm_gtin.gtin, reason text, decided_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT upper(t.original_ean COLLATE "C"), t.original_ean, t.status, t.resolved_ean, t.reason, t.decided_at
  FROM pm_suppliers._resolutions AS t
  WHERE t.supplier_id = pm_suppliers._supplier(supplier_code) AND t.status IN ('confirmed', 'rejected')
  ORDER BY 1;
END;
COMMENT ON FUNCTION pm_suppliers.decisions(text) IS
'all that was decided about codes of a supplier, for a loader that reads it once and looks codes up by key, which is code_key() of the code. status: confirmed, with gtin, or rejected, with reason. Errors: 23503 unknown supplier';

REVOKE ALL ON FUNCTION pm_suppliers._code(text), pm_suppliers._decide(text, text, text, pm_gtin.gtin, text, text),
  pm_suppliers.confirm_resolution(text, text, pm_gtin.gtin, text), pm_suppliers.reject_resolution(text, text, text, text),
  pm_suppliers.forget_resolution(text, text), pm_suppliers.decisions(text) FROM PUBLIC;
