# Everything a person runs by hand. Each target makes `.venv` first if it has to.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
CLIENTS := .venv/.clients-installed
NODE := tests/sandbox/third_party

.PHONY: help demo test test-slow lint bench docs constraints clean
.DEFAULT_GOAL := help

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tieline needs Python 3.11 or newer; name one: make PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing into .venv"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(STAMP)  ## two sandboxes, one sync, every step told
	@$(BIN)/tieline demo

lint: $(STAMP)  ## style, types, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "run: $(BIN)/ruff format ."; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo > .venv/lint-imports.log 2>&1 || { cat .venv/lint-imports.log; exit 1; }

test: lint  ## lint, then every test that is not slow
	@$(BIN)/python -m pytest -m "not slow" -n 2

$(CLIENTS): $(STAMP) $(NODE)/package.json $(NODE)/package-lock.json
	@echo "installing the clients that others wrote"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[dev,thirdparty,spark]'
	@mkdir -p build/node && cp $(NODE)/package.json $(NODE)/package-lock.json $(NODE)/.npmrc build/node/
	@if command -v npm > /dev/null; then \
	  cd build/node && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error; \
	else echo "npm is not installed: the clients for Node are skipped"; fi
	@touch $@

test-slow: $(CLIENTS)  ## the slow tests, with clients that others wrote
	@$(BIN)/python -m pytest -m slow -n 2

bench: $(STAMP)  ## the benchmarks
	@$(BIN)/python -m benchmarks

docs: $(STAMP)  ## the generated parts of docs/ and the schema of the configuration
	@$(BIN)/python -m config.schema
	@$(BIN)/python -m app.schema
	@$(BIN)/python docs/generate.py
	@$(BIN)/python -m tests.sync.decision_table
	@$(BIN)/python -m tests.sync.every_rule

constraints:  ## pin the newest versions of all dependencies in constraints.txt
	@rm -rf build/constraints && $(PYTHON) -m venv build/constraints
	@build/constraints/bin/python -m pip install -qq --disable-pip-version-check -e '.[dev,thirdparty,spark]'
	@head -n 1 constraints.txt > build/constraints.txt
	@build/constraints/bin/python -m pip freeze --exclude-editable >> build/constraints.txt
	@mv build/constraints.txt constraints.txt && rm -rf build/constraints

clean:  ## remove .venv and everything that was made
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
