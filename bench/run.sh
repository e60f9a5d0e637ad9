#!/bin/bash
# run.sh - "make bench": measures what is built on throw-away servers and prints tables
#
#   bench/run.sh [--only=PART,...] [--short | --rounds=N] [ROWS [JOBS]]
#
# N rounds instead of 3 where a round takes minutes: merge, batches, imports.
#
# Parts, all of them unless said:
#
#   gtin         types, search and resolver of pm_gtin, on ROWS (5 000 000)
#   values       transforms and typed readers of imports, ns a value
#   jobs         pm_jobs in one session beside a plain table, JOBS (100 000)
#   xref         pm_xref: 2 000 000 references to another database, and uuid7()
#   core         pm_core: 300 000 permissions asked for and tokens verified; health of 8 databases
#   cache        pm_cache: a hit beside a lookup, misses, 8 readers and writers
#   suppliers    pm_suppliers: 100 000 codes resolved and recorded, suppliers published
#   merge        pm_catalog: merge_products() of 1 000 000 rows beside COPY and ON CONFLICT
#   imports      pm_imports: a file of 1 000 000 records beside COPY, ON CONFLICT, pgloader and Node
#   long         pm_imports: one file of 10 000 000 records from one database into another one
#   batches      pm_catalog: merge_batch() of 300 000 rows in batches, as an import calls it
#   search       pm_catalog: search of 1 000 000 products
#   integrity    pm_catalog: periods of 100 000 prices, counts of categories
#   write        pm_catalog: single writes with versions and events beside a plain table
#   read         pm_catalog: a product by id, ean and sku beside a bare table
#   catalog      merge, batches, search, integrity, write and read
#   csv          the reader of CSV alone, without a server: 1 000 000 rows of 12 columns
#   xlsx         the reader of XLSX alone: 200 000 rows of 12 columns
#   enqueue      one by one and many at once, beside INSERT into a plain table
#   throughput   jobs that wait: workers of pm_jobs beside other queues
#   own_commit   a commit for each job: 2 to 16 workers beside as many clients
#   wakeup       from COMMIT to the start of the job, beside other queues
#   committers   what waking costs those who commit
#   backlog      behind a held snapshot, future jobs, a deep queue
#   fairness     a small tenant beside a large one
#   memory       of a worker, over a million jobs
#   outbox       pm_xref: events published and delivered to another database
#   workers      all from enqueue on
#
# Results go to bench/results/ too, headed by what machine they are from; not so
# with --short, which only shows that everything works.
set -euo pipefail
cd "$(dirname "$0")/.."
. deploy/lib.sh

workers='enqueue throughput own_commit wakeup committers backlog fairness memory outbox'
catalog='merge batches search integrity write read'
all="gtin values jobs xref cache core suppliers csv xlsx $catalog imports long $workers"
parts=$all
short=
rounds=3
for argument in "$@"; do
  case $argument in
    --only=*) parts=${argument#--only=} parts=${parts//,/ } ;;
    --short) short=$argument rounds=1 ;;
    --rounds=*) rounds=${argument#--rounds=} ;;
    -*) die "unknown option $argument" ;;
    *) break ;;
  esac
  shift
done
parts=" $parts "
parts=${parts/ workers / $workers }
parts=${parts/ catalog / $catalog }
rows=${1:-$([ -n "$short" ] && echo 100000 || echo 5000000)}
jobs=${2:-$([ -n "$short" ] && echo 2000 || echo 100000)}

# What the figures were measured on, and how.  Where a page costs much when a session first
# touches it, as on some virtual machines, huge pages decide: "sysctl vm.nr_hugepages=1200"
# before the run, as PostgreSQL advises, and both sides of each comparison have them.
machine() {
  echo "Machine: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores, $(awk '/MemTotal/ {printf "%.0f GB", $2 / 1048576}' /proc/meminfo)," \
    "$(. /etc/os-release && echo "$PRETTY_NAME"), $("$PM_BINDIR/postgres" --version), $(gcc --version | head -n 1)"
  echo "Date: $(date -u +%F). $1; load before: $(cut -d ' ' -f 1-3 /proc/loadavg); huge pages: $(awk '/HugePages_Total/ {print $2}' /proc/meminfo)"
  echo
}

