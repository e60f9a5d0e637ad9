#!/bin/bash
# soak.sh - "make soak": the heavy tests in full, and ten minutes of each fuzzer
#
#   test/soak.sh [PART...]
#
# PART: an extension, "system" or "fuzz"; all unless said.  TAP tests find PM_SOAK=1 and
# use the full numbers where "make check" uses short ones.  All parts take many hours, so
# each has a result of its own, bench/soak/PART.txt, which is committed.
set -eu
cd "$(dirname "$0")/.."
. deploy/lib.sh

seconds=${PM_SOAK_SECONDS:-600}
failed=''
[ $# -gt 0 ] || set -- pm_*/ system fuzz

# run PART
run() {
  if [ "$1" = fuzz ]; then
    make -s --no-print-directory "-j$(nproc)" -C test/fuzz run "SECONDS=$seconds"
  else
    PM_SOAK=1 test/sandbox.sh test/with_cluster.sh test/run_tests.pl --only=tap "$1"
  fi
}

mkdir -p bench/soak
for part in "${@%/}"; do
  result=bench/soak/$part.txt
  {
    echo "make soak PARTS=$part, $(date -u +%F), $("$PG_CONFIG" --version), $(nproc) processors," \
      "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
    echo
    run "$part" || echo 'FAILED'
  } | tee "$result.new"
  mv "$result.new" "$result"
  ! grep -q '^FAILED$' "$result" || failed+=" $part"
done
[ -z "$failed" ] || die "failed:$failed"
