# The map of the pipeline: articles and labels -> model -> accuracy per actor.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Bytecode is written even where PYTHONDONTWRITEBYTECODE is set: without it, each command that starts
# would compile its modules anew.
COMPILE := $(BIN)/python -m compileall -q
MODEL := models/stance
SOURCES := $(shell find stance -name '*.py' -o -name '*.toml' -o -name '*.md')
DATA := $(shell find data/raw -type f) $(wildcard data/labels/reviewed.jsonl data/labels/gold.jsonl data/labels/phrasebook.jsonl)

.DEFAULT_GOAL := help
.PHONY: help train test labels check lint format docs bench clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

train: $(MODEL)/model.stance  ## Train and evaluate the model; print the accuracy of each actor
	@cat $(MODEL).accuracy.txt

test: $(VENV)/.dev  ## Run all tests
	$(BIN)/python -m pytest

labels: data/labels/weak.jsonl  ## Label data/raw by the target's cues

check: lint test docs-fresh  ## What CI runs

lint: $(VENV)/.dev  ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev  ## Mend style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.dev  ## Write docs/cli.md from the commands' help
	$(BIN)/python docs/make_cli.py > docs/cli.md

.PHONY: docs-fresh
docs-fresh: $(VENV)/.dev
	@$(BIN)/python docs/make_cli.py | diff - docs/cli.md || { echo "docs/cli.md is stale: run make docs"; exit 1; }

bench: $(VENV)/.dev  ## Run the benchmarks; writes benchmarks/results.md
	$(BIN)/python benchmarks/run_all.py

clean:  ## Remove what was made; articles and reviewed labels stay
	rm -rf $(MODEL) $(MODEL).accuracy.txt data/labels/weak.jsonl build dist .pytest_cache .mypy_cache .ruff_cache

$(MODEL)/model.stance: $(VENV)/.run $(SOURCES) $(DATA)
	@mkdir -p $(dir $(MODEL))
	$(BIN)/stance train --out $(MODEL) > $(MODEL).accuracy.part
	@mv $(MODEL).accuracy.part $(MODEL).accuracy.txt
	@$(COMPILE) stance $(VENV)/lib/*/site-packages/nupunkt

data/labels/weak.jsonl: $(VENV)/.run $(SOURCES) $(DATA)
	$(BIN)/stance label data/raw --out $@

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "stance needs Python 3.11 or newer, found " + sys.version.split()[0] + "; name another: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.txt pyproject.toml setup.py $(wildcard stance/*.[ch]) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@
