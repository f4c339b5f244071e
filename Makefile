# make demo    the story of the README, from nothing, in a simulated cloud (KEEP=1 leaves it running)
# make test    every test that needs no real cloud; those that need a real kube-apiserver are skipped without one
# make conformance  the suite that the embedded API server and a real kube-apiserver must both pass
# make bench-api   the embedded API server beside kube-apiserver with etcd, and the controller runtime (BENCH="--rounds 3")
# make kubernetes   build the real one, once, into the user's cache (needs Go; or set KUBEBUILDER_ASSETS)
# make check   format, lint, import contracts, types, generated files
# Each target sets up what it needs in .cache first; delete that folder to start anew.

SHELL := /bin/sh
CACHE := $(CURDIR)/.cache
BIN := $(CACHE)/venv/bin
export PYTHONPYCACHEPREFIX := $(CACHE)/pycache
# Compiled files go there: without them, every process that a test or the demo starts would compile all it imports.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONUNBUFFERED := 1
export MYPY_CACHE_DIR := $(CACHE)/mypy
export RUFF_CACHE_DIR := $(CACHE)/ruff
export HYPOTHESIS_STORAGE_DIRECTORY := $(CACHE)/hypothesis

.PHONY: demo test conformance bench-api kubernetes check format generate setup-demo setup-dev clean

demo: setup-demo
	@exec $(BIN)/python -m demo $(if $(filter 1 yes true,$(KEEP)),--keep)

test: setup-dev
	@PATH="$(BIN):$$PATH" $(BIN)/python -m pytest -q -n 4 --dist loadgroup -o cache_dir=$(CACHE)/pytest $(TESTS)

conformance: setup-dev kubernetes
	@PATH="$(BIN):$$PATH" $(BIN)/python -m pytest -q -n 2 --dist loadgroup -o cache_dir=$(CACHE)/pytest tests/conformance

bench-api: setup-dev kubernetes
	@$(BIN)/python -m benchmarks.api $(BENCH)

kubernetes:
	@python3 tools/build_kubernetes.py

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
