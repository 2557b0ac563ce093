# The commands of the project. `make check` is what CI runs; everything sets itself up in .venv.
# Needed beforehand: Python 3.11 to 3.13, make and a package index. Another Python: make test PYTHON=python3.12

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& echo $$p && break; done)
UV ?= uv
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
CODE := flows transforms expectations tests
ARGS ?=
# Files of tests side by side, each on one core: most tests wait for a disk, a server or one thread of Python.
PARALLEL := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo check test test-live cov lint fmt types sql docs lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' \
		| while IFS='|' read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

setup: $(VENV)/.installed ## Install everything into .venv, exactly as locked

# The lock is its own constraint: pip before 23.3 takes the newest `sqlalchemy[asyncio]`, whatever `sqlalchemy` is
# pinned to, and then misses its hash.
$(VENV)/.locked: requirements.lock
	@test -n "$(PYTHON)" || { echo "No Python 3.11 to 3.13 found; name one: make setup PYTHON=/path/to/python" >&2; exit 1; }
	@echo "Installing the locked requirements into $(VENV) (about two minutes) ..."
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP) install --require-hashes --requirement requirements.lock --constraint requirements.lock
	@touch $@

$(VENV)/.installed: $(VENV)/.locked pyproject.toml
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## A simulated market, two years and two nights: no keys, no internet after the installation
	$(BIN)/smallcaps demo

check: lint types sql test ## Everything CI runs: ruff, mypy --strict, sqlfluff, tests

test: setup ## The tests; one of them: make test ARGS="tests/unit -k cap"
	$(BIN)/pytest $(PARALLEL) -m "not live" $(ARGS)

test-live: setup ## One request to each real source (needs the internet)
	$(BIN)/pytest -m live $(ARGS)

cov: setup ## The tests with branch coverage
	$(BIN)/pytest -m "not live" --cov --cov-report=term $(ARGS)

lint: setup ## ruff: rules and format
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)

fmt: setup ## Format the code and mend what ruff can mend
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)
	$(BIN)/sqlfluff fix sql

types: setup ## mypy --strict
	$(BIN)/mypy

sql: setup ## sqlfluff over sql/
	$(BIN)/sqlfluff lint sql

docs: setup ## Write docs/data_dictionary from the contracts and macros
	$(BIN)/python -m flows.data_dictionary

lock: ## Renew requirements.lock from pyproject.toml (needs uv); newest versions: make lock ARGS=--upgrade
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: pip install uv" >&2; exit 1; }
	$(UV) pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-annotate --custom-compile-command "make lock" \
		--output-file requirements.lock --quiet $(ARGS)

clean: ## Remove .venv and caches (never data/)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
