#!/usr/bin/env bash
# Compiles the contracts and writes artifacts/: ABI and creation bytecode, so that cargo needs no node.
#
#   build.sh [FOLDER]    writes to FOLDER instead of artifacts
set -euo pipefail
target=$(realpath -m "${1:-$(dirname "${BASH_SOURCE[0]}")/../artifacts}")
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

# All of it anew: what the compiler makes of a file depends on which files it is given with it.
"$forge" build src examples test/TinyVerifier.sol --force --quiet
node tools/artifacts.mjs out "$target"
