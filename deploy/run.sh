#!/bin/bash
# run.sh - the main job of "make run": read files of codes on the private server,
# type and resolve every code, and report.  Works again on a second run.
set -eu
. "$(dirname "$0")/lib.sh"

deploy=$PM_TOP/deploy
rows=20000
supplier=$PM_TOP/build/sample_codes.csv
openfoodfacts=$PM_TOP/../shared/data/openfoodfacts-sample.csv

"$deploy/cluster.sh" start
sql() {
  "$deploy/cluster.sh" psql -X -q -v ON_ERROR_STOP=1 "$@"
}

# read_file ID NAME TABLE COLUMNS: standard input into a table of schema sample, then resolve it
read_file() {
  sql -d products -c "COPY sample.$3 ($4) FROM STDIN (FORMAT csv, HEADER, DELIMITER ';', FORCE_NOT_NULL (ean))"
  sql -d products -v "id=$1" -v "name=$2" -v "file=$3" -f "$deploy/resolve_file.sql"
}

mkdir -p "$(dirname "$supplier")"
LC_ALL=C awk -v "rows=$rows" -f "$deploy/sample_codes.awk" >"$supplier"

sql -d postgres -f "$deploy/products.sql"
sql -d products -f "$deploy/sample_tables.sql"
read_file 1 "$(basename "$supplier")" supplier_file 'sku, ean, dirt, true_gtin' <"$supplier"
if [ -r "$openfoodfacts" ]; then
  read_file 2 "$(basename "$openfoodfacts")" openfoodfacts_file \
    'ean, name, ingredients, image_url, fat, saturated_fat, carbohydrate, sugar, fiber, protein, salt, sodium, alcohol' \
    <"$openfoodfacts"
else
  echo "run: there is no ../shared/data/openfoodfacts-sample.csv; only the generated file is read"
fi
sql -d products -f "$deploy/report.sql"

address=$("$deploy/cluster.sh" address)
cat <<EOM
The server keeps running, with the codes in table sample.codes.
  connect:  psql $address products        (or: make psql)
  stop:     make stop
EOM
