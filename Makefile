# Every target sets up .venv by itself, and is quick about it the second time.
# Settings come from the environment: make run PORT=8001 SIMULATOR_PORT=8901 DATA_DIR=./other

PYTHON ?= python3
IN_VENV := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help run test check bench drill translations vendor requirements runtime development

help:  ## Say what the targets do
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: runtime  ## Start the whole hub in the foreground; Ctrl-C stops it, the data stays in DATA_DIR
	@DATA_DIR="$${DATA_DIR:-$(CURDIR)/var}" exec $(IN_VENV) -m hub.cli up

test: development  ## Run every test; ARGS="-k retry" narrows them
	@$(IN_VENV) -m pytest $(ARGS)

check: development  ## Format, lint, types, import rules
	$(IN_VENV) -m ruff format --check
	$(IN_VENV) -m ruff check
	$(IN_VENV) -m mypy
	.venv/bin/lint-imports

bench: development  ## Run the benchmarks, each figure beside its raw limit
	@$(IN_VENV) -m benchmarks $(ARGS)

drill: development  ## Kill everything under load and judge what became of 5 000 messages; ARGS="--seed 7"
	@$(IN_VENV) -m tests.drills $(ARGS)

translations: runtime  ## Collect every text into hub/*/translations/ru.po, where what is new waits to be translated
	@$(IN_VENV) .ci/translations.py

vendor:  ## Fetch the front end's third-party files anew, at the versions that .ci/vendor.py pins; needs npm
	@$(PYTHON) .ci/vendor.py

requirements:  ## Pin requirements*.txt anew from requirements*.in; UPGRADE=--upgrade takes the newest of everything
	$(PYTHON) -m venv .venv-pins
	.venv-pins/bin/python -m pip install --quiet uv==0.13.9
	for name in requirements requirements-dev; do \
		UV_CUSTOM_COMPILE_COMMAND="make requirements" .venv-pins/bin/uv pip compile --quiet --universal \
			--python-version 3.11 --generate-hashes $(UPGRADE) --output-file $$name.txt $$name.in || exit 1; \
	done

runtime:
	@$(PYTHON) .ci/venv.py requirements.txt

development:
	@$(PYTHON) .ci/venv.py requirements.txt requirements-dev.txt
