#!/bin/bash
# backup.sh - dumps all databases of the table, with the roles and settings
#
#   deploy/backup.sh [-c FILE]... [--one-database NAME] [-j JOBS] [--no-check] DIR
#
# DIR is new.  It is DIR.incomplete until everything is in it.  JOBS (2) tables of each
# database are dumped at once, and all databases at once.
#
# The dumps are of as many instants as there are databases.  First the references are
# checked (unless --no-check), so that each dump says which orphans there were; then a
# snapshot is taken in each database, those that refer before those they refer to, within
# milliseconds; only then the dumps begin.  What restore.sh finds beyond the orphans known
# is the skew between the snapshots.
#
# Refuses if a user mapping or a subscription holds a password: a dump would carry it.
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/databases.sh"

usage='usage: deploy/backup.sh [-c FILE]... [--one-database NAME] [-j JOBS] [--no-check] DIR'
jobs=2
check=yes
while [ $# -gt 0 ]; do
  read_option "$@"
  case $taken:$1 in
    0:-j) jobs=${2:-} taken=$(($# > 1 ? 2 : 1)) ;;
    0:--no-check) check=no taken=1 ;;
    0:-*) die "$usage" ;;
    0:*) break ;;
  esac
  shift "$taken"
done
[ $# -eq 1 ] || die "$usage"
[[ $jobs =~ ^[1-9][0-9]?$ ]] || die "invalid number of jobs: \"$jobs\"; it is a number from 1 to 99"
read_databases
check_servers

location=$(realpath -m "$1")
work=$location.incomplete
started=$(date '+%F %T.%6N%:z')
umask 077
[ ! -e "$location" ] || die "$location is there already"
[ ! -e "$work" ] || die "$work is there already: remove it, if no backup is under way"
own_children
mkdir "$work"
declare -A session_in=() session_out=() # our ends of the pipes to the sessions, by database

close_sessions() {
  local end
  for end in "${session_in[@]}" "${session_out[@]}"; do
    exec {end}>&-
  done
  session_in=() session_out=()
}

clean_up() {
  local name
  close_sessions
  end_children
  [ -d "$work" ] || return 0
  rm -rf "$work"
  for name in $(rows_of database | cut -f 1); do
    record_backup "$name" dump "$started" "$location" 0 false
  done
}
trap clean_up EXIT

# For each_database: NAME HOST PORT
refuse_passwords() {
  local holder
  holder=$(sql_at "$2" "$3" "$1" <<'SQL'
SELECT format('the user mapping of %s on server "%s"', m.usename, m.srvname) FROM pg_user_mappings AS m
WHERE EXISTS (SELECT FROM pg_options_to_table(m.umoptions) AS o WHERE o.option_name IN ('password', 'sslpassword'))
UNION ALL
SELECT format('subscription "%s"', s.subname) FROM pg_subscription AS s JOIN pg_database AS d ON d.oid = s.subdbid
WHERE d.datname = current_database() AND s.subconninfo ~ 'password|://[^/@]*:[^/@]*@'
ORDER BY 1 LIMIT 1;
SQL
  ) || return
  [ -z "$holder" ] || {
    echo "$holder holds a password, which the dump would carry: use a passfile or a certificate"
    return 1
  }
}

# Notes the database's time and checks its references, as pm_worker, who has the mappings.
check_references() {
  sql_at "$2" "$3" "$1" -c 'SELECT clock_timestamp()' >"$private/$1.began" || return
  [ $check = yes ] || return 0
  sql_at "$2" "$3" "$1" <<'SQL'
SELECT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'pm_xref') AS has_xref
\gset
\if :has_xref
SET ROLE pm_worker;
SELECT format('reference "%s" has %s orphans', c.reference, c.orphans) FROM pm_xref.check() AS c WHERE c.orphans > 0;
\endif
SQL
}

# Prints the databases that this one refers to.
references() {
  sql_at "$2" "$3" "$1" <<'SQL'
SELECT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'pm_xref') AS has_xref
\gset
\if :has_xref
SELECT DISTINCT 'to ' || o.option_value FROM pm_xref._references AS r JOIN pg_foreign_server AS s ON s.srvname = r.server
  CROSS JOIN LATERAL pg_options_to_table(s.srvoptions) AS o
WHERE o.option_name = 'dbname';
\endif
SQL
}

