# shellcheck shell=bash
#
# databases.sh - databases.conf for the scripts of deploy/; sourced after lib.sh
#
# Every script that deals with the databases takes
#   -c FILE               more lines like those of databases.conf; may be repeated
#   --one-database NAME   all extensions in one database
# PM_DATABASES names a table to be read instead of databases.conf.  Servers are
# reached as libpq does (PGUSER, a passfile ...), as a superuser; nobody is asked for a
# password.

for variable in PGSERVICE PGHOSTADDR; do
  [ -z "${!variable:-}" ] || die "$variable would lead all connections to one place: unset it, use PGHOST and PGPORT"
done

# What sessions count on, whatever is set for the server, the database or the role.  The
# search_path keeps functions of who owns a database out of a superuser's statements; the
# server ends what it does for a client that was killed.
export PATH=$PM_BINDIR:$PATH PGAPPNAME=pm_deploy PGCLIENTENCODING=UTF8 PGDATESTYLE=ISO
export PGOPTIONS="${PGOPTIONS:-} -c client_min_messages=warning -c search_path=pg_catalog -c statement_timeout=0 \
-c default_transaction_read_only=off -c client_connection_check_interval=1s"

one_database=
config_files=()
options=() # what read_option took, to be handed on
rows=

# Adds a file to those that are read; awk would take a name like a=b for an assignment.
add_config() {
  [ -f "$1" ] && [ -r "$1" ] || die "cannot read $1"
  config_files+=("$(realpath -s "$1")")
}
add_config "${PM_DATABASES:-$PM_TOP/deploy/databases.conf}"

# read_option ARGUMENT...: takes one of the options above; taken is how many words
# it was, 0 if it is none of them.
read_option() {
  taken=0
  case $1 in
    -c | --one-database) [ -n "${2:-}" ] || die "$1 needs a value" ;;
    *) return 0 ;;
  esac
  # shellcheck disable=SC2034 # for the caller
  taken=2
  options+=("$1" "$2")
  case $1 in
    -c) add_config "$2" ;;
    *) one_database=$2 ;;
  esac
}

# Reads the table; to be called once the options are known.
read_databases() {
  rows=$(awk -v "one=$one_database" -f "$PM_TOP/deploy/databases.awk" "${config_files[@]}") || exit 1
}

# rows_of KIND: the fields of its rows, as databases.awk describes them
rows_of() {
  sed -n "s/^$1\t//p" <<<"$rows"
}

setting() {
  rows_of setting | awk -v "name=$1" '$1 == name { print $2 }'
}

# The servers, HOST and PORT a line, in the order in which the table names them.
servers() {
  rows_of database | awk -F '\t' '!(($2, $3) in seen) { seen[$2, $3]; print $2 "\t" $3 }'
}

# What config.sql reads.
config_rows() {
  local kind
  for kind in database queue schedule; do
    rows_of "$kind"
    echo '\.'
  done
}

# server_settings HOST PORT: lines for its postgresql.conf, so that the sessions of its
# databases, the workers and what they start find room
server_settings() {
  local workers
  workers=$(setting workers)
  rows_of database | awk -F '\t' -v "host=$1" -v "port=$2" -v "workers=$workers" -v "administration=$(setting administration)" \
    -v "keys=$(setting secret_key_file)" '
    $2 == host && $3 == port {
      sessions += $6
      secrets = secrets || $7 ~ /[{,]pm_core[},]/
      # two for each of the four imports that may run at once
      if ($7 ~ /[{,]pm_imports[},]/ && $7 ~ /[{,]pm_catalog[},]/)
        mergers = 8
    }
    END {
      print "max_connections = " sessions + administration
      print "max_worker_processes = " workers + 1 + 8 + mergers
      print "pm_jobs.max_workers = " workers
      if (secrets && keys != "")
        print "pm_core.secret_key_file = \047" keys "\047"
    }'
}

