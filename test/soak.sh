#!/bin/bash
# soak.sh - "make soak": the heavy tests in full, and ten minutes of each fuzzer
#
#   test/soak.sh EXTENSION...
#
# TAP tests find PM_SOAK=1 and use the full numbers where "make check" uses short
# ones.  The result goes to bench/soak.txt as well, which is committed.
set -eu
cd "$(dirname "$0")/.."
. deploy/lib.sh

seconds=${PM_SOAK_SECONDS:-600}
result=bench/soak.txt
status=0
{
  echo "make soak, $(date -u +%F), $("$PG_CONFIG" --version), $(nproc) processors," \
    "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
  echo
  PM_SOAK=1 test/sandbox.sh test/with_cluster.sh test/run_tests.pl --only=tap "$@" || status=1
  echo
  make -s --no-print-directory "-j$(nproc)" -C test/fuzz run "SECONDS=$seconds" || status=1
  [ $status -eq 0 ] || echo 'FAILED'
} | tee "$result.new"
mv "$result.new" "$result"
! grep -q '^FAILED$' "$result"
