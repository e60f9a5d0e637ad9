#!/bin/bash
# coverage.sh - which lines of our C the tests execute, as a table by file
#
#   test/sandbox.sh -s test/coverage.sh EXTENSION...
#
# Inside the sandbox everything is built again to count lines, installed into the
# sandbox, and every test is run.  A server that a test kills counts nothing.
set -eu
cd "$(dirname "$0")/.."
. deploy/lib.sh
: "${PM_STAGE:?run this inside test/sandbox.sh -s}"

export COVERAGE=1
{
  make -s build
  make -s -C test/unit
  for extension in "$@"; do
    make -s -C "$extension" install "DESTDIR=$PM_STAGE"
  done
} >build.log 2>&1 || {
  cat build.log
  die 'the build failed'
}
find . -name '*.gcda' -delete

test/with_cluster.sh test/run_tests.pl "$@" system || echo "coverage: some tests failed; the table is of what they reached"

lcov -q --capture --directory . --output-file "$PM_TMP/all.info" >/dev/null 2>&1
lcov -q --extract "$PM_TMP/all.info" "$PWD/common/*.c" "$PWD/pm_*/src/*.c" --output-file "$PM_TMP/ours.info" >/dev/null
echo
awk -F: -v "top=$PWD/" '
  /^SF:/ { file = substr($2, length(top) + 1) }
  /^LF:/ { lines = $2 }
  /^LH:/ { printf "%-36s %5d of %5d lines  %5.1f %%\n", file, $2, lines, 100 * $2 / lines
           hit += $2; all += lines }
  END { printf "%-36s %5d of %5d lines  %5.1f %%\n", "all", hit, all, 100 * hit / all }
' "$PM_TMP/ours.info"
