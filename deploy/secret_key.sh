#!/bin/bash
# secret_key.sh - makes the file of the keys that encrypt secrets, or puts a new key into it
#
#   deploy/secret_key.sh FILE
#
# The new key is the first one, which encrypts from then on; the others stay, for what
# they have encrypted.  Prints its id.  FILE is what pm_core.secret_key_file names, on the
# server of db_core: outside the data directory, for the server's user alone, and in a
# backup of its own, since no backup of the databases has it.
set -eu
. "$(dirname "$0")/lib.sh"
umask 077

[ $# -eq 1 ] && [ -n "$1" ] || die "usage: deploy/secret_key.sh FILE"
file=$1
[ ! -e "$file" ] || [ -f "$file" ] || die "$file is no file"
# what a link leads to is changed, the link stays
file=$(readlink -f "$file") || die "there is no directory for $1"
owner=$(server_user)
if [ -e "$file" ]; then
  owner=$(stat -c %u:%g "$file")
  # the server would not read a file of more keys, and so no secret
  keys=$(awk '/^[ \t]*[^# \t\r]/ { n++ } END { print n + 0 }' "$file")
  [ "$keys" -lt 64 ] || die "$file has 64 keys: call pm_core.rotate_secrets() until it returns 0, and take old ones out"
fi

# random LENGTH: so many bytes, as hexadecimal digits
random() {
  od -An -v -tx1 -N"$1" /dev/urandom | tr -d ' \n'
}

id=$(date -u +%Y-%m-%d)-$(random 4)
set -C # of two at once the second one fails
: >"$file.new" || die "cannot write $file.new; if nobody else is at it, remove it"
set +C
trap 'rm -f "$file.new"' EXIT
{
  echo "$id $(random 32)"
  [ ! -e "$file" ] || cat "$file"
} >"$file.new"
[ "$(id -u)" -ne 0 ] || chown "$owner" "$file.new"
sync "$file.new"
mv -T "$file.new" "$file"
sync "$(dirname "$file")"
trap - EXIT
echo "$id"
