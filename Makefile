# `make` alone lists the targets. Each needs git, Python 3.11 or newer, and nothing else beforehand.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export PYTHON
# Container images often turn cached bytecode off; without it each command takes twice as long to start.
unexport PYTHONDONTWRITEBYTECODE
RUN := .venv/bin/

.PHONY: help setup demo test quick check format lock docs lab-bench lab-clouds bench faults fuzz tempest client-commands clients horizon sdk-tests almanach-suite clean

help: ## List all targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

setup: .venv/.ready ## Create .venv with all packages (PYTHON=path selects the interpreter)

.venv/.ready: pyproject.toml requirements/dev.txt requirements/uv.txt tools/setup tools/run-uv tools/get-uv tools/find-python
	@tools/setup
	@touch $@

demo: setup ## Run a scenario with the real clients (KEEP=1 leaves everything running)
	@$(RUN)python tools/demo.py $(if $(KEEP),--keep)

test: setup ## Check the code and run all tests
	@tools/test

quick: setup ## Run the shorter tests of services and APIs, on SQLite
	@$(RUN)python -m pytest -n 2 --dist loadfile -m "not slow and not thorough" -k "not postgresql and not mariadb and not aws" \
		tests/architecture tests/kit tests/services tests/conformance tests/interfaces \
		$(addprefix --ignore tests/interfaces/,portal cli almanach test_authorization.py)

check: setup ## Run the static checks: requirements files, ruff, mypy, import-linter
	@$(RUN)python tools/lock.py --check
	@$(RUN)ruff format --check --quiet . && $(RUN)ruff check --quiet . && $(RUN)mypy && $(RUN)lint-imports

format: setup ## Format the code
	@$(RUN)ruff format . && $(RUN)ruff check --fix .

lock: ## Rewrite requirements/ from pyproject.toml (UPGRADE=1 upgrades all pins)
	@python=$$(tools/find-python) && "$$python" tools/lock.py $(if $(UPGRADE),--upgrade)

docs: setup ## Generate pages of docs/reference from the code
	@$(RUN)python -m stratiform.app.reference_pages

bench: setup ## Measure rating a million segments
	@$(RUN)python benchmarks/rating.py

lab-bench: setup ## Measure the API and a real OpenStack (LAB=path to openstack-lab)
	@$(RUN)python benchmarks/api.py --lab "$(LAB)"

lab-clouds: setup ## Run the conformance tests of connectors against a real OpenStack (LAB=path to openstack-lab)
	@eval "$$("$(LAB)" rc)" && OPENSTACK_LAB="$$OS_AUTH_URL $$OS_USERNAME $$OS_PASSWORD $$OS_PROJECT_NAME" \
		$(RUN)python -m pytest tests/conformance -k "openstack and not recording"

faults: setup ## Run the fault injection tests: 200 kills (KILLS=n), 100 rounds for the ledger (ROUNDS=n SEED=n)
	@FAULT_KILLS=$(or $(KILLS),200) FAULT_ROUNDS=$(or $(ROUNDS),100) FAULT_SEED=$(or $(SEED),1) $(RUN)python -m pytest tests/faults

fuzz: setup ## Send random requests to every API (SECONDS=n SEED=n)
	@FUZZ_SECONDS=$(or $(SECONDS),300) FUZZ_SEED=$(or $(SEED),1) $(RUN)python -m pytest -q tests/interfaces/test_fuzz.py
	@$(RUN)python tools/schemathesis_suite.py --seconds $(or $(SECONDS),300) --seed $(or $(SEED),1)

tempest: setup ## Run the Tempest tests that interoperability requires (ONLY="network …", PAGE=1 writes docs/reference/tempest.md)
	@$(RUN)python tools/tempest_suite.py $(if $(PAGE),--page) $(ONLY)

client-commands: setup ## Run every command of the openstack client (FILES="…"; PAGE=1 writes docs/reference/openstack-commands.md)
	@$(RUN)python tools/client_commands.py $(if $(PAGE),--page) $(FILES)

clients: setup ## Run libcloud, Ansible, nova, cinder, glance, neutron and rally (ONLY="nova …", PAGE=1 writes docs/reference/clients.md)
	@$(RUN)python tools/client_suites.py $(if $(PAGE),--page) $(ONLY)

horizon: setup ## Use Horizon beside Stratiform in headless Chromium; screenshots in .cache/horizon
	@$(RUN)python tools/horizon_walk.py

sdk-tests: setup ## Run openstacksdk's own functional tests (ONLY="identity …")
	@$(RUN)python tools/sdk_suite.py $(ONLY)

almanach-suite: setup ## Download the integration tests of OpenStack Almanach 3.3.2 and run them against Stratiform
	@$(RUN)python tools/almanach_suite.py

clean: ## Remove .venv, .cache and .demo
	@rm -rf .venv .cache .demo
