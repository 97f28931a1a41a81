#!/usr/bin/env bash
# Runs one tier of the tests: `fast` is what is not ignored, `slow` is what is, `crash` is what needs failpoints.
#
# The runner is `cargo test`: one process for each test binary, so that keys and reference strings made once serve
# all its tests. RUNNER=nextest takes cargo-nextest instead (a process for each test: slower here, better reports).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tier=${1:?fast, slow or crash}
flags=(--release --workspace --locked)
case $tier in
    fast) test_args=() nextest_args=() ;;
    slow) test_args=(--ignored) nextest_args=(--run-ignored only) ;;
    crash)
        # The feature replaces the binaries by armed ones: they are built again without it, whatever the tests say.
        trap 'cargo build "${flags[@]}" --bins' EXIT
        armed=trine-engine/failpoints,trine-keyholder/failpoints,trine-prover/failpoints
        # `cargo test` builds the binaries of crates whose tests it runs, and the prover's is killed by the engine's.
        cargo build "${flags[@]}" --features "$armed" --bins
        cargo test "${flags[@]}" --no-fail-fast --features "$armed" --bins --test kill_resume --test release
        exit
        ;;
    *) echo "unknown tier $tier: fast, slow and crash are known" >&2; exit 2 ;;
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
