# Asistente: everything a developer types. `make` alone lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
ARGS ?=
# The emulator and the scanners live in environments of their own: they pin what the product uses too.
EMULATOR := .venv-emulator
SCAN := .venv-scan
SCAN_APP := .scan
# Products that `make bench` measures beside ours, and what draws its plots: an environment for each.
BENCH := .venv-bench

# A file's tests share what is slow to start (a browser, an image) and stay on one worker; the slow ones come first.
# One more than there are processors, for tests wait more than they count; four at most, each with a browser and an emulator.
WORKERS := $(shell n=$$(getconf _NPROCESSORS_ONLN); echo $$((n < 4 ? n + 1 : 4)))
PARALLEL := -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# One stamp per requirements file: a changed file is installed again, an unchanged one costs nothing.
FOR_TOOLS := $(VENV)/.installed-tools
FOR_LOCAL := $(VENV)/.installed-app $(FOR_TOOLS) $(VENV)/.installed-local $(EMULATOR)/.installed
FOR_TEST  := $(FOR_LOCAL) $(VENV)/.installed-test

.PHONY: help
help: ## List the targets
	@printf 'Asistente: your own generative-AI assistant in your own AWS account.\n\n'
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-17s %s\n", $$1, $$2}'
	@printf '\nARGS="..." is handed on, for example: make deploy ARGS="TaskCount=3"\n'

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Asistente needs Python 3.11 or newer: install it, or name one with make PYTHON=python3.12 ..." >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "Python cannot make a virtual environment here: on Debian or Ubuntu, apt install python3-venv." >&2; exit 2; }

$(VENV)/.installed-%: requirements/%.txt | $(VENV)/bin/python
	@echo "Installing the packages of $<"
	@$(PIP) install --require-hashes --requirement $<
	@touch $@

# One pip at a time in one environment, also under `make -j`.
$(VENV)/.installed-app: | $(VENV)/.installed-tools
$(VENV)/.installed-local: | $(VENV)/.installed-app
$(VENV)/.installed-test: | $(VENV)/.installed-local

$(EMULATOR)/.installed: requirements/emulator.txt | $(VENV)/bin/python
	@echo "Installing the packages of $<"
	@test -x $(EMULATOR)/bin/python || $(PYTHON) -m venv $(EMULATOR)
	@$(EMULATOR)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --requirement $<
	@touch $@

# --- on this machine -------------------------------------------------------------------------

.PHONY: local
local: $(FOR_LOCAL) ## The whole assistant on this machine: no AWS account, no Docker, no key
	@exec $(BIN)/python -m local $(ARGS)

.PHONY: local-reset
local-reset: $(FOR_LOCAL) ## Forget the local users and conversations (the model stays cached)
	@$(BIN)/python -m local --reset

# --- in AWS ----------------------------------------------------------------------------------

.PHONY: template
template: $(FOR_TOOLS) ## Write out/*.json for review in the CloudFormation console
	@PYTHON=$(BIN)/python ./deploy.sh template $(ARGS)

.PHONY: doctor
doctor: $(FOR_TOOLS) ## Is all there that a deployment needs: models, quotas, rights, names? (ARGS="--json")
	@PYTHON=$(BIN)/python ./deploy.sh doctor $(ARGS)

.PHONY: plan
plan: $(FOR_TOOLS) ## What a deployment would do to resources, data and the bill; does nothing (ARGS="--drift")
	@PYTHON=$(BIN)/python ./deploy.sh plan $(ARGS)

.PHONY: deploy
deploy: $(FOR_TOOLS) ## Create or update the stacks in your AWS account (parameters.toml); shows the plan and asks
	@PYTHON=$(BIN)/python ./deploy.sh deploy $(ARGS)

.PHONY: status
status: $(FOR_TOOLS) ## Show the deployed stack's state and addresses
	@PYTHON=$(BIN)/python ./deploy.sh status $(ARGS)

.PHONY: verify
verify: $(FOR_TOOLS) ## Prove the deployed service: sign in as somebody new, have each model answer, leave
	@PYTHON=$(BIN)/python ./deploy.sh verify $(ARGS)

# A shell may have a TO of its own: only what is given to make itself counts.
.PHONY: rollback
rollback: $(FOR_TOOLS) ## List the deployments so far; TO=ID goes back to one, after showing the plan
	@PYTHON=$(BIN)/python ./deploy.sh rollback $(if $(filter command,$(origin TO)),--to "$${TO}") $(ARGS)

