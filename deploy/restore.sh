#!/bin/bash
# restore.sh - restores a backup into new databases, and proves the references
#
#   deploy/restore.sh [-c FILE]... [--one-database NAME] [-j JOBS] DIR
#
# The databases are made where the table says, which need not be where they were; none
# of them may be there yet.  No job runs in them before all is done.  Triggers of users
# do not fire.  Passwords of roles are not in a backup: set them anew.
#
# Prints what the check of the references found.  Exit status: 0 they hold; 3 some rows
# refer to what other databases did not yet or no longer have when they were dumped; 4
# there are other orphans, or a reference could not be checked; 1 it was not restored.
# Whatever else it is, standard error says what is there.
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/databases.sh"

usage='usage: deploy/restore.sh [-c FILE]... [--one-database NAME] [-j JOBS] DIR'
jobs=2
while [ $# -gt 0 ]; do
  read_option "$@"
  case $taken:$1 in
    0:-j) jobs=${2:-} taken=$(($# > 1 ? 2 : 1)) ;;
    0:-*) die "$usage" ;;
    0:*) break ;;
  esac
  shift "$taken"
done
[ $# -eq 1 ] || die "$usage"
[[ $jobs =~ ^[1-9][0-9]?$ ]] || die "invalid number of jobs: \"$jobs\"; it is a number from 1 to 99"
read_databases

started=$(date '+%F %T.%6N%:z')
backup=$(realpath -m "$1")
manifest=$backup/manifest
{ [ -r "$manifest" ] && [ "$(head -n 1 "$manifest")" = 'pm_backup 1' ]; } || die "$1 is no complete backup: it has no manifest"
# those that are in the backup, in place of all that are in the table
names=$(sed -n 's/^database\t\([^\t]*\)\t.*/\1/p' "$manifest")
for name in $names; do
  rows_of database | cut -f 1 | grep -xF -e "$name" >/dev/null || die "database $name is not in the table: add a line for it"
done
for file in "$backup"/roles-*.sql; do
  is_whole "$file" || die "the backup lacks $file or a part of it"
done
check_servers
own_children

# what an end that comes early leaves
left='nothing was restored'
clean_up() {
  [ $? -lt 128 ] || echo "restore: interrupted: $left" >&2
  end_children
}
trap clean_up EXIT

in_backup() {
  grep -qxF -e "$1" <<<"$names"
}

# For each_database: NAME HOST PORT.  Is there room for the database, and are its
# extensions installed?
check_target() {
  local there wanted missing
  there=$(sql_at "$2" "$3" postgres -v "name=$1" <<<"SELECT count(*) FROM pg_database AS d WHERE d.datname = :'name';") || return
  [ "$there" -eq 0 ] || {
    echo "is there already: a restore makes new databases, drop it or name another server"
    return 1
  }
  in_backup "$1" || return 0
  pg_restore -l "$backup/$1" >"$private/$1.toc" || return
  wanted=$(sed -n 's/^[0-9]*; [0-9]* [0-9]* EXTENSION - //p' "$private/$1.toc" | paste -sd ,)
  missing=$(sql_at "$2" "$3" postgres -v "wanted={$wanted}" <<'SQL'
SELECT string_agg(w.name, ', ') FROM unnest(:'wanted'::text[]) AS w(name)
WHERE NOT EXISTS (SELECT FROM pg_available_extensions AS a WHERE a.name = w.name);
SQL
  ) || return
  [ -z "$missing" ] || {
    echo "needs extensions that are not installed on the server: $missing"
    return 1
  }
}

# restore_roles HOST PORT: those that are there already are changed to what they were,
# but for the one that does this: it may have been less than a superuser
restore_roles() {
  local myself
  myself=$(sql_at "$1" "$2" postgres <<<"SELECT format('ALTER ROLE %I WITH ', current_user);") || return
  myself=$myself awk -v "q='" '
    index($0, ENVIRON["myself"]) == 1 { next }
    /^CREATE ROLE .*;$/ { gsub(q, q q); $0 = "DO " q "BEGIN " $0 " EXCEPTION WHEN duplicate_object THEN NULL; END" q ";" }
    { print }' "$backup"/roles-*.sql | sql_at "$1" "$2" postgres >/dev/null
}

# The database itself with its settings and privileges; then, jobs being off, what is
# in it.  What undoes "off" is written to the file NAME.on.
restore_database() {
  in_backup "$1" || return 0
  grep -E '^[0-9]+; [0-9]+ [0-9]+ (DATABASE|DATABASE PROPERTIES|(ACL|COMMENT|SECURITY LABEL) - DATABASE) ' "$private/$1.toc" >"$private/$1.list"
  pg_restore --create --no-tablespaces -L "$private/$1.list" -f "$private/$1.sql" "$backup/$1" || return
  sql_at "$2" "$3" postgres -f "$private/$1.sql" >/dev/null || return
  sql_at "$2" "$3" postgres -v "name=$1" >"$private/$1.on" <<'SQL' || return
SELECT format('ALTER DATABASE %I %s', d.datname, coalesce(
  (SELECT format('SET pm_jobs.enabled = %L', split_part(c.setting, '=', 2))
   FROM pg_db_role_setting AS s CROSS JOIN LATERAL unnest(s.setconfig) AS c(setting)
   WHERE s.setdatabase = d.oid AND s.setrole = 0 AND c.setting LIKE 'pm\_jobs.enabled=%'), 'RESET pm_jobs.enabled'))
FROM pg_database AS d WHERE d.datname = :'name';
ALTER DATABASE :"name" SET pm_jobs.enabled = off;
SQL
  PGOPTIONS="$PGOPTIONS -c session_replication_role=replica" \
    at "$2" "$3" "$1" pg_restore -w --exit-on-error --no-tablespaces -j "$jobs" -d "$1" "$backup/$1"
}

check_restored() {
  local began snapshot
  in_backup "$1" || return 0
  IFS=$'\t' read -r _ _ began snapshot _ < <(grep "^database"$'\t'"$1"$'\t' "$manifest")
  sql_at "$2" "$3" "$1" -v "began=$began" -v "snapshot=$snapshot" -f "$PM_TOP/deploy/found.sql"
}

# Jobs run again, unless it was the backup that said no.
release_jobs() {
  in_backup "$1" || return 0
  sql_at "$2" "$3" postgres -f "$private/$1.on"
}

each_database check_target >&2 || die "$left"
while IFS=$'\t' read -r host port; do
  restore_roles "$host" "$port" </dev/null || die "the roles could not be made on server $host:$port; $left"
done < <(servers)
left='not restored; drop the databases before another attempt'
each_database restore_database >&2 || die "$left"
left='restored, but not completed by create.sh nor checked, and jobs are off'
"$PM_TOP/deploy/create.sh" "${options[@]}" </dev/null >/dev/null &
wait $! || die "$left"
left='restored, but not checked, and jobs are off'
each_database check_restored >"$private/found" || { cat "$private/found" >&2 && die "$left"; }
left='restored and checked, but jobs may still be off'
each_database release_jobs >&2 || die "$left"
left='restored and checked'

lines=$(grep -E '^[a-z0-9_]+: (sound|skew|orphans|unchecked)'$'\t' "$private/found" || true)
while IFS=$'\t' read -r kind reference figure; do
  case ${kind#*: } in
    sound) text="$figure rows, no orphan" ;;
    skew) text="$figure rows are skew: what they refer to came or went between the snapshots" ;;
    orphans) text="$figure rows are orphans" ;;
    unchecked) text="it could not be checked: $figure" ;;
    *) continue ;;
  esac
  echo "${kind%%: *}: reference \"$reference\": $text"
done <<<"$lines"
status=0
if grep -qE ': (orphans|unchecked)'$'\t' <<<"$lines"; then
  status=4
elif grep -q ': skew'$'\t' <<<"$lines"; then
  status=3
fi
while IFS=$'\t' read -r _ name _ _ _ size; do
  ! grep -qE "^$name: (orphans|unchecked)"$'\t' <<<"$lines" && ok=true || ok=false
  record_backup "$name" restore "$started" "$backup" "$size" $ok
done < <(grep ^database "$manifest")
echo "restore: $(wc -w <<<"$names") databases from $1"
exit $status
