-- Resolutions that were made elsewhere and come back in batches.

CREATE FUNCTION pm_suppliers.record_resolutions(supplier_code text, rows jsonb)
RETURNS TABLE (ordinal integer, code text, outcome text, message text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
  supplier uuid := pm_suppliers._hold_supplier(supplier_code);
BEGIN
  IF jsonb_typeof(rows) IS DISTINCT FROM 'array' THEN
    RAISE EXCEPTION 'resolutions are not a JSON array: %', coalesce('"' || left(rows::text, 64) || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'Each is an object such as {"code": "4006381333931", "gtin": "4006381333931", "method": "exact", "confidence": 1}.';
  END IF;
  RETURN QUERY
  WITH member AS MATERIALIZED (
    SELECT e.ordinal, jsonb_typeof(e.r) = 'object' AS is_object, e.r -> 'confidence' AS confidence, e.r -> 'seen' AS seen,
           CASE jsonb_typeof(e.r -> 'code') WHEN 'string' THEN btrim(e.r ->> 'code', E' \t\n\x0B\f\r') END AS code,
           CASE jsonb_typeof(e.r -> 'method') WHEN 'string' THEN e.r ->> 'method' END AS method,
           CASE jsonb_typeof(e.r -> 'reason') WHEN 'string' THEN e.r ->> 'reason' END AS reason,
           e.r ->> 'gtin' AS gtin, e.r ->> 'suggestion' AS suggestion
    FROM jsonb_array_elements(rows) WITH ORDINALITY AS e(r, ordinal)),
  judged AS MATERIALIZED (
    SELECT m.*, CASE
        WHEN NOT m.is_object THEN 'it is no object'
        WHEN (m.code <> '') IS NOT TRUE THEN 'code is no text, or empty'
        WHEN length(m.code) > pm_suppliers._max_code() THEN format('code has %s characters, and %s at most are remembered', length(m.code), pm_suppliers._max_code())
        WHEN m.gtin IS NOT NULL AND NOT gtin_valid(m.gtin) THEN format('gtin is no GTIN: "%s"', left(m.gtin, 64))
        WHEN m.suggestion IS NOT NULL AND NOT gtin_valid(m.suggestion) THEN format('suggestion is no GTIN: "%s"', left(m.suggestion, 64))
        WHEN (length(m.method) BETWEEN 1 AND 50) IS NOT TRUE THEN 'method is no text of 1 to 50 characters'
        WHEN m.reason IS NOT NULL AND length(m.reason) NOT BETWEEN 1 AND 1000 THEN 'reason is no text of 1 to 1000 characters'
        WHEN (CASE jsonb_typeof(m.confidence) WHEN 'number' THEN m.confidence::numeric BETWEEN 0 AND 1 END) IS NOT TRUE THEN 'confidence is no number from 0 to 1'
        WHEN m.seen IS NOT NULL AND (CASE jsonb_typeof(m.seen) WHEN 'number' THEN m.seen::numeric BETWEEN 1 AND 1000000000 AND m.seen::numeric = trunc(m.seen::numeric) END) IS NOT TRUE
          THEN 'seen is no whole number from 1 to 1000000000'
      END AS fault
    FROM member AS m),
  -- of one code the last row holds, and all are counted
  reading AS (
    SELECT DISTINCT ON (pm_suppliers.code_key(j.code)) j.code, gtin_try(j.gtin) AS gtin, j.method, round(j.confidence::numeric, 6)::real AS confidence,
           gtin_try(j.suggestion) AS suggestion, j.reason, sum(coalesce(j.seen::bigint, 1)) OVER (PARTITION BY pm_suppliers.code_key(j.code))::bigint AS seen
    FROM judged AS j WHERE j.fault IS NULL
    ORDER BY pm_suppliers.code_key(j.code), j.ordinal DESC),
  answer AS MATERIALIZED (
    SELECT a.* FROM pm_suppliers._record(supplier, NULL, NULL,
      ARRAY(SELECT ROW(r.code, r.gtin, r.method, r.confidence, r.suggestion, r.reason, r.seen)::pm_suppliers._reading FROM reading AS r)) AS a)
  SELECT j.ordinal::integer, j.code, CASE WHEN j.fault IS NOT NULL THEN 'refused' WHEN a.status = 'automatic' THEN 'recorded' ELSE 'kept' END,
         coalesce(j.fault, CASE WHEN a.status <> 'automatic' THEN format('the code is %s', a.status) END)
  FROM judged AS j LEFT JOIN answer AS a ON a.key = pm_suppliers.code_key(j.code)
  ORDER BY j.ordinal;
END
$$;
COMMENT ON FUNCTION pm_suppliers.record_resolutions(text, jsonb) IS
'records codes of a supplier that were resolved elsewhere: objects with code, method, confidence, and gtin, suggestion, reason as resolve_ean() gives them, and seen, how often the code came (1). A row for each, in their order; outcome: recorded; kept, a decision stays as it is, and the code is counted; refused, with message saying why: the others are recorded all the same. Errors: 22023 no JSON array, 23503 unknown supplier';

CREATE FUNCTION pm_suppliers.record_batch(job pm_jobs.job) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  batch jsonb := job.payload -> 'payload';
BEGIN
  RETURN (
    SELECT jsonb_build_object('recorded', count(*) FILTER (WHERE r.outcome = 'recorded'), 'kept', count(*) FILTER (WHERE r.outcome = 'kept'),
      'refused', coalesce(jsonb_agg(jsonb_build_object('ordinal', r.ordinal, 'code', r.code, 'message', r.message)) FILTER (WHERE r.outcome = 'refused'), '[]'))
    FROM pm_suppliers.record_resolutions(batch ->> 'supplier_code', batch -> 'rows') AS r);
END
$$;
COMMENT ON FUNCTION pm_suppliers.record_batch(pm_jobs.job) IS
'handler of the jobs that a subscription makes of events with the payload {supplier_code, rows}: record_resolutions() of them. Result: how many were recorded and kept, and which were refused. Errors: as record_resolutions(), and the job is tried again';

CREATE FUNCTION pm_suppliers.receive_codes(queue text DEFAULT 'codes') RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT pm_xref.receive_events(queue, 'record_batch', 'pm_suppliers.record_batch(pm_jobs.job)');
END;
COMMENT ON FUNCTION pm_suppliers.receive_codes(text) IS
'makes the ordered queue, if there is none of the name, grants it to pm_worker, and registers kind "record_batch". Then, in the database that imports: SELECT pm_xref.subscribe(''imports.codes.resolved'', server of this database, queue, ''record_batch''). Errors: 42501 the caller is no administrator of pm_jobs';

REVOKE ALL ON FUNCTION pm_suppliers.record_resolutions(text, jsonb), pm_suppliers.record_batch(pm_jobs.job), pm_suppliers.receive_codes(text) FROM PUBLIC;
