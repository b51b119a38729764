# Handstamp. Two commands do all set-up: `make run` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run build test specs recipes end2end check fmt watch setup setup-test

# What a release is made of: unchanged, `make run` starts at once.
SOURCES := $(shell find src style public -type f) Cargo.toml Cargo.lock rust-toolchain.toml scripts/build scripts/versions.sh
BUILT := target/release/.handstamp-built
CARGO_SSR := --release --no-default-features --features ssr

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: build ## Install what is missing, build, and serve http://127.0.0.1:3000
	@target/release/handstamp

build: setup $(BUILT) ## Build target/release/handstamp and the pages' files

$(BUILT): $(SOURCES)
	@scripts/build
	@touch $@

test: setup-test build specs recipes end2end ## Run everything: specs on both databases, the README's recipes, the browser

specs: ## Run the specs and unit tests
	@cargo test $(CARGO_SSR) --no-run
	@scripts/with_postgres timeout --foreground 600 cargo test $(CARGO_SSR)

recipes: ## Perform the README's recipes on a copy, and try what they made
	@node scripts/recipes.mjs

end2end: $(BUILT) ## Run the browser tests
	@cd end2end && npm run --silent check && npx playwright test

check: setup ## Formatting and lints, for the server and for the browser
	cargo fmt --check
	cargo clippy $(CARGO_SSR) --all-targets -- -D warnings
	cargo clippy --profile wasm-release --no-default-features --features hydrate --lib --target wasm32-unknown-unknown --target-dir target/front -- -D warnings

fmt: ## Format
	cargo fmt

watch: setup ## Rebuild and reload on every change (development)
	@. scripts/paths.sh && CARGO_TARGET_DIR=target/watch LEPTOS_SITE_ROOT=target/watch/site cargo leptos watch

setup:
	@scripts/setup build

setup-test:
	@scripts/setup test
