-- found.sql - checks the references of a restored database, as pm_worker
--
-- Variables: began and snapshot, the database's own times of its backup.  Prints a
-- line for each reference: sound, skew, orphans or unchecked, its name, a number or
-- the reason.  An orphan that the dump knows of was there before the first snapshot;
-- if the backup did check the reference, the others came to be between the snapshots.
SELECT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'pm_xref') AS has_xref
\gset
\if :has_xref
CREATE TEMPORARY TABLE before AS
SELECT r.name, r.checked_at >= :'began' AS known, clock_timestamp() AS now FROM pm_xref._references AS r;
SET ROLE pm_worker;
SELECT FROM pm_xref.check() \g /dev/null
RESET ROLE;
SELECT kind || E'\t' || b.name || E'\t' || figure
FROM before AS b
  LEFT JOIN LATERAL (SELECT c.sqlstate, c.message, c.rows_checked FROM pm_xref.checks AS c
                     WHERE c.reference = b.name AND c.started_at >= b.now ORDER BY c.started_at DESC LIMIT 1) AS c ON true
  CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE NOT s.skew), count(*) FILTER (WHERE s.skew)
                      FROM pm_xref.orphans AS o CROSS JOIN LATERAL (SELECT coalesce(b.known, false) AND o.first_seen > :'snapshot') AS s(skew)
                      WHERE o.reference = b.name AND o.state = 'orphan') AS o(old, new)
  CROSS JOIN LATERAL (
    SELECT 'unchecked', coalesce(c.message, 'no check of it ran') WHERE c.rows_checked IS NULL
    UNION ALL SELECT 'sound', c.rows_checked::text WHERE c.rows_checked IS NOT NULL AND o.old = 0 AND o.new = 0
    UNION ALL SELECT 'orphans', o.old::text WHERE c.rows_checked IS NOT NULL AND o.old > 0
    UNION ALL SELECT 'skew', o.new::text WHERE c.rows_checked IS NOT NULL AND o.new > 0) AS line(kind, figure)
ORDER BY b.name, kind;
\endif
