#!/bin/bash
# pm_imports.sh ROWS ROUNDS [VARIANT...] - import of a supplier's file beside other ways into the same catalog
#
# Each variant runs in a copy of one of two databases: one whose catalog is empty, one where
# the file was imported before.  The variants of a round take turns, in alternating order;
# round 0 is not noted.  VARIANT: those of variant() below, all unless said.  PM_TMP is a
# directory that the server can read and write.
set -euo pipefail
cd "$(dirname "$0")"

rows=$1 rounds=$2
dir=$PM_TMP/imports
mkdir "$dir"
export PGOPTIONS="-c client_min_messages=warning -c jit=off -c max_parallel_workers_per_gather=0 -c work_mem=64MB -c bench.dir=$dir"
sql() {
  psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"
}

sql -f harness.sql -c 'CREATE TABLE bench.sessions (test text, variant text, megabytes float8, processor float8)' -c 'CREATE DATABASE catalog_full'
sql -d catalog_full -v "rows=$rows" -v "dir=$dir" -f pm_imports.sql
PGOPTIONS="$PGOPTIONS -c pm_imports.directories=$dir"
sql -c 'CREATE DATABASE catalog_empty TEMPLATE catalog_full STRATEGY file_copy'
# as one that was never vacuumed, so that plans do not take it for empty for ever
sql -d catalog_empty -c 'TRUNCATE pm_catalog.products, pm_catalog.merges CASCADE'
# what the lean schema has not: history, events, and indexes of products beyond five
sql -c 'CREATE DATABASE catalog_lean TEMPLATE catalog_empty STRATEGY file_copy'
sql -d catalog_lean -c 'CALL without_history()' -c 'DROP INDEX pm_catalog.products_ean, pm_catalog.products_created_at, pm_catalog.products_sku' \
  -c 'ALTER TABLE pm_catalog.products DROP CONSTRAINT products_family_id CASCADE'
# files are read in one database and merged in another one, by two sessions
sql -c 'CREATE DATABASE apart'
sql -d apart -c 'CREATE EXTENSION pm_imports CASCADE' -f pm_imports_config.sql -c 'SET client_min_messages = error' \
  -c "DO \$\$ BEGIN PERFORM pm_xref.add_database('db_catalog', '$PGHOST', $PGPORT, 'measured'); END \$\$"

# prepare TEMPLATE: database "measured" is a copy of it, and all is written
prepare() {
  sql -c 'DROP DATABASE IF EXISTS measured' -c "CREATE DATABASE measured TEMPLATE $1 STRATEGY file_copy" -c CHECKPOINT
}
# note TEST VARIANT ROUND SECONDS
note() {
  [ "$3" = 0 ] || sql -c "INSERT INTO bench.runs VALUES ('$1', '$2', $3, $4)"
}
# call TEST VARIANT ROUND TEMPLATE DATABASE PROCEDURE...: calls them in one session; notes
# what they took, also of the processor, and the memory of that session's own, looked at
# all the time
call() {
  local test=$1 variant=$2 round=$3 database=$5 most=0 now backend client seconds processor
  local clock
  clock="extract(epoch FROM clock_timestamp()) AS seconds, (s.f[14]::float8 + s.f[15]::float8) / $(getconf CLK_TCK) AS processor FROM (SELECT string_to_array(pg_read_file('/proc/self/stat'), ' ') AS f) AS s"
  prepare "$4"
  {
    echo 'SELECT pg_backend_pid();'
    echo '\o /dev/null'
    echo "SELECT $clock \gset"
    printf '%s;\n' "${@:6}"
    echo '\o'
    echo "SELECT c.seconds - :seconds, c.processor - :processor FROM (SELECT $clock) AS c;"
  } >"$dir/script"
  : >"$dir/out"
  sql -d "$database" -f "$dir/script" >"$dir/out" &
  client=$!
  until [ -s "$dir/out" ] || ! kill -0 "$client" 2>/dev/null; do
    sleep 0.01
  done
  backend=$(head -n 1 "$dir/out")
  while now=$(awk '/^RssAnon/ {print $2}' "/proc/$backend/status" 2>/dev/null) && [ -n "$now" ]; do
    most=$((now > most ? now : most))
    sleep 0.05
  done
  wait "$client"
  IFS='|' read -r seconds processor < <(tail -n 1 "$dir/out")
  note "$test" "$variant" "$round" "$seconds"
  [ "$round" = 0 ] || sql -c "INSERT INTO bench.sessions VALUES ('$test', '$variant', $most / 1024.0, $processor)"
}
# run TEST VARIANT ROUND TEMPLATE COMMAND...: a program of its own
run() {
  local started
  prepare "$4"
  started=$(date +%s.%N)
  "${@:5}" >"$dir/out" 2>&1 || {
    tail -n 5 "$dir/out" >&2
    return 1
  }
  note "$1" "$2" "$3" "$(date +%s.%N | awk -v "started=$started" '{printf "%.3f", $1 - started}')"
}

