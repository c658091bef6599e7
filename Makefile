# What one can do here. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TASK ?=

.DEFAULT_GOAL := help
.PHONY: help docs docs-serve install engine databases browser demo test lint types unit format benchmark build clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

install: $(VENV)/installed ## Set up .venv with everything that developing needs

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[arrow,postgres]' --group dev
	@touch $@

engine: ## See to a Docker engine with a base image in it; HARNESS_START_ENGINE=0 leaves the machine as it is
	@tools/prepare_engine

databases: ## See to PostgreSQL's programs, for the tests; HARNESS_INSTALL_POSTGRES=0 leaves the machine as it is
	@tools/prepare_postgres >/dev/null

browser: ## See to Chromium, for the tests; HARNESS_INSTALL_BROWSER=0 leaves the machine as it is
	@tools/prepare_browser >/dev/null

demo: $(VENV)/installed ## Validate the sample tasks on real data and show the result
	@tools/prepare_engine --no-start
	@$(BIN)/harness validate $(sort $(dir $(wildcard sample_tasks/*/custom.*)))

ifeq ($(TASK),)
test: engine databases browser lint types unit ## Lint, types and all tests; with TASK=folder: validate that task instead
else
test: $(VENV)/installed
	@$(BIN)/harness validate $(TASK)
endif

lint: $(VENV)/installed ## Style, formatting, and which room may import which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/installed ## The type checker
	$(BIN)/mypy

unit: $(VENV)/installed ## All tests
	$(BIN)/pytest

format: $(VENV)/installed ## Put the code into its format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

benchmark: $(VENV)/installed ## Time a validation against a bare script, in turns
	$(BIN)/python benchmarks/validate_speed.py

build: $(VENV)/installed ## The wheel and the source distribution, in dist/
	$(BIN)/python -m build

docs: $(VENV)/installed ## The documentation, as a site in site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

docs-serve: $(VENV)/installed ## The documentation while it is written, at a local address
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve

clean: ## Remove what was made here
	rm -rf $(VENV) dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
