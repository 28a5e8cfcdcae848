# SEND Records.  Two commands matter: `make demo` and `make test`.  Nothing but Python 3.11+ is needed.
PYTHON ?= python3
BIN := .venv/bin
SOURCES := send_records tests bench

.DEFAULT_GOAL := help
.PHONY: help demo serve test test-slow matrix matrix-sql lint bench bench-check lock secrets

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.12 ...")'
	@echo "Making the environment (.venv), once ..."
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: .venv/installed ## Load the worked cases over HTTP into a fresh database and show what they add up to
	@$(BIN)/send-records demo

serve: .venv/installed ## Run the API on http://127.0.0.1:8000, on the embedded PostgreSQL, with tokens of its own
	@$(BIN)/send-records serve --demo

test: .venv/installed lint ## Lint, types and the test suite (under 3 minutes)
	@$(BIN)/python -m pytest -n auto -q -m "not slow"

test-slow: .venv/installed ## The battery of kills: PostgreSQL 50 times, the projector 60 times
	@$(BIN)/python -m pytest -q -m slow --timeout 1800 -s

matrix: .venv/installed ## Everybody asks everything about everyone: how many cells, and how many leaks (a minute)
	@$(BIN)/python -m tests.authority

matrix-sql: .venv/installed ## Every role of the database x table x verb x scope: how many cells, and which leak
	@$(BIN)/python -m pytest -q -s -k no_cell tests/store/test_sql_matrix.py

lint: .venv/installed ## Style and strict types
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/mypy

bench: .venv/installed ## Measure, beside peers and the bare cost of the same work (10 minutes)
	@$(BIN)/python -m bench

bench-check: .venv/installed ## The same, and fail if a target is missed by more than noise
	@$(BIN)/python -m bench --check

lock: .venv/installed ## Pin every dependency, with hashes, to requirements.lock
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-header --extra dev pyproject.toml --output-file requirements.lock

secrets: ## Make the passwords that docker-compose.yml reads, in deploy/secrets
	@sh deploy/make-secrets
