# Handstamp. Two commands do all set-up: `make run` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run build test specs recipes interop end2end torture fuzz fuzz-keep bench-tokens bench-logout bench-blocklist bench-timing bench-flood check audit sbom proxies backup fmt watch setup setup-test

# What a release is made of: unchanged, `make run` starts at once.
SOURCES := $(shell find src style public -type f) Cargo.toml Cargo.lock rust-toolchain.toml scripts/build scripts/versions.sh
BUILT := target/release/.handstamp-built
CARGO_BENCH := --no-default-features --features ssr
CARGO_SSR := --release --no-default-features --features ssr

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: build ## Install what is missing, build, and serve http://127.0.0.1:3000
	@target/release/handstamp

build: setup $(BUILT) ## Build target/release/handstamp and the pages' files

$(BUILT): $(SOURCES)
	@scripts/build
	@touch $@

test: setup-test build specs recipes interop end2end ## Run everything: specs on both databases, the README's recipes, libraries of others, the browser

specs: ## Run the specs and unit tests
	@scripts/specs

recipes: ## Perform the README's recipes on a copy, and try what they made
	@node scripts/recipes.mjs

interop: $(BUILT) ## Try libraries of others on our tokens: Flask-JWT-Extended, PyJWT, jose, jsonwebtoken; strict ones of RFC 9068
	@scripts/interop

end2end: $(BUILT) ## Run the browser tests
	@cd end2end && npm run --silent check && npx playwright test

torture: $(BUILT) ## Kill a server in storms of sign-outs and refreshes, and see whether one is lost (about two minutes)
	@scripts/setup torture
	@node scripts/torture.mjs

fuzz: ## Send what nobody expects to whatever reads a stranger's bytes: make fuzz SECONDS=60, for each target
	@scripts/setup fuzz
	@scripts/fuzz $(or $(SECONDS),60)

fuzz-keep: ## Take what `make fuzz` found, and no file reaches yet, into fuzz/corpus, which the specs replay
	@scripts/setup fuzz
	@scripts/fuzz keep

bench-tokens: setup ## What verifying a token costs, beside jsonwebtoken (about two minutes)
	@cargo bench $(CARGO_BENCH) --bench tokens

bench-logout: setup ## Durable sign-outs a second, how long each takes, and when another service knows
	@cargo bench $(CARGO_BENCH) --bench logout

bench-blocklist: setup ## What a million entries on the blocklist cost: memory, and time at the start
	@cargo bench $(CARGO_BENCH) --bench blocklist

bench-timing: setup ## Whether the time of an answer tells who has an account (about eight minutes)
	@cargo bench $(CARGO_BENCH) --bench timing

bench-flood: setup ## What a flood of sign-ins, idle and slow clients cost those who are signed in (about three minutes)
	@cargo bench $(CARGO_BENCH) --bench flood

check: setup ## Formatting and lints, for the server and for the browser
	cargo fmt --check
	cargo clippy $(CARGO_SSR) --all-targets -- -D warnings
	cargo clippy --profile wasm-release --no-default-features --features hydrate --lib --target wasm32-unknown-unknown --target-dir target/front -- -D warnings

audit: ## Ask what is known against our dependencies: cargo-deny, npm audit; what cannot be asked fails
	@scripts/setup audit
	@scripts/audit

sbom: ## List all that the binary and the pages are made of: target/handstamp.cdx.json (CycloneDX)
	@scripts/setup audit
	@. scripts/paths.sh && cargo cyclonedx -q -f json --spec-version 1.5 --no-default-features -F ssr,hydrate --override-filename handstamp.cdx
	@mv handstamp.cdx.json target/ && echo target/handstamp.cdx.json

proxies: $(BUILT) ## Try the examples of deploy/ for nginx and Caddy, which must be there
	@node scripts/proxies.mjs

backup: $(BUILT) ## Back up, restore and compare, as docs/deploying.md says, while people sign in and out
	@node scripts/backup.mjs

fmt: ## Format
	cargo fmt

watch: setup ## Rebuild and reload on every change (development)
	@. scripts/paths.sh && CARGO_TARGET_DIR=target/watch LEPTOS_SITE_ROOT=target/watch/site cargo leptos watch --split

setup:
	@scripts/setup build

setup-test:
	@scripts/setup test
