#!/bin/bash
# run.sh - "make bench": measures on a throw-away server and prints tables
#
#   bench/run.sh [ROWS [JOBS]]      5 000 000 rows and 100 000 jobs unless said
#
# Results are also written to bench/results/, headed by what machine they are from.
set -eu
cd "$(dirname "$0")/.."
. deploy/lib.sh

rows=${1:-5000000}
jobs=${2:-100000}

# What the figures were measured on, and how.
machine() {
  echo "Machine: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores, $(awk '/MemTotal/ {printf "%.0f GB", $2 / 1048576}' /proc/meminfo)," \
    "$(. /etc/os-release && echo "$PRETTY_NAME"), $("$PM_BINDIR/postgres" --version), $(gcc --version | head -n 1)"
  echo "Date: $(date -u +%F). $1; load before: $(cut -d ' ' -f 1-3 /proc/loadavg)"
  echo
}

mkdir -p bench/results
{
  machine 'Unlogged tables, shared_buffers 2 GB, fsync off, no parallel query, no JIT'
  # shellcheck disable=SC2016 # $PM_TMP is the sandbox's
  test/sandbox.sh test/with_cluster.sh -c shared_buffers=2GB -c max_wal_size=8GB -c autovacuum=off -c checkpoint_timeout=1h \
    bash -c 'psql -X -q -v rows="$1" -v dir="$PM_TMP" -f bench/pm_gtin.sql' bench "$rows"
} | tee build/bench.txt
cp build/bench.txt bench/results/pm_gtin.txt

{
  machine 'One session, shared_buffers 512 MB, fsync on, durable commits, no JIT'
  test/sandbox.sh test/with_cluster.sh -c shared_buffers=512MB -c max_wal_size=8GB -c fsync=on -c full_page_writes=on \
    psql -X -q -v "jobs=$jobs" -f bench/pm_jobs.sql
} | tee build/bench.txt
cp build/bench.txt bench/results/pm_jobs.txt
