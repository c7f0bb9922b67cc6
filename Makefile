# Every target sets up what it needs: a virtual environment in .venv with symtensor installed in place.
# A fresh Debian or Ubuntu machine needs only: apt-get install build-essential python3-dev python3-venv

PYTHON ?= python3
VENV ?= .venv
BENCH_VENV ?= .venv-bench
BIN := $(VENV)/bin
READY := $(VENV)/.symtensor-ready
BENCH_READY := $(BENCH_VENV)/.symtensor-ready
RUNTIME_SOURCES := $(wildcard symtensor/runtime/*.c symtensor/runtime/*.h symtensor/runtime/*/*.c symtensor/runtime/*/*.h)
PYTEST := $(BIN)/python -m pytest
WORKERS ?= auto

.DEFAULT_GOAL := test
.PHONY: demo test test-all coverage lint format types pytest smoke bench bench-quick docs clean distclean

# The stamp is older than what it was made from: install again, which also rebuilds the C runtime.
$(READY): pyproject.toml setup.py $(RUNTIME_SOURCES)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	$(BIN)/python -m compileall -q symtensor
	touch $@

demo: $(READY)
	$(BIN)/python examples/digits.py

test: lint types pytest

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(READY)
	$(BIN)/mypy

pytest: $(READY)
	$(PYTEST) -n $(WORKERS) -q

test-all: lint types
	$(PYTEST) -n $(WORKERS) -q -m ""

# Lines that the tests run: prints the files with the lowest share, fails below 90 %.
coverage: $(READY)
	$(PYTEST) -n $(WORKERS) -q --cov=symtensor --cov-report=term:skip-covered --cov-fail-under=90

# What a commit must not break, in a few seconds.
smoke: $(READY)
	$(BIN)/ruff check .
	$(PYTEST) -q tests/test_imports.py tests/probes/probe_01_elementwise.py

# The libraries that symtensor is compared with live in an environment of their own.
$(BENCH_READY): benchmarks/requirements.txt pyproject.toml setup.py $(RUNTIME_SOURCES)
	test -x $(BENCH_VENV)/bin/python || $(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/python -m pip install --quiet --requirement benchmarks/requirements.txt --editable .
	touch $@

# About an hour on a quiet machine; writes docs/benchmarks.md, its plots and the README's table.
bench: $(BENCH_READY)
	$(BENCH_VENV)/bin/python -m benchmarks

# Under two minutes: a few rows and peers, printed.
bench-quick: $(BENCH_READY)
	$(BENCH_VENV)/bin/python -m benchmarks --quick

docs: $(READY)
	$(BIN)/python -m docs.generate
	$(BIN)/python -m docs.errors
	$(BIN)/python -m docs.rules
	$(BIN)/python -m docs.stability
	$(BIN)/python -m docs.reference

clean:
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . \( -path ./$(VENV) -o -path ./$(BENCH_VENV) \) -prune -o \( -name __pycache__ -o -name '*.so' -o -name '*.o' \) -print0 | xargs -0 rm -rf
	rm -f $(READY) $(BENCH_READY)

distclean: clean
	rm -rf $(VENV) $(BENCH_VENV)
