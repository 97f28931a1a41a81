#!/usr/bin/env bash
# Recompiles the contracts, compares them with the committed artifacts, runs their tests.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
"$here/build.sh" "$fresh"
if ! diff -rq "$fresh" "$here/../artifacts" >&2; then
    echo "contracts: artifacts/ is not what the sources compile to; run tools/build.sh" >&2
    exit 1
fi
"$here/test.sh"
