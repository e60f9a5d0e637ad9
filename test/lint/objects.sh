#!/bin/bash
# objects.sh - the checks of the SQL objects, with a throw-away server up
#
#   test/with_cluster.sh test/lint/objects.sh check|privileges EXTENSION...
#
# privileges prints the list of what PUBLIC may do; check compares that list with
# EXTENSION/test/privileges.expected, docs/reference.md with what would be written
# there now, and prints the rows of objects.sql, each one a fault.
set -eu
cd "$(dirname "$0")"
mode=$1
shift

sql() {
  psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"
}

failed=0
for extension in "$@"; do
  sql -c "CREATE EXTENSION $extension CASCADE" 2>&1 | grep -v '^NOTICE' || true
  sql -v "extension=$extension" -f privileges.sql >"$PM_TMP/privileges"
  if [ "$mode" = privileges ]; then
    cat "$PM_TMP/privileges"
    continue
  fi
  diff -u "../../$extension/test/privileges.expected" "$PM_TMP/privileges" || {
    echo "what PUBLIC may do has changed; if it is meant: make privileges"
    failed=1
  }
  sql -v "extension=$extension" -f objects.sql >"$PM_TMP/faults"
  cat "$PM_TMP/faults"
  [ ! -s "$PM_TMP/faults" ] || failed=1
done
if [ "$mode" = check ]; then
  sql -f ../../docs/reference.sql >"$PM_TMP/reference"
  diff -u ../../docs/reference.md "$PM_TMP/reference" || {
    echo "docs/reference.md does not say what the comments say: make docs"
    failed=1
  }
fi
exit $failed
