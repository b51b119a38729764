# Handstamp. `make run` and `make test` install everything that they need. `make help` lists the other commands.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run build dist test specs specs-pooler recipes interop clients doors end2end soak pictures torture torture-failover cluster torture-cluster fuzz fuzz-keep bench bench-tokens bench-timing bench-flood bench-doors check audit sbom proxies backup fmt watch watch-time lint-format lint-server lint-pages lint-clients setup setup-test

# The sources of a release. If none has changed, `make run` starts at once.
SOURCES := $(shell find src style public -type f) Cargo.toml Cargo.lock rust-toolchain.toml scripts/build scripts/versions.sh
BUILT := target/release/.handstamp-built
DIST := target/dist/.handstamp-built
CARGO_BENCH := --no-default-features --features ssr
CARGO_SSR := --release --no-default-features --features ssr
CARGO_DIST := --profile dist --no-default-features --features ssr

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

run: build ## Install what is missing, build, and serve http://localhost:3000
	@target/release/handstamp

build: setup $(BUILT) ## Build target/release/handstamp, with the pages' files in it

# As old as the start of the build: what changes meanwhile is built the next time.
$(BUILT): $(SOURCES)
	@mkdir -p target && touch target/.build-begun
	@scripts/build
	@mv target/.build-begun $@

dist: setup $(DIST) ## Build target/dist/handstamp, to deploy: smaller and faster than that of `make build`, minutes later

$(DIST): $(BUILT)
	@echo "dist: the server once more, optimised as a whole (about 10 minutes the first time on two cores)"
	@. scripts/paths.sh && cargo build $(CARGO_DIST) --bin handstamp
	@touch $@

# `specs` comes after all that need the release: it compiles our crate once more, without optimisation.
test: ## Run everything: specs on both databases, the documentation's recipes, other libraries, followers, proxies, the browser
	@scripts/parts setup-test build interop clients doors end2end recipes specs

specs: ## Run the specs and unit tests
	@scripts/specs

recipes: ## Perform the recipes of README.md and docs/ on a copy, and try the result
	@node scripts/recipes.mjs

interop: $(BUILT) ## Try other libraries on our tokens: Flask-JWT-Extended, PyJWT, jose, jsonwebtoken; strict validators of RFC 9068; those of docs/doors.md; a mail server
	@scripts/interop

clients: $(BUILT) ## Build the packages in clients/, install them, and follow a server with them, in every framework that they know
	@scripts/clients/run

doors: $(BUILT) ## Try the examples of deploy/forward-auth/: nginx, Caddy, HAProxy and Apache from Debian, at most 90 seconds
	@scripts/setup doors
	@node scripts/doors.mjs

end2end: $(BUILT) ## Run the browser tests, and some of them once more on PostgreSQL
	@cd end2end && npm run --silent check && npx playwright test
	@cd end2end && ../scripts/with_postgres npx playwright test setup sign_out restart

specs-pooler: ## Run the specs on PostgreSQL through PgBouncer in transaction mode
	@scripts/setup pooler
	@scripts/specs pooler

soak: $(BUILT) ## Run the browser tests 20 times on a busy machine, and print what failed: make soak ROUNDS=20 MINUTES=600
	@node scripts/soak.mjs

pictures: $(BUILT) ## Take a picture of every page in every state: end2end/screenshots/
	@cd end2end && PICTURES=1 npx playwright test looks

torture: $(BUILT) ## Kill a server under a load of sign-outs and refreshes, and check that none is lost (about two minutes)
	@scripts/setup torture
	@node scripts/torture.mjs

torture-failover: $(BUILT) ## Kill a PostgreSQL primary under the same load, let its standby take over, and check that none is lost (about three minutes): make torture-failover ROUNDS=20
	@scripts/setup torture-failover
	@node scripts/torture_failover.mjs --rounds $(or $(ROUNDS),12)

cluster: $(BUILT) ## Start PostgreSQL, three instances and nginx before them on this machine, until Ctrl-C
	@scripts/setup cluster
	@node scripts/cluster.mjs

