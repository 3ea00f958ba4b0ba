# Two commands do all the set-up: `make run` and `make test`. `make help` lists the rest.

PORT ?= 8501
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH := var/bench
.DEFAULT_GOAL := help
.PHONY: help run test unit lint types bench docs pictures clean

help: ## print a line for each command
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | awk -F '\t' '{printf "  make %-9s %s\n", $$1, $$2}'

$(VENV)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Centerline needs Python 3.11 or newer; $(PYTHON) is older. Name another: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/runtime: requirements.txt $(VENV)/python
	@echo "Installing what the dashboard needs (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/tools: requirements-dev.txt $(VENV)/runtime
	@echo "Installing what tests and tools need (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

run: $(VENV)/runtime ## set everything up and serve the dashboard on this machine (PORT=8501)
	@$(BIN)/python -c 'import socket,sys; s=socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", int(sys.argv[1])))' $(PORT) 2>/dev/null \
		|| { echo "Port $(PORT) is in use. Choose another: make run PORT=8502"; exit 2; }
	@$(BIN)/python -m data demo --if-empty
	@echo "Centerline is at http://127.0.0.1:$(PORT) (Ctrl-C stops it)"
	@trap 'exit 0' INT TERM; $(BIN)/python -m streamlit run app.py --server.port $(PORT)

test: $(VENV)/tools ## install what the tests need and run all of them
	@$(BIN)/python -m tests.chromium
	@$(BIN)/python -m tests.java
	@$(BIN)/python -m tests.office
	@$(BIN)/ruff check .
	@# In the order of their names: the browser's files are few and long, and must not be left for the end.
	@# Three at once on two cores: a browser is waited for much of the time.
	@$(BIN)/python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder

unit: $(VENV)/tools ## run the quick tests only
	@$(BIN)/python -m pytest -q tests/unit

lint: $(VENV)/tools ## check style and walls
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check . --exclude data/migrations
	@$(BIN)/lint-imports

types: $(VENV)/tools ## check types
	@$(BIN)/mypy

# An environment of its own: the peers that pages are measured against bring what the tests do not take.
$(BENCH)/tools: requirements-bench.txt requirements-dev.txt requirements.txt $(VENV)/python
	@echo "Installing what the benchmarks need (once)"
	@$(PYTHON) -m venv $(BENCH)
	@$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	@touch $@

bench: $(BENCH)/tools ## measure loading, national scale and pages (an hour)
	@$(BENCH)/bin/python -m tests.chromium
	@$(BENCH)/bin/python -m benchmarks

docs: $(VENV)/tools ## write the generated docs anew
	@$(BIN)/python -m docs.generate

pictures: $(VENV)/tools ## take the screenshots of the README anew
	@$(BIN)/python -m tests.chromium
	@$(BIN)/python -m docs.pictures

clean: ## remove the environment and the local store
	@rm -rf $(VENV) var
