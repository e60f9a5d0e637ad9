-- How good codes were: the counts are those of a recomputation from every answer given.
SET search_path = "$user", public, pm_gtin;
SET datestyle = 'ISO';
INSERT INTO pm_suppliers.suppliers (code, name) SELECT 'q' || n, 'Q' FROM generate_series(1, 3) AS n;
CREATE TABLE answers (supplier_code text, status text, gtin gtin, method text, times bigint);
-- 400 random codes in random portions by all three ways, decisions in between
SELECT setseed(0.42);
CREATE FUNCTION some_code() RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT CASE floor(random() * 7)::int WHEN 0 THEN gtin_complete((400000000000 + floor(random() * 40))::text)::text WHEN 1 THEN ' ' || (400000000000 + floor(random() * 40))::text
    WHEN 2 THEN 'a' || floor(random() * 40) WHEN 3 THEN '' WHEN 4 THEN NULL WHEN 5 THEN 'EAN ' || gtin_complete((400000000000 + floor(random() * 40))::text)::text
    ELSE repeat('long', 60) END
$$;
DO $$
DECLARE
  s text;
  c text;
BEGIN
  FOR i IN 1 .. 60 LOOP
    s := 'q' || 1 + i % 3;
    INSERT INTO answers SELECT s, r.status, r.gtin, r.method, 1
    FROM pm_suppliers.resolve_eans(s, ARRAY(SELECT some_code() FROM generate_series(0, (random() * 12)::int))) AS r;
    INSERT INTO answers SELECT s, r.status, r.gtin, r.method, 1 FROM pm_suppliers.resolve_ean(s, some_code()) AS r;
    c := 'a' || i % 40;
    IF i % 4 = 0 THEN
      PERFORM pm_suppliers.confirm_resolution(s, c, '4006381333931');
    ELSIF i % 4 = 1 THEN
      PERFORM pm_suppliers.reject_resolution(s, c, 'no');
    END IF;
    PERFORM pm_suppliers.record_resolutions(s, jsonb_build_array(jsonb_build_object('code', c, 'method', 'extract', 'gtin', '40170725', 'confidence', 0.8, 'seen', 1 + i)));
    INSERT INTO answers SELECT s, t.status, t.resolved_ean, t.resolution_method, 1 + i
    FROM pm_suppliers.supplier_ean_resolutions AS t WHERE t.supplier_code = s AND t.original_ean = c;
  END LOOP;
END $$;
CREATE VIEW recomputed AS
SELECT a.supplier_code, sum(a.times) AS codes,
       sum(a.times) FILTER (WHERE a.status IS DISTINCT FROM 'confirmed' AND a.gtin IS NOT NULL AND a.method IN ('exact', 'trim')) AS exact,
       sum(a.times) FILTER (WHERE a.status IS DISTINCT FROM 'confirmed' AND a.gtin IS NOT NULL AND a.method NOT IN ('exact', 'trim')) AS resolved,
       sum(a.times) FILTER (WHERE a.status = 'confirmed') AS confirmed, sum(a.times) FILTER (WHERE a.status = 'rejected') AS rejected,
       sum(a.times) FILTER (WHERE a.status IS DISTINCT FROM 'rejected' AND a.gtin IS NULL AND a.method <> 'empty') AS unresolved,
       sum(a.times) FILTER (WHERE a.method = 'empty') AS missing
FROM answers AS a GROUP BY a.supplier_code;
SELECT count(*) AS suppliers, bool_and((q.codes, q.exact, q.resolved, q.confirmed, q.rejected, q.unresolved, q.missing)
                                       = (r.codes, r.exact, r.resolved, r.confirmed, r.rejected, r.unresolved, r.missing)) AS the_same,
       bool_and(least(q.exact, q.resolved, q.confirmed, q.rejected, q.unresolved, q.missing) > 0) AS every_kind,
       bool_and(abs(q.exact_share + q.resolved_share + q.rejected_share - 1) < 0.001) AS whole
FROM recomputed AS r JOIN pm_suppliers.supplier_quality AS q ON q.supplier_code = r.supplier_code AND q.period = 'week';
-- and how often each code was seen: all that can be remembered
SELECT sum(seen) = (SELECT sum(times) FROM answers WHERE method <> 'empty' AND status IS NOT NULL) AS the_same FROM pm_suppliers.supplier_ean_resolutions;
-- one row of counts is enough as long as one transaction is at work
SELECT supplier_id IS NOT NULL AS supplier, count(*) FROM pm_suppliers._code_counts GROUP BY supplier_id, day;
-- what is rolled back is not counted
BEGIN;
SELECT count(*) FROM pm_suppliers.resolve_eans('q1', '{4006381333931,NULL,x}');
ROLLBACK;
SELECT q.codes = r.codes AS the_same FROM recomputed AS r JOIN pm_suppliers.supplier_quality AS q USING (supplier_code) WHERE q.period = 'day' AND supplier_code = 'q1';

-- days, weeks and shares
DELETE FROM pm_suppliers._code_counts;
INSERT INTO pm_suppliers._code_counts (supplier_id, day, exact, resolved, confirmed, rejected, unresolved, missing)
SELECT s.id, c.* FROM pm_suppliers.suppliers AS s, (VALUES
  ('2026-01-04'::date, 1, 2, 3, 4, 5, 6), ('2026-01-05', 3, 0, 0, 0, 0, 1), ('2026-01-05', 2, 1, 0, 0, 0, 1), ('2026-01-11', 7, 0, 0, 0, 0, 0), ('2026-01-12', 0, 0, 0, 0, 0, 0)) AS c
WHERE s.code = 'q1';
SELECT * FROM pm_suppliers.supplier_quality ORDER BY period, starts;
-- a day is one of UTC, wherever the session is
DELETE FROM pm_suppliers._code_counts;
SET timezone = 'Pacific/Kiritimati';
SELECT count(*) FROM pm_suppliers.resolve_eans('q1', '{4006381333931}');
SET timezone = 'Pacific/Niue';
SELECT count(*) FROM pm_suppliers.resolve_eans('q1', '{4006381333931}');
RESET timezone;
SELECT count(DISTINCT day) AS days, bool_and(day = (now() AT TIME ZONE 'UTC')::date) AS today FROM pm_suppliers._code_counts;
DROP VIEW recomputed;
DROP TABLE answers;
DROP FUNCTION some_code();
DELETE FROM pm_suppliers.suppliers;
SELECT count(*) FROM pm_suppliers._code_counts;
