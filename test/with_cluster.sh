#!/bin/bash
# with_cluster.sh - run a command while a throw-away server is up
#
#   test/sandbox.sh test/with_cluster.sh [-c name=value]... COMMAND [ARGUMENT...]
#
# Only to be used inside the sandbox.  The server listens on a Unix socket alone;
# PGHOST, PGPORT, PGUSER and PGDATABASE lead the command to it.  -c sets
# parameters of the server.  TEMP_CONFIG does for the servers that TAP tests start
# what PM_STAGE asks for.
set -eu
. "$(dirname "$0")/../deploy/lib.sh"
: "${PM_TMP:?run this inside test/sandbox.sh}"

data=$PM_TMP/cluster/data
log=$PM_TMP/cluster/log
mkdir "$PM_TMP/cluster"

initdb -D "$data" -U postgres -A trust --no-locale -E UTF8 --no-sync >"$log" 2>&1 || {
  cat "$log" >&2
  die "initdb failed"
}
cat >>"$data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$PM_TMP/cluster'
port = 5433
fsync = off
full_page_writes = off
shared_buffers = 128MB
max_prepared_transactions = 10
log_line_prefix = '%m [%p] %q%a '
CONF
if [ -n "${PM_STAGE:-}" ]; then
  export TEMP_CONFIG=$PM_TMP/stage.conf
  # modules are looked for in both ways: by a script's $libdir, and by name
  {
    echo "extension_destdir = '$PM_STAGE'"
    echo "dynamic_library_path = '$PM_STAGE$("$PG_CONFIG" --pkglibdir):\$libdir'"
  } | tee "$TEMP_CONFIG" >>"$data/postgresql.conf"
fi
while [ "${1:-}" = -c ]; do
  echo "${2%%=*} = '${2#*=}'" >>"$data/postgresql.conf"
  shift 2
done

pg_ctl -D "$data" -l "$log" -w start >/dev/null || {
  cat "$log" >&2
  die "the throw-away server did not start"
}
trap 'pg_ctl -D "$data" -m fast -w stop >/dev/null 2>&1 || true' EXIT
trap 'exit 143' TERM

export PGHOST=$PM_TMP/cluster PGPORT=5433 PGUSER=postgres PGDATABASE=postgres
export PM_SERVER_LOG=$log
status=0
"$@" || status=$?
exit "$status"
