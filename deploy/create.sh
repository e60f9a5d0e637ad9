#!/bin/bash
# create.sh - creates what databases.conf says, or brings what is there to it
#
#   deploy/create.sh [-c FILE]... [--one-database NAME]
#
# On every server the roles and databases (server.sql), in every database its
# extensions, grants, links to the others, queues and schedules; then what pm_core knows of
# them, and the references and subscriptions between them.  May be run at any time: after a
# change of the table, a move of a database, an update of an extension.  Nothing is dropped.
# Nothing is done if the table has a mistake or a server cannot be reached.
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/databases.sh"

while [ $# -gt 0 ]; do
  read_option "$@"
  [ "$taken" -gt 0 ] || die "usage: deploy/create.sh [-c FILE]... [--one-database NAME]"
  shift "$taken"
done
read_databases

# A database elsewhere is reached by an address that means the same from everywhere.
check_addresses() {
  local from host port name other
  while IFS=$'\t' read -r from port; do
    while IFS=$'\t' read -r name host other _; do
      [ "$from:$port" != "$host:$other" ] || continue
      [ "$host" != - ] || die "database $name needs a line \"server $name HOST PORT\": other servers have to find it"
      case $host in
        /* | localhost | 127.* | ::1)
          case $from in
            /* | - | localhost | 127.* | ::1) ;;
            *) die "database $name: server $from cannot reach $host, which is of one machine" ;;
          esac
          ;;
      esac
    done < <(rows_of database)
  done < <(servers)
}

create_server() {
  config_rows | sql_at "$1" "$2" postgres -v "host=$1" -v "port=$2" -f "$PM_TOP/deploy/server.sql"
}

# For each_database: NAME HOST PORT
create_database() {
  local here extension found
  local -a grants=()
  found=$(config_rows | sql_at "$2" "$3" "$1" -f "$PM_TOP/deploy/extensions.sql") || return
  while IFS=' ' read -r here extension; do
    case $here in
      # those of others have none
      here:) [ ! -e "$PM_TOP/$extension/sql/grants.sql" ] || grants+=(-f "$PM_TOP/$extension/sql/grants.sql") ;;
      *) echo "$here $extension" ;;
    esac
  done <<<"$found"
  config_rows | sql_at "$2" "$3" "$1" "${grants[@]}" -f "$PM_TOP/deploy/config.sql" \
    -f "$PM_TOP/deploy/links.sql" -f "$PM_TOP/deploy/queues.sql" -f "$PM_TOP/deploy/pooler.sql"
}

# Does the server take as many sessions as the table gives away?
check_sessions() {
  local now needed
  needed=$(server_settings "$1" "$2" | sed -n 's/^max_connections = //p')
  now=$(sql_at "$1" "$2" postgres -c 'SHOW max_connections')
  [ "$now" -ge "$needed" ] ||
    echo "create: server $1:$2 has max_connections $now and needs $needed; deploy/settings.sh prints its settings" >&2
}

# there HOST PORT DATABASE CONDITION: does the condition hold there?
there() {
  local answer
  answer=$(sql_at "$1" "$2" "$3" -c "SELECT $4" </dev/null) || die "database $3 of $1:$2 cannot be asked"
  [ "$answer" = t ]
}

# The references and subscriptions between databases, once all of them are made.
connect_databases() {
  local name db host port table column other other_host other_port other_table other_column queue kind
  while IFS=$'\t' read -r name db host port table column other other_host other_port other_table other_column; do
    if there "$other_host" "$other_port" "${other/#-/$db}" "to_regclass('$other_table') IS NOT NULL"; then
      sql_at "$host" "$port" "$db" -v "name=$name" -v "table=$table" -v "column=$column" -v "server=${other/#-/}" \
        -v "other_table=$other_table" -v "other_column=$other_column" -f "$PM_TOP/deploy/reference.sql" </dev/null || return
    fi
  done < <(rows_of reference)
  while IFS=$'\t' read -r name db host port other other_host other_port queue kind; do
    if there "$other_host" "$other_port" "${other/#-/$db}" "to_regclass('pm_jobs.handlers') IS NOT NULL" &&
      there "$other_host" "$other_port" "${other/#-/$db}" "EXISTS (SELECT FROM pm_jobs.handlers WHERE kind = '$kind')
        AND EXISTS (SELECT FROM pm_jobs.queues WHERE name = '$queue')"; then
      sql_at "$host" "$port" "$db" -v "topic=$name" -v "server=${other/#-/}" -v "queue=$queue" -v "kind=$kind" \
        -f "$PM_TOP/deploy/topic.sql" </dev/null || return
    fi
  done < <(rows_of topic)
}

# Tells pm_core what was created where, but for the lines "DATABASE EXTENSION".
set_homes() {
  local host port core
  IFS=$'\t' read -r host port core < <(core_database) || return 0
  config_rows | sql_at "$host" "$port" "$core" -v "absent=$1" -f "$PM_TOP/deploy/homes.sql"
}

check_addresses
check_servers
own_children
while IFS=$'\t' read -r host port; do
  create_server "$host" "$port"
  check_sessions "$host" "$port"
done < <(servers)
status=0
each_database create_database >"$private/output" || status=$?
absent=$(sed -n 's/^\([a-z0-9_]*\): absent: /\1 /p' "$private/output")
left_out=$(cut -d ' ' -f 2 <<<"$absent" | sort -u | paste -sd ' ')
sed '/^[a-z0-9_]*: absent: /d' "$private/output" >&2
[ -z "$left_out" ] || echo "create: left out, being not installed: $left_out"
[ "$status" -ne 0 ] || { set_homes "$absent" && connect_databases; } || status=$?
[ "$status" -eq 0 ] || die "not everything was created; run it again"
echo "create: $(rows_of database | cut -f 1 | paste -sd ' ')"
