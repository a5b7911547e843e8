# shellcheck shell=bash
# stages.sh: the stages that script/test, script/check and script/full put together.
# Sourced after lib.sh. A stage returns not zero when it fails.
#
# tests/crash/run and tests/e2e/run find the program in POSTA, write what they like and end with
# the line `N passed, N failed`.

tool_tests() {
  counted "tool tests" python3 tools/tests/run
}

shell_scripts() {
  local scripts
  mapfile -t scripts < <(grep -lE '^#!.*\bbash|^# shellcheck shell=bash' -r script .ci tests)
  shellcheck -x "${scripts[@]}" && say "shellcheck: ${#scripts[@]} scripts, no errors"
}

# tidy_changed PRESET: what changed since main; clang-tidy reads how PRESET was built.
tidy_changed() {
  tools/tidy && tools/tidy --changed --clang --preset "$1"
}

tidy_all() {
  tools/tidy --clang --preset "$1"
}

# The program under test: the one that is run, not a sanitized one.
with_release() {
  POSTA=$(posta_binary release) || {
    say "The release build left no program named posta."
    return 1
  }
  export POSTA
}

present() {
  [ -x "$1" ] || {
    say "   $1 is not there"
    return 1
  }
}

crash() {
  present tests/crash/run || return 1
  with_release && counted "crash" tests/crash/run "$@"
}

e2e() {
  present tests/e2e/run || return 1
  with_release && counted "e2e" tests/e2e/run "$@"
}
