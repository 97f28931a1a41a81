#!/usr/bin/env bash
# Installs what the named parts need and the machine misses; says what it installs; does nothing the second time.
#
#   scripts/setup.sh build       Rust toolchain (checked), C++ compiler (checked), libclang for RocksDB's bindings
#   scripts/setup.sh lint        rustfmt and clippy of that toolchain
#   scripts/setup.sh chain       node and the pinned packages of verifier-contract/tools: anvil, forge, solc
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
    if ! cmp -s "$tools/package-lock.json" "$tools/node_modules/.trine-installed"; then
        say "installing the node packages pinned in $tools/package-lock.json: $(tool_names "$tools/package.json")"
        (cd "$tools" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2)
        cp "$tools/package-lock.json" "$tools/node_modules/.trine-installed"
    fi
}

tool_names() {
    node -p 'Object.entries(JSON.parse(require("fs").readFileSync(process.argv[1])).devDependencies).map(p => p.join(" ")).join(", ")' "$1"
}

setup_deny() {
    setup_build
    if ! cargo deny --version >/dev/null 2>&1; then
        say "compiling cargo-deny into cargo's home"
        env -u CARGO_TARGET_DIR cargo install cargo-deny --locked --quiet
    fi
}

[ $# -gt 0 ] || die "name at least one of: build lint chain deny"
for part in "$@"; do
    case $part in
        build | lint | chain | deny) "setup_$part" ;;
        *) die "unknown part $part: build, lint, chain and deny are known" ;;
    esac
done
