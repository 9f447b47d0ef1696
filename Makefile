# Two commands do everything on a fresh machine that has cargo: `make run` and `make test`.

CARGO ?= cargo
PREFIX ?= $(HOME)/.local

.DEFAULT_GOAL := help
.PHONY: help build run test ci format-check lint docs licences advisories pages faults truth bench install setcap

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build the program (installs libpcap's headers if they are missing)
	@tools/system-packages build
	$(CARGO) build --release --locked

run: build ## Watch a request to the embedded endpoint; needs no network
	target/release/tapline lab

test: ## Run all tests (installs the servers and tools they talk to, where possible)
	@tools/system-packages build
	@tools/system-packages test || true
	@tools/report-peers || true
	$(CARGO) test --locked

ci: format-check lint test docs licences ## What has to pass before a change lands

format-check:
	$(CARGO) fmt --all --check

lint:
	@tools/system-packages build
	$(CARGO) clippy --locked --all-targets -- -D warnings

docs: ## Build the documentation of the library
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps

licences: ## Check the licences, origins and refused versions of what is linked in; needs no network once all is fetched
	@$(CARGO) deny --version >/dev/null 2>&1 || $(CARGO) install cargo-deny --locked
	@$(CARGO) fetch --locked --quiet
	$(CARGO) deny --offline check licenses bans sources

advisories: ## Check for known vulnerabilities; fetches the advisory database
	@$(CARGO) deny --version >/dev/null 2>&1 || $(CARGO) install cargo-deny --locked
	$(CARGO) deny check advisories

pages: ## Show a page in a browser and see that it asks for nothing (installs chromium: half a gigabyte)
	@tools/system-packages browser
	@tools/report-peers || true
	$(CARGO) test --locked --test reports pages

faults: ## Let one system call after the other fail, and see how the program ends (Linux, strace; some minutes)
	@tools/system-packages build
	@tools/system-packages test || true
	$(CARGO) build --locked
	tools/faults

truth: build ## Run scenarios of which is known whose every millisecond is, and say where the ledger is wrong (Linux, root; some minutes)
	$(CARGO) test --locked --test truth -- --ignored --nocapture live_runs_are_told_as_they_are

bench: ## Measure against curl and print the figures (needs nginx and curl)
	@tools/system-packages build
	@tools/system-packages test || true
	$(CARGO) bench --locked

install: build ## Install the program under PREFIX (~/.local)
	install -d "$(PREFIX)/bin"
	install -m 755 target/release/tapline "$(PREFIX)/bin/tapline"

setcap: build ## Let the built program capture packets without root (Linux)
	sudo setcap cap_net_raw=eip target/release/tapline
