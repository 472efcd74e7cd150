# The one door. Everything runs in .venv, made on first use from the pinned requirements.
.DEFAULT_GOAL := help
.PHONY: help run test test-slow screenshots check fix bench requirements clean venv venv-dev

VENV := .venv/bin
CODE := climbiq sessions_app experts modeling recommendations manage.py
# The first Python that is new enough and can make environments; asked only when needed.
PYTHON = $(shell for python in python3.11 python3 python3.12 python3.13 python3.14; do \
	"$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo "$$python" && break; done)
# A file's tests share what they set up; tests/conftest.py says how many processes, and which files come first.
SIDE_BY_SIDE := --numprocesses auto --dist loadfile --no-loadscope-reorder
# Types take one core most of the time; the other checks share the second. Each one's words stay together.
CHECKS := check-types check-lint check-format check-layers check-migrations check-deploy
.PHONY: $(CHECKS)
SYNC := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
COMPILE = CUSTOM_COMPILE_COMMAND="make requirements" $(VENV)/python -m piptools compile --quiet --strip-extras \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host $(ARGS)

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r target text; do \
		printf '  make %-14s %s\n' "$$target" "$$text"; done

run: venv ## start everything on http://127.0.0.1:8000 (PORT=, HOST=, DATABASE_URL=, REDIS_URL=); Ctrl-C stops it
	@exec $(VENV)/python -m climbiq.local.run

# More than a hundred processes import the same modules: they compile them once, whatever the environment says.
test: export PYTHONDONTWRITEBYTECODE =
test: venv-dev ## run the tests but the slow ones (ARGS="-k rules" for some)
	$(VENV)/python -m pytest -m "not slow" $(SIDE_BY_SIDE) $(ARGS)

test-slow: venv-dev ## run what takes minutes: statistics, make run as a whole, how pages look
	$(VENV)/python -m pytest -m slow $(ARGS)

screenshots: venv-dev ## keep a picture of every page, phone and desktop, light and dark, in tests/browser/screenshots
	SCREENSHOTS=1 $(VENV)/python -m pytest -m browser $(SIDE_BY_SIDE) $(ARGS)

# Settings that would do in production; placeholders, since no server is started or asked.
check: export DJANGO_SECRET_KEY = a-placeholder-for-make-check-alone-long-enough-to-pass-for-a-key
check: export CLIMBIQ_RLS_KEY = 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
check: export CLIMBIQ_TOKEN_PEPPER = a-placeholder-for-make-check-alone
check: export DATABASE_URL = postgresql://check@/climbiq?host=/nonexistent
check: export REDIS_URL = unix:///nonexistent
check: export CLIMBIQ_EMAIL_HOST = mail.invalid
check: export CLIMBIQ_DEBUG =
check: export CLIMBIQ_DEMO =
check: venv-dev ## lint, formats, types, layers, migrations, deployment settings; changes nothing
	@$(MAKE) --no-print-directory --jobs=2 --keep-going $(SYNC) $(CHECKS)

check-types:
	$(VENV)/mypy $(CODE)

check-lint:
	$(VENV)/ruff check .

check-format:
	$(VENV)/ruff format --check .

check-layers:
	$(VENV)/lint-imports

check-migrations:
	CLIMBIQ_DB_ROLE=owner $(VENV)/python -W 'ignore:Got an error checking' manage.py makemigrations --check --dry-run

check-deploy:
	$(VENV)/python manage.py check --deploy --fail-level WARNING

fix: venv-dev ## let ruff repair and format the code
	$(VENV)/ruff check --fix .
	$(VENV)/ruff format .

bench: venv-dev ## measure the speeds that docs/ promises, side by side with the alternatives
	$(VENV)/python -m tests.bench $(ARGS)

requirements: venv-dev ## compile pyproject.toml into the pinned requirements (ARGS=--upgrade for newer ones)
	$(COMPILE) --output-file requirements.txt pyproject.toml
	$(COMPILE) --extra dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml

clean: ## remove .venv and every cache; the data in .data stays
	rm -rf .venv .mypy_cache .ruff_cache .import_linter_cache .hypothesis .pytest_cache staticfiles build *.egg-info
	find . -name .data -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

define install
	@python='$(PYTHON)'; \
	if [ -z "$$python" ]; then echo 'Python 3.11 or newer, with venv, is needed: apt-get install python3-venv'; exit 1; fi; \
	"$$python" -m climbiq.local.bootstrap $(1)
endef

venv:
	$(call install,requirements.txt)

venv-dev:
	$(call install,requirements.txt requirements-dev.txt)
