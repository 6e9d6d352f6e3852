# Two commands on a fresh machine: make run, make test. Both set up what they need (Python 3.11+ with venv).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: run test test-long bench docs check kernels golden setup clean
run: $(READY)  ## the main job: six ways to serve 100 million users
	$(BIN)/predcost run scenarios/food_delivery_100m.yaml

# Tests that stand together share what a file or a folder sets up: worksteal keeps them together until a core has none left.
TESTS := $(BIN)/pytest -n 2 --dist worksteal --nbmake tests notebooks

test: $(READY)  ## every check that fits in a few minutes
	$(MAKE) --jobs=2 check kernels
	$(TESTS) -m "not long"

test-long: $(READY)  ## all tests, the slow ones too
	$(MAKE) --jobs=2 check kernels
	$(TESTS)

bench: $(READY)  ## the figures of the README's table
	$(BIN)/python -m benchmarks

docs: $(READY)  ## the website, in docs/_build/html
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html
	@echo docs/_build/html/index.html

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

kernels: $(READY)  ## compile what the tests run, on one core, while the checks run on the other
	$(BIN)/python tests/compile_kernels.py

golden: $(READY)  ## rewrite the stored results of the bundled scenarios
	$(BIN)/python tests/golden/rewrite.py

setup: $(READY)
$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --no-compile --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	touch $@

clean:
	rm -rf $(VENV) build *.egg-info
