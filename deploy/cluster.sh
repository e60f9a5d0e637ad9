#!/bin/bash
# cluster.sh - the private server of "make run"
#
#   deploy/cluster.sh start | stop | status | remove
#   deploy/cluster.sh psql [ARGUMENT...]     psql on it
#   deploy/cluster.sh with COMMAND...        runs it with PGHOST, PGPORT and PGUSER set
#   deploy/cluster.sh address                what to give psql to reach it
#
# Everything stands in .pm/: data, log, keys of secrets, and the socket.  It listens on a Unix
# socket in a directory that only its owner (and root) may enter, hence trust
# authentication, and on no network address, hence no clash with another server.
#
# As root the server runs as postgres.  If postgres cannot reach the checkout
# (below /root, say), .pm is a link to a directory in /var/tmp; if the path is too
# long for a socket's name (107 bytes), the socket stands in /tmp.
set -eu
. "$(dirname "$0")/lib.sh"

home=$PM_TOP/.pm
port=${PM_PORT:-5533}

# Whom the server runs as: the owner of .pm if it is there, else the server user.
owner() {
  local found
  if [ ! -d "$home" ]; then
    server_user
    return
  fi
  found=$(stat -L -c %U "$home")
  [ "$(id -u)" -eq 0 ] || [ "$found" = "$(id -un)" ] ||
    die ".pm belongs to $found: run this as $found or root; \"make distclean\" removes it"
  echo "$found"
}

# Runs a program of the server as its owner, with .pm as working directory.
as_owner() {
  (cd "$home/" && as_user "$user" "$(readlink -f "$home")" "$@")
}

running() {
  [ -e "$home/data/postmaster.pid" ] && as_owner pg_ctl -D data status >/dev/null 2>&1
}

# Has what is preloaded been built since the server started?
preloaded_is_newer() {
  local module
  for module in pm_jobs pm_cache pm_core; do
    [ "$("$PG_CONFIG" --pkglibdir)/$module.so" -nt "$home/data/postmaster.pid" ] && return 0
  done
  return 1
}

# A new directory for the owner alone; prints its name.
private_directory() {
  local dir
  dir=$(mktemp -d "$1")
  [ "$user" = "$(id -un)" ] || chown "$user" "$dir"
  echo "$dir"
}

create_home() {
  [ ! -d "$home" ] || return 0
  rm -f "$home"
  if [ "$user" = "$(id -un)" ] || as_user "$user" / test -x "$PM_TOP"; then
    mkdir -m 700 "$home"
    [ "$user" = "$(id -un)" ] || chown "$user" "$home"
  else
    ln -s "$(private_directory /var/tmp/pm-run-XXXXXX)" "$home"
  fi
}

create_cluster() {
  [ ! -e "$home/data/PG_VERSION" ] || return 0
  echo "run: creating a private server in .pm/"
  rm -rf "$home/data.new"
  as_owner initdb -D data.new -U postgres -A trust --locale=C.UTF-8 >"$home/log.new" 2>&1 || {
    cat "$home/log.new" >&2
    die "initdb failed"
  }
  rm -f "$home/log.new"
  as_owner sh -c 'cat >>data.new/postgresql.conf' <<'CONF'
listen_addresses = ''
shared_buffers = 256MB
max_wal_size = 2GB
log_line_prefix = '%m [%p] %q%u@%d '
CONF
  # one that would trust all who reach it never stands there without these lines
  as_owner mv -T data.new data
}

# The keys that encrypt secrets: beside the data, not in it.
create_keys() {
  [ ! -e "$home/secret_keys" ] || return 0
  "$PM_TOP/deploy/secret_key.sh" "$home/secret_keys" >/dev/null || exit 1
  [ "$user" = "$(id -un)" ] || chown "$user" "$home/secret_keys"
}

