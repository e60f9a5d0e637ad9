#!/bin/bash
# pm_catalog_read.sh ROWS SECONDS - a product read by id, ean and sku beside a bare table by its primary key
#
# One client of pgbench on a Unix socket, prepared statements, the variants in turn, five
# rounds of SECONDS each.  Of each variant 5 000 products in 100 scripts of 50
# statements, so that pgbench computes nothing.
set -euo pipefail

rows=$1 seconds=$2
dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT

psql -X -q -v ON_ERROR_STOP=1 -v "rows=$rows" <<'SQL'
SET client_min_messages = warning;
CREATE EXTENSION pm_catalog CASCADE;
ALTER DATABASE postgres SET search_path = "$user", public, pm_gtin, pm_catalog;
SET search_path = "$user", public, pm_gtin, pm_catalog;
INSERT INTO products (title, description, sku, gtin, weight)
SELECT 'Product number ' || i || ' of a realistic length, red', repeat('What is to be said of it. ', 8), 'SKU-' || i, (d || gtin_check_digit(d))::gtin, 1.5
FROM generate_series(1, :rows) AS i, concat('400', lpad(i::text, 9, '0')) AS d;
CREATE TABLE plain AS SELECT * FROM products;
ALTER TABLE plain ADD PRIMARY KEY (id);
VACUUM ANALYZE plain;
VACUUM ANALYZE products;
CHECKPOINT;
SQL

# table and condition of each variant; %s is the column's value
statements() {
  psql -X -q -At -c "SELECT format('SELECT id, title, sku, ean, weight FROM $1 WHERE $2;', $3) FROM (SELECT * FROM products ORDER BY md5(sku) LIMIT 5000) AS p" |
    split -l 50 -a 3 -d - "$dir/$4."
}
statements plain 'id = %L' id bare
statements products 'id = %L' id id
statements products 'ean = %L AND deleted_at IS NULL' ean ean
statements products 'sku = %L AND deleted_at IS NULL' sku sku

for round in 1 2 3 4 5; do
  for variant in bare id ean sku; do
    scripts=()
    for script in "$dir/$variant".*; do scripts+=(-f "$script"); done
    tps=$(pgbench -n -M prepared -T "$seconds" "${scripts[@]}" 2>/dev/null | sed -n 's/^tps = \([0-9.]*\).*/\1/p')
    echo "$round $variant $tps"
  done
done > "$dir/tps"

psql -X -q -v ON_ERROR_STOP=1 <<SQL
CREATE TEMP TABLE took (round integer, variant text, tps float8);
COPY took FROM STDIN (DELIMITER ' ');
$(cat "$dir/tps")
\.
\echo 'Microseconds a read, medians of five rounds; ratio: median of the rounds'' ratios.'
SELECT t.variant, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY 2e4 / t.tps)::numeric, 1) AS us,
       round(percentile_cont(0.5) WITHIN GROUP (ORDER BY b.tps / t.tps)::numeric, 2) AS ratio,
       CASE WHEN t.variant <> 'bare' THEN 'at most 1.1' END AS target,
       CASE WHEN t.variant <> 'bare' THEN CASE WHEN round(percentile_cont(0.5) WITHIN GROUP (ORDER BY b.tps / t.tps)::numeric, 2) <= 1.1 THEN 'met' ELSE 'MISSED' END END AS verdict
FROM took AS t JOIN took AS b ON b.round = t.round AND b.variant = 'bare' GROUP BY t.variant ORDER BY t.variant <> 'bare', t.variant;
SQL
