# Everything that one does with peixun; see README.md.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
ADDRESS ?= 127.0.0.1:8000

.PHONY: run test check browser drills lock messages clean

## Environment, database, plan, demo data, web process and worker; prints the demo accounts.
run: $(READY)
	$(BIN)/python manage.py migrate -v 0
	$(BIN)/python manage.py load_plan
	$(BIN)/python manage.py load_templates
	$(BIN)/python manage.py load_demo
	PEIXUN_JOBS=worker deploy/run-local $(BIN)/python $(ADDRESS)

## The whole suite but the browser tests, on SQLite or on DATABASE_URL.
test: $(READY_DEV)
	$(BIN)/python -m pytest -n auto -m "not browser"

## Format, lint, types, templates, missing migrations.
check: $(READY_DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy bureaus learners courses certificates ledgers peixun
	$(BIN)/djlint --lint --quiet peixun/templates */templates
	$(BIN)/python manage.py makemigrations --check --dry-run

## Real Chromium (see docs/development.md); CHROMIUM names the binary.
browser: $(READY_DEV)
	$(BIN)/python -m pytest -m browser -n 2 --dist loadfile

## Race, crash and replay drills in full size, and thousands of damaged ledgers.
drills: $(READY_DEV)
	PEIXUN_DRILLS=full $(BIN)/python -m pytest tests/drills

## Locks requirements.in with hashes.
lock: $(READY_DEV)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header requirements.in -o requirements.txt

## Collects and compiles the strings of the English catalogue (needs GNU gettext).
messages: $(READY_DEV)
	$(BIN)/python manage.py makemessages -l en --no-location --no-obsolete \
		--ignore .venv --ignore tests --ignore bench --ignore var --ignore staticfiles
	$(BIN)/python manage.py compilemessages --ignore .venv

$(READY): requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

$(READY_DEV): $(READY) requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

clean:
	rm -rf $(VENV) var staticfiles .mypy_cache .ruff_cache .pytest_cache
