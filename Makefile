# Needs python3 (3.11 to 3.13) and make. Everything else lands in .venv and .tools, see tools/environment.py.
.POSIX:
.SUFFIXES:
.PHONY: help venv demo test check fmt bench bench-loop images sam-build sam-local lock clean

environment = "$${PYTHON:-python3}" tools/environment.py
python = .venv/bin/python

help: ## this list
	@echo 'make TARGET. The first one makes the environment it needs; PYTHON=/path/to/python3.13 names an interpreter.'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' Makefile

venv: ## .venv with everything that tests and checks need
	@$(environment) dev

demo: ## the whole loop on this machine: churn data, or DATA=file.csv TARGET=column [KEY=column]
	@$(environment) local
	@.venv/bin/sluice demo $${DATA:+--data "$$DATA"} $${TARGET:+--target "$$TARGET"} $${KEY:+--key "$$KEY"}

test: ## every test but `make sam-local`; ARGS='-k gate' for some of them
	@$(environment) dev
	@if [ -n "$${ARGS:-}" ]; then exec $(python) -m pytest $(ARGS); fi; \
	$(python) -m pytest -n auto --maxprocesses 4 --dist loadfile tests/unit tests/contract && { \
	integration=0; $(python) -m pytest -n 3 --dist loadfile tests/integration || integration=$$?; \
	$(python) -m pytest -n 3 --dist loadfile -m 'not sam' tests/e2e && exit $$integration; }

check: ## ruff, mypy, import-linter, cfn-lint, sam validate, sam build
	@$(environment) dev
	@$(environment) sam
	$(python) -m ruff check
	$(python) -m ruff format --check
	$(python) -m mypy
	.venv/bin/lint-imports
	.tools/sam/bin/cfn-lint template.yaml
	$(python) -m tools.sam validate --lint
	$(python) -m tools.sam build

fmt: ## ruff's formatter and its safe fixes
	@$(environment) dev
	@$(python) -m ruff check --fix-only --quiet
	@$(python) -m ruff format

bench: ## the jobs and the endpoint against the usual ways: writes benchmarks/results.json and results.md
	@$(environment) dev
	@$(python) -m benchmarks $(ARGS)

bench-loop: ## the loop against the same four scripts run bare: prints the ratio
	@$(environment) dev
	@$(python) -m benchmarks.loop $(ARGS)

images: ## layers/shared/sluice/images.json, from the SageMaker SDK
	@$(environment) images
	.tools/images/bin/python tools/image_table.py

sam-build: ## .aws-sam/build, as `sam deploy` takes it
	@$(environment) dev
	@$(environment) sam
	@$(python) -m tools.sam --must build

sam-local: ## `sam local invoke` of every function in containers that talk to the local cloud
	@$(environment) dev
	@$(environment) sam
	@$(python) -m pytest -m sam -rs $(ARGS) tests/e2e/test_sam_local.py

lock: ## compiles requirements/*.in; ARGS=--upgrade takes newer versions
	@$(environment) local
	@$(python) -m tools.lock $(ARGS)

clean: ## removes what make, sam and the local cloud made
	@if [ -x .venv/bin/sluice ]; then .venv/bin/sluice down >/dev/null 2>&1 || true; fi
	rm -rf .venv .tools .sluice .aws-sam .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
