# Everything there is to do here, by name; `make help` lists it. Each target works alone on a fresh clone.

.DEFAULT_GOAL := help
.PHONY: help setup run web check fix test bench generate fuzz mutate lock

VENV := .venv
RUN := $(VENV)/bin/python -m
READY := $(VENV)/.ready
export PYTHON

help: ## List the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

setup: $(READY) ## Create .venv with the pinned dependencies (PYTHON=... names the interpreter)

$(READY): requirements/dev.txt pyproject.toml tools/setup.sh
	@sh tools/setup.sh
	@touch $@

run: $(READY) ## Show a live charging network on this machine, until Ctrl-C (ARGS="--data FOLDER")
	@$(RUN) tools.web build
	@$(VENV)/bin/forecourt demo $(ARGS)

web: $(READY) ## Build the dashboard's pages
	@$(RUN) tools.web build

check: $(READY) ## All that can be judged without running tests: format, lint, types, imports, house style, freshness
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) codespell_lib
	$(RUN) tools.house
	$(RUN) tools.generate --check
	$(RUN) tools.web check
	$(RUN) tools.conformance --check
	$(RUN) mypy
	$(RUN) pytest -q -p no:cacheprovider tests/test_architecture.py

fix: $(READY) ## Let the formatter and the linter repair what they can
	$(RUN) ruff check --fix --exit-zero .
	$(RUN) ruff format .

test: $(READY) ## Run the tests (ARGS="-k name" picks some; the whole also measures coverage of the pure packages)
ifdef ARGS
	$(RUN) pytest $(ARGS)
else
	$(RUN) tools.web build
	$(RUN) tools.web test
	$(RUN) pytest -n auto --dist worksteal --cov --no-cov-on-fail
endif

bench: $(READY) ## Measure: NAME=codec, ingest, storm, wire ...; without NAME the list
ifdef NAME
	@$(RUN) bench $(NAME) $(ARGS)
else
	@$(RUN) bench || true
endif

fuzz: $(READY) ## Throw mutated input at every parser (ARGS="--seconds 60 --seed 7")
	$(RUN) tools.fuzz $(ARGS)

mutate: $(READY) ## Spoil the station block by block and see that its tests notice (ARGS=BLOCK; takes minutes)
	$(RUN) tools.mutate $(ARGS)

generate: $(READY) ## Write the generated sources and docs/conformance.md anew
	$(RUN) tools.generate
	$(RUN) tools.conformance
	$(RUN) tools.web types

lock: $(READY) ## Pin dependencies anew after a change in pyproject.toml (ARGS=--upgrade takes newer versions)
	$(RUN) tools.lock $(ARGS)
