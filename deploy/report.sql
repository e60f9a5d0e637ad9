-- report.sql - what a person wants to know of the codes in schema sample
\set ON_ERROR_STOP on
\pset footer off
\pset border 0
\pset null ''

\echo
\echo 'Files'
\echo
SELECT f.name AS file,
       count(*) AS codes,
       count(*) FILTER (WHERE pm_gtin.gtin_valid(c.code)) AS valid,
       count(*) FILTER (WHERE c.gtin IS NOT NULL AND NOT pm_gtin.gtin_valid(c.code)) AS repaired,
       count(*) FILTER (WHERE c.gtin IS NULL) AS rejected,
       count(DISTINCT c.gtin) AS "trade items",
       to_char(count(*) / f.seconds_to_resolve, 'FM999,999,999') AS "resolved/s",
       to_char(count(*) / f.seconds_to_store, 'FM999,999,999') AS "resolved and stored/s"
FROM sample.files AS f JOIN sample.codes AS c USING (file_id)
GROUP BY f.file_id ORDER BY f.file_id;

CREATE TEMPORARY VIEW methods AS
SELECT f.file_id, f.name AS file, c.method, c.gtin IS NOT NULL AS resolved,
       count(*) AS codes,
       to_char(100.0 * count(*) / sum(count(*)) OVER (PARTITION BY f.file_id), 'FM990.0') || ' %' AS share,
       avg(c.confidence)::numeric(3,2) AS confidence,
       (array_agg(c.code ORDER BY c.line))[1] AS code,
       (array_agg(c.gtin ORDER BY c.line))[1] AS gtin,
       (array_agg(c.suggestion ORDER BY c.line))[1] AS suggestion
FROM sample.files AS f JOIN sample.codes AS c USING (file_id)
GROUP BY f.file_id, c.method, c.gtin IS NOT NULL;

-- A code on one line of the terminal: what cannot be seen is written \x0D or U+00A0.
CREATE FUNCTION pg_temp.shown(code text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN (SELECT coalesce(string_agg(
  CASE WHEN c > '' AND c < ' ' THEN '\x' || lpad(upper(to_hex(ascii(c))), 2, '0')
       WHEN c IN (U&'\00A0', U&'\200B', U&'\200E', U&'\FEFF') THEN 'U+' || lpad(upper(to_hex(ascii(c))), 4, '0')
       ELSE c END, '' ORDER BY n), '')
  FROM regexp_split_to_table(left(code, 40), '') WITH ORDINALITY AS s(c, n));

\echo 'Resolved, by what had to be undone'
\echo
SELECT m.file, m.method, m.codes, m.share, m.confidence AS conf, pg_temp.shown(m.code) AS "for example", m.gtin
FROM methods AS m WHERE m.resolved ORDER BY m.file_id, m.codes DESC, m.method;

\echo 'Rejected, and why'
\echo
SELECT m.file, m.method AS reason, m.codes, m.share, pg_temp.shown(m.code) AS "for example", m.suggestion
FROM methods AS m WHERE NOT m.resolved ORDER BY m.file_id, m.codes DESC, m.method;

\echo 'Noted beside the method (the number is valid all the same)'
\echo
SELECT f.name AS file, flag, count(*) AS codes, min(c.gtin) AS "for example"
FROM sample.files AS f JOIN sample.codes AS c USING (file_id) CROSS JOIN LATERAL unnest(c.flags) AS flag
WHERE c.gtin IS NOT NULL
GROUP BY f.file_id, flag ORDER BY f.file_id, codes DESC, flag;

\echo 'The generated file says which number each code was made of: were the answers right?'
\echo
SELECT count(*) FILTER (WHERE s.true_gtin IS NOT NULL AND c.gtin::text = s.true_gtin) AS "right",
       count(*) FILTER (WHERE s.true_gtin IS NOT NULL AND c.gtin IS NULL AND c.suggestion::text = s.true_gtin)
         AS "right, but only suggested",
       count(*) FILTER (WHERE c.gtin IS NULL AND s.true_gtin IS NOT NULL AND c.suggestion::text IS DISTINCT FROM s.true_gtin)
         AS "not recovered",
       count(*) FILTER (WHERE s.true_gtin IS NULL AND c.gtin IS NULL) AS "rejected, rightly",
       count(*) FILTER (WHERE c.gtin IS NOT NULL AND c.gtin::text IS DISTINCT FROM s.true_gtin
                          AND 'also_upce' = ANY (c.flags)) AS "read another way, and flagged",
       count(*) FILTER (WHERE c.gtin IS NOT NULL AND c.gtin::text IS DISTINCT FROM s.true_gtin
                          AND 'also_upce' <> ALL (c.flags)) AS "wrong"
FROM sample.codes AS c JOIN sample.supplier_file AS s USING (line)
WHERE c.file_id = 1;
\echo 'Wrong is a damaged code that happens to be another valid number, as one in ten does; flagged is'
\echo 'also_upce, 8 digits that are a valid GTIN-8 and a valid UPC-E:'
\echo
SELECT s.dirt AS "damaged by", c.method AS "taken as", count(*) AS codes, pg_temp.shown(min(c.code)) AS "for example"
FROM sample.codes AS c JOIN sample.supplier_file AS s USING (line)
WHERE c.file_id = 1 AND c.gtin IS NOT NULL AND c.gtin::text IS DISTINCT FROM s.true_gtin
GROUP BY s.dirt, c.method ORDER BY codes DESC, s.dirt;
