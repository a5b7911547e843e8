# shellcheck shell=bash
# lib.sh: what the scripts share: where things are, colours, progress, stages and counts.
# Sourced by the others, not run. After sourcing it the working directory is the repository.

set -euo pipefail

POSTA_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$POSTA_ROOT"
LOGS=build/logs

# Material beside the repository that some tests read; they say so if it is not there.
export POSTA_CONFORMANCE=${POSTA_CONFORMANCE:-$POSTA_ROOT/../shared/conformance}
export POSTA_RFC=${POSTA_RFC:-$POSTA_ROOT/../shared/rfc}

bold='' red='' green='' plain=''
if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then
  # shellcheck disable=SC2034  # green is for those who source this
  bold=$'\e[1m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
fi

say() { printf '%s\n' "$*" >&2; }
headline() { printf '%s%s%s\n' "$bold" "$*" "$plain" >&2; }
die() {
  printf '%s%s%s\n' "$red" "$*" "$plain" >&2
  exit 1
}

# The comment at the top of a script is its help.
usage() { sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$0"; }

# minutes SECONDS: "1 min 05 s"
minutes() { printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); }

# What a log shows of how far it is: ninja's [12/345], or its last line.
progress_of() {
  local last
  last=$(tail -c 400 "$1" 2>/dev/null | tr '\r' '\n' | tail -n 1 | tr -cd '[:print:]') || true
  case $last in
    \[*/*\]*) printf '%s' "${last%%]*}]" ;;
    *) printf '%.60s' "$last" ;;
  esac
}

# The end of a failed log: the first error of a compiler, then the last lines.
show_failure() {
  grep -m 5 -E '(error|FAILED|Error):? ' "$1" >&2 || true
  say "--- the last lines of $1:"
  tail -n 40 "$1" >&2
}

# quietly NAME COMMAND...: runs it with its output in build/logs/NAME.log and shows how far it is:
# on a terminal all the time, elsewhere once in half a minute. If it fails, shows the log's end.
quietly() {
  local name=$1 log pid status=0 began=$SECONDS shown=0
  shift
  mkdir -p "$LOGS"
  log=$LOGS/${name// /-}.log
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  # An interrupted script takes what it started with it.
  trap 'kill "$pid" 2>/dev/null; exit 130' INT TERM
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    if [ -t 2 ]; then
      printf '\r  %s  %s %s\e[K' "$name" "$(minutes $((SECONDS - began)))" \
        "$(progress_of "$log")" >&2
    elif [ $((SECONDS - began - shown)) -ge 30 ]; then
      shown=$((SECONDS - began))
      say "  $name  $(minutes "$shown")  $(progress_of "$log")"
    fi
  done
  wait "$pid" || status=$?
  trap - INT TERM
  if [ -t 2 ]; then printf '\r\e[K' >&2; fi
  if [ "$status" -ne 0 ]; then show_failure "$log"; fi
  return "$status"
}

# build PRESET [TARGET...]
build() {
  local preset=$1
  shift
  # A build folder that was made elsewhere (a moved clone) is of no use.
  if [ -f "build/$preset/CMakeCache.txt" ] &&
    ! grep -qF "CMAKE_HOME_DIRECTORY:INTERNAL=$POSTA_ROOT" "build/$preset/CMakeCache.txt"; then
    rm -rf "build/${preset:?}"
  fi
  quietly "configure $preset" cmake --preset "$preset" || return 1
  quietly "build $preset" nice ninja -C "build/$preset" "$@"
}

# posta_binary PRESET: prints the path of the built program, or fails.
posta_binary() {
  local path
  for path in "build/$1/posta" "build/$1/bin/posta" "build/$1/src/app/posta"; do
    if [ -x "$path" ] && [ -f "$path" ]; then
      printf '%s' "$POSTA_ROOT/$path"
      return 0
    fi
  done
  return 1
}

# --- stages and counts ----------------------------------------------------------------------------

PASSED=0
FAILED=0
STAGES=()

# The one line that ends every test script.
verdict() {
  say ''
  for line in "${STAGES[@]}"; do say "$line"; done
  printf '%s passed, %s failed\n' "$PASSED" "$FAILED"
}

# stage NAME FUNCTION...: runs it, prints how long it took; if it fails, ends the script.
stage() {
  local name=$1 began=$SECONDS status=0 before=$PASSED counted=''
  shift
  headline "== $name"
  "$@" || status=$?
  if [ "$PASSED" -ne "$before" ]; then counted="$((PASSED - before)) passed"; fi
  if [ "$status" -eq 0 ]; then
    STAGES+=("$(printf '  %-16s %14s   %s' "$name" "$(minutes $((SECONDS - began)))" "$counted")")
    say "   $(minutes $((SECONDS - began)))${counted:+, $counted}"
    return 0
  fi
  STAGES+=("$(printf '%s  %-16s %14s   failed%s' "$red" "$name" \
    "$(minutes $((SECONDS - began)))" "$plain")")
  if [ "$FAILED" -eq 0 ]; then FAILED=1; fi
  say "${red}The stage \"$name\" failed; what follows it was not run.$plain"
  verdict
  exit 1
}

# checked NAME COMMAND...: a check that is one test case; its output is shown.
checked() {
  shift
  if "$@" >&2 </dev/null; then
    PASSED=$((PASSED + 1))
  else
    FAILED=$((FAILED + 1))
    return 1
  fi
}

# counted NAME COMMAND...: a program whose last line is `N passed, N failed`, or that and
# `, N skipped`.
counted() {
  local name=$1 status=0 line log
  shift
  quietly "$name" "$@" || status=$?
  log=$LOGS/${name// /-}.log
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$log" | tail -n 1) || line=''
  if [ -z "$line" ]; then
    if [ "$status" -eq 0 ]; then say "$name did not say how many passed"; fi
    FAILED=$((FAILED + 1))
    return 1
  fi
  PASSED=$((PASSED + ${line%% *}))
  line=${line#*, }
  FAILED=$((FAILED + ${line%% *}))
  if [ "${line%% *}" -ne 0 ]; then return 1; fi
  return "$status"
}

# tests PRESET [ctest arguments]: runs the built tests, counting the cases inside each program.
tests() {
  local preset=$1 results=build/$1/results status=0 counts
  shift
  rm -rf "$results"
  mkdir -p "$results"
  TSAN_OPTIONS="suppressions=$POSTA_ROOT/tests/tsan.suppressions" \
    GTEST_OUTPUT=json:$POSTA_ROOT/$results/ quietly "tests $preset" \
    ctest --test-dir "build/$preset" --output-on-failure -j "$(nproc)" \
    --output-junit "$POSTA_ROOT/$results/ctest.xml" "$@" || status=$?
  if ! counts=$(script/count_tests "$results"); then
    FAILED=$((FAILED + 1))
    return 1
  fi
  # shellcheck disable=SC2086  # three numbers
  set -- $counts
  PASSED=$((PASSED + $1))
  FAILED=$((FAILED + $2))
  if [ "$3" -ne 0 ]; then
    say "   $3 skipped:"
    grep -hE 'POSTA_(CONFORMANCE|RFC)' "build/$preset/Testing/Temporary/LastTest.log" |
      sort -u | sed 's/^/   /' >&2 || true
  fi
  return "$status"
}
