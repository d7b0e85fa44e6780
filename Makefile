# `make` alone lists the commands. Each needs git, Python 3.11 or newer, and nothing else beforehand.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export PYTHON
# Container images often turn cached bytecode off; without it each command takes twice as long to start.
unexport PYTHONDONTWRITEBYTECODE
RUN := .venv/bin/

.PHONY: help setup demo test quick check format lock docs lab-bench bench faults clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup: .venv/.ready ## Make .venv with everything in it (PYTHON=path chooses the interpreter)

.venv/.ready: pyproject.toml requirements/dev.txt requirements/uv.txt tools/setup tools/run-uv tools/get-uv tools/find-python
	@tools/setup
	@touch $@

demo: setup ## Play the main job with the real clients (KEEP=1 leaves it running)
	@$(RUN)python tools/demo.py $(if $(KEEP),--keep)

test: setup ## Check the code and run all tests
	@tools/test

quick: setup ## The tests that need no other program and no other database than SQLite
	@$(RUN)python -m pytest -n 2 --dist loadfile -m "not slow" -k "not postgresql and not mariadb and not aws" \
		tests/architecture tests/kit tests/services tests/conformance tests/interfaces --ignore tests/interfaces/portal

check: setup ## Only the static checks: requirement files, ruff, mypy, import-linter
	@$(RUN)python tools/lock.py --check
	@$(RUN)ruff format --check --quiet . && $(RUN)ruff check --quiet . && $(RUN)mypy && $(RUN)lint-imports

format: setup ## Format the code
	@$(RUN)ruff format . && $(RUN)ruff check --fix .

lock: ## Rewrite requirements/ from pyproject.toml; pins stay (UPGRADE=1 takes newer versions)
	@python=$$(tools/find-python) && "$$python" tools/lock.py $(if $(UPGRADE),--upgrade)

docs: setup ## Write the generated pages of docs/reference anew
	@$(RUN)python -m stratiform.app.reference

bench: setup ## Measure: pricing a million segments
	@$(RUN)python benchmarks/rating.py

lab-bench: setup ## Measure: the API beside a real OpenStack (LAB=path of openstack-lab)
	@$(RUN)python benchmarks/api.py --lab "$(LAB)"

faults: setup ## The long fault tests: 200 kills (KILLS=n), 100 rounds for the ledger (ROUNDS=n SEED=n)
	@FAULT_KILLS=$(or $(KILLS),200) FAULT_ROUNDS=$(or $(ROUNDS),100) FAULT_SEED=$(or $(SEED),1) $(RUN)python -m pytest tests/faults

clean: ## Remove what setup and demo made
	@rm -rf .venv .cache .demo
