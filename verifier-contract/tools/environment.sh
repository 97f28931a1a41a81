# Sourced by the scripts beside it: moves into the contract folder, installs the pinned node packages when they are
# missing, and names forge.
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if ! cmp -s tools/package-lock.json tools/node_modules/.trine-installed; then
    echo "contracts: installing the node packages pinned in tools/package-lock.json" >&2
    (cd tools && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2)
    cp tools/package-lock.json tools/node_modules/.trine-installed
fi
forge=$(compgen -G 'tools/node_modules/@foundry-rs/forge-*/bin/forge' || true)
if [ -z "$forge" ]; then
    echo "contracts: the package of forge for this platform is missing below tools/node_modules" >&2
    exit 1
fi
