#!/bin/bash
# pgbouncer.sh - prints pgbouncer.ini for the databases of the table
#
#   deploy/pgbouncer.sh [-c FILE]... [--one-database NAME] >/etc/pgbouncer/pgbouncer.ini
#
# No password stands in it: pgbouncer asks each database for the SCRAM secret of who
# connects (pooler.sql), as pm_pooler, whom the server lets in by peer or certificate,
# and uses that secret to connect in his name.  docs/deploy.md says what clients can
# count on in transaction pooling.
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/databases.sh"

while [ $# -gt 0 ]; do
  read_option "$@"
  [ "$taken" -gt 0 ] || die "usage: deploy/pgbouncer.sh [-c FILE]... [--one-database NAME]"
  shift "$taken"
done
read_databases

cat <<'INI'
; made by deploy/pgbouncer.sh from databases.conf: change that one instead

[databases]
INI
# the pool is for each role, the maximum for all of them and for the pooler's own session,
# without which nobody could log in
rows_of database | awk -F '\t' -v "overflow=$(setting overflow)" '{
  host = $2 == "-" ? "" : " host=" $2
  print $1 " =" host " port=" $3 " dbname=" $1 " pool_size=" $4 " reserve_pool=" overflow " max_db_connections=" $4 + overflow + 1
}'
cat <<INI

[pgbouncer]
listen_addr = $(setting pooler_address)
listen_port = $(setting pooler_port)
unix_socket_dir = $(setting pooler_socket)
auth_type = scram-sha-256
auth_user = pm_pooler
auth_query = SELECT name, secret FROM pm_pooler.secret(\$1)
pool_mode = transaction
max_client_conn = 1000
reserve_pool_timeout = 1
query_wait_timeout = $(setting wait)
server_lifetime = $(setting lifetime)
server_check_query = SELECT 1
server_check_delay = 0
ignore_startup_parameters = extra_float_digits
INI
