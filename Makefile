PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test check bench clean
# Two commands do everything on a machine with Python and git:
#   make demo   the console on a sample hub with simulated models
#   make test   the whole test suite

demo: $(VENV)/.installed
	@$(BIN)/b4tui demo

test: $(VENV)/.tests-installed
	$(BIN)/python -m pytest -n 4 --dist loadscope tests

check: $(VENV)/.tests-installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.bench-installed
	$(BIN)/python -m pytest -o norecursedirs= --benchmark-only tests/benchmarks

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "b4tui needs Python 3.11 or newer; say: make demo PYTHON=python3.12" >&2; exit 1; }
	@echo "b4tui: making a virtual environment in $(VENV) (once, about half a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.tests-installed: $(VENV)/.installed
	@echo "b4tui: installing what the tests need"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@$(BIN)/python -m compileall -q b4tui # the tests start hundreds of commands, maybe where Python may write no bytecode
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest --collect-only -q tests > /dev/null || true # made ready once, not by each worker
	@touch $@

$(VENV)/.bench-installed: $(VENV)/.tests-installed
	@echo "b4tui: installing what the benchmarks compare with"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	@touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