# The settings that the databases need; true if they are other than before.
write_settings() {
  local settings keys
  keys=$(readlink -f "$home")/secret_keys
  settings=$("$PM_TOP/deploy/settings.sh") || exit 1
  settings+=$'\n'"pm_core.secret_key_file = '${keys//\'/\'\'}'"
  [ "$settings" != "$(cat "$home/data/deploy.conf" 2>/dev/null || true)" ] || return 1
  as_owner sh -c 'cat >data/deploy.conf' <<<"$settings" || die "cannot write .pm/data/deploy.conf"
  grep -q '^include_if_exists' "$home/data/postgresql.conf" ||
    as_owner sh -c 'cat >>data/postgresql.conf' <<<"include_if_exists = 'deploy.conf'"
}

# Prints the directory of the socket, which it makes if need be.
socket_directory() {
  local dir
  dir=$(readlink -f "$home")/socket
  if [ ${#dir} -gt 85 ]; then
    dir=$(cat "$home/socket-directory" 2>/dev/null || true)
    if [ -z "$dir" ] || [ ! -d "$dir" ] || [ "$(stat -c %U "$dir")" != "$user" ]; then
      dir=$(private_directory /tmp/pm-socket-XXXXXX)
      echo "$dir" >"$home/socket-directory"
    fi
  else
    as_owner mkdir -p -m 700 socket
  fi
  echo "$dir"
}

start() {
  local version socket changed=no
  version=$(cat "$home/data/PG_VERSION" 2>/dev/null || true)
  case $("$PG_CONFIG" --version) in
    "PostgreSQL ${version:-}"*) ;;
    *) die ".pm/ was made by PostgreSQL $version: remove it with \"make distclean\" or set PG_CONFIG" ;;
  esac
  create_home
  create_cluster
  create_keys
  ! write_settings || changed=yes
  if running; then
    # what is preloaded stays as it was when the server started
    [ $changed = yes ] || preloaded_is_newer || return 0
    stop >/dev/null
  fi
  socket=$(socket_directory)
  as_owner pg_ctl -D data -l log -w -o "-k '$socket' -p $port" start >/dev/null || {
    as_owner tail -n 20 log >&2
    die "the private server did not start; its log is .pm/log"
  }
}

# The connection options for psql, from the running server's lock file: its line 4
# is the port, its line 5 the socket's directory.
address() {
  local lock=$home/data/postmaster.pid
  running || die "the private server is not running: \"make run\" starts it"
  echo "-h $(sed -n 5p "$lock") -p $(sed -n 4p "$lock") -U postgres"
}

stop() {
  if [ -d "$home" ] && running; then
    as_owner pg_ctl -D data -m fast -w stop >/dev/null
    echo "stop: the private server is stopped; \"make run\" continues with its data"
  fi
}

command=${1:-}
[ $# -eq 0 ] || shift
case $command in
  start | stop | status | remove | psql | with | address) user=$(owner) ;;
  *) die "usage: deploy/cluster.sh start | stop | status | remove | psql [ARGUMENT...] | with COMMAND... | address" ;;
esac
case $command in
  start) start ;;
  stop) stop ;;
  status) if running; then echo "running: psql $(address)"; else echo "not running"; fi ;;
  address) address ;;
  psql)
    address=$(address)
    # shellcheck disable=SC2086 # a list of words
    exec "$PM_BINDIR/psql" $address "$@"
    ;;
  with)
    address=$(address)
    PGHOST=$(cut -d ' ' -f 2 <<<"$address") PGPORT=$(cut -d ' ' -f 4 <<<"$address") PGUSER=postgres exec "$@"
    ;;
  remove)
    stop
    if [ -d "$home" ]; then
      socket=$(cat "$home/socket-directory" 2>/dev/null || true)
      case $socket in /tmp/pm-socket-*) rm -rf "$socket" ;; esac
      case $(readlink "$home") in /var/tmp/pm-run-*) rm -rf "$(readlink "$home")" ;; esac
    fi
    rm -rf "$home"
    ;;
esac
