# shellcheck shell=bash
#
# lib.sh - shell functions shared by deploy/ and test/; sourced by bash scripts
#
# A PostgreSQL server refuses to run as root.  Whatever starts one runs as the
# "server user": postgres when we are root, else ourselves.

# A make that a script starts is not a part of the make that started the script.
unset MAKEFLAGS MFLAGS MAKELEVEL

die() {
  echo "$(basename "$0"): $*" >&2
  exit 1
}

# shellcheck disable=SC2034 # for who sources this
PM_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
PG_CONFIG=${PG_CONFIG:-/usr/lib/postgresql/15/bin/pg_config}
PG_CONFIG=$(command -v "$PG_CONFIG") || die "pg_config was not found: run \"make deps\" or set PG_CONFIG"
PM_BINDIR=$("$PG_CONFIG" --bindir)

# Prints the server user's name.
server_user() {
  if [ "$(id -u)" -ne 0 ]; then
    id -un
  elif id postgres >/dev/null 2>&1; then
    echo postgres
  else
    die "there is no user \"postgres\" to run a server as: run \"make deps\""
  fi
}

# as_user USER HOME [NAME=VALUE...] COMMAND...: runs it as USER (only root can
# name another) with a clean environment: no PG* variable, no locale of ours.
as_user() {
  local user=$1 home=$2
  local -a switch=()
  shift 2
  if [ "$user" != "$(id -un)" ]; then
    switch=(setpriv "--reuid=$user" "--regid=$(id -g "$user")" --init-groups)
  fi
  "${switch[@]}" env -i "PATH=$PM_BINDIR:/usr/local/bin:/usr/bin:/bin" \
    "HOME=$home" "USER=$user" LANG=C.UTF-8 "PG_CONFIG=$PG_CONFIG" "$@"
}