.PHONY: destroy
destroy: $(FOR_TOOLS) ## Delete the stacks and show that they are gone; DATA=delete, people's data too
	@PYTHON=$(BIN)/python ./deploy.sh destroy $(if $(filter command,$(origin DATA)),--data "$${DATA}") $(ARGS)

# --- day by day ------------------------------------------------------------------------------

# A shell may have an EMAIL of its own, for git: only what is given to make itself counts.
GIVEN_EMAIL = $(if $(filter command,$(origin EMAIL)),"$${EMAIL}")
AS_ADMIN = $(if $(filter command,$(origin ADMIN)),$(if $(filter 1,$(ADMIN)),--admin,$(error ADMIN is 1, or left out)))

GIVEN_REPOSITORY = $(if $(filter command,$(origin REPOSITORY)),--repository "$${REPOSITORY}")
GIVEN_BRANCH = $(if $(filter command,$(origin BRANCH)),--branch "$${BRANCH}")

.PHONY: continue-rollback
continue-rollback: $(FOR_TOOLS) ## Go on with a rollback that failed (ARGS="--skip Data/Table")
	@PYTHON=$(BIN)/python ./deploy.sh continue-rollback $(ARGS)

.PHONY: open
open: $(FOR_TOOLS) ## Open the deployed assistant in a browser
	@PYTHON=$(BIN)/python ./deploy.sh open $(ARGS)

.PHONY: logs
logs: $(FOR_TOOLS) ## Follow what the tasks log (ARGS="--level warning --since 2h", --request, --person)
	@PYTHON=$(BIN)/python ./deploy.sh logs $(ARGS)

.PHONY: user
user: $(FOR_TOOLS) ## Invite a person: EMAIL=ana@example.com [ADMIN=1] (ARGS=--help has more)
	@PYTHON=$(BIN)/python ./deploy.sh user $(GIVEN_EMAIL) $(AS_ADMIN) $(ARGS)

.PHONY: users
users: $(FOR_TOOLS) ## List the people with their state
	@PYTHON=$(BIN)/python ./deploy.sh users $(ARGS)

.PHONY: user-forget
user-forget: $(FOR_TOOLS) ## Delete a person with all that is stored of them: EMAIL=ana@example.com
	@PYTHON=$(BIN)/python ./deploy.sh user-forget $(GIVEN_EMAIL) $(ARGS)

# --- before it ------------------------------------------------------------------------------

.PHONY: cost
cost: $(FOR_TOOLS) ## What the parameters cost a month, idle and with traffic (ARGS="Egress=none")
	@$(BIN)/python -m deployer.offline.cost $(ARGS)

.PHONY: policy
policy: $(FOR_TOOLS) ## Write the permissions that a deployer needs to out/policy/
	@$(BIN)/python -m deployer.offline.policy $(ARGS)

.PHONY: github
github: $(FOR_TOOLS) ## Roles for a GitHub workflow that plans and deploys: REPOSITORY=owner/name [BRANCH=main]
	@PYTHON=$(BIN)/python ./deploy.sh github $(GIVEN_REPOSITORY) $(GIVEN_BRANCH) $(ARGS)

# --- quality ---------------------------------------------------------------------------------

.PHONY: test
test: lint suite ## Everything the product promises, checked (a browser, a model, a container)

# Apart from `lint`, so that `make -j2 test` does both at once; but for the templates, which tests write too.
.PHONY: suite
suite: $(FOR_TEST) | lint-templates
	@$(BIN)/python -m tests.browser.chromium
	@$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

.PHONY: check
check: $(FOR_TEST) ## The quick part of the tests
	@$(BIN)/python -m pytest -m "not slow" $(PARALLEL) $(ARGS)

.PHONY: lint-templates
lint-templates: $(FOR_TEST)
	@PYTHON=$(BIN)/python ./deploy.sh template
	@$(BIN)/cfn-lint

.PHONY: lint
lint: lint-templates ## cfn-lint, ruff, pyright, shellcheck, hadolint
	@$(BIN)/ruff check --quiet && $(BIN)/ruff format --check --quiet
	@PYRIGHT_PYTHON_USE_BUNDLED_PYRIGHT=1 $(BIN)/pyright --warnings
	@PYRIGHT_PYTHON_USE_BUNDLED_PYRIGHT=1 $(BIN)/pyright --warnings --pythonpath $(EMULATOR)/bin/python local/emulator tests/local/plain_ministack.py
	@git ls-files -z '*.sh' .ci/run | xargs -0 $(BIN)/shellcheck
	@$(BIN)/hadolint Dockerfile

