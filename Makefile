# WildBot: `make run` trades on our own simulated exchange, `make test` proves the house stands.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help venv run test check clean lock compiled wheel test-compiled peers

help:            ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## / - /'

venv: $(VENV)/.ready   ## the environment only: then .venv/bin/wildbot is the command

$(VENV)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("WildBot needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.judges: $(VENV)/.ready requirements-judges.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-judges.lock
	touch $@

run: venv        ## trade on the simulated exchange; Ctrl-C stops in order
	@$(BIN)/wildbot up

check: venv      ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy dashboard_app.py

test: check $(VENV)/.judges  ## style, types and every test
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder

compiled: venv   ## the rooms that think as machine code, in build/compiled; needs a C compiler
	$(BIN)/python -m wildbot.commands.compiled build/compiled

wheel: compiled  ## dist/: the plain wheel, and the compiled one for this machine and this Python
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	$(BIN)/python -m wildbot.commands.compiled_wheel build/compiled dist

test-compiled: compiled $(VENV)/.judges  ## every test again, on the compiled build
	PYTHONSAFEPATH=1 PYTHONPATH=$(CURDIR)/build/compiled $(BIN)/python -m pytest -o pythonpath="build/compiled ." -n 4 --dist loadfile --no-loadscope-reorder

peers: venv      ## other people's backtests for `wildbot bench backtest --peers`, each in an environment of its own
	$(PYTHON) -m venv $(VENV)/peers/hftbacktest
	$(VENV)/peers/hftbacktest/bin/python -m pip install --quiet --disable-pip-version-check hftbacktest==2.4.4
	$(PYTHON) -m venv $(VENV)/peers/nautilus_trader
	$(VENV)/peers/nautilus_trader/bin/python -m pip install --quiet --disable-pip-version-check nautilus_trader==1.221.0

lock:            ## resolve dependencies anew into requirements.lock
	$(PYTHON) -m venv .venv/lock
	.venv/lock/bin/python -m pip install --quiet pip-tools
	.venv/lock/bin/python -m piptools compile -q --extra dev --generate-hashes --allow-unsafe --no-emit-index-url \
	  --no-emit-trusted-host --no-emit-find-links --no-header --strip-extras -o requirements.lock pyproject.toml
	.venv/lock/bin/python -m piptools compile -q --extra judges --generate-hashes --allow-unsafe --no-emit-index-url \
	  --no-emit-trusted-host --no-emit-find-links --no-header --strip-extras -c requirements.lock \
	  -o requirements-judges.lock pyproject.toml

clean:           ## forget everything WildBot remembers (never while it runs)
	rm -rf var test-output build dist
