#!/bin/bash
# pm_catalog_read.sh ROWS SECONDS - a product read by id, ean and sku beside a bare table by its primary key
#
# One client of pgbench on a Unix socket, prepared statements, the variants in turn, five
# rounds of SECONDS each.  A product is drawn by its number, of which the statement makes
# the key, the same way for both tables.
set -euo pipefail

rows=$1 seconds=$2
dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT

psql -X -q -v ON_ERROR_STOP=1 -v "rows=$rows" <<'SQL'
SET client_min_messages = warning;
CREATE EXTENSION pm_catalog CASCADE;
ALTER DATABASE postgres SET search_path = "$user", public, pm_gtin, pm_catalog;
SET search_path = "$user", public, pm_gtin, pm_catalog;
INSERT INTO products (id, title, description, sku, gtin, weight)
SELECT lpad(to_hex(i), 32, '0')::uuid, 'Product number ' || i || ' of a realistic length, red', repeat('What is to be said of it. ', 8), 'SKU-' || i, gtin_complete('400' || lpad(i::text, 9, '0')), 1.5
FROM generate_series(1, :rows) AS i;
CREATE TABLE plain AS SELECT * FROM products;
ALTER TABLE plain ADD PRIMARY KEY (id);
VACUUM ANALYZE plain;
VACUUM ANALYZE products;
CHECKPOINT;
SQL

# script VARIANT TABLE CONDITION; :n is the number
script() {
  cat >"$dir/$1" <<EOM
\\set n random(1, $rows)
SELECT id, title, sku, ean, weight FROM $2 WHERE $3;
EOM
}
script bare plain "id = lpad(to_hex(:n::integer), 32, '0')::uuid"
script id products "id = lpad(to_hex(:n::integer), 32, '0')::uuid"
script ean products "ean = gtin_complete('400' || lpad(:n::text, 9, '0')) AND deleted_at IS NULL"
script sku products "sku = 'SKU-' || :n::text AND deleted_at IS NULL"

for round in 1 2 3 4 5; do
  for variant in bare id ean sku; do
    echo "$round $variant $(pgbench -n -M prepared -T "$seconds" -f "$dir/$variant" | sed -n 's/^tps = \([0-9.]*\).*/\1/p')"
  done
done >"$dir/tps"

psql -X -q -v ON_ERROR_STOP=1 -P footer=off <<SQL
CREATE TEMP TABLE took (round integer, variant text, tps float8);
COPY took FROM STDIN (DELIMITER ' ');
$(cat "$dir/tps")
\.
\echo 'Microseconds a read with its way to the client and back, medians of five rounds; ratio: median of the rounds'' ratios.'
SELECT r.variant, round(r.us::numeric, 1) AS us, round(r.ratio::numeric, 2) AS ratio, CASE WHEN r.variant <> 'bare' THEN 'at most 1.1' END AS target,
       CASE WHEN r.variant = 'bare' THEN NULL WHEN r.ratio <= 1.1 THEN 'met' ELSE 'MISSED' END AS verdict
FROM (SELECT t.variant, percentile_cont(0.5) WITHIN GROUP (ORDER BY 1e6 / t.tps) AS us, percentile_cont(0.5) WITHIN GROUP (ORDER BY b.tps / t.tps) AS ratio
      FROM took AS t JOIN took AS b ON b.round = t.round AND b.variant = 'bare' GROUP BY t.variant) AS r
ORDER BY r.variant <> 'bare', r.variant;
SQL