# at HOST PORT DATABASE COMMAND...: runs a program of PostgreSQL's there
at() {
  local -a where=("PGPORT=$2" "PGDATABASE=$3")
  if [ "$1" = - ]; then
    where=(-u PGHOST "${where[@]}")
  else
    where+=("PGHOST=$1")
  fi
  shift 3
  env "${where[@]}" "$@"
}

# sql_at HOST PORT DATABASE [ARGUMENT...]: psql for scripts
sql_at() {
  local -a where=("${@:1:3}")
  shift 3
  at "${where[@]}" psql -X -w -q -A -t -v ON_ERROR_STOP=1 "$@"
}

# Can every server be reached, by a superuser, and is each named in one way only?
check_servers() {
  local host port identity super where
  local -A known=()
  while IFS=$'\t' read -r host port; do
    where="$host:$port"
    IFS='|' read -r super identity < <(sql_at "$host" "$port" postgres <<'SQL'
SELECT r.rolsuper, c.system_identifier || ' ' || pg_postmaster_start_time()
FROM pg_control_system() AS c, pg_roles AS r WHERE r.rolname = current_user;
SQL
    ) || die "server $where cannot be reached"
    [ "$super" = t ] || die "on server $where this role is no superuser: set PGUSER"
    [ -z "${known[$identity]:-}" ] || die "${known[$identity]} and $where are the same server: name it in one way"
    known[$identity]=$where
  done < <(servers)
}

# For scripts that start each_database: makes a directory, private, for all temporary
# files.  From here on each child is a process group, so that end_children, in a trap on
# EXIT, ends it with what it has started.  What may run long has to run in the background
# and be waited for: bash looks at a signal after a command or substitution has ended.
own_children() {
  private=$(mktemp -d)
  export TMPDIR=$private
  set -m
  trap 'end_children' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 141' PIPE
  trap 'exit 143' TERM
}

end_children() {
  local pid
  trap '' INT TERM HUP PIPE
  # bash says of each which signal ended it, when it notices; of those it does not know it cannot
  {
    for pid in $(jobs -p); do
      kill -- "-$pid" || true
    done
    wait || true
    disown -a
  } 2>/dev/null
  rm -rf "$private"
}

# each_database COMMAND: runs COMMAND NAME HOST PORT for all databases at once; prints
# what each one printed, headed by its name.  Fails if one failed.
each_database() {
  local command=$1 outputs name host port failed=0
  local -A child=()
  outputs=$(mktemp -d) || return
  while IFS=$'\t' read -r name host port _; do
    "$command" "$name" "$host" "$port" >"$outputs/$name" 2>&1 </dev/null &
    child[$name]=$!
  done < <(rows_of database)
  for name in $(rows_of database | cut -f 1); do
    wait "${child[$name]}" || failed=1
    sed "s/^/$name: /" "$outputs/$name"
  done
  return $failed
}

# Does a file of pg_dumpall's have its end?
is_whole() {
  grep -qx -e '-- PostgreSQL database cluster dump complete' "$1"
}

# The database that has pm_core, HOST PORT NAME, if the table names one.
core_database() {
  rows_of database | awk -F '\t' '$7 ~ /[{,]pm_core[,}]/ { print $2 "\t" $3 "\t" $1 }' | head -n 1
}

# record_backup DATABASE KIND STARTED LOCATION BYTES OK: tells pm_core, where it is there;
# what was done counts even if that fails
record_backup() {
  local host port core
  IFS=$'\t' read -r host port core < <(core_database) || return 0
  sql_at "$host" "$port" "$core" -v "database=$1" -v "kind=$2" -v "started=$3" -v "location=$4" -v "size=$5" -v "ok=$6" <<'SQL' || echo "$(basename "$0"): pm_core does not know of the $2 of $1" >&2
SELECT to_regprocedure('pm_core.record_backup(text,text,timestamptz,timestamptz,text,bigint,boolean)') IS NOT NULL AS present
\gset
\if :present
SELECT FROM pm_core.record_backup(:'database', :'kind', :'started', clock_timestamp(), :'location', :'size', :'ok') \g /dev/null
\endif
SQL
}
