#!/usr/bin/env bash
# Runs one tier of the tests: `fast` is what is not ignored, `slow` is what is.
#
# The runner is `cargo test`: one process for each test binary, so that keys and reference strings made once serve
# all its tests. RUNNER=nextest takes cargo-nextest instead (a process for each test: slower here, better reports).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tier=${1:?fast or slow}
flags=(--release --workspace --locked)
case $tier in
    fast) test_args=() nextest_args=() ;;
    slow) test_args=(--ignored) nextest_args=(--run-ignored only) ;;
    *) echo "unknown tier $tier: fast and slow are known" >&2; exit 2 ;;
esac

# Documentation tests first, so that what is printed last is the count of the suite itself.
if [ "$tier" = fast ]; then
    cargo test "${flags[@]}" --doc
fi
if [ "${RUNNER:-test}" = nextest ]; then
    cargo nextest run "${flags[@]}" "${nextest_args[@]}"
else
    cargo test "${flags[@]}" --no-fail-fast --lib --bins --tests -- "${test_args[@]}"
fi
