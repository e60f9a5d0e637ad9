#!/bin/bash
# built.sh - the checks of what is built, inside the sandbox
#
#   test/sandbox.sh -s test/lint/built.sh [--privileges] EXTENSION...
#
# Builds with clang, warnings being errors; looks at the symbols of the modules;
# installs into the sandbox and checks the SQL objects on a throw-away server.
# --privileges only prints what PUBLIC may do, in the form of privileges.expected.
set -eu
cd "$(dirname "$0")/../.."
. deploy/lib.sh
: "${PM_STAGE:?run this inside test/sandbox.sh -s}"

mode=check
if [ "${1:-}" = --privileges ]; then
  mode=privileges
  shift
fi

make -s --no-print-directory build CC=clang-14 WERROR=1 >build.log 2>&1 || {
  cat build.log
  die 'the build with clang failed'
}

# A module gives away what SQL calls and nothing else, and lacks nothing of ours.  An
# extension of SQL alone has none.
failed=0
for extension in "$@"; do
  if [ -n "$(make -s --no-print-directory -C "$extension" show-OBJS)" ]; then
    nm -D --defined-only "$extension/$extension.so" |
      awk -v "ext=$extension" '$3 !~ "^(Pg_magic_func|_PG_init|pg_finfo_" ext "_.*|" ext "_.*)$" {
        print ext ".so exports " $3; bad = 1 } END { exit bad }' || failed=1
    nm -D --undefined-only "$extension/$extension.so" |
      awk -v "ext=$extension" '$2 ~ /^pm_/ { print ext ".so lacks " $2; bad = 1 } END { exit bad }' || failed=1
  fi
  make -s --no-print-directory -C "$extension" install "DESTDIR=$PM_STAGE" CC=clang-14 WERROR=1 >/dev/null
done

test/with_cluster.sh test/lint/objects.sh "$mode" "$@" || failed=1
exit $failed
