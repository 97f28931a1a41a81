# Sourced by the scripts beside it: moves into the contract folder, installs the pinned node packages when they are
# missing, and names forge.
cd "$(dirname "${BASH_SOURCE[0]}")/.."
../scripts/setup.sh chain
forge=$(compgen -G 'tools/node_modules/@foundry-rs/forge-*/bin/forge' || true)
if [ -z "$forge" ]; then
    echo "contracts: the package of forge for this platform is missing below tools/node_modules" >&2
    exit 1
fi