node_batches() {
  NODE_PATH=../build/peers/pg/node_modules node pm_imports.js measured "$dir/file_0.csv"
}
with_pgloader() {
  cat >"$dir/load" <<END
LOAD CSV FROM '$dir/file_0.csv' (ean, no, name, text, brand, category, weight, cost, price, stock, colour, on_hand)
INTO postgresql://$PGUSER@unix:$PGHOST:$PGPORT/measured TARGET TABLE public.raw (ean, no, name, text, brand, category, weight, cost, price, stock, colour, on_hand)
WITH skip header = 1, fields optionally enclosed by '"', fields escaped by double-quote, fields terminated by ',';
END
  PGOPTIONS='' pgloader --root-dir "$dir/pgloader" "$dir/load"
  sql -d measured -c 'CALL merge_staged()'
}

all=(import apart copy copy_all staging lean lean_apart lean_staging changed changed_apart changed_staging unchanged unchanged_dry new_dry copy_false)
# what is not there is said, and left out
absent=()
if [ -d ../build/peers/pg/node_modules/pg ]; then all+=(node); else absent+=('Node with pg'); fi
if command -v pgloader >/dev/null; then all+=(pgloader); else absent+=(pgloader); fi
variants=("${@:3}")
[ $# -gt 2 ] || variants=("${all[@]}")

# variant NAME ROUND
variant() {
  case $1 in
    import) call first import "$2" catalog_empty measured "CALL import('all', 'file_0.csv', false, NULL)" ;;
    apart) call first 'import, two databases' "$2" catalog_empty apart "CALL import('all', 'file_0.csv', false, NULL)" ;;
    copy) call first COPY "$2" catalog_empty measured 'CALL copy_rows_alone()' ;;
    copy_all) call first 'COPY, with versions and events' "$2" catalog_empty measured 'CALL copy_rows()' ;;
    staging) call first 'staging, ON CONFLICT' "$2" catalog_empty measured "CALL stage('file_0.csv')" 'CALL merge_staged()' ;;
    node) run first 'Node, batches of 1000' "$2" catalog_empty node_batches ;;
    pgloader) run first 'pgloader, ON CONFLICT' "$2" catalog_empty with_pgloader ;;
    lean) call lean import "$2" catalog_lean measured "CALL import('lean', 'file_0.csv', false, NULL)" ;;
    lean_apart) call lean 'import, two databases' "$2" catalog_lean apart "CALL import('lean', 'file_0.csv', false, NULL)" ;;
    lean_staging) call lean 'staging, two tables' "$2" catalog_empty measured "CALL stage('file_0.csv')" 'CALL merge_staged_lean()' ;;
    changed) call '10 % changed' import "$2" catalog_full measured "CALL import('all', 'file_1.csv', false, NULL)" ;;
    changed_apart) call '10 % changed' 'import, two databases' "$2" catalog_full apart "CALL import('all', 'file_1.csv', false, NULL)" ;;
    changed_staging) call '10 % changed' 'staging, rows that differ' "$2" catalog_full measured "CALL stage('file_1.csv')" 'CALL merge_staged()' ;;
    unchanged) call unchanged import "$2" catalog_full measured "CALL import('all', 'file_0.csv', false, NULL)" ;;
    unchanged_dry) call unchanged 'dry run' "$2" catalog_full measured "CALL import('all', 'file_0.csv', true, NULL)" ;;
    new_dry) call first 'dry run' "$2" catalog_empty measured "CALL import('all', 'file_0.csv', true, NULL)" ;;
    copy_false) call unchanged 'COPY WHERE false' "$2" catalog_full measured "COPY typed FROM '$dir/file_2.csv' (FORMAT csv, HEADER) WHERE false" ;;
  esac
}
for ((round = 0; round <= rounds; round++)); do
  for ((step = 0; step < ${#variants[@]}; step++)); do
    variant "${variants[round % 2 ? ${#variants[@]} - 1 - step : step]}" "$round"
  done
done
psql -X -q -v "rows=$rows" -v "rounds=$rounds" -f pm_imports_report.sql
for name in "${absent[@]}"; do
  echo "Absent: $name"
done