# Writes into file order the databases, each before those it refers to; says where that
# cannot be.
order_snapshots() {
  local known loop child word parent
  known=$(rows_of database | cut -f 1)
  each_database references >"$private/references" || { cat "$private/references" >&2 && return 1; }
  while read -r child word parent; do
    if [ "$word" != to ]; then
      echo "$child $word $parent" >&2
    elif grep -qxF -e "$parent" <<<"$known"; then
      echo "${child%:} $parent"
    else
      echo "backup: ${child%:} refers to database $parent, which is not in the table" >&2
    fi
  done <"$private/references" >"$private/pairs"
  paste -d ' ' <(echo "$known") <(echo "$known") >>"$private/pairs"
  loop=$(tsort "$private/pairs" 2>&1 >"$private/order" | sed -n 's/^tsort: \([a-z0-9_]*\)$/\1/p' | paste -sd ' ')
  [ -z "$loop" ] || echo "backup: $loop refer to each other in a circle: rows written meanwhile may be orphans when restored" >&2
}

# open_session NAME HOST PORT: one that will hold a snapshot until we end; waits until it
# is connected
open_session() {
  local to from
  mkfifo "$private/$1.in" "$private/$1.out"
  sql_at "$2" "$3" "$1" <"$private/$1.in" >"$private/$1.out" &
  exec {to}>"$private/$1.in" {from}<"$private/$1.out"
  session_in[$1]=$to
  session_out[$1]=$from
  echo "SET idle_in_transaction_session_timeout = 0; SELECT 'ready';" >&"$to"
  read -r _ <&"$from" || die "no session in database $1"
}

# take_snapshot NAME
take_snapshot() {
  local time snapshot lsn
  cat >&"${session_in[$1]}" <<'SQL'
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT clock_timestamp(), pg_export_snapshot(), CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END;
SQL
  IFS='|' read -r time snapshot lsn <&"${session_out[$1]}" || die "no snapshot of database $1"
  echo "$snapshot" >"$private/$1.snapshot"
  printf '%s\t%s\n' "$time" "$lsn" >"$private/$1.time"
}

dump() {
  at "$2" "$3" "$1" pg_dump -w -Fd -j "$jobs" --snapshot="$(cat "$private/$1.snapshot")" -f "$work/$1" "$1"
}

# save_server N HOST PORT: its roles, and those of its settings that matter here
save_server() {
  at "$2" "$3" postgres pg_dumpall -w --roles-only --no-role-passwords >"$work/roles-$1.sql"
  # it does not notice a full disk
  is_whole "$work/roles-$1.sql" || die "the roles of server $2:$3 could not be written"
  sql_at "$2" "$3" postgres >"$work/settings-$1.conf" <<'SQL'
SELECT format('%s = %L', s.name, s.setting) FROM pg_settings AS s
WHERE s.sourcefile IS NOT NULL AND (s.name ~ '^(pm_|max_)' OR s.name = 'shared_preload_libraries') ORDER BY 1;
SQL
}

each_database refuse_passwords >&2 || die 'nothing was dumped'
each_database check_references || die 'the references could not be checked; --no-check does without'
order_snapshots || die 'the order of the snapshots could not be found'
while IFS=$'\t' read -r name host port _; do
  open_session "$name" "$host" "$port"
done < <(rows_of database)
while read -r name; do
  take_snapshot "$name"
done <"$private/order"
each_database dump >&2 || die 'not every database could be dumped'
close_sessions
wait
n=0
while IFS=$'\t' read -r host port; do
  n=$((n + 1))
  save_server $n "$host" "$port" </dev/null
done < <(servers)
n=0
for file in "${config_files[@]}"; do
  n=$((n + 1))
  cp "$file" "$work/databases-$n.conf"
done

# the manifest is what makes it a backup: it comes whole, when all else is on disk
{
  echo 'pm_backup 1'
  while IFS=$'\t' read -r name host port _; do
    printf 'database\t%s\t%s\t%s\t%s\n' "$name" "$(cat "$private/$name.began")" "$(cat "$private/$name.time")" \
      "$(du -sb "$work/$name" | cut -f 1)"
  done < <(rows_of database)
} >"$work/manifest.new"
sync -f "$work"
mv "$work/manifest.new" "$work/manifest"
mv -T "$work" "$location"
sync -f "$location"
while IFS=$'\t' read -r _ name _ _ _ size; do
  record_backup "$name" dump "$started" "$location" "$size" true
done < <(grep ^database "$location/manifest")
echo "backup: $(du -sh "$location" | cut -f 1) in $location"
