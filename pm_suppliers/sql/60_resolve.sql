-- Resolving codes.

CREATE FUNCTION pm_suppliers.resolve_eans(supplier_code text, codes text[])
RETURNS TABLE (ordinal integer, code text, gtin pm_gtin.gtin, method text, confidence real, status text, suggestion pm_gtin.gtin, reason text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  supplier uuid := pm_suppliers._hold_supplier(supplier_code);
  rules pm_suppliers.identifier_rules;
  short text[] := codes;
BEGIN
  -- for a few codes planning takes longer than all else; for many, how to join depends
  -- on how many they are
  IF cardinality(codes) > 50 THEN
    PERFORM set_config('plan_cache_mode', 'force_custom_plan', true);
  END IF;
  -- gtin_resolve() looks at no more
  IF EXISTS (SELECT FROM unnest(codes) AS u(code) WHERE octet_length(u.code) > 4096) THEN
    short := ARRAY(SELECT left(u.code, 4097) FROM unnest(codes) WITH ORDINALITY AS u(code, ordinal) ORDER BY u.ordinal);
  END IF;
  SELECT r.* INTO rules FROM pm_suppliers.identifier_rules AS r WHERE r.supplier_id = supplier;
  RETURN QUERY
  WITH answer AS MATERIALIZED (SELECT a.* FROM pm_suppliers._record(supplier, short, rules, NULL) AS a)
  SELECT u.ordinal::integer, u.code, a.gtin, coalesce(a.method, 'empty'), coalesce(a.confidence, 0), a.status, a.suggestion, a.reason
  FROM unnest(codes, short) WITH ORDINALITY AS u(code, short, ordinal) LEFT JOIN answer AS a ON a.key = pm_suppliers.code_key(u.short)
  ORDER BY u.ordinal;
END
$$;
COMMENT ON FUNCTION pm_suppliers.resolve_eans(text, text[]) IS
'resolves many codes of a supplier and records them, a row for each in their order, as resolve_ean() does for one. For codes by the thousand: one statement, which cannot meet another one in a deadlock. Errors: 23503 unknown supplier';

CREATE FUNCTION pm_suppliers.resolve_ean(supplier_code text, code text,
  OUT gtin pm_gtin.gtin, OUT method text, OUT confidence real, OUT status text, OUT suggestion pm_gtin.gtin, OUT reason text)
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT r.gtin, r.method, r.confidence, r.status, r.suggestion, r.reason FROM pm_suppliers.resolve_eans(supplier_code, ARRAY[code]) AS r;
END;
COMMENT ON FUNCTION pm_suppliers.resolve_ean(text, text) IS
'the gtin that a code of a supplier stands for: as it was decided, else as gtin_resolve() reads it by the supplier''s rules; recorded in pm_suppliers.supplier_ean_resolutions and counted. No text is an error.
gtin: the number, or NULL. method, confidence: those of gtin_resolve(); of a decision confirmed and 1, rejected and 0. status: automatic, confirmed or rejected; NULL: not recorded, the code is empty or longer than 200 characters. suggestion: a number that was held back. reason: the rule (a column of pm_suppliers.identifier_rules) by which the number was held back, or taken though it is less sure; of a rejected code what was given as reason.
Errors: 23503 unknown supplier';

REVOKE ALL ON FUNCTION pm_suppliers.resolve_eans(text, text[]), pm_suppliers.resolve_ean(text, text) FROM PUBLIC;
