# Entry points. Each installs what it misses (scripts/setup.sh says what) and does nothing the second time.
#
# One profile (release) and one selection of crates (--workspace) for every call of cargo: another selection resolves
# other features and compiles the dependencies again. tidy/tests/one_build.rs watches over it.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# CI runs on fresh clones: a folder outside the checkout keeps the dependencies compiled from one to the next.
ifdef CI
export CARGO_TARGET_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/trine/target
endif

CARGO_FLAGS := --release --workspace --locked
SETUP := scripts/setup.sh
# Arguments of the command, for example: make demo ARGS="--voters 9 --seed 7"
ARGS ?=

.PHONY: help demo test soak crash lint deny bench contracts format build

help: ## This list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do \
		printf '  make %-10s %s\n' "$$name" "$$text"; done

demo: build ## An election from ballots to the released winner, on a cluster of local processes; last line is JSON
	@$(SETUP) chain
	@"$$(scripts/target-dir.sh)/release/trine" demo $(ARGS)

build: ## All binaries, optimised
	@$(SETUP) build
	@cargo build $(CARGO_FLAGS) --bins

test: ## The fast tier: everything that is not marked slow
	@$(SETUP) build chain python
	@scripts/test.sh fast

soak: crash ## The slow tier: crash tests, then tests marked `#[ignore = "slow: ..."]`
	@scripts/test.sh slow

crash: ## Kill processes at every persisted step (failpoints armed), then build the binaries without failpoints again
	@$(SETUP) build chain
	@scripts/test.sh crash

lint: deny ## rustfmt, clippy with warnings as errors, shell syntax, cargo-deny
	@$(SETUP) lint
	cargo fmt --all --check
	cargo clippy $(CARGO_FLAGS) --all-targets -- --deny warnings
	@for script in .ci/run $$(git ls-files '*.sh'); do bash -n "$$script"; done

deny: ## Licences, sources, bans of dependencies (compiles cargo-deny once: 3 minutes)
	@$(SETUP) deny
	cargo deny --locked check --hide-inclusion-graph bans licenses sources

bench: ## Criterion for the primitives, then JSON for the whole
	@$(SETUP) build chain
	cargo bench --profile release --workspace --locked --bench '*'
	@cargo build $(CARGO_FLAGS) --bins
	@"$$(scripts/target-dir.sh)/release/trine" bench $(ARGS)

contracts: ## Recompile the contracts, run their tests, compare with the committed artifacts
	@$(SETUP) build chain
	verifier-contract/tools/check.sh

format: ## Format every crate
	cargo fmt --all
