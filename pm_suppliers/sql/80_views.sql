-- What is known about codes, and how good they are.

CREATE VIEW pm_suppliers.supplier_ean_resolutions WITH (security_invoker = true) AS
SELECT t.id, s.code AS supplier_code, t.original_ean, t.resolved_ean, t.resolution_method, t.confidence, t.created_at,
       t.suggestion, t.reason, t.status, t.decided_by, t.decided_at, t.seen, t.last_seen
FROM pm_suppliers._resolutions AS t JOIN pm_suppliers.suppliers AS s ON s.id = t.supplier_id;
COMMENT ON VIEW pm_suppliers.supplier_ean_resolutions IS 'What each code of each supplier stands for, as resolve_ean() recorded it or people decided.';
COMMENT ON COLUMN pm_suppliers.supplier_ean_resolutions.id IS 'a UUID of version 7';
COMMENT ON COLUMN pm_suppliers.supplier_ean_resolutions.supplier_code IS 'code of the supplier';
COMMENT ON COLUMN pm_suppliers.supplier_ean_resolutions.original_ean IS 'the code as it first came, without white space around; one row a supplier and code_key()';
COMMENT ON COLUMN pm_suppliers.supplier_ean_resolutions.resolved_ean IS 'the number; NULL: there is none, or it was held back';
COMMENT ON COLUMN pm_suppliers.supplier_ean_resolutions.resolution_method IS 'method of gtin_resolve(); confirmed, rejected: it was decided';
COMMENT ON COLUMN pm_suppliers.supplier_ean_resolutions.confidence IS '0 to 1, as gtin_resolve() gives it; 1 confirmed, 0 rejected';
COMMENT ON COLUMN pm_suppliers.supplier_ean_resolutions.created_at IS 'when the code first came or was decided';
COMMENT ON COLUMN pm_suppliers.supplier_ean_resolutions.suggestion IS 'a number that was held back';
COMMENT ON COLUMN pm_suppliers.supplier_ean_resolutions.reason IS 'the rule that decided, or why the code was rejected; see resolve_ean()';
COMMENT ON COLUMN pm_suppliers.supplier_ean_resolutions.status IS 'automatic: read anew each time; confirmed, rejected: decided';
COMMENT ON COLUMN pm_suppliers.supplier_ean_resolutions.decided_by IS 'who decided; NULL: nobody';
COMMENT ON COLUMN pm_suppliers.supplier_ean_resolutions.decided_at IS 'when';
COMMENT ON COLUMN pm_suppliers.supplier_ean_resolutions.seen IS 'how often the code came';
COMMENT ON COLUMN pm_suppliers.supplier_ean_resolutions.last_seen IS 'when it last came; NULL: it was decided and never came';

CREATE VIEW pm_suppliers.shared_resolutions WITH (security_invoker = true) AS
SELECT s.code AS supplier_code, g.gtin, g.codes
FROM (SELECT t.supplier_id, t.resolved_ean AS gtin, array_agg(t.original_ean ORDER BY t.original_ean COLLATE "C") AS codes
      FROM pm_suppliers._resolutions AS t WHERE t.status = 'confirmed' GROUP BY t.supplier_id, t.resolved_ean HAVING count(*) > 1) AS g
JOIN pm_suppliers.suppliers AS s ON s.id = g.supplier_id;
COMMENT ON VIEW pm_suppliers.shared_resolutions IS 'Numbers that were confirmed for several codes of one supplier: synonyms, or mistakes.';
COMMENT ON COLUMN pm_suppliers.shared_resolutions.supplier_code IS 'code of the supplier';
COMMENT ON COLUMN pm_suppliers.shared_resolutions.gtin IS 'the number';
COMMENT ON COLUMN pm_suppliers.shared_resolutions.codes IS 'the codes';

CREATE VIEW pm_suppliers.supplier_quality WITH (security_invoker = true) AS
SELECT s.code AS supplier_code, c.period, c.starts, c.codes, c.exact, c.resolved, c.confirmed, c.rejected, c.unresolved, c.missing,
       round(c.exact::numeric / c.codes, 4) AS exact_share, round((c.resolved + c.confirmed)::numeric / c.codes, 4) AS resolved_share,
       round((c.rejected + c.unresolved + c.missing)::numeric / c.codes, 4) AS rejected_share
FROM (SELECT q.supplier_id, p.period, date_trunc(p.period, q.day::timestamp)::date AS starts,
             sum(q.exact + q.resolved + q.confirmed + q.rejected + q.unresolved + q.missing)::bigint AS codes, sum(q.exact)::bigint AS exact, sum(q.resolved)::bigint AS resolved,
             sum(q.confirmed)::bigint AS confirmed, sum(q.rejected)::bigint AS rejected, sum(q.unresolved)::bigint AS unresolved, sum(q.missing)::bigint AS missing
      FROM pm_suppliers._code_counts AS q CROSS JOIN (VALUES ('day'), ('week')) AS p(period)
      GROUP BY q.supplier_id, p.period, date_trunc(p.period, q.day::timestamp)
      HAVING sum(q.exact + q.resolved + q.confirmed + q.rejected + q.unresolved + q.missing) > 0) AS c
JOIN pm_suppliers.suppliers AS s ON s.id = c.supplier_id;
COMMENT ON VIEW pm_suppliers.supplier_quality IS 'How good the codes of each supplier were, by day and by week: what resolve_ean(), resolve_eans() and record_resolutions() answered. The shares add up to 1.';
COMMENT ON COLUMN pm_suppliers.supplier_quality.supplier_code IS 'code of the supplier';
COMMENT ON COLUMN pm_suppliers.supplier_quality.period IS 'day or week';
COMMENT ON COLUMN pm_suppliers.supplier_quality.starts IS 'the day, or the Monday of the week; days are those of UTC';
COMMENT ON COLUMN pm_suppliers.supplier_quality.codes IS 'codes that came, each time';
COMMENT ON COLUMN pm_suppliers.supplier_quality.exact IS 'those that were a number as they stood, but for white space around';
COMMENT ON COLUMN pm_suppliers.supplier_quality.resolved IS 'those from which a number could be read';
COMMENT ON COLUMN pm_suppliers.supplier_quality.confirmed IS 'those that had been confirmed';
COMMENT ON COLUMN pm_suppliers.supplier_quality.rejected IS 'those that had been rejected';
COMMENT ON COLUMN pm_suppliers.supplier_quality.unresolved IS 'those without a number, or with a suggestion only';
COMMENT ON COLUMN pm_suppliers.supplier_quality.missing IS 'those that were empty or NULL';
COMMENT ON COLUMN pm_suppliers.supplier_quality.exact_share IS 'exact, of codes: 0 to 1';
COMMENT ON COLUMN pm_suppliers.supplier_quality.resolved_share IS 'resolved and confirmed, of codes';
COMMENT ON COLUMN pm_suppliers.supplier_quality.rejected_share IS 'rejected, unresolved and missing, of codes';
