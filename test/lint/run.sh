#!/bin/bash
# run.sh - "make lint": layout, static analysis and the rules of the house
#
#   test/lint/run.sh EXTENSION...
#
# Every check runs, whatever the others say; each prints what it found.  The
# checks of what is built run in the sandbox: see built.sh and objects.sh.  They keep
# one processor busy for as long as cppcheck does one, so these two are at work at once,
# and the analyzer, which takes longest, has all processors after them.
set -u
cd "$(dirname "$0")/../.." || exit 1
. deploy/lib.sh
export LC_ALL=C

extensions=("$@")
failures=0
processors=$(nproc)
beside=

# check NAME COMMAND...: a check passes if the command succeeds
check() {
  local name=$1 started=$SECONDS
  shift
  if "$@"; then
    printf '%-52s ok (%d s)\n' "$name" $((SECONDS - started))
  else
    printf '%-52s FAILED\n' "$name"
    failures=$((failures + 1))
  fi
}

# Our files that match a pattern; generated ones are not ours.
our_files() {
  find common test "${extensions[@]}" -type f -name "$1" ! -name '*_table.h' | sort
}

layout() {
  our_files '*.[ch]' | xargs clang-format-14 --dry-run -Werror --ferror-limit=3
}

analyzer() {
  our_files '*.c' | xargs -n 1 -P "$processors" \
    clang-14 --analyze -Xclang -analyzer-output=text -Xclang -analyzer-werror -Wno-ignored-attributes \
    -Icommon -D_GNU_SOURCE "-I$("$PG_CONFIG" --includedir-server)" "-I$("$PG_CONFIG" --includedir)"
}

# An argument that a function is to fill is no use of what was never set.
cppcheck_all() {
  our_files '*.c' | xargs cppcheck -q -j $((processors > 1 ? processors - 1 : 1)) --enable=warning,portability,performance --inline-suppr --suppress=ctuuninitvar \
    --std=c99 -Icommon --error-exitcode=1
}

# Words that promise instead of deliver, left behind in a file.
forbidden_words() {
  ! find . \( -name .git -o -name .pm -o -path ./build \) -prune -o -type f ! -path ./test/lint/run.sh -print0 |
    xargs -0 grep -nIwE 'TODO|FIXME|XXX|HACK'
}

# One version: the control file's, META.json's.
versions() {
  local extension version meta failed=0
  meta=$(sed -n -e '/"meta-spec"/q' -e 's/^ *"version": *"\([^"]*\)",*$/\1/p' META.json | sort -u)
  for extension in "${extensions[@]}"; do
    version=$(make -s --no-print-directory -C "$extension" show-EXTVERSION)
    [ "$meta" = "$version" ] || {
      echo "$extension.control says $version, META.json says ${meta//$'\n'/ and }"
      failed=1
    }
    grep -q "^schema = $extension$" "$extension/$extension.control" &&
      grep -q '^relocatable = false$' "$extension/$extension.control" || {
      echo "$extension.control does not fix the schema to $extension"
      failed=1
    }
  done
  return $failed
}

# The words of a make variable of a directory, and the names of the files
# DIR/*SUFFIX, one a line and sorted.
listed() {
  make -s --no-print-directory -C "$1" "show-$2" | tr ' ' '\n' | sed '/^$/d' | sort
}
present() {
  find "$1" -maxdepth 1 -name "*$2" -printf '%f\n' 2>/dev/null | sed "s/$2\$//" | sort
}

# all_listed DIR VARIABLE: is every line of standard input a word of the variable?
# (That a list names only what there is, make and pg_regress see to.)
all_listed() {
  local unlisted
  unlisted=$(sort | comm -13 <(listed "$1" "$2") -)
  [ -z "$unlisted" ] || {
    echo "not in $2 of $1: ${unlisted//$'\n'/ }"
    return 1
  }
}

# Every source and every test is in a list.
lists() {
  local dir tests expected failed=0
  present common .c | sed 's/$/.c/' | all_listed common PM_COMMON_SOURCES || failed=1
  for dir in "${extensions[@]}"; do
    present "$dir/src" .c | sed 's/.*/src\/&.o/' | all_listed "$dir" OBJS || failed=1
    present "$dir/sql" .sql | sed -e '/--/d' -e '/^grants$/d' -e 's/.*/sql\/&.sql/' |
      all_listed "$dir" SQL_PARTS || failed=1
  done
  for dir in "${extensions[@]}" .; do
    tests=$dir/test
    [ "$dir" != . ] || tests=.
    present "$tests/sql" .sql | all_listed "$dir" REGRESS || failed=1
    present "$dir/test/specs" .spec | all_listed "$dir" ISOLATION || failed=1
    for expected in $(present "$tests/expected" .out); do
      expected=${expected%_[0-9]} # an alternative result
      [ -e "$tests/sql/$expected.sql" ] || [ -e "$dir/test/specs/$expected.spec" ] ||
        { echo "$tests/expected/$expected.out belongs to no test" && failed=1; }
    done
  done
  return $failed
}

# Install scripts start with the guard, are not tolerant, and say what functions are.
scripts() {
  local extension part failed=0
  for extension in "${extensions[@]}"; do
    for part in $(make -s --no-print-directory -C "$extension" show-SQL_PARTS); do
      [ -e "$extension/$part" ] || continue
      awk -v "extension=$extension" -f test/lint/script.awk "$extension/$part" || failed=1
    done
  done
  return $failed
}

shell_scripts() {
  find bench deploy docs test -name '*.sh' | sort | xargs shellcheck -x -P SCRIPTDIR -S warning
}

make -s --no-print-directory -C common generated || exit 1
printed=$(mktemp)
trap '[ -z "$beside" ] || { kill "$beside" && wait "$beside"; }; rm "$printed"' EXIT
test/sandbox.sh -s test/lint/built.sh "${extensions[@]}" >"$printed" 2>&1 &
beside=$!

# What was found in the meantime.
built() {
  local status=0
  wait "$beside" || status=$?
  beside=
  cat "$printed"
  return $status
}

check 'no promises left in the text' forbidden_words
check 'layout of C (clang-format)' layout
check 'cppcheck' cppcheck_all
check 'one version, fixed schemas' versions
check 'every source and test is listed' lists
check 'install scripts' scripts
check 'shell scripts (shellcheck)' shell_scripts
check 'what is built (clang, symbols, SQL objects)' built
check 'clang analyzer' analyzer

[ $failures -eq 0 ] || die "$failures checks failed"
