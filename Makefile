# Two commands on a fresh machine: make run, make test. Both set up what they need (Python 3.11+ with venv).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: run test test-long bench check golden setup clean
run: $(READY)  ## the main job: six ways to serve 100 million users
	$(BIN)/predcost run scenarios/food_delivery_100m.yaml

test: check  ## every check that fits in a quarter of an hour
	$(BIN)/pytest -m "not long" -n 2 --nbmake tests notebooks

test-long: check  ## all tests, the slow ones too
	$(BIN)/pytest -n 2 --nbmake tests notebooks

bench: $(READY)  ## the figures of the README's table
	$(BIN)/python -m benchmarks

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

golden: $(READY)  ## rewrite the stored results of the bundled scenarios
	$(BIN)/python tests/golden/rewrite.py

setup: $(READY)
$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	touch $@

clean:
	rm -rf $(VENV) build *.egg-info
