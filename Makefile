# Each target prepares .venv by itself; nothing but Python 3.11 or newer, git and make is needed.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
READY := .venv/.ready
# Nothing younger than a week: a release that was pulled or poisoned has been noticed by then.
LOCK := uv pip compile -q --exclude-newer "7 days" --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links
HEADING = @printf '\n== %s ==\n'

.DEFAULT_GOAL := help
# `make check` is to be read from top to bottom: nothing at the same time, whatever -j says.
.NOTPARALLEL:
.PHONY: help install sandbox test check lint types block-types layers bench bench-long screenshots lock clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

install: $(READY)  ## prepare .venv from requirements.lock (every other target does so by itself)

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "support-role-bot needs Python 3.11 or newer on PATH."; exit 1; }
	@echo "Preparing .venv (once; about a minute) ..."
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

sandbox: $(READY)  ## a local Slack and a local AWS with the real bot between them
	@$(BIN)/support-role sandbox

test: $(READY)  ## the tests
	@$(BIN)/python -m pytest -n 3 -q

check: lint types layers block-types  ## what CI runs: lint, types, layers, Slack's types, tests
	$(HEADING) "tests: pytest"
	@$(BIN)/python -m pytest -n 3 -q

lint: $(READY)
	$(HEADING) "lint: ruff check"
	@$(BIN)/ruff check --no-cache .
	$(HEADING) "format: ruff format --check"
	@$(BIN)/ruff format --no-cache --check .

types: $(READY)
	$(HEADING) "types: mypy --strict"
	@$(BIN)/mypy --strict bot
	@MYPYPATH=tests $(BIN)/mypy --strict --explicit-package-bases tests/building tests/adapters

layers: $(READY)
	$(HEADING) "layers: lint-imports"
	@$(BIN)/lint-imports

block-types: $(READY)  ## what the bot sends, against Slack's own types (needs node and npm)
	$(HEADING) "blocks: tsc with @slack/types"
	@PYTHONPATH=.:tests $(BIN)/python -m tests.slack.blocks.types.check

bench: $(READY)  ## how fast a scan, an ack and a fix are on this machine
	@$(BIN)/python bench/reader.py
	@$(BIN)/python bench/scan.py
	@$(BIN)/python bench/live.py

bench-long: bench  ## that, and two workers, a scan that AWS throttles, memory at 30,000 accounts (ten minutes)
	@$(BIN)/python bench/two_workers.py
	@$(BIN)/python bench/throttled.py
	@$(BIN)/python bench/scan.py --accounts 1000
	@$(BIN)/python bench/scan.py --accounts 30000 --latency-ms 2 --rate-sts 0 --pace 5000

screenshots: $(READY)  ## docs/images anew, from the sandbox in a browser (needs chromium)
	@PYTHONPATH=tests $(BIN)/python -m journeys.screenshots

lock:  ## write both lock files anew, without any index address (needs uv)
	$(LOCK) --extra dev pyproject.toml -o requirements.lock
	$(LOCK) -c requirements.lock pyproject.toml -o requirements-runtime.lock

clean:  ## remove .venv and what tools left behind
	@rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tests/slack/blocks/types/node_modules
	@find bot tests bench -name __pycache__ -type d -prune -exec rm -rf {} +
