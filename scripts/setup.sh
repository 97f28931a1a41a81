#!/usr/bin/env bash
# Installs what the named parts need and the machine misses; says what it installs; does nothing the second time.
#
#   scripts/setup.sh build       Rust toolchain (checked), C++ compiler (checked), libclang for RocksDB's bindings
#   scripts/setup.sh lint        rustfmt and clippy of that toolchain
#   scripts/setup.sh chain       node and the pinned packages of verifier-contract/tools: anvil, forge, solc
#   scripts/setup.sh python      Python and the pinned packages of examples/python, in ~/.cache/trine/python
#   scripts/setup.sh deny        cargo-deny (compiled: minutes)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

apt_updated=no
apt_install() {
    has apt-get || die "misses $*, and there is no apt-get: install them by hand"
    local root=()
    if [ "$(id -u)" -ne 0 ]; then
        has sudo || die "misses $*: run as root or install sudo"
        root=(sudo)
    fi
    say "installing Debian packages: $*"
    if [ "$apt_updated" = no ]; then
        "${root[@]}" apt-get update -qq
        apt_updated=yes
    fi
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

# at_least VERSION MINIMUM
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

setup_build() {
    has cargo || die "cargo is missing: install a Rust toolchain"
    local minimum version
    minimum=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    version=$(rustc --version | cut -d' ' -f2)
    at_least "$version" "$minimum" || die "rustc $version is too old: $minimum or later is needed"
    { has c++ && has make; } || apt_install build-essential
    has git || apt_install git
    # bindgen loads the library and reads the compiler's own headers: each comes in a package of its own.
    if [ -z "${LIBCLANG_PATH:-}" ]; then
        { compgen -G '/usr/lib/llvm-*/lib/libclang*.so*' && compgen -G '/usr/lib/llvm-*/lib/clang/*/include/stddef.h'; } \
            >/dev/null || apt_install libclang-dev
    fi
}

setup_lint() {
    setup_build
    local component
    for component in rustfmt clippy; do
        if ! cargo "${component/rustfmt/fmt}" --version >/dev/null 2>&1; then
            has rustup || die "$component is missing, and there is no rustup to add it"
            say "adding the toolchain component $component"
            rustup component add "$component"
        fi
    done
}

setup_chain() {
    { has node && has npm; } || apt_install nodejs npm
    local tools=verifier-contract/tools
    # The copy of the lock file says what is installed: it differs when a pin has moved, and is written last.
    if ! has_anvil "$tools" || ! cmp -s "$tools/package-lock.json" "$tools/node_modules/.trine-installed"; then
        local npm=(npm) version
        version=$(node -p process.versions.node)
        # npm leaves out, without a word, platform packages that ask for a later node than it runs on (Debian 12: 18).
        # A later one does the installing; the tools themselves run on the system's.
        if ! at_least "$version" "$TOOLS_NODE"; then
            say "node $version is older than $TOOLS_NODE: installing into $tools/node: $(tool_names "$tools/node/package.json")"
            npm_ci "$tools/node" npm
            local packages=$PWD/$tools/node/node_modules later
            later=$(compgen -G "$packages/node-linux-*/bin/node") || die "no node package for $(uname -m) in $tools/node"
            npm=(env "PATH=$(dirname "$later"):$PATH" node "$packages/npm/bin/npm-cli.js")
        fi
        say "installing the node packages pinned in $tools/package-lock.json: $(tool_names "$tools/package.json")"
        npm_ci "$tools" "${npm[@]}"
        has_anvil "$tools" || die "anvil has no package for $(uname -sm)"
        cp "$tools/package-lock.json" "$tools/node_modules/.trine-installed"
    fi
}

# What the platform packages of anvil and forge ask for.
TOOLS_NODE=20

# has_anvil FOLDER
has_anvil() { compgen -G "$1/node_modules/@foundry-rs/anvil-*/bin/anvil" >/dev/null; }

# npm_ci FOLDER NPM...
npm_ci() { (cd "$1" && "${@:2}" ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2); }

# Names and versions in a package.json.
tool_names() {
    node -p 'const p = JSON.parse(require("fs").readFileSync(process.argv[1]));
        Object.entries({ ...p.devDependencies, ...p.dependencies, ...p.optionalDependencies }).map(d => d.join(" ")).join(", ")' "$1"
}

setup_python() {
    local requirements=examples/python/requirements.txt
    local venv=${XDG_CACHE_HOME:-$HOME/.cache}/trine/python
    # Written last, as above. An environment whose interpreter is gone is made again.
    if [ -x "$venv/bin/python" ] && cmp -s "$requirements" "$venv/.trine-installed"; then return; fi
    # Debian's python3 alone makes no environments.
    python3 -c 'import ensurepip, venv' 2>/dev/null || apt_install python3 python3-venv
    say "installing into $venv: $(sed -n 's/^\([a-z-]*\)==\([^ ]*\).*/\1 \2/p' "$requirements" | paste -sd, | sed 's/,/, /g')"
    python3 -m venv --clear "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary=:all: --require-hashes \
        --requirement "$requirements" >&2
    cp "$requirements" "$venv/.trine-installed"
}

setup_deny() {
    setup_build
    if ! cargo deny --version >/dev/null 2>&1; then
        say "compiling cargo-deny into cargo's home"
        env -u CARGO_TARGET_DIR cargo install cargo-deny --locked --quiet
    fi
}

[ $# -gt 0 ] || die "name at least one of: build lint chain python deny"
for part in "$@"; do
    case $part in
        build | lint | chain | python | deny) "setup_$part" ;;
        *) die "unknown part $part: build, lint, chain, python and deny are known" ;;
    esac
done
