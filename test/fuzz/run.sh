#!/bin/sh
# run.sh - run one fuzz target and say in one line what came of it
#
#   test/fuzz/run.sh NAME BUILD_DIRECTORY SECONDS
set -eu
name=$1
out=$2
seconds=$3
cd "$(dirname "$0")"

[ -d "corpus/$name" ] || {
  echo "fuzz $name: there is no test/fuzz/corpus/$name to start from"
  exit 1
}
mkdir -p "$out/corpus/$name"
if "$out/fuzz_$name" "-max_total_time=$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
  "-artifact_prefix=$out/$name.finding-" "$out/corpus/$name" "corpus/$name" >"$out/$name.log" 2>&1; then
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$out/$name.log")
  coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$out/$name.log" | tail -n 1)
  printf 'fuzz %-16s %s s, %s inputs, %s edges reached, no finding\n' "$name" "$seconds" "$runs" "$coverage"
else
  tail -n 60 "$out/$name.log"
  printf 'fuzz %-16s FINDING, see %s\n' "$name" "$out/$name.finding-*"
  exit 1
fi
