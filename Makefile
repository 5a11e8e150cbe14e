# Everything that is typed in this project. Needs Python 3.11 to 3.13 and make, nothing else.

PYTHON ?= python3
# A folder of sample logs is generated unless `make demo LOGS=<folder>` names your own.
LOGS ?=
# An index of CPU builds of torch, so that a machine without a GPU does not download CUDA: make env TORCH_INDEX=<address>
TORCH_INDEX ?=
PYTEST ?=
# Processes that share the tests.
WORKERS ?= 2
# Of `make chaos`: rounds of each attack, the seed of the first (drawn and printed where none is given), and one attack's name.
ROUNDS ?= 100
SEED ?=
ONLY ?=
# Where `make clients` puts the libraries that agents are built with.
export OBS_CLIENTS ?= $(HOME)/.cache/obs-clients

UV_VERSION := 0.13.9
BIN := .venv/bin
UV := $(BIN)/python -m uv

# uv does not read pip's find-links (spaces between folders there, commas here).
empty :=
space := $(empty) $(empty)
comma := ,
ifdef PIP_FIND_LINKS
export UV_FIND_LINKS ?= $(subst $(space),$(comma),$(strip $(PIP_FIND_LINKS)))
endif
# Without compiled bytecode each Airflow task would spend most of a minute on imports.
unexport PYTHONDONTWRITEBYTECODE
# Neither the caller's packages nor a caller's virtual environment reach into this one.
unexport PYTHONPATH VIRTUAL_ENV

.DEFAULT_GOAL := help
.PHONY: help env lint unit test test-long stack-test clients bench chaos audit profile year demo compose-env docs lock wheel check-wheel clean

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null \
		|| sed -n 's/^\([a-z-]*\):.*## /  make \1: /p' $(MAKEFILE_LIST)

env: .venv/.complete  ## create .venv from requirements.lock (again only when that changes)

.venv/.complete: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; (3, 11) <= sys.version_info < (3, 14) or sys.exit("Python 3.11 to 3.13 is needed, found " \
		+ sys.version.split()[0] + "; name another one: make env PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(if $(TORCH_INDEX),$(UV) pip install --no-deps --default-index "$(TORCH_INDEX)" "$$(grep '^torch==' requirements.lock)")
	$(UV) pip install --compile-bytecode --requirement requirements.lock
	$(UV) pip install --no-deps --editable .
	@touch $@

lint: env  ## style, types, and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: env  ## the quick tests only
	$(BIN)/pytest tests/unit obs_lib -m "not slow" $(PYTEST)

test: lint  ## all checks and all tests (PYTEST="-k word" narrows)
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup -m "not long" $(PYTEST)

test-long: env  ## all the real logs through Airflow and in other orders: about an hour, needs OBS_REAL_DATA
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup -m long $(PYTEST)

stack-test: env  ## build and start docker-compose.yml as it is shipped, lose services, compare reports (needs a Docker engine)
	TORCH_INDEX="$(TORCH_INDEX)" $(BIN)/pytest -n 0 tests/stack $(PYTEST)

clients: env  ## install what people build agents with, beside the checkout: tests make calls through it (OBS_CLIENTS names the folder)
	sh tests/clients/install.sh "$$(pwd)/$(BIN)/python" "$(OBS_CLIENTS)"

bench: env  ## measure speed, memory and parse time (OBS_REAL_DATA names the real logs)
	set -e; for each in tests/benchmarks/bench_*.py; do $(BIN)/python $$each $(BENCH); done

chaos: env  ## attack a lake ROUNDS times each way from SEED on, and write docs/reliability.md's table (ONLY="disk full" narrows)
	$(BIN)/python -m tests.chaos.run --rounds $(ROUNDS) $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only "$(ONLY)",--write)

profile: env  ## where a night's time goes, by stage and evaluator, into docs/speed.md (OBS_REAL_DATA names the real logs)
	$(BIN)/python tests/benchmarks/bench_profile.py --write

year: env  ## play 365 nights with late rows, erasures and maintenance, and write docs/speed.md's table: about an hour
	$(BIN)/python -m tests.benchmarks.year --write

audit: env  ## list what the environment consists of, and what of it has known vulnerabilities (asks the network)
	$(BIN)/python -m tools.audit

demo: env  ## three weeks of logs through Airflow, ends with the addresses to open; Ctrl-C stops it
	@$(BIN)/python tools/demo.py $(if $(LOGS),--logs "$(LOGS)")

compose-env:  ## write .env with fresh secrets for docker-compose.yml, unless it is there
	@$(PYTHON) tools/compose_env.py

docs: env  ## write the tables that pages of docs/ have from the code anew
	$(BIN)/python -m tools.settings_table
	$(BIN)/python -m tools.formats_table
	$(BIN)/python -m tools.exports_table
	$(BIN)/python tools/lake_tables.py
	$(BIN)/python tools/scaling.py --write

lock: env  ## resolve requirements.lock anew (LOCK=--upgrade takes newer releases)
	$(BIN)/python tools/lock.py $(LOCK)

wheel: env  ## build dist/*.whl
	rm -rf dist
	$(UV) build --quiet --wheel --out-dir dist
	@ls dist

check-wheel: wheel  ## install the wheel alone in a fresh environment and run `obs` far from the checkout
	sh tools/check_wheel.sh dist/*.whl

clean:  ## remove what make has created
	rm -rf .venv dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
