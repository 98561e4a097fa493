# Every command that the README names. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HARNESS := $(BIN)/python -m tests.harness
# Prints how long the target's recipe took, whatever came of it.
TIMED = @start=$$SECONDS; trap 'code=$$?; echo "==> $@: $$([ $$code = 0 ] && echo ok || echo FAILED) after $$((SECONDS - start)) s"; exit $$code' EXIT;

CLUSTER ?= default
NODES ?= 3
PYTEST_ARGS ?=
# More than there are cores: most of the time a test waits for Kubernetes.
API_WORKERS ?= 6
# One a core: they wait for nothing.
UNIT_WORKERS ?= 2
BENCH_ARGS ?=

.PHONY: help
help: ## List the commands.
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(VENV)/ready ## Bring up a real cluster, install the operator, run SQL on Presto, scale it. KEEP=1 leaves it up.
	$(TIMED) $(BIN)/python -m tests.demo $(if $(KEEP),--keep)

.PHONY: test
test: $(VENV)/ready ## What continuous integration runs: lint, types, layers, unit, api, e2e. Ends with a table of seconds and budgets.
	$(TIMED) $(BIN)/python -m tests.parts

.PHONY: fetch
fetch: $(VENV)/ready ## Build and download what tests and demo need, for later or for a machine without a network.
	$(TIMED) $(BIN)/python -m tests.parts.fetch

.PHONY: lint
lint: $(VENV)/ready ## Style of code and shell scripts, and drift of what is generated.
	$(TIMED) $(BIN)/ruff check . && $(BIN)/ruff format --check . \
		&& $(BIN)/shellcheck operator/presto_operator/desired/scripts/*.sh \
		&& $(BIN)/shellcheck --severity=warning tests/harness/images/data_platform/*.sh tests/harness/images/presto_start/java \
		&& $(BIN)/presto-operator crd | diff -u crds/prestooperator.io_prestoclusters.yaml - \
			|| { echo "the CRD has drifted from its models, or style is off: make crds format"; exit 1; }
	@cmp crds/prestooperator.io_prestoclusters.yaml charts/presto-operator/files/prestooperator.io_prestoclusters.yaml

.PHONY: types
types: $(VENV)/ready ## Strict type checking.
	$(TIMED) $(BIN)/mypy

.PHONY: layers
layers: $(VENV)/ready ## The layers' import contracts.
	$(TIMED) $(BIN)/lint-imports

.PHONY: unit
unit: $(VENV)/ready ## Pure functions: seconds, no cluster.
	$(TIMED) $(BIN)/pytest tests/unit --numprocesses=$(UNIT_WORKERS) --dist=worksteal $(PYTEST_ARGS)

.PHONY: api
api: $(VENV)/ready ## A real API server with fake nodes.
	$(TIMED) $(BIN)/pytest tests/api --numprocesses=$(API_WORKERS) --dist=worksteal $(PYTEST_ARGS)

.PHONY: e2e
e2e: $(VENV)/ready ## Real nodes, real Presto: the first tier.
	$(TIMED) $(BIN)/pytest tests/e2e -m "not long" $(PYTEST_ARGS)

.PHONY: test-long
test-long: $(VENV)/ready ## Real nodes, real Presto: all tests that are not in the first tier. Ends with a table.
	$(TIMED) $(BIN)/pytest tests/e2e -m long --table $(PYTEST_ARGS)

.PHONY: bench-faults
bench-faults: $(VENV)/ready ## Real queries while nodes are reclaimed and killed: one table. BENCH_ARGS=--help tells what can be chosen.
	$(TIMED) $(BIN)/python -m bench.faults $(BENCH_ARGS)

.PHONY: bench-reclaim
bench-reclaim: $(VENV)/ready ## From a node's taint to its workers' leave, with 100 clusters on fake nodes.
	$(TIMED) $(BIN)/python -m bench.reclaim $(BENCH_ARGS)

.PHONY: bench-polling
bench-polling: $(VENV)/ready ## How far one operator falls behind that polls 500 clusters. BENCH_ARGS=--help tells what can be chosen.
	$(TIMED) $(BIN)/python -m bench.polling $(BENCH_ARGS)

.PHONY: bench-hostile
bench-hostile: $(VENV)/ready ## What tenants who mean harm cost the operator and the others. BENCH_ARGS=--help tells what can be chosen.
	$(TIMED) $(BIN)/python -m bench.hostile $(BENCH_ARGS)

.PHONY: bench-pass
bench-pass: $(VENV)/ready ## What one pass over an unchanged cluster costs. BENCH_ARGS="--before COMMIT" prints the ratio.
	$(TIMED) $(BIN)/python -m bench.passes $(BENCH_ARGS)

.PHONY: bench-start
bench-start: $(VENV)/ready ## How long Presto takes to start, alone and three at once, as released and in the images of the tests.
	$(TIMED) for count in 1 3; do for as in --plain ''; do $(HARNESS) presto-start --count $$count $$as; done; done

.PHONY: bench-autoscaling
bench-autoscaling: $(VENV)/ready ## A day of queries in a minute, for each way to scale. Draws build/autoscaling.png.
	$(TIMED) $(BIN)/python -m bench.autoscaling --json build/autoscaling.json --picture build/autoscaling.png

.PHONY: bench-simulation
bench-simulation: $(VENV)/ready ## Random courses of events against the real passes, by the hundred thousand. BENCH_ARGS=--help tells what can be chosen.
	$(TIMED) $(BIN)/python -m bench.simulation $(BENCH_ARGS)

.PHONY: cluster-up
cluster-up: $(VENV)/ready ## A real Kubernetes with NODES real nodes, as cluster CLUSTER.
	$(TIMED) $(HARNESS) up --name $(CLUSTER) --nodes $(NODES)

.PHONY: cluster-down
cluster-down: $(VENV)/ready ## Take cluster CLUSTER away.
	$(TIMED) $(HARNESS) down --name $(CLUSTER)

.PHONY: cluster-status
cluster-status: $(VENV)/ready ## What runs in cluster CLUSTER.
	@$(HARNESS) status --name $(CLUSTER)

.PHONY: crds
crds: $(VENV)/ready ## Generate the CRD from the models.
	$(BIN)/presto-operator crd > crds/prestooperator.io_prestoclusters.yaml
	cp crds/prestooperator.io_prestoclusters.yaml charts/presto-operator/files/

.PHONY: format
format: $(VENV)/ready ## Format the code.
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

.PHONY: lock
lock: $(VENV)/ready ## Pin the dependencies anew: versions and hashes, no addresses.
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 \
		--upgrade pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 \
		--upgrade --extra dev --extra bench -c requirements.txt pyproject.toml -o requirements-dev.txt
	grep '^hatchling==' requirements-dev.txt | tr -d '\\' | $(BIN)/uv pip compile -q --universal --generate-hashes \
		--no-header --no-annotate --python-version 3.11 -c requirements-dev.txt - -o requirements-build.txt

# The stamp says that the environment is what the pins say.
$(VENV)/ready: requirements-dev.txt pyproject.toml
	@echo "==> Python environment in $(VENV)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