# measure RESULT TITLE [-c SETTING=VALUE]... COMMAND...: on a server with these settings
measure() {
  local result=$1
  {
    machine "$2"
    # shellcheck disable=SC2016 # $PM_STAGE is the sandbox's
    test/sandbox.sh -s bash -c '
      for control in pm_*/*.control; do
        make -s -C "${control%/*}" install "DESTDIR=$PM_STAGE" >"$PM_TMP/install" 2>&1 || { cat "$PM_TMP/install"; exit 1; }
      done
      exec test/with_cluster.sh "$@"' bench "${@:3}"
  } | tee build/bench.txt
  [ -n "$short" ] || cp build/bench.txt "bench/results/$result.txt"
}

run_part() {
  case $1 in
    gtin)
      # shellcheck disable=SC2016 # $PM_TMP is the sandbox's
      measure pm_gtin 'Unlogged tables, shared_buffers 2 GB, fsync off, no parallel query, no JIT' \
        -c shared_buffers=2GB -c max_wal_size=8GB -c autovacuum=off -c checkpoint_timeout=1h \
        bash -c 'psql -X -q -v rows="$1" -v dir="$PM_TMP" -f bench/pm_gtin.sql' bench "$rows"
      ;;
    values)
      gcc -O2 -std=gnu99 -Icommon -o build/values bench/values.c common/libpm_common.a
      {
        machine 'Plain C, time of the processor'
        build/values "$([ -n "$short" ] && echo 1 || echo 15)"
      } | tee build/bench.txt
      [ -n "$short" ] || cp build/bench.txt bench/results/values.txt
      ;;
    jobs)
      measure pm_jobs 'One session, shared_buffers 512 MB, fsync on, durable commits, no JIT' \
        -c shared_buffers=512MB -c max_wal_size=8GB -c fsync=on -c full_page_writes=on \
        psql -X -q -v "jobs=$jobs" -f bench/pm_jobs.sql
      ;;
    xref)
      measure pm_xref 'Logged tables, both databases in one cluster, shared_buffers 2 GB, fsync off, no parallel query, no JIT' \
        -c shared_buffers=2GB -c max_wal_size=8GB -c autovacuum=off -c checkpoint_timeout=1h \
        psql -X -q -v "refs=$([ -n "$short" ] && echo 20000 || echo 2000000)" -f bench/pm_xref.sql
      ;;
    core)
      measure pm_core 'One session, shared_buffers 512 MB, no parallel query, no JIT' \
        -c shared_buffers=512MB -c autovacuum=off \
        psql -X -q -v "calls=$([ -n "$short" ] && echo 5000 || echo 300000)" -f bench/pm_core.sql
      ;;
    cache)
      measure pm_cache 'shared_buffers 512 MB, fsync off, no JIT' \
        -c shared_buffers=512MB -c fsync=off -c shared_preload_libraries=pm_cache \
        bench/pm_cache.sh "$([ -n "$short" ] && echo 20000 || echo 200000)" "$([ -n "$short" ] && echo 1 || echo 5)"
      ;;
    suppliers)
      measure pm_suppliers 'Logged tables, shared_buffers 2 GB, fsync off, no parallel query, no JIT' \
        -c shared_buffers=2GB -c max_wal_size=8GB -c autovacuum=off -c checkpoint_timeout=1h \
        psql -X -q -v "codes=$([ -n "$short" ] && echo 2000 || echo 100000)" -f bench/pm_suppliers.sql
      ;;
    csv)
      # shellcheck disable=SC2046 # a list of options
      gcc -std=gnu99 -O2 -Icommon bench/csv.c common/libpm_common.a $(make -s -C common show-PM_READER_LIBS) -o build/bench_csv
      {
        machine 'No server; the file is in the page cache'
        build/bench_csv "$([ -n "$short" ] && echo 20000 || echo 1000000)" build/bench.csv
      } | tee build/bench.txt
      [ -n "$short" ] || cp build/bench.txt bench/results/pm_csv.txt
      ;;
    xlsx)
      # shellcheck disable=SC2046 # a list of options
      gcc -std=gnu99 -O2 -Icommon bench/xlsx.c common/libpm_common.a $(make -s -C common show-PM_READER_LIBS) -o build/bench_xlsx
      {
        machine 'No server; the file is in the page cache'
        build/bench_xlsx "$([ -n "$short" ] && echo 20000 || echo 200000)" build/bench.xlsx /usr/bin/python3
      } | tee build/bench.txt
      [ -n "$short" ] || cp build/bench.txt bench/results/pm_xlsx.txt
      ;;
    merge)
      # shellcheck disable=SC2016 # $PM_TMP is the sandbox's
      measure pm_catalog_merge 'Logged tables, shared_buffers 2 GB, fsync off, no parallel query, no JIT' \
        -c shared_buffers=2GB -c max_wal_size=8GB -c autovacuum=off -c checkpoint_timeout=1h \
        bash -c 'psql -X -q -v rows="$1" -v rounds="$2" -v dir="$PM_TMP" -f bench/pm_catalog_merge.sql' bench \
        "$([ -n "$short" ] && echo 5000 || echo 1000000)" "$rounds"
      ;;
    batches)
      # shellcheck disable=SC2016 # $PM_TMP is the sandbox's
      measure pm_catalog_batches 'Logged tables, shared_buffers 2 GB, fsync off, no parallel query, no JIT' \
        -c shared_buffers=2GB -c max_wal_size=8GB -c autovacuum=off -c checkpoint_timeout=1h \
        bash -c 'psql -X -q -v rows="$1" -v rounds="$2" -v dir="$PM_TMP" -f bench/pm_catalog_batches.sql' bench \
        "$([ -n "$short" ] && echo 5000 || echo 300000)" "$rounds"
      ;;
    imports)
      bench/peers.sh
      measure pm_imports 'Logged tables, shared_buffers 2 GB, fsync off, no parallel query, no JIT' \
        -c shared_buffers=2GB -c max_wal_size=8GB -c autovacuum=off -c checkpoint_timeout=1h \
        bench/pm_imports.sh "$([ -n "$short" ] && echo 5000 || echo 1000000)" "$rounds"
      ;;
    long)
      measure pm_imports_long 'Logged tables, shared_buffers 2 GB, fsync off, no JIT' \
        -c shared_buffers=2GB -c max_wal_size=8GB \
        bench/pm_imports_long.sh "$([ -n "$short" ] && echo 20000 || echo 10000000)"
      ;;
    search)
      measure pm_catalog_search 'One session, shared_buffers 2 GB, fsync off, no parallel query, no JIT' \
        -c shared_buffers=2GB -c max_wal_size=8GB -c autovacuum=off -c checkpoint_timeout=1h \
        psql -X -q -v "products=$([ -n "$short" ] && echo 20000 || echo 1000000)" -f bench/pm_catalog_search.sql
      ;;
    integrity)
      measure pm_catalog_integrity 'Logged tables, shared_buffers 2 GB, fsync off, no parallel query, no JIT' \
        -c shared_buffers=2GB -c max_wal_size=8GB -c autovacuum=off -c checkpoint_timeout=1h -c work_mem=64MB \
        psql -X -q -v "prices=$([ -n "$short" ] && echo 20000 || echo 100000)" -f bench/pm_catalog_integrity.sql
      ;;
    write)
      measure pm_catalog_write 'One session, shared_buffers 2 GB, fsync on, durable commits, no JIT' \
        -c shared_buffers=2GB -c max_wal_size=8GB -c fsync=on -c full_page_writes=on \
        psql -X -q -v "rows=$([ -n "$short" ] && echo 2000 || echo 100000)" -v "writes=$([ -n "$short" ] && echo 50 || echo 1000)" -f bench/pm_catalog_write.sql
      ;;
    read)
      measure pm_catalog_read 'One client, Unix socket, shared_buffers 2 GB, no JIT' \
        -c shared_buffers=2GB -c max_wal_size=8GB \
        bench/pm_catalog_read.sh "$([ -n "$short" ] && echo 20000 || echo 1000000)" "$([ -n "$short" ] && echo 1 || echo 4)"
      ;;
    *)
      [ "$1" = outbox ] || bench/peers.sh
      measure "workers_$1" "Workers: $1; shared_buffers 2 GB, else settings as they come, durable commits unless said" \
        -c shared_buffers=2GB -c fsync=on -c full_page_writes=on -c shared_preload_libraries=pm_jobs \
        python3 bench/workers/main.py ${short:+"$short"} "$1"
      ;;
  esac
}

for part in $parts; do
  [[ " $all " == *" $part "* ]] || die "unknown part $part"
done
make -s build
mkdir -p build bench/results
for part in $parts; do
  run_part "$part"
done
