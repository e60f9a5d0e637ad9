#!/bin/bash
# settings.sh - prints what each server's postgresql.conf must say for the table
#
#   deploy/settings.sh [-c FILE]... [--one-database NAME]
#
# One part for each server, headed by its name.  A restart makes them take effect.
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/databases.sh"

while [ $# -gt 0 ]; do
  read_option "$@"
  [ "$taken" -gt 0 ] || die "usage: deploy/settings.sh [-c FILE]... [--one-database NAME]"
  shift "$taken"
done
read_databases
while IFS=$'\t' read -r host port; do
  echo "# server $host:$port"
  echo "shared_preload_libraries = 'pm_jobs, pm_cache, pm_core'"
  server_settings "$host" "$port"
done < <(servers)
