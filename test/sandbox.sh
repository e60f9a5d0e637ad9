#!/bin/bash
# sandbox.sh - run a command on a throw-away copy of the checkout
#
#   test/sandbox.sh [-s] COMMAND [ARGUMENT...]
#
# The command runs as the server user, in a copy of the checkout that it may
# write to (the checkout itself can stand where that user cannot go), with a
# clean environment plus
#   PM_TMP      a directory of its own; TMPDIR is inside
#   PM_SHARED   a copy of ../shared/data and ../shared/seeds; empty if there is none
#   PM_*        those of the caller's
# -s: what the copy holds built is installed into a directory of the sandbox
# (PM_STAGE) instead of the server's; with_cluster.sh makes the server look there.
#
# When the command ends, or this script is interrupted, every process that still
# works in the sandbox is ended and the sandbox is removed.
set -eu
. "$(dirname "$0")/../deploy/lib.sh"

stage=
if [ "${1:-}" = -s ]; then
  stage=yes
  shift
fi

user=$(server_user)
sandbox=$(mktemp -d /tmp/pm_XXXXXX)
child=

# Ends what still runs inside; servers are known by their working directory.
end_processes() {
  local signal cwd pid
  local -a pids
  for signal in QUIT KILL; do
    pids=()
    for cwd in /proc/[0-9]*/cwd; do
      case $(readlink "$cwd" 2>/dev/null) in
        "$sandbox"/*) pid=${cwd%/cwd} pids+=("${pid#/proc/}") ;;
      esac
    done
    [ ${#pids[@]} -gt 0 ] || return 0
    kill "-$signal" "${pids[@]}" 2>/dev/null || true
    for pid in "${pids[@]}"; do
      timeout 5 tail -s 0.1 --pid="$pid" -f /dev/null || true
    done
  done
}

clean_up() {
  trap '' INT TERM HUP
  if [ -n "$child" ]; then
    kill -TERM "$child" 2>/dev/null || true
    wait "$child" 2>/dev/null || true
  fi
  cd /
  end_processes
  rm -rf "$sandbox"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

copy=$sandbox/main
mkdir "$copy" "$sandbox/tmp" "$sandbox/shared"
tar -C "$PM_TOP" --exclude=./.git --exclude=./.pm --exclude=./build/fuzz -cf - . | tar -C "$copy" -xf -
for part in data seeds; do
  if [ -r "$PM_TOP/../shared/$part" ]; then
    cp -r "$PM_TOP/../shared/$part" "$sandbox/shared/$part"
  fi
done
rmdir "$sandbox/shared" 2>/dev/null || true

settings=("PM_TMP=$sandbox/tmp" "TMPDIR=$sandbox/tmp" "PM_SHARED=")
[ ! -d "$sandbox/shared" ] || settings+=("PM_SHARED=$sandbox/shared")
if [ -n "$stage" ]; then
  settings+=("PM_STAGE=$sandbox/stage")
  mkdir "$sandbox/stage"
fi
while IFS= read -r name; do
  case $name in
    PM_TOP | PM_BINDIR | PM_TMP | PM_SHARED | PM_STAGE) ;;
    *) settings+=("$name=${!name}") ;;
  esac
done < <(compgen -v PM_)

chmod -R u+rwX "$sandbox"
[ "$user" = "$(id -un)" ] || chown -R "$user" "$sandbox"

cd "$copy"
as_user "$user" "$sandbox/tmp" "${settings[@]}" "$@" &
child=$!
status=0
wait "$child" || status=$?
child=
exit "$status"
