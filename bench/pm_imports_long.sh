#!/bin/bash
# pm_imports_long.sh ROWS - one long file from one database into another one: does it slow down, does its memory grow
#
# Prints a line for each tenth of the file: records so far, records a second since the line before,
# and the most memory of their own (RssAnon) that the session that reads and those that merge
# had since then.  PM_TMP is a directory that the server can read and write.
set -euo pipefail
cd "$(dirname "$0")"

rows=$1
dir=$PM_TMP/long
mkdir "$dir"
export PGOPTIONS="-c client_min_messages=error -c jit=off -c max_parallel_workers_per_gather=0 -c bench.dir=$dir"
sql() {
  psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"
}

sql -c 'CREATE DATABASE reader' -c 'CREATE DATABASE catalog'
sql -d catalog -c 'CREATE EXTENSION pm_catalog CASCADE' -c "INSERT INTO pm_catalog.suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-06bc7f30a5bb', 'acme', 'Acme')" \
  -c 'SET search_path = public, pm_gtin' -f pm_imports_record.sql
sql -d reader -c 'CREATE EXTENSION pm_imports CASCADE' -f pm_imports_config.sql \
  -c "DO \$\$ BEGIN PERFORM pm_xref.add_database('db_catalog', '$PGHOST', $PGPORT, 'catalog'); END \$\$"

# the file, made by as many sessions as there are processors
parts=$(nproc)
pids=()
for ((part = 0; part < parts; part++)); do
  sql -d catalog -c "COPY (SELECT ean, no, name, text, brand, category, weight, cost, price, stock, colour, on_hand FROM record(false, true, $((rows * part / parts + 1)), $((rows * (part + 1) / parts))) ORDER BY row_no) TO '$dir/part_$part' (FORMAT csv)" &
  pids+=($!)
done
for pid in "${pids[@]}"; do
  wait "$pid"
done
echo 'ean,no,name,text,brand,category,weight,cost,price,stock,colour,on_hand' >"$dir/file"
for ((part = 0; part < parts; part++)); do
  cat "$dir/part_$part" >>"$dir/file"
  rm -f "$dir/part_$part"
done

PGOPTIONS="$PGOPTIONS -c pm_imports.directories=$dir" sql -d reader -c "CALL import('all', 'file', false, NULL)" >/dev/null &
client=$!
# memory PID...: kB of their own
memory() {
  local pid most=0 now
  for pid in "$@"; do
    now=$(awk '/^RssAnon/ {print $2}' "/proc/$pid/status" 2>/dev/null) || continue
    most=$((now > most ? now : most))
  done
  echo "$most"
}
most_reader=0 most_merger=0 done_before=0 since=$(date +%s.%N)
# line RECORDS: what was since the line before
line() {
  local now
  now=$(date +%s.%N)
  awk -v "n=$1" -v "before=$done_before" -v "since=$since" -v "now=$now" -v "r=$most_reader" -v "m=$most_merger" \
    'BEGIN {printf "%d|%d|%d|%d\n", n, (n - before) / (now - since), r / 1024, m / 1024}'
  done_before=$1 since=$now most_reader=0 most_merger=0
}
echo 'records|records/s|MB, reading|MB, merging'
while kill -0 "$client" 2>/dev/null; do
  IFS='|' read -r processed reader < <(sql -d reader -c "SELECT coalesce((SELECT j.processed_rows FROM pm_imports.import_jobs AS j), 0), (SELECT a.pid FROM pg_stat_activity AS a WHERE a.datname = 'reader' AND a.query LIKE 'CALL import%')")
  mapfile -t mergers < <(sql -d catalog -c "SELECT a.pid FROM pg_stat_activity AS a WHERE a.datname = 'catalog' AND a.application_name = 'pm_xref'")
  now=$(memory "$reader") most_reader=$((now > most_reader ? now : most_reader))
  now=$(memory "${mergers[@]}") most_merger=$((now > most_merger ? now : most_merger))
  ((processed - done_before < rows / 10)) || line "$processed"
  sleep 0.2
done
wait "$client"
((done_before == rows)) || line "$rows"
sql -F ' ' -d reader -c 'SELECT j.status, j.total_rows, j.successful_rows, j.failed_rows, j.duplicate_rows FROM pm_imports.import_jobs AS j'
