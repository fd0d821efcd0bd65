# `make` alone lists what can be made. All of it happens in .venv and _build; nothing is installed elsewhere.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SITE := _build/html
PORT ?= 8000

# The lock holds for any index; a user's pip settings need not.
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: help
help:  ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; ok = (3, 10) <= sys.version_info < (3, 14); sys.exit(0 if ok else "Python 3.10 to 3.13 is needed, this is " + sys.version.split()[0] + ": make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

.PHONY: setup
setup: $(READY)  ## install what the book needs, into .venv

.PHONY: assets
assets: $(READY)  ## build what explorers need, where it changed: the view, and what a page trains with
	@log=$$(mktemp); $(BIN)/python -m steadynet.assets 2>"$$log" || { cat "$$log" >&2; exit 1; }; rm -f "$$log"

# A failed build forgets which pages it read: the next one must not pass for having nothing left to do.
.PHONY: book
book: assets  ## execute the chapters and build the site
	@$(BIN)/jupyter-book build . -n -W --keep-going || { rm -rf _build/.doctrees; exit 1; }
	@$(BIN)/python -c 'from pathlib import Path; print("\nOpen", Path("$(SITE)/index.html").resolve().as_uri(), "or run `make serve`")'

.PHONY: test
test: book  ## build the book, then run all tests, browser included
	@$(BIN)/python -m pytest $(ARGS)

.PHONY: test-fast
test-fast: assets  ## run the tests that need no book and no browser, and leave out the slow ones
	@$(BIN)/python -m pytest -m "not book and not browser and not lab and not slow" -n auto --maxprocesses 4 --dist worksteal $(ARGS)

.PHONY: serve
serve: book  ## serve the site on this machine
	@echo "Serving http://127.0.0.1:$(PORT)/ (Ctrl+C stops)"
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory $(SITE) $(PORT)

.PHONY: lab
lab: assets  ## open the chapters in JupyterLab, as notebooks
	@JUPYTER_CONFIG_PATH="$(CURDIR)/jupyter" $(BIN)/jupyter lab chapters $(ARGS)

.PHONY: record
record: $(READY)  ## run the experiments again and write their recordings
	@$(BIN)/python -m steadynet.recording $(ARGS)

.PHONY: bench
bench: $(READY)  ## measure the figures that the README quotes
	@$(BIN)/python -m bench $(ARGS)

.PHONY: lint
lint: $(READY)  ## check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python js/check.py lint

.PHONY: lock
lock: $(READY)  ## pin the newest versions that pyproject.toml allows, for every Python and platform
	@$(BIN)/uv pip compile pyproject.toml --quiet --upgrade --universal --generate-hashes --python-version 3.10 \
		--extra book --extra dev --no-emit-index-url --no-python-downloads --no-header --output-file requirements.txt

.PHONY: clean
clean:  ## delete what was built; .venv stays
	@rm -rf _build src/steadynet/built .mypy_cache .pytest_cache .ruff_cache
