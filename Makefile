# Commands for developers. `make` alone lists them.
SHELL := bash
.DEFAULT_GOAL := help
PYTHON_IN := .venv/bin/python
PYTEST := $(PYTHON_IN) -m pytest
# Two processes: as fast as possible on two cores, and a laptop stays usable. They take files in the order of
# tests/conftest.py, the slow ones first.
PARALLEL := -n 2 --no-loadscope-reorder
# One more where tests wait: for the server of the database, or for the browser.
MORE_PARALLEL := -n 3 --no-loadscope-reorder
FAST := tests --ignore=tests/journeys
WITHOUT_SHOP := --ds=tests.settings_without_shop -k "not queries" \
	$(addprefix tests/,home forms policies config demo/test_without_shop.py)
MAKE_COPY := $(PYTHON_IN) -m tests.migrated_database
COMPILE := $(PYTHON_IN) -m piptools compile -q --strip-extras --no-emit-index-url --no-emit-trusted-host \
	--no-emit-find-links --no-header --allow-unsafe

.PHONY: help
help: ## List these commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 22

.PHONY: run
run: ## Install what is missing and start the site on http://127.0.0.1:8000 (PORT=8123: other port, DEBUG=1: tracebacks)
	@scripts/setup run
	@exec $(PYTHON_IN) scripts/run.py

# Uses the secret, database and port of `make run`.
.PHONY: sandbox
sandbox: PORT := $(or $(PORT),8000)
sandbox: ## Start only the Stripe sandbox, on http://127.0.0.1:8001 (with PORT=8123 on 8124)
	@scripts/setup run
	@exec $(PYTHON_IN) -m tools.stripe_sandbox --port "$$(($(PORT) + 1))" \
		--webhook-url "http://127.0.0.1:$(PORT)/stripe/webhook/"

# Tests do not read .env and do not use the developer's database.
test quick soak lint bench: export ENV_FILE := /dev/null
test quick soak lint bench: export DATABASE_URL :=
# Keep compiled files, whatever the environment says: each process would compile the tests again, for seconds.
test quick soak: export PYTHONDONTWRITEBYTECODE :=

# Checking types takes one core for a minute, while the tests get their programs and their databases and begin.
.PHONY: test
test: setup ## Run all checks: lint, the tests on SQLite, without a shop, on PostgreSQL and in a browser (see tests/README.md)
	@$(MAKE) --no-print-directory -j 2 lint-types test-on-sqlite
	@echo "--- Every page on a site without a shop"
	$(PYTEST) $(PARALLEL) -m "without_shop or also_without_shop and not (hypothesis or further_case)" $(WITHOUT_SHOP)
	@echo "--- The tests that depend on the database, on PostgreSQL"
	$(PYTHON_IN) scripts/with_postgresql.py $(PYTEST) $(MORE_PARALLEL) $(FAST) -m "postgresql or both_databases and (every_case or not (further_case or hypothesis))"
	@echo "--- The journeys in a browser"
	$(PYTEST) $(MORE_PARALLEL) tests/journeys

.PHONY: test-on-sqlite
test-on-sqlite: lint-rest databases
	@echo "--- The suite on SQLite"
	$(PYTEST) $(PARALLEL) $(FAST)

.PHONY: quick
quick: setup ## Run the fast part in less than a minute: on SQLite, one case of each test that is not slow
	@$(PYTEST) $(PARALLEL) -q -m "not hypothesis and not slow and not further_case" $(FAST) --ignore=tests/faults

.PHONY: soak
soak: tools ## Look for rare failures: all tests on PostgreSQL and without a shop, races and random data 20 times (SOAK=100: 100 times)
	SOAK=$(or $(SOAK),20) $(PYTHON_IN) scripts/with_postgresql.py $(PYTEST) $(PARALLEL) $(FAST)
	$(PYTEST) $(PARALLEL) $(WITHOUT_SHOP)

.PHONY: bench
bench: setup ## Run the benchmarks described in bench/README.md
	@PYTHONPATH=.:site DJANGO_SETTINGS_MODULE=config.settings.test $(PYTHON_IN) -m bench

.PHONY: lint
lint: setup ## Check style, types, templates, imports, translations, migrations, pinned packages
	@$(MAKE) --no-print-directory -j 2 lint-types lint-rest

.PHONY: databases
databases: tools
databases: export PYTHONPATH := .:site:scripts
databases:
	DJANGO_SETTINGS_MODULE=config.settings.test $(MAKE_COPY)
	DJANGO_SETTINGS_MODULE=tests.settings_without_shop $(MAKE_COPY)
	DJANGO_SETTINGS_MODULE=config.settings.test $(PYTHON_IN) scripts/with_postgresql.py $(MAKE_COPY)

.PHONY: lint-types
lint-types:
	PYTHONPATH=.:site $(PYTHON_IN) -m mypy home policies store forms demo tools site/config manage.py

.PHONY: lint-rest
lint-rest:
	$(PYTHON_IN) -m ruff check
	$(PYTHON_IN) -m ruff format --check
	$(PYTHON_IN) -m djlint --lint --quiet templates demo
	$(PYTHON_IN) scripts/check_gettext.py
	PYTHONPATH=.:site $(PYTHON_IN) -c "from importlinter.cli import lint_imports_command as run; run()" --no-logo
	DJANGO_SETTINGS_MODULE=config.settings.test $(PYTHON_IN) manage.py makemigrations --check --dry-run
	$(PYTHON_IN) -m pip check

.PHONY: format
format: setup ## Format Python files for `make lint`
	@$(PYTHON_IN) -m ruff check --fix --quiet || true
	@$(PYTHON_IN) -m ruff format

.PHONY: pictures
pictures: tools ## Take the pictures of the README anew, from the demo
	@$(PYTHON_IN) scripts/take_pictures.py

.PHONY: requirements
requirements: setup ## Compile requirements*.txt from requirements*.in (UPGRADE=1: newer versions)
	@$(COMPILE) $(if $(UPGRADE),--upgrade) -o requirements.txt requirements.in
	@$(COMPILE) $(if $(UPGRADE),--upgrade) -o requirements-dev.txt requirements-dev.in

.PHONY: clean
clean: ## Delete .venv and caches; keep the database and files under var/
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache test-results
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Used by the commands above, not meant to be called directly.
.PHONY: setup
setup:
	@scripts/setup test

.PHONY: tools
tools: setup
	@$(PYTHON_IN) scripts/programs_for_tests.py
