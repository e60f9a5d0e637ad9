#!/bin/sh
# packages.sh - install the missing ones of ../debian-packages.txt
#
#   deploy/packages.sh [LIST]
#
# Quick and silent when nothing is missing.  Needs root or sudo only when
# something is.  Elsewhere than on Debian it only says what it would have done.
set -eu

list=${1:-$(cd "$(dirname "$0")/.." && pwd)/debian-packages.txt}
packages=$(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$list" | awk '{ print $1 }')

if ! command -v dpkg-query >/dev/null 2>&1; then
  echo "deps: this is no Debian system; see debian-packages.txt for what is needed" >&2
  exit 0
fi

missing=
for package in $packages; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "deps: packages are missing and there is no sudo; as root:" >&2
    echo "  apt-get install --no-install-recommends$missing" >&2
    exit 1
  fi
  sudo=sudo
fi

echo "deps: installing$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 # a list of words
{
  $sudo apt-get -q update &&
    $sudo env DEBIAN_FRONTEND=noninteractive \
      apt-get -q -o Dpkg::Use-Pty=0 install -y --no-install-recommends $missing
} >"$log" 2>&1 || {
  cat "$log" >&2
  exit 1
}
