# Set-up, checks and the demonstration. `make` alone lists what there is.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Only what is in .venv counts, whatever the caller's shell has set.
unexport PYTHONPATH PYTHONHOME
# The same everywhere, also where no locale is set: Qt and file names need UTF-8.
export LC_ALL := C.UTF-8
export PIP_DISABLE_PIP_VERSION_CHECK := 1
PIP_INSTALL := $(BIN)/python -m pip install --no-input --progress-bar off
# Tests draw without a screen and never open a developer's own records.
NO_STORE := env -u KETAMONITOR_STORE -u KETAMONITOR_CAPTURES -u KETAMONITOR_PASSWORD
TEST_ENV := $(NO_STORE) QT_QPA_PLATFORM=offscreen
LOCKS := requirements.lock requirements-build.lock requirements-dev.lock requirements-fuzz.lock

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help demo test setup setup-dev system check check-locks pytest pytest-xvfb bench bench-smoke ratios \
        format lock pictures monitors captures fuzz soak-alarms prove clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "  make %-12s %s\n", $$1, $$2 }'

demo: setup ## set up, then open a simulated session (with no display: run it headless and print where the files are)
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname)" = Darwin ]; then \
		set -x; $(BIN)/ketamonitor demo; \
	else \
		set -x; $(BIN)/ketamonitor demo --headless --out out/demo; \
	fi

test: setup-dev check pytest pytest-xvfb bench-smoke ## set up, then run everything that must pass before a change lands

# --- set-up: each stamp in .venv says that a step is done, so a second run installs nothing ---

setup: $(VENV)/.runtime ## make .venv with the program in it
setup-dev: $(VENV)/.dev ## make .venv with the program and the developer tools in it

system:
	@packaging/install-system-packages

$(VENV)/.made: | system
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
		echo "Python 3.11, 3.12 or 3.13 is needed, and '$(PYTHON)' is not one. Name it: make PYTHON=python3.11 ..." >&2; \
		exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.runtime: requirements.lock requirements-build.lock pyproject.toml | system $(VENV)/.made
	$(PIP_INSTALL) --require-hashes -r requirements.lock -r requirements-build.lock
	$(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

# --- checks ---

check: setup-dev check-locks ## the quick checks: locks, format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check-locks:
	@if grep -nE 'https?://|file://' $(LOCKS); then echo "A lock file names an address: run make lock." >&2; exit 1; fi
	@if grep -hE '^[a-zA-Z]' requirements.lock requirements-build.lock | grep -vxFf requirements-dev.lock; then \
		echo "These pins differ in requirements-dev.lock: run make lock." >&2; exit 1; fi

# Hypothesis draws the same examples in each of these runs; a developer's own pytest draws new ones.
# As many tests at a time as there are cores; those of one group, which share a costly start, in one process.
# A test that hangs is ended with its stack and cleans up; the bound is far above what the slowest takes.
AT_A_TIME := -n auto --maxprocesses 4 --dist loadgroup
BOUNDED := --timeout 600 --hypothesis-profile=ci
pytest: setup-dev
	$(TEST_ENV) $(BIN)/pytest -m "not xvfb" $(AT_A_TIME) $(BOUNDED) --durations=10

pytest-xvfb: setup-dev
	@if grep -rqs --include='*.py' 'mark\.xvfb' tests; then \
		set -x; $(NO_STORE) QT_QPA_PLATFORM=xcb xvfb-run -a -s "-screen 0 1366x768x24" $(BIN)/pytest -m xvfb $(BOUNDED); \
	fi

bench-smoke: setup-dev ## the benchmarks, short: do they run and print their figures
	$(TEST_ENV) $(BIN)/python -m tests.bench --smoke

bench: setup-dev ## the benchmarks in full
	$(TEST_ENV) $(BIN)/python -m tests.bench

ratios: setup-dev ## the ratios that are promised, each against its target; RATIOS="--json --smoke" or names of some
	$(TEST_ENV) $(BIN)/python -m tests.bench --ratios $(RATIOS)

# --- upkeep ---

format: setup-dev ## put the code into the one format and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

pictures: setup ## draw docs/images/live.png afresh from a simulated session
	$(TEST_ENV) $(BIN)/ketamonitor demo --headless --out out/pictures
	mkdir -p docs/images
	cp out/pictures/live.png docs/images/live.png

# uv from the PATH, or from a small venv of its own: it is no part of the program.
UV := $(or $(shell command -v uv),build/uv/bin/uv)
UV_COMPILE := UV_PYTHON_DOWNLOADS=never $(UV) pip compile --quiet --universal --python-version 3.11 \
              --generate-hashes --no-emit-index-url --no-header

build/uv/bin/uv:
	$(PYTHON) -m venv build/uv
	build/uv/bin/python -m pip install --no-input --progress-bar off uv

fuzz: $(VENV)/.fuzz ## fuzz every decoder for 10 minutes and keep what was found; FUZZ="--seconds 60" for less
	$(BIN)/python -m tests.fuzz $(FUZZ)

$(VENV)/.fuzz: requirements-fuzz.lock | $(VENV)/.dev
	$(PIP_INSTALL) --require-hashes -r requirements-fuzz.lock
	@touch $@

soak-alarms: setup-dev ## play random courses of alarms for a million checked steps; SOAK="--steps 20000" for less
	$(BIN)/python -m tests.soak $(SOAK)

prove: setup-dev ## the counts that take long, by hand before a part is resolved; kept in out/prove.log; PROVE="NAME ..." for some
	@mkdir -p out
	@bash -o pipefail -c '$(TEST_ENV) $(BIN)/python -u -m tests.prove $(PROVE) 2>&1 | tee -a out/prove.log'

monitors: setup-dev ## write docs/monitors.md anew from the notes of the drivers
	$(BIN)/python -m tests.devices.make_monitors

captures: setup-dev ## record each simulated monitor anew, with what it must decode to
	$(BIN)/python -m tests.devices.make_captures

lock: | $(UV) ## write the lock files anew from pyproject.toml; add UPGRADE=--upgrade for newer versions
	$(UV_COMPILE) $(UPGRADE) pyproject.toml -o requirements.lock
	$(UV_COMPILE) $(UPGRADE) --group build -o requirements-build.lock
	$(UV_COMPILE) $(UPGRADE) pyproject.toml --group dev -o requirements-dev.lock
	$(UV_COMPILE) $(UPGRADE) --group fuzz -o requirements-fuzz.lock
	@$(MAKE) --no-print-directory check-locks

clean: ## remove .venv and everything else that was made
	rm -rf $(VENV) build dist out *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
