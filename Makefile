# Ringmain: set-up, tests and checks. Bare `make` lists the targets.
# Needs make, Python 3.11 or newer, and its venv module; everything else is installed into .venv from the lock files.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help

PYTHON ?= python3
# How many tests run at once, and what to hand on: make test PYTEST_ARGS='tests/ledger -x'; make up UP_ARGS=--no-demo.
WORKERS ?= 2
PYTEST_ARGS ?=
UP_ARGS ?=
BENCH_ARGS ?=

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# A stamp is newer than what it was made from; it lives in .venv, so that removing .venv forgets it.
RUN := .venv/.installed-run
DEV := .venv/.installed-dev
# Browser libraries, copied into the package; node comes from PyPI where the machine has none.
VENDOR := src/ringmain/entry/static/vendor/manifest.json
# PySpark, 434 MB, which only the long tests need; Spark itself needs Java 17, and its tests are skipped without.
SPARK := .venv/.installed-spark
LIGHTHOUSE := tools/lighthouse/node_modules/.package-lock.json
RESOLVE := uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header

.PHONY: help up test test-again test-long lighthouse check fix bench docs lock wheel texts clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

up: $(RUN) $(VENDOR) ## Start everything on this machine: database, server, worker (the first start replays real weeks)
	@exec $(BIN)/ringmain up $(UP_ARGS)

test: $(DEV) $(VENDOR) ## Run the tests that take minutes at most
	@$(BIN)/python -m pytest -n $(WORKERS) -m "not long" $(PYTEST_ARGS)

test-again: $(DEV) $(VENDOR) ## Run once more, one by one, the few tests that failed
	@$(BIN)/python -m tools.again -m "not long" $(PYTEST_ARGS)

test-long: $(DEV) $(VENDOR) $(SPARK) ## Run the long tests: crashes, power loss, large data, the wheel, Spark
	@$(BIN)/python -m pytest -m long $(PYTEST_ARGS)

lighthouse: $(DEV) $(VENDOR) $(LIGHTHOUSE) ## Measure the person's pages with Lighthouse (the first time installs it: 190 MB)
	@$(BIN)/python -m pytest -s -m long tests/entry/web/test_lighthouse.py $(PYTEST_ARGS)

check: $(DEV) ## Check style, types, floors and sizes
	@$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet . || { echo "Run 'make fix' to format these files."; exit 1; }
	$(BIN)/python -m tools.sizes src tools
	PYTHONPATH=. $(BIN)/lint-imports --no-logo
	$(BIN)/mypy

fix: $(DEV) ## Format the code and mend what the linter can mend
	@$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .

bench: $(RUN) ## Measure against the limits of this machine; writes bench.json
	@$(BIN)/ringmain bench --json bench.json $(BENCH_ARGS)

docs: $(RUN) ## Write docs/reference again from the code
	@mkdir -p docs/reference
	$(BIN)/ringmain openapi --output docs/reference/openapi.json
	$(BIN)/ringmain reference --output docs/reference

lock: ## Resolve the dependencies again and write the lock files (needs uv; LOCK_ARGS=--upgrade for newer ones)
	@command -v uv > /dev/null || { echo "make lock needs uv: pip install uv"; exit 1; }
	$(RESOLVE) $(LOCK_ARGS) --group dev pyproject.toml --output-file requirements-dev.lock > /dev/null
	$(RESOLVE) $(LOCK_ARGS) --group node --output-file requirements-node.lock > /dev/null
	$(RESOLVE) $(LOCK_ARGS) --group spark --output-file requirements-spark.lock > /dev/null
	$(RESOLVE) --group build --constraints requirements-dev.lock pyproject.toml --output-file requirements.lock > /dev/null

wheel: $(DEV) $(VENDOR) ## Build the wheel into dist/
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist .

texts: $(DEV) ## Write what pages say and nobody has translated yet into the catalogues
	@$(BIN)/python -m tools.texts

clean: ## Remove what was built and measured; keeps .venv and your data
	@rm -rf build dist bench.json .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
		echo "Ringmain needs Python 3.11 or newer. Name one: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || {
		echo "Python's venv module is missing. On Debian: sudo apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv

$(RUN): requirements.lock requirements-data.lock pyproject.toml tools/install.py | .venv/bin/python
	@echo "Installing what running needs into .venv (once; about a minute)"
	$(BIN)/python tools/install.py requirements.lock requirements-data.lock
	$(PIP) install --quiet --no-deps --no-build-isolation --no-index --editable .
	touch $@

$(VENDOR): package-lock.json tools/vendor.py | $(RUN)
	@echo "Fetching the browser libraries (once)"
	command -v npm > /dev/null || $(BIN)/python tools/install.py requirements-node.lock
	$(BIN)/python tools/vendor.py --fetch
	touch $@

$(LIGHTHOUSE): tools/lighthouse/package-lock.json | $(VENDOR)
	@echo "Fetching Lighthouse (once)"
	$(BIN)/python tools/vendor.py --lighthouse
	touch $@

$(SPARK): requirements-spark.lock $(DEV)
	@echo "Installing PySpark into .venv (once)"
	$(BIN)/python tools/install.py requirements-spark.lock
	touch $@

$(DEV): requirements-dev.lock $(RUN)
	@echo "Installing what tests and checks need into .venv (once)"
	$(BIN)/python tools/install.py requirements-dev.lock
	touch $@
