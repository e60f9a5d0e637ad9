#!/bin/bash
# peers.sh - install the queues and loaders that ours are compared with
#
# Debian packages of debian-packages.txt go into the system, npm packages into a
# folder each of build/peers.  What is there is left alone.  What cannot be
# installed leaves its reason in build/peers/NAME.log, which the benchmark reports.
set -eu
cd "$(dirname "$0")/.."
. deploy/lib.sh

peers=$PWD/build/peers
npm_packages='graphile-worker@0.17.3 pg-boss@10.4.2 pg@8.16.3'

# try NAME COMMAND...: runs it; if it fails, shows and keeps the end of what it said,
# without addresses.
try() {
  local name=$1
  shift
  "$@" >"$peers/$name.log" 2>&1 && rm "$peers/$name.log" && return
  sed -i -e 's,[a-z]*://[^ ]*,,g' -e '/complete log/d' -e '/^npm warn/d' -e '/^ *$/d' "$peers/$name.log"
  tail -n 3 "$peers/$name.log" | paste -s -d ' ' | sed -e 's/  */ /g' -e 's/npm error //g' | tee "$peers/reason"
  mv "$peers/reason" "$peers/$name.log"
}

npm_install() {
  command -v npm >/dev/null || die 'npm is not installed'
  npm install --prefix "$peers/${1%@*}" --no-save --no-package-lock --no-audit --no-fund --engine-strict "$1"
}

mkdir -p "$peers"
rm -f "$peers"/*.log
while read -r package _; do
  case $package in
    '' | '#'*) continue ;;
    # they may come from elsewhere than from Debian
    nodejs | npm) ! command -v "${package%js}" >/dev/null || continue ;;
  esac
  try "$package" deploy/packages.sh /dev/stdin <<<"$package"
done <bench/debian-packages.txt

for package in $npm_packages; do
  name=${package%@*}
  if ! grep -qs "\"version\": \"${package#*@}\"" "$peers/$name/node_modules/$name/package.json"; then
    echo "peers: installing $package"
    try "$name" npm_install "$package"
  fi
done