torture-cluster: $(BUILT) ## Three instances: measure sign-outs, take PostgreSQL away, restart, kill (four minutes): SECONDS=240 OPERATIONS=1000000
	@scripts/setup cluster
	@node scripts/torture_cluster.mjs $(if $(SECONDS),--seconds $(SECONDS)) $(if $(OPERATIONS),--operations $(OPERATIONS)) $(if $(ONLY),--only $(ONLY))

fuzz: ## Fuzz every parser of untrusted input: make fuzz SECONDS=60, for each target
	@scripts/setup fuzz
	@scripts/fuzz $(or $(SECONDS),60)

fuzz-keep: ## Copy inputs of `make fuzz` that reach new code into fuzz/corpus, which the specs replay
	@scripts/setup fuzz
	@scripts/fuzz keep

bench: $(DIST) ## Measure all goals for speed and size beside other people's code (ten minutes at most): make bench ONLY=door
	@scripts/setup bench
	@cargo build --quiet $(CARGO_DIST) --example peers
	@. scripts/paths.sh && node scripts/bench.mjs "$$PYTHON_PACKAGES/bin/python3"

bench-tokens: setup ## Measure the time to verify a token, compared with jsonwebtoken (about two minutes)
	@cargo bench $(CARGO_BENCH) --bench tokens

bench-timing: setup ## Check that the time of an answer does not show who has an account (about eight minutes)
	@cargo bench $(CARGO_BENCH) --bench timing

bench-flood: setup ## Measure how signed-in users fare during a flood of sign-ins, idle and slow clients (about three minutes)
	@cargo bench $(CARGO_BENCH) --bench flood

bench-doors: $(BUILT) ## Measure the followers in clients/: from a sign-out to the refusal, and what a check costs (three minutes)
	@scripts/setup clients
	@. scripts/paths.sh && node scripts/bench_doors.mjs "$$PYTHON_CLIENTS/bin/python3"

check: ## Check formatting and lints, for the server and for the browser
	@scripts/parts setup lint-format lint-server lint-pages lint-clients

lint-format:
	cargo fmt --check
	cargo fmt --check --manifest-path clients/rust/Cargo.toml

lint-server:
	@scripts/one_build
	cargo clippy $(CARGO_SSR) --all-targets -- -D warnings

lint-pages:
	cargo clippy --profile wasm-release --no-default-features --features hydrate --lib --target wasm32-unknown-unknown --target-dir target/front -- -D warnings

lint-clients:
	cargo clippy --manifest-path clients/rust/Cargo.toml --target-dir target/clients --locked --all-targets -- -D warnings

audit: ## Check dependencies for known vulnerabilities: cargo-deny, npm audit. Fails if a list cannot be read
	@scripts/setup audit
	@scripts/audit

sbom: ## List all dependencies of the binary and the pages: target/handstamp.cdx.json (CycloneDX)
	@scripts/setup audit
	@. scripts/paths.sh && cargo cyclonedx -q -f json --spec-version 1.5 --no-default-features -F ssr,hydrate --override-filename handstamp.cdx
	@mv handstamp.cdx.json target/ && echo target/handstamp.cdx.json

proxies: $(BUILT) ## Try the examples for nginx and Caddy in deploy/; both must be installed
	@node scripts/proxies.mjs

backup: $(BUILT) ## Back up, restore and compare, as docs/operations.md says, while users sign in and out
	@node scripts/backup.mjs

fmt: ## Format
	cargo fmt
	cargo fmt --manifest-path clients/rust/Cargo.toml

watch: setup ## Rebuild and reload on every change (development)
	@. scripts/paths.sh && CARGO_TARGET_DIR=target/watch LEPTOS_SITE_ROOT=target/watch/site cargo leptos watch --split

watch-time: setup-test ## How long `make watch` takes from an edit to the reloaded page: at most 15 seconds
	@node scripts/watch_time.mjs

setup:
	@scripts/setup build

setup-test:
	@scripts/setup test
