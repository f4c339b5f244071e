# make demo    the story of the README, from nothing, in a simulated cloud (KEEP=1 leaves it running)
# make test    every test that needs no real cloud
# make check   format, lint, import contracts, types, generated files
# Each target sets up what it needs in .cache first; delete that folder to start anew.

SHELL := /bin/sh
CACHE := $(CURDIR)/.cache
BIN := $(CACHE)/venv/bin
export PYTHONPYCACHEPREFIX := $(CACHE)/pycache
export PYTHONUNBUFFERED := 1
export MYPY_CACHE_DIR := $(CACHE)/mypy
export RUFF_CACHE_DIR := $(CACHE)/ruff
export HYPOTHESIS_STORAGE_DIRECTORY := $(CACHE)/hypothesis

.PHONY: demo test check format generate setup-demo setup-dev clean

demo: setup-demo
	@exec $(BIN)/python -m demo $(if $(filter 1 yes true,$(KEEP)),--keep)

test: setup-dev
	@PATH="$(BIN):$$PATH" $(BIN)/python -m pytest -q -n 4 --dist loadgroup -o cache_dir=$(CACHE)/pytest $(TESTS)

check: setup-dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports --cache-dir $(CACHE)/import_linter
	@$(BIN)/mypy
	@$(BIN)/python tools/generate_crds.py --check
	@$(BIN)/python tools/generate_reference.py --check

format: setup-dev
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

generate: setup-dev
	@$(BIN)/python tools/generate_crds.py
	@$(BIN)/python tools/generate_reference.py

setup-demo:
	@python3 tools/setup.py demo

setup-dev:
	@python3 tools/setup.py dev

clean:
	rm -rf $(CACHE)
