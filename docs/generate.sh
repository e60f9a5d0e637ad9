#!/bin/bash
# generate.sh - writes docs/reference.md and docs/entities.md from what is in a database
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
for page in reference entities; do
  text=$(test/sandbox.sh test/with_cluster.sh psql -X -q "${create[@]}" -f "docs/$page.sql")
  printf '%s\n' "$text" >"docs/$page.md"
done
