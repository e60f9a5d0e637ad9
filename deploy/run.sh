#!/bin/bash
# run.sh - the main job of "make run": create the databases in the private server, read
# files of codes into that of the catalog, resolve every code by jobs, show how far they
# are, report; then import a supplier's price list three times, and show what became of it
# and how the databases are.  Works again on a second run.
set -eu
. "$(dirname "$0")/lib.sh"

deploy=$PM_TOP/deploy
rows=100000
supplier=$PM_TOP/build/sample_codes.csv
prices=$PM_TOP/build/sample_prices.csv
openfoodfacts=$PM_TOP/../shared/data/openfoodfacts-sample.csv

"$deploy/cluster.sh" start
sql() {
  "$deploy/cluster.sh" psql -X -q -v ON_ERROR_STOP=1 "$@"
}

# read_file ID NAME TABLE COLUMNS: standard input into a table of schema sample, and a
# job that resolves it
read_file() {
  sql -d db_catalog -c "COPY sample.$3 ($4) FROM STDIN (FORMAT csv, HEADER, DELIMITER ';', FORCE_NOT_NULL (ean))"
  sql -d db_catalog -v "id=$1" -v "name=$2" -v "table=$3" <<'SQL' >/dev/null
SELECT pm_jobs.enqueue('sample', 'resolve codes', jsonb_build_object('file_id', :id, 'name', :'name', 'table', :'table'));
SQL
}

# Shows how far the jobs are until all have ended; fails if one did not succeed.
follow_jobs() {
  local shown='' now failed
  while :; do
    now=$(sql -At -d db_catalog -v "since=$1" <<'SQL'
SELECT format('job %s, %s: %s%s', j.id, j.payload ->> 'name', j.status,
              to_char(100 * j.progress, ', FM990 %') || coalesce(' (' || j.progress_message || ')', '')
              || coalesce(', done at ' || to_char(j.eta, 'HH24:MI:SS'), ''))
FROM pm_jobs.jobs AS j WHERE j.id > :since AND j.queue = 'sample' ORDER BY j.id;
SELECT 'end' WHERE NOT EXISTS (SELECT FROM pm_jobs.jobs AS j WHERE j.id > :since AND j.queue = 'sample' AND j.finished_at IS NULL);
SQL
    )
    grep -vxF -e end -e "$shown" <<<"$now" ||
    [ "${now##*$'\n'}" != end ] || break
    shown=$now
    sleep 0.1
  done
  failed=$(sql -At -d db_catalog -c "SELECT j.last_error FROM pm_jobs.jobs AS j WHERE j.id > $1 AND j.queue = 'sample' AND j.status <> 'succeeded'")
  [ -z "$failed" ] || die "a job failed: $failed"
}

# price_list CHANGED: a supplier's price list, of which CHANGED percent of the rows differ
# from the one with 0; in Windows-1252, as spreadsheets write it
price_list() {
  LC_ALL=C awk -v "rows=$rows" -v "changed=$1" -f "$deploy/sample_supplier.awk" | iconv -f UTF-8 -t WINDOWS-1252
}

# import_file FILE CONFIG: imports it, also if it was before, and reports
import_file() {
  {
    printf "\\\\set content '\\\\\\\\x"
    od -An -v -tx1 "$1" | tr -d ' \n'
    echo "'"
    cat "$deploy/sample_import.sql"
  } | sql -d db_imports -v "name=$(basename "$1")" -v "config=$2"
}

mkdir -p "$(dirname "$supplier")"
LC_ALL=C awk -v "rows=$rows" -f "$deploy/sample_codes.awk" >"$supplier"

"$deploy/cluster.sh" with "$deploy/create.sh"
sql -d db_catalog -f "$deploy/sample_tables.sql"
sql -d db_catalog -f "$deploy/sample_jobs.sql"
last_job=$(sql -At -d db_catalog -c 'SELECT coalesce(max(id), 0) FROM pm_jobs.jobs')
read_file 1 "$(basename "$supplier")" supplier_file 'sku, ean, dirt, true_gtin' <"$supplier"
if [ -r "$openfoodfacts" ]; then
  read_file 2 "$(basename "$openfoodfacts")" openfoodfacts_file \
    'ean, name, ingredients, image_url, fat, saturated_fat, carbohydrate, sugar, fiber, protein, salt, sodium, alcohol' \
    <"$openfoodfacts"
else
  echo "run: there is no ../shared/data/openfoodfacts-sample.csv; only the generated file is read"
fi
echo 'run: the codes are resolved by jobs, in the background; this is view pm_jobs.jobs:'
follow_jobs "$last_job"
sql -d db_catalog -c 'ANALYZE sample.codes'
sql -d db_catalog -f "$deploy/report.sql"

echo 'run: a price list of supplier "sample", who is kept in db_suppliers, is imported by db_imports into db_catalog:'
sql -d db_suppliers -c "INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('sample', 'Sample files') ON CONFLICT DO NOTHING"
until [ "$(sql -At -d db_catalog -c "SELECT count(*) FROM pm_catalog.suppliers WHERE code = 'sample'")" = 1 ]; do
  sleep 0.1 # until the workers have brought the event
done
sql -d db_imports -f "$deploy/sample_imports.sql"
price_list 0 >"$prices"
import_file "$prices" 'price list'
if [ -r "$openfoodfacts" ]; then
  import_file "$openfoodfacts" 'Open Food Facts'
fi
sql -d db_catalog -f "$deploy/sample_result.sql"
echo 'run: the same price list again:'
import_file "$prices" 'price list'
echo 'run: the next one, in which one row in ten has another price:'
price_list 10 >"$prices"
import_file "$prices" 'price list'
echo 'run: do all references between the databases hold?'
sql -d db_catalog -P footer=off <<'SQL'
SET ROLE pm_worker; -- who has the connections
SELECT reference, rows_checked, orphans, elapsed FROM pm_xref.check();
SQL

echo 'run: how are the databases? (make health)'
sql -d db_core -f "$deploy/health.sql"

address=$("$deploy/cluster.sh" address)
cat <<EOM
The server keeps running, with the codes in table sample.codes of database db_catalog, and the
products in pm_catalog.products.
  connect:  psql $address db_catalog        (or: make psql)
  stop:     make stop
EOM
