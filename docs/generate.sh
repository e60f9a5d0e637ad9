#!/bin/bash
# generate.sh - writes docs/reference.md from the comments in a database
#
#   docs/generate.sh EXTENSION...
#
# Uses the installed extensions, on a throw-away server.
set -eu
cd "$(dirname "$0")/.."

create=()
for extension in "$@"; do
  create+=(-c "CREATE EXTENSION $extension CASCADE")
done
page=$(test/sandbox.sh test/with_cluster.sh psql -X -q "${create[@]}" -f docs/reference.sql)
printf '%s\n' "$page" >docs/reference.md
