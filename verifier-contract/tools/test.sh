#!/usr/bin/env bash
# Runs the forge tests; arguments go to forge test.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
"$forge" test "$@"
