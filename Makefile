# make demo    the story of the README, from nothing, in a simulated cloud (KEEP=1 leaves it running)
# make demo CLOUD=openstack    the same in real OpenStack services (needs what make openstack needs)
# make test    every test that needs no cloud of yours; those that need real services are skipped where there are none
# make conformance  the suite that the embedded API server and a real kube-apiserver must both pass
# make bench-api   the embedded API server beside kube-apiserver with etcd, and the controller runtime (BENCH="--rounds 3")
# make bench-openstack   workers made by Kubecapy beside a bare client, on real OpenStack services (BENCH="--sizes 1 10")
# make kubernetes   build the real one, once, into the user's cache (needs Go; or set KUBEBUILDER_ASSETS)
# make openstack    install real OpenStack services into .cache, once (needs a PostgreSQL server on the machine)
# make openstack-up    run them on loopback until make openstack-down (TRIAL=1: and make a server there)
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

OPENSTACK := $(BIN)/python -m openstack_services

.PHONY: demo test conformance bench-api bench-openstack kubernetes openstack openstack-up openstack-down check format generate \
	setup-demo setup-dev clean

demo: setup-demo $(filter openstack,$(CLOUD))
	@exec $(BIN)/python -m demo $(if $(CLOUD),--cloud $(CLOUD)) $(if $(filter 1 yes true,$(KEEP)),--keep)

test: setup-dev
	@PATH="$(BIN):$$PATH" $(BIN)/python -m pytest -q -n 4 --dist loadgroup -o cache_dir=$(CACHE)/pytest $(TESTS)

conformance: setup-dev kubernetes
	@PATH="$(BIN):$$PATH" $(BIN)/python -m pytest -q -n 2 --dist loadgroup -o cache_dir=$(CACHE)/pytest tests/conformance

bench-api: setup-dev kubernetes
	@$(BIN)/python -m benchmarks.api $(BENCH)

bench-openstack: setup-dev openstack
	@$(BIN)/python -m benchmarks.openstack $(BENCH)

kubernetes:
	@python3 tools/build_kubernetes.py

openstack:
	@python3 tools/setup.py openstack

openstack-up: setup-demo openstack
	@exec $(OPENSTACK) up $(if $(filter 1 yes true,$(TRIAL)),--trial)

openstack-down: setup-demo
	@$(OPENSTACK) down

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