.PHONY: scan
scan: $(FOR_TEST) $(SCAN)/.installed ## Security scanners over the templates of every profile (needs npm)
	@$(BIN)/python -m tests.scan

$(SCAN)/.installed: requirements/scan.txt $(wildcard tests/scan/package*.json)
	@command -v npm >/dev/null || { echo "make scan needs npm (Node.js 20 or newer)." >&2; exit 2; }
	@test -x $(SCAN)/bin/python || $(PYTHON) -m venv $(SCAN)
	@$(SCAN)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --requirement $<
	@cp tests/scan/package.json tests/scan/package-lock.json tests/scan/.npmrc $(SCAN)/
	@cd $(SCAN) && npm ci --silent --no-audit --no-fund
	@touch $@

.PHONY: scan-app
scan-app: $(FOR_TEST) $(SCAN_APP)/wapiti/.installed $(SCAN_APP)/observatory/.installed ## Attack the running application: HTTP observatory, wapiti (needs npm)
	@$(BIN)/python -m tests.security.scan $(SCAN_APP)

$(SCAN_APP)/wapiti/.installed: requirements/scan-app.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 13))' || { \
	  echo "wapiti needs Python 3.10 to 3.12: name one with make PYTHON=python3.12 scan-app." >&2; exit 2; }
	@$(PYTHON) -m venv $(SCAN_APP)/wapiti
	@$(SCAN_APP)/wapiti/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --requirement $<
	@touch $@

$(SCAN_APP)/observatory/.installed: $(wildcard tests/security/observatory/package*.json)
	@command -v npm >/dev/null || { echo "The HTTP observatory needs Node.js 20 or newer with npm." >&2; exit 2; }
	@mkdir -p $(SCAN_APP)/observatory && cp tests/security/observatory/package*.json $(SCAN_APP)/observatory
	@cd $(SCAN_APP)/observatory && npm ci --ignore-scripts --omit=optional --no-audit --no-fund --silent
	@touch $@

# What is named in ARGS, so that nothing is installed for a benchmark that does not need it.
RIVALS := $(foreach rival,streamlit chainlit,$(if $(filter $(rival) $(rival)-%,$(ARGS)),$(BENCH)/$(rival)/.installed))
PLOT := $(if $(filter answers,$(ARGS)),$(BENCH)/plot/.installed)

$(BENCH)/%/.installed: requirements/bench-%.txt | $(VENV)/bin/python
	@echo "Installing the packages of $<"
	@test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --requirement $<
	@touch $@

.PHONY: bench
bench: $(FOR_TEST) $(RIVALS) $(PLOT) ## Measure the product (ARGS=retrieval, ARGS="serving memory", ARGS=answers); without ARGS, what there is
	@$(BIN)/python -m benchmarks $(ARGS)

.PHONY: format
format: $(FOR_TEST) ## Put the Python code in order
	@$(BIN)/ruff check --quiet --fix && $(BIN)/ruff format --quiet

.PHONY: golden
golden: $(FOR_TEST) ## Accept the templates as they are now; review the diff of tests/golden
	@$(BIN)/python -m tests.templates.accept_golden

.PHONY: lock
lock: | $(VENV)/bin/python ## Resolve requirements/*.in again (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv." >&2; exit 2; }
	@cd requirements && cat app.in tools.in local.in test.in | sort --unique \
	  | uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate -c versions.txt - -o all.txt
	@cd requirements && for purpose in app tools local test; do \
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	    --custom-compile-command "make lock" -c all.txt $$purpose.in -o $$purpose.txt; done; rm all.txt
	@cd requirements && for alone in emulator scan scan-app bench-streamlit bench-chainlit bench-plot; do \
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	    --custom-compile-command "make lock" $$alone.in -o $$alone.txt; done

.PHONY: clean
clean: ## Remove what was built: the environment and out/ (local users and conversations stay)
	@rm -rf $(VENV) $(EMULATOR) $(SCAN) $(SCAN_APP) $(BENCH) out .pytest_cache .ruff_cache .hypothesis
